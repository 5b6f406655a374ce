//! The command line of the example recipe `hello`, run as a program.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example's executable, which `cargo test` builds beside the tests.
fn hello() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let example = test.ancestors().nth(2).unwrap().join("examples/hello");
    assert!(example.exists(), "run `cargo build --examples` first");
    example
}

/// A new folder with this `hello.toml`.
fn folder(name: &str, definition: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hello.toml"), definition).unwrap();
    folder
}

fn run(folder: &Path, args: &str) -> Output {
    let mut command = Command::new(hello());
    command.current_dir(folder).args(args.split_whitespace());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn check_shows_every_mistake_and_its_exit_status_says_whether_there_is_one() {
    let good = folder("check-good", "name = world\n");
    let bad = folder("check-bad", "nmae = world\n");
    let found = run(&good, "check");
    assert_eq!(
        (found.status.code(), text(&found.stdout)),
        (Some(0), "hello.toml: no mistakes\n")
    );
    assert_eq!(text(&found.stderr), "");

    for (skipped, expected) in [("Ona", "1 warning"), ("Ona,Anotha", "2 warnings")] {
        let warned = folder(
            "check-warned",
            &format!("# check=skip={skipped}\nname = world\n"),
        );
        let found = run(&warned, "check");
        assert_eq!(
            (found.status.code(), text(&found.stdout)),
            (Some(0), &*format!("hello.toml: no errors, {expected}\n")),
            "{}",
            text(&found.stderr)
        );
    }

    let found = run(&bad, "check");
    assert_eq!((found.status.code(), text(&found.stdout)), (Some(1), ""));
    let expected = "\
error: `name` is missing
 --> hello.toml:1:1
  |
1 | nmae = world
  | ^^^^^^^^^^^^
  |
  = help: write for instance `name = world`
";
    assert_eq!(text(&found.stderr), expected);
}

#[test]
fn a_mistake_names_the_file_as_a_person_would_open_it() {
    let bad = folder("check-path", "x");
    let (parent, name) = (bad.parent().unwrap(), "check-path");
    for args in [
        "check check-path",
        "check -f check-path/hello.toml",
        "check . -f check-path/hello.toml",
    ] {
        let found = run(parent, args);
        let expected = format!("--> {name}/hello.toml:1:1");
        assert!(
            text(&found.stderr).contains(&expected),
            "{args}: {}",
            text(&found.stderr)
        );
    }
}

#[test]
fn exit_statuses_tell_usage_from_mistakes() {
    let good = folder("statuses", "name = world\n");
    for (args, status) in [
        ("--help", 0),
        ("--version", 0),
        ("build --help", 0),
        ("check", 0),
        ("check hello.toml", 0),
        ("check --target x --build-arg A=1 --platform linux/arm64", 0),
        ("check none", 1),
        ("check -f none.toml", 1),
        ("build --executable hello.toml", 1),
        ("build a b", 1),
        ("", 2),
        ("chek", 2),
        ("check --platform here", 2),
        ("-llb=maybe", 2),
    ] {
        let found = run(&good, args);
        assert_eq!(
            found.status.code(),
            Some(status),
            "{args}: {}",
            text(&found.stderr)
        );
    }
}

#[test]
fn the_original_flags_print_what_the_commands_print() {
    let folder = folder("original", "name = world\n");
    for (original, command) in [
        ("-llb", "llb --raw"),
        ("--llb=true -filename hello.toml", "llb --raw"),
        ("-dockerfile -filename=hello.toml", "dockerfile"),
    ] {
        let (original, command) = (run(&folder, original), run(&folder, command));
        assert_eq!(
            original.status.code(),
            Some(0),
            "{}",
            text(&original.stderr)
        );
        assert_eq!(original.stdout, command.stdout);
        assert!(!command.stdout.is_empty());
    }
}

#[test]
fn build_arguments_reach_the_recipe() {
    let folder = folder("arguments", "name = world\n");
    let plain = run(&folder, "llb --raw").stdout;
    assert!(text_in(&plain, "hello world\n"));
    let given = run(&folder, "llb --raw --build-arg GREETING=salut").stdout;
    assert!(text_in(&given, "salut world\n"));
    let inherited = Command::new(hello())
        .current_dir(&folder)
        .env("GREETING", "moin")
        .args(["llb", "--raw", "--build-arg", "GREETING"])
        .output()
        .unwrap();
    assert!(text_in(&inherited.stdout, "moin world\n"));
}

fn text_in(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn without_an_engine_one_message_says_what_to_do() {
    let folder = folder("no-engine", "name = world\n");
    let found = Command::new(hello())
        .current_dir(&folder)
        .env("PATH", folder.as_os_str())
        .env_remove("BUILDKIT_HOST")
        .arg("build")
        .output()
        .unwrap();
    assert_eq!(found.status.code(), Some(1));
    let message = text(&found.stderr);
    assert!(
        message.starts_with("error: there is no docker, nerdctl or buildctl to build with\n"),
        "{message}"
    );
    assert!(message.contains("dev/engine up"), "{message}");
}
