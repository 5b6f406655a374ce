//! Build contexts that are no folder: archives on standard input.

use std::fs::File;
use std::process::Command;

use crate::docker::{Image, Ran, docker};
use crate::project::{Project, unique};

/// `docker build -f pyproject.toml - < archive`, where the archive holds the project and `tar` is called with this flag.
#[track_caller]
fn check(compression: &str) {
    let note = unique();
    let project = Project::app("copy_files = [{ src = \"note.txt\", dst = \"/note.txt\" }]")
        .file("note.txt", &note);
    let outside = Project::empty();
    let archive = outside.folder().join("context");
    let mut tar = Command::new("tar");
    tar.arg(format!("-c{compression}f"))
        .arg(&archive)
        .arg("-C")
        .arg(project.folder())
        .arg(".");
    Ran::of(&mut tar).succeeded();
    let image = Image::new();
    let mut build = docker(["build", "-f", "pyproject.toml", "--tag", &image.0, "-"]);
    build.current_dir(outside.folder());
    let input = || File::open(&archive).unwrap().into();
    Ran::of_client(&mut build, input).succeeded();
    assert_eq!(image.output(&["python", "-m", "app"]), "app\n");
    assert_eq!(image.output(&["cat", "/note.txt"]), note);
}

/// The archive can be read once, and the engine itself reads it first: to find the line `#syntax`.
#[test]
#[ignore = "needs an engine: make test"]
fn an_archive_on_standard_input_is_a_build_context() {
    for compression in ["", "z", "j", "J"] {
        check(compression);
    }
}
