//! `explain` and `diff` on the command line: what they compare with, what they note, how they end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::docker::Ran;
use crate::explain::project;
use crate::program::microb;
use crate::project::example;

#[test]
fn a_git_revision_tells_what_was_there_before() {
    let project = project()
        .file(".gitignore", "local.txt\n")
        .file("local.txt", "1");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(project.folder())
            .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
            .args(arguments);
        Ran::of(&mut git).succeeded()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let since = |arguments: &[&str]| {
        let mut microb = microb();
        microb.args(arguments).args(["--since", "HEAD"]);
        Ran::of(microb.current_dir(project.folder()))
    };
    assert_eq!(since(&["diff"]).succeeded().stdout, "");
    let unchanged = since(&["explain"]).succeeded();
    unchanged.says(["no step runs again", "note: `.git`"]);

    let module = project.folder().join("sizes.py");
    fs::write(&module, "import sys\n").unwrap();
    since(&["explain"])
        .succeeded()
        .says(["copies sizes.py", "2 of 21 steps"]);
    git(&["checkout", "--quiet", "sizes.py"]);
    fs::set_permissions(&module, fs::Permissions::from_mode(0o755)).unwrap();
    since(&["explain"]).succeeded().says(["copies sizes.py"]);
    git(&["checkout", "--quiet", "sizes.py"]);

    fs::create_dir(project.folder().join("new")).unwrap();
    fs::write(project.folder().join("new/file"), "1").unwrap();
    fs::remove_file(project.folder().join("tests/test_sizes.py")).unwrap();
    let told = since(&["explain"]).succeeded();
    told.says(["copies new, new/file, tests/test_sizes.py"]);

    let pyproject = project.folder().join("pyproject.toml");
    let text = fs::read_to_string(&pyproject).unwrap();
    fs::write(&pyproject, text.replace("1.0.0", "1.0.1")).unwrap();
    since(&["explain"]).says(["label org.opencontainers.image.version"]);
    let different = since(&["diff"]);
    assert_eq!(different.code, Some(1));
    different.says(["~ LABEL org.opencontainers.image.version=[-1.0.0-]{+1.0.1+}"]);

    let mut nothing = microb();
    nothing
        .args(["diff", "--since", "no-such-revision"])
        .current_dir(project.folder());
    let failed = Ran::of(&mut nothing);
    assert_eq!(failed.code, Some(2));
    failed.says(["neither a folder nor a git revision"]);
}

#[test]
fn what_a_path_cannot_tell_is_noted() {
    let project = project();
    let told = |path: &str| {
        let mut explain = microb();
        explain
            .args(["explain", "--changed", path])
            .current_dir(project.folder());
        Ran::of(&mut explain)
    };
    for (path, expected) in [
        (
            "pyproject.toml",
            "`pyproject.toml` also says what the steps are",
        ),
        (
            ".python-version",
            "`.python-version` also says what the steps are",
        ),
        (
            ".dockerignore",
            "`.dockerignore` also says what the steps are",
        ),
        (
            "notes/todo.txt",
            "`notes/todo.txt` is not sent: .dockerignore leaves it out",
        ),
        ("szies.py", "there is no `szies.py`"),
    ] {
        told(path).succeeded().says([expected]);
    }
    told("../elsewhere")
        .failed()
        .says(["`../elsewhere` is not in the build context"]);
    told(".").succeeded().says(["copies "]);
}

#[test]
fn two_projects_or_targets_are_compared() {
    let diff = |arguments: &[&str]| {
        let mut diff = microb();
        diff.arg("diff").args(arguments).current_dir(example(".."));
        Ran::of(&mut diff)
    };
    let (a, b) = (
        "examples/03-entrypoint-and-command",
        "examples/04-requirements-file",
    );
    assert_eq!(diff(&[a, a]).succeeded().stdout, "");
    let different = diff(&[a, b]);
    assert_eq!(different.code, Some(1));
    different.says([
        "stage builder",
        "{+--require-hashes",
        "[-sizes-]{+sizes-locked+}",
    ]);
    let file = format!("{b}/pyproject.toml");
    assert_eq!(diff(&[a, &file]).stdout, different.stdout);
    let targets = [
        "--target",
        "plain",
        "--target",
        "default",
        "examples/06-extras",
    ];
    let targets = diff(&targets);
    assert_eq!(targets.code, Some(1));
    targets.says(["{+colorama>=0.4+}"]);
    for trouble in [&[a][..], &[a, "examples/none"]] {
        assert_eq!(diff(trouble).code, Some(2), "{trouble:?}");
    }
}
