//! `build` on a real engine: the example recipe packs itself and builds.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use microb_frontend::pack::{Executable, Layout};

/// The example's executable, which `cargo test` builds beside the tests. It is a dynamic one.
fn hello() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let example = test.ancestors().nth(2).unwrap().join("examples/hello");
    assert!(example.exists(), "run `cargo build --examples` first");
    example
}

/// A new folder with this `hello.toml`.
fn folder(name: &str, definition: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hello.toml"), definition).unwrap();
    folder
}

fn build(folder: &Path, args: &str) -> Output {
    let mut command = Command::new(hello());
    command
        .current_dir(folder)
        .arg("build")
        .args(args.split_whitespace());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_recipe_without_a_dockerfile_and_a_registry_builds_itself() {
    let folder = folder("build", "name = world\n");
    for (args, greeting) in [
        ("--output out", "hello world\n"),
        ("--build-arg GREETING=salut . --output out", "salut world\n"),
        ("-f hello.toml -o out -- .", "hello world\n"),
        (
            "--platform linux/arm64 --output=type=local,dest=out",
            "hello world\n",
        ),
    ] {
        let built = build(&folder, args);
        assert!(built.status.success(), "{args}: {}", text(&built.stderr));
        let found = fs::read_to_string(folder.join("out/greeting")).unwrap();
        assert_eq!(found, greeting, "{args}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_clients_exit_status_and_words_are_ours() {
    let good = folder("build-flag", "name = world\n");
    let refused = build(&good, "--no-such-flag");
    assert_eq!(refused.status.code(), Some(125));
    assert!(text(&refused.stderr).contains("unknown flag: --no-such-flag"));

    let bad = folder("build-mistake", "nmae = world\n");
    let failed = build(&bad, "--progress=plain");
    assert_eq!(failed.status.code(), Some(1));
    let message = text(&failed.stderr);
    assert!(message.contains("`name` is missing"), "{message}");
    assert!(message.contains(">>> nmae = world"), "{message}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_frontend_image_may_be_a_named_context() {
    if !engine_reads_oci_layouts() {
        return;
    }
    let folder = folder("build-layout", "name = world\n");
    let image = Executable::open(&hello())
        .unwrap()
        .pack("hello", None)
        .unwrap();
    let layout = folder.join("layout");
    Layout::new("hello:1", std::slice::from_ref(&image))
        .write_folder(&layout)
        .unwrap();
    let frontend = format!(
        "cli-layout:1=oci-layout://{}@{}",
        layout.display(),
        image.digest()
    );
    let built = Command::new("docker")
        .current_dir(&folder)
        .args([
            "build",
            "--build-arg=BUILDKIT_SYNTAX=cli-layout:1",
            "--build-context",
            &frontend,
        ])
        .args(["--file=hello.toml", "--output=out", "."])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", text(&built.stderr));
    assert_eq!(
        fs::read_to_string(folder.join("out/greeting")).unwrap(),
        "hello world\n"
    );
}

/// The classic image store of docker cannot read them, and says so; containerd's can.
fn engine_reads_oci_layouts() -> bool {
    let status = ["info", "--format", "{{.DriverStatus}}"];
    let output = Command::new("docker").args(status).output().unwrap();
    text(&output.stdout).contains("io.containerd.snapshotter")
}

#[test]
#[ignore = "needs an engine: make test"]
fn questions_about_any_recipe_are_answered() {
    let folder = folder("build-call", "name = world\n");
    for (question, expected) in [
        (
            "outline",
            "BUILD ARG   VALUE   DESCRIPTION\nGREETING    salut   \n\n",
        ),
        ("targets", "TARGET    DESCRIPTION\n(default) \n"),
        ("check", "Check complete, no warnings found.\n"),
    ] {
        let args = format!("--call={question} --build-arg GREETING=salut");
        let answered = build(&folder, &args);
        assert!(answered.status.success(), "{}", text(&answered.stderr));
        assert_eq!(text(&answered.stdout), expected);
    }
}
