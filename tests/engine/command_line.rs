//! The program `microb`, with an engine and without.

use std::fs;

use crate::docker::{Image, Ran};
use crate::program::microb;
use crate::project::{Project, example};

#[test]
#[ignore = "needs an engine: make test"]
fn build_packs_the_very_program_as_the_frontend() {
    let image = Image::new();
    let mut build = microb();
    build
        .args(["build", "-t", &image.0])
        .arg(example("01-minimal"));
    Ran::of(&mut build).succeeded();
    let printed = image
        .run(&[], &["python", "-m", "hello"])
        .succeeded()
        .stdout;
    assert!(printed.starts_with("Hello from Python 3.14."), "{printed}");
    assert!(printed.ends_with(", user 65532\n"), "{printed}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn build_takes_the_flags_of_docker_build() {
    let image = Image::new();
    let project = Project::example("06-extras");
    let mut build = microb();
    build.current_dir(project.folder()).args([
        "build",
        "--tag",
        &image.0,
        "--target",
        "plain",
        "--label=own=1",
    ]);
    Ran::of(&mut build).succeeded();
    let printed = image.run(&[], &[]).succeeded().stdout;
    assert_eq!(printed, "humanize yes\ncolorama no\ndateutil no\n");
    assert_eq!(image.config()["Labels"]["own"], "1");
}

#[test]
fn raw_llb_is_a_definition_that_protobuf_reads() {
    let folder = example("03-entrypoint-and-command");
    let text = Ran::of(microb().args(["llb"]).arg(&folder))
        .succeeded()
        .stdout;
    let raw = microb()
        .args(["llb", "--raw"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(raw.status.success());
    // `pb.Definition` (solver/pb/ops.proto): field 1 is `repeated bytes def`, one op each, and the last has no output.
    let ops = fields(&raw.stdout)
        .filter(|(number, _)| *number == 1)
        .count();
    let lines = text.lines().filter(|line| line.starts_with('%')).count();
    assert_eq!(ops, lines + 1);
    assert!(ops > 10, "{ops}");
}

/// The numbers and contents of a message whose fields are all of wire type 2.
fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let key = varint(&mut bytes)?;
        assert_eq!(key & 7, 2, "no wire type of a definition");
        let length = usize::try_from(varint(&mut bytes)?).unwrap();
        let (content, rest) = bytes.split_at(length);
        bytes = rest;
        Some((key >> 3, content))
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}

#[test]
fn check_says_by_its_exit_status_whether_there_are_mistakes() {
    for name in crate::project::EXAMPLES {
        Ran::of(microb().arg("check").arg(example(name))).succeeded();
    }
    let project = Project::example("01-minimal").edit("pyproject.toml", "version", "verison");
    let found = Ran::of(microb().arg("check").current_dir(project.folder()));
    assert_eq!(found.code, Some(1));
    found.says(["verison", "pyproject.toml:3"]);
}

#[test]
fn explain_lists_what_is_not_sent_without_an_ignore_file() {
    let explained = |project: &Project| {
        let ran = Ran::of(microb().arg("explain").current_dir(project.folder()));
        ran.succeeded().stdout
    };
    let project =
        Project::app("copy_files = [{ src = \".env\", dst = \"/env\" }]").file(".env", "");
    let text = explained(&project);
    let line = text.lines().find(|line| line.starts_with("There is no"));
    let line = line.unwrap();
    for part in [
        "**/.venv, ",
        "**/.git, ",
        ", !.env;",
        "an empty one would send everything",
    ] {
        assert!(line.contains(part), "{part} {line}");
    }
    let project = project.file(".dockerignore", "");
    assert!(!explained(&project).contains("**/.venv"));
    let project = project.file(".dockerignore", "ok\n[\n");
    let failed = Ran::of(microb().arg("check").current_dir(project.folder())).failed();
    failed.says([".dockerignore:2:1", "its `[` is not closed"]);
}

#[test]
fn the_originals_flags_mean_what_they_meant() {
    let folder = example("03-entrypoint-and-command");
    let file = folder.join("pyproject.toml");
    let file = file.to_str().unwrap();
    let new = |command: &str| {
        microb()
            .args([command, "-f", file])
            .output()
            .unwrap()
            .stdout
    };
    let old = |flag: &str| {
        microb()
            .args([flag, "-filename", file])
            .output()
            .unwrap()
            .stdout
    };
    assert_eq!(old("-dockerfile"), new("dockerfile"));
    assert!(
        String::from_utf8(old("-dockerfile"))
            .unwrap()
            .starts_with("FROM ")
    );
    // Into a pipe, as here, it is protobuf.
    let raw = microb()
        .args(["llb", "--raw", "-f", file])
        .output()
        .unwrap()
        .stdout;
    assert_eq!(old("-llb"), raw);
}

#[test]
fn without_an_engine_build_says_what_to_do() {
    let folder = example("01-minimal");
    let empty = Project::empty();
    let path = std::env::var("PATH").unwrap();
    for (path, what) in [
        (
            empty.folder().to_str().unwrap(),
            "there is no docker, nerdctl or buildctl",
        ),
        (path.as_str(), "no container engine answers"),
    ] {
        let mut build = microb();
        build
            .env("PATH", path)
            .env("DOCKER_HOST", "unix:///no/such/socket")
            .env_remove("BUILDKIT_HOST")
            .arg("build")
            .arg(&folder);
        let failed = Ran::of(&mut build).failed();
        if path == empty.folder().to_str().unwrap() || has_docker() {
            failed.says([what]);
        }
        failed.says(["BUILDKIT_HOST"]);
        assert_eq!(
            failed.stderr.matches("error").count(),
            1,
            "{}",
            failed.stderr
        );
    }
}

fn has_docker() -> bool {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).any(|folder| fs::exists(folder.join("docker")).unwrap_or(false))
}
