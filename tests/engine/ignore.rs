//! What is not part of the build context: ignore files, and what a Python project leaves out without one.

use std::sync::PoisonError;

use crate::docker::{Image, WITHOUT_CACHE};
use crate::project::{Project, unique};

/// A project that copies its whole build context to `/all`.
fn copying(more: &str) -> Project {
    Project::app(&format!(
        "copy_files = [{{ src = \".\", dst = \"/all\" }}{more}]"
    ))
}

/// The files in `/all`, sorted.
#[track_caller]
fn sent(image: &Image) -> Vec<String> {
    let found = image.output(&["sh", "-c", "cd /all && find . -type f | sort"]);
    let paths = found.lines().map(|path| path.trim_start_matches("./"));
    paths.map(str::to_owned).collect()
}

/// What belongs to a developer's machine, and what looks alike and does not.
fn littered(project: Project) -> Project {
    [
        ".git/HEAD",
        ".venv/bin/python3",
        "venv/pyvenv.cfg",
        "pkg/__pycache__/b.pyc",
        ".tox/x",
        ".mypy_cache/x",
        "web/node_modules/x",
        ".env",
        "build/lib/old.py",
        "dist/app-1.0.tar.gz",
        "build/keep.py",
        "dist/keep.js",
        "env/keep.py",
    ]
    .iter()
    .fold(project, |project, path| project.file(path, "x"))
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_belongs_to_a_machine_is_not_sent_unless_an_ignore_file_says_otherwise() {
    let mut expected = vec!["app.py", "build/keep.py", "dist/keep.js"];
    expected.extend(["env/keep.py", "pyproject.toml"]);
    let project = littered(copying(""));
    assert_eq!(sent(&project.build(&[])), expected);
    let image = project.build(&["--build-arg=BUILDKIT_CONTEXT_KEEP_GIT_DIR=1"]);
    assert!(sent(&image).contains(&".git/HEAD".to_owned()));
    // What a step names is sent.
    let named = littered(copying(", { src = \".env\", dst = \"/env\" }"));
    assert_eq!(named.build(&[]).output(&["cat", "/env"]), "x");
    let all = project.file("pyproject.toml.dockerignore", "# nothing\n");
    assert_eq!(sent(&all.build(&[])).len(), 16);
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_edit_of_what_is_not_sent_runs_nothing() {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    let project = littered(copying("")).file("note", unique());
    let first = project.build_for_progress(&[]);
    assert!(!first.steps_that_ran().is_empty());
    let mut project = project;
    for path in [".git/HEAD", ".venv/new", "pkg/__pycache__/b.pyc", ".env"] {
        project = project.file(path, unique());
    }
    let second = project.build_for_progress(&[]);
    assert_eq!(second.steps_that_ran(), [""; 0]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_file_that_is_ignored_is_not_there_for_the_recipe_either() {
    let python = |project: &Project| {
        let image = project.build(&[]);
        image.output(&["python", "--version"])
    };
    let project = Project::app("").file(".python-version", "3.13\n");
    assert!(python(&project).starts_with("Python 3.13."));
    let project = project.file(".dockerignore", "*\n!app.py\n!pyproject.toml\n");
    assert!(python(&project).starts_with("Python 3.14."));
    // The file beside the definition wins, whatever the other one says.
    let project = project.file("pyproject.toml.dockerignore", ".git\n");
    assert!(python(&project).starts_with("Python 3.13."));
}

/// The pattern, and the files that are left of `a.txt`, `b.txt`, `docs/a.txt`, `docs/b.txt` and `docs/sub/a.txt`.
#[test]
#[ignore = "needs an engine: make test"]
fn patterns_mean_what_they_mean_to_docker() {
    for (ignore_file, expected) in [
        ("*.txt\n", "docs/a.txt docs/b.txt docs/sub/a.txt"),
        ("**/a.txt\n", "b.txt docs/b.txt"),
        ("docs\n!docs/b.txt  \n", "a.txt b.txt docs/b.txt"),
        ("# docs\n /docs/su? \n", "a.txt b.txt docs/a.txt docs/b.txt"),
        ("**\n!**/[b-z].txt\n", "b.txt docs/b.txt"),
        ("\u{feff}docs/../*.txt\r\ndocs/**/a.txt\r\n", "docs/b.txt"),
    ] {
        let project = [
            "a.txt",
            "b.txt",
            "docs/a.txt",
            "docs/b.txt",
            "docs/sub/a.txt",
        ]
        .iter()
        .fold(copying(""), |project, path| project.file(path, "x"))
        .file("pyproject.toml.dockerignore", ignore_file)
        .edit(
            "pyproject.toml",
            "[tool.setuptools]\npy-modules = [\"app\"]",
            "[tool.uv]\npackage = false",
        );
        let sent = sent(&project.build(&[])).join(" ");
        let texts: Vec<&str> = sent
            .split(' ')
            .filter(|path| path.contains(".txt"))
            .collect();
        assert_eq!(texts.join(" "), expected, "{ignore_file:?}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_pattern_that_is_none_is_told_with_its_line() {
    let project = Project::app("").file(".dockerignore", "# comment\ndocs/[a-\n");
    project.try_build(&[]).failed().says([
        "`docs/[a-` is no pattern: its `[` is not closed",
        ".dockerignore:2",
        "write `]` after the characters",
    ]);
    let shared = Project::empty().file(".dockerignore", "!\n").file("a", "a");
    let context = format!("--build-context=shared={}", shared.folder().display());
    let project = Project::app("copy_files = [{ src = \"a\", dst = \"/a\", from = \"shared\" }]");
    project.try_build(&[&context]).failed().says([
        ".dockerignore of context shared:1",
        "there is nothing after `!`",
    ]);
}
