//! The frontend as a process, started as BuildKit starts it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod test_gateway;

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use test_gateway::serve;

/// How long a frontend may go on after BuildKit went away.
const PROMPTLY: Duration = Duration::from_secs(5);

/// The example `trial`, which cargo builds together with the tests.
fn frontend() -> Command {
    let test = std::env::current_exe().expect("a test is a file");
    let folder: &Path = test.ancestors().nth(2).expect("in target/PROFILE/deps");
    Command::new(folder.join("examples/trial"))
}

fn started() -> Child {
    frontend()
        .env("BUILDKIT_SESSION_ID", "session")
        .env("BUILDKIT_WORKERS", "[]")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo builds the example before the tests")
}

#[test]
fn a_frontend_ends_promptly_when_buildkit_goes_away() {
    let mut frontend = started();
    let mut preface = [0; 24];
    let output = frontend.stdout.as_mut().unwrap();
    output.read_exact(&mut preface).unwrap();
    // RFC 9113, section 3.4.
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    drop(frontend.stdin.take());
    let gone = Instant::now();
    let status = loop {
        if let Some(status) = frontend.try_wait().unwrap() {
            break status;
        }
        if gone.elapsed() > PROMPTLY {
            frontend.kill().unwrap();
            panic!("the frontend still runs");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(!status.success());
    let mut log = String::new();
    let mut errors = frontend.stderr.take().unwrap();
    errors.read_to_string(&mut log).unwrap();
    assert!(log.starts_with("microb: "), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_frontend_answers_the_gateway_and_returns_an_image() {
    let options = ["filename=pyproject.toml", "build-arg:TRY=plain"];
    let served = serve(
        frontend(),
        &options,
        &[("pyproject.toml", "[project]\nname = \"app\"\n")],
    );
    assert!(served.status.success(), "{}", served.log);
    assert_eq!(served.calls.first().map(String::as_str), Some("Ping"));
    assert_eq!(served.calls.last().map(String::as_str), Some("Return"));
    assert!(!served.graphs.is_empty());
    let returned = served.returned.unwrap();
    assert_eq!(returned.error, None);
    assert!(
        returned
            .result
            .unwrap()
            .metadata
            .contains_key("containerimage.config")
    );
}

/// All files of a commit have its time, so one that is found is enough: a repository may have a million.
#[test]
fn the_time_of_a_commit_is_that_of_the_first_file() {
    let options = [
        "filename=pyproject.toml",
        "build-arg:TRY=scratch",
        "build-arg:SOURCE_DATE_EPOCH=files",
        "context:files=https://example.com/a.git",
    ];
    let files = [("pyproject.toml", "name = 'app'\n"), ("large/", "")];
    let served = serve(frontend(), &options, &files);
    let returned = served.returned.unwrap();
    assert_eq!(returned.error, None);
    let metadata = returned.result.unwrap().metadata;
    assert_eq!(metadata["source.date.epoch"], b"0");
}
