//! `explain` foretells what BuildKit runs again; the builds say whether it was right.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::PoisonError;

use crate::docker::{Ran, WITHOUT_CACHE};
use crate::program::microb;
use crate::progress::{Progress, Vertex};
use crate::project::{Project, example, unique};

/// An example that no cache knows: its build has a variable of its own, and its wheel a module of its own.
fn own(example: &str) -> Project {
    let (variable, comment) = (unique(), unique());
    Project::example(example)
        .edit(
            "pyproject.toml",
            "api_version",
            &format!("env = {{ RUN = \"{variable}\" }}\napi_version"),
        )
        .edit(
            "sizes.py",
            "import sys",
            &format!("import sys  # {comment}"),
        )
        .file("README.md", "What it is.\n")
}

/// A project with files for all kinds of steps, and for none.
fn project() -> Project {
    own("03-entrypoint-and-command")
        .edit(
            "pyproject.toml",
            "api_version",
            "copy_files = [{ src = \"data\", dst = \"/data\" }]\napi_version",
        )
        .file("tests/test_sizes.py", "import sizes\n")
        .file("tools/release.py", "print('release')\n")
        .file("data/units.txt", "kB\n")
        .file("notes/todo.txt", "nothing\n")
        .file(".dockerignore", "notes\n")
}

fn rebuild(project: &Project) -> Progress {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    project.build_with_progress(&[]).1
}

/// `[wheel 1/2]` of `[wheel 1/2] COPY . /src`. A stage's base is no step.
fn place(name: &str) -> Option<&str> {
    let (place, what) = name.split_once("] ")?;
    let is_step = place.contains('/') && !what.starts_with("FROM ");
    is_step.then_some(place)
}

/// The steps that BuildKit ran.
fn ran(progress: &Progress) -> BTreeSet<String> {
    let did = |vertex: &&Vertex| vertex.completed && !vertex.cached;
    let names = progress.vertices.values().filter(did);
    names
        .filter_map(|vertex| place(&vertex.name))
        .map(str::to_owned)
        .collect()
}

/// What `explain` says: the steps that run, and those that run if a step that is named makes other files.
#[derive(Debug, Default, PartialEq)]
struct Foretold {
    runs: BTreeSet<String>,
    may_run: Vec<(String, Vec<String>)>,
}

impl Foretold {
    fn of(project: &Project, arguments: &[&str]) -> Self {
        let mut explain = microb();
        explain
            .arg("explain")
            .args(arguments)
            .current_dir(project.folder());
        Self::parse(&Ran::of(&mut explain).succeeded().stdout)
    }

    fn parse(text: &str) -> Self {
        let mut told = Self::default();
        let mut open = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("  runs     ") {
                told.runs.extend(place(name).map(str::to_owned));
                open = None;
            } else if let Some(name) = line.strip_prefix("  may run  ") {
                open = place(name).map(str::to_owned);
                told.may_run
                    .extend(open.clone().map(|name| (name, Vec::new())));
            } else if let (Some(reason), Some(_)) = (line.strip_prefix("           "), &open)
                && let Some((_, reasons)) = told.may_run.last_mut()
            {
                reasons.push(reason.to_owned());
            }
        }
        told
    }

    /// The steps that run if these steps make the files that they made before, and all others make other ones.
    fn steps(&self, same: &[&str]) -> BTreeSet<String> {
        let mut steps = self.runs.clone();
        for (name, reasons) in &self.may_run {
            let holds = |reason: &String| {
                let (step, when) = reason.split_once("] ").unwrap();
                let step = step.strip_prefix("if ").unwrap();
                let makes_the_same = when != "runs" && same.contains(&step);
                steps.contains(step) && !makes_the_same
            };
            if reasons.iter().any(holds) {
                steps.insert(name.clone());
            }
        }
        steps
    }
}

/// An edit, and what is known about the programs of the build.
struct Edit {
    what: &'static str,
    edit: fn(Project) -> Project,
    /// The files that it changes, when the recipe reads none of them.
    changed: &'static [&'static str],
    /// Steps that make the same files as before the edit.
    same: &'static [&'static str],
    /// Steps that builds of other projects have put into the cache.
    of_others: &'static [&'static str],
}

const EDIT: Edit = Edit {
    what: "",
    edit: |project| project,
    changed: &[],
    same: &[],
    of_others: &[],
};

/// The wheel has the modules and the metadata of the project, and nothing else.
const SAME_WHEEL: &[&str] = &["[wheel 2/2"];

#[track_caller]
fn check(project: &Project, edits: &[Edit]) {
    rebuild(project);
    let mut wrong = Vec::new();
    for edit in edits {
        let edited = (edit.edit)(project.copied());
        let before = project.folder().to_str().unwrap();
        let foretold = Foretold::of(&edited, &["--since", before]);
        if !edit.changed.is_empty() {
            let by_path = Foretold::of(&edited, &[&["--changed"], edit.changed].concat());
            if by_path != foretold {
                wrong.push(format!(
                    "{}: by path {by_path:?}, since {foretold:?}",
                    edit.what
                ));
            }
        }
        let mut steps = foretold.steps(edit.same);
        steps.retain(|step| !edit.of_others.contains(&&**step));
        let mut ran = ran(&rebuild(&edited));
        ran.retain(|step| !edit.of_others.contains(&&**step));
        if steps != ran {
            wrong.push(format!(
                "{}: foretold {steps:?}\n  ran {ran:?}\n  of {foretold:?}",
                edit.what
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs an engine: make test"]
fn edits_of_files_run_what_was_foretold() {
    check(
        &project(),
        &[
            Edit {
                what: "nothing",
                ..EDIT
            },
            Edit {
                what: "only the time of a file",
                edit: |project| {
                    let module = fs::read(project.folder().join("sizes.py")).unwrap();
                    project.file("sizes.py", module)
                },
                ..EDIT
            },
            Edit {
                what: "the module",
                edit: |project| {
                    project.edit(
                        "sizes.py",
                        "import sys",
                        &format!("import sys  # {}", unique()),
                    )
                },
                changed: &["sizes.py"],
                ..EDIT
            },
            Edit {
                what: "a module that is not packaged",
                edit: |project| project.file("tools/release.py", unique()),
                changed: &["tools/release.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the README",
                edit: |project| project.file("README.md", unique()),
                changed: &["README.md"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a new test",
                edit: |project| project.file("tests/test_more.py", unique()),
                changed: &["tests/test_more.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a deleted test",
                edit: |project| {
                    fs::remove_file(project.folder().join("tests/test_sizes.py")).unwrap();
                    project
                },
                changed: &["tests/test_sizes.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a file of copy_files",
                edit: |project| project.file("data/units.txt", unique()),
                changed: &["data/units.txt"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a new folder of copy_files",
                edit: |project| project.file("data/more/units.txt", unique()),
                changed: &["data/more/units.txt"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the mode of a file",
                edit: |project| {
                    let file = project.folder().join("tools/release.py");
                    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
                    project
                },
                changed: &["tools/release.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a file that is not sent",
                edit: |project| project.file("notes/todo.txt", unique()),
                changed: &["notes/todo.txt"],
                ..EDIT
            },
            Edit {
                what: "what is not sent",
                edit: |project| project.edit(".dockerignore", "notes", "notes\ndata/units.txt"),
                same: SAME_WHEEL,
                ..EDIT
            },
        ],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn edits_of_what_the_recipe_reads_run_what_was_foretold() {
    check(
        &project(),
        &[
            Edit {
                what: "a comment",
                edit: |project| {
                    project.edit(
                        "pyproject.toml",
                        "[project]",
                        &format!("# {}\n[project]", unique()),
                    )
                },
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the version",
                edit: |project| {
                    project.edit(
                        "pyproject.toml",
                        "\"1.0.0\"",
                        &format!("\"1.0.{}\"", unique()),
                    )
                },
                ..EDIT
            },
            Edit {
                what: "a dependency that is there already",
                edit: |project| {
                    project.edit(
                        "pyproject.toml",
                        "\"humanize>=4,<5\"",
                        "\"humanize>=4.1,<5\"",
                    )
                },
                same: &["[builder 5/5"],
                ..EDIT
            },
            Edit {
                what: "another dependency",
                // Wherever humanize and idna were installed, the environment is the same.
                of_others: &["[default 3/5"],
                edit: |project| {
                    project.edit(
                        "pyproject.toml",
                        "\"humanize>=4,<5\"",
                        "\"humanize>=4,<5\", \"idna\"",
                    )
                },
                ..EDIT
            },
            Edit {
                what: "a variable",
                edit: |project| project.edit("pyproject.toml", "RUN = \"", "RUN = \"2"),
                same: &["[builder 5/5", "[wheel 2/2"],
                ..EDIT
            },
            Edit {
                what: "the entry point",
                edit: |project| {
                    project.edit(
                        "pyproject.toml",
                        "\"-m\", \"sizes\"",
                        "\"-I\", \"-m\", \"sizes\"",
                    )
                },
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the target of copy_files",
                edit: |project| project.edit("pyproject.toml", "\"/data\"", "\"/units\""),
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the interpreter",
                edit: |project| project.file(".python-version", "3.13\n"),
                of_others: &[
                    "[uv 2/2",
                    "[user 2/2",
                    "[default 1/5",
                    "[default 2/5",
                    "[default 3/5",
                ],
                ..EDIT
            },
        ],
    );
}

/// A project whose build backend is asked for the dependencies: what it writes decides whether they are installed.
#[test]
#[ignore = "needs an engine: make test"]
fn what_a_program_writes_decides_what_runs_after_it() {
    let project = own("03-entrypoint-and-command")
        .edit(
            "pyproject.toml",
            "dependencies = [\"humanize>=4,<5\"]",
            "dynamic = [\"dependencies\"]",
        )
        .file(
            "setup.py",
            "import setuptools\nsetuptools.setup(install_requires=open('needs.txt').read().split())\n",
        )
        .file("needs.txt", "humanize>=4,<5\n");
    check(
        &project,
        &[
            Edit {
                what: "a file that says nothing about dependencies",
                edit: |project| project.file("README.md", unique()),
                changed: &["README.md"],
                same: &["[metadata 3/3", "[wheel 2/2"],
                ..EDIT
            },
            Edit {
                what: "the file that lists them",
                edit: |project| project.file("needs.txt", "humanize>=4.1,<5\n"),
                changed: &["needs.txt"],
                same: &["[builder 5/5"],
                ..EDIT
            },
        ],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn edits_of_what_a_requirements_file_names_run_what_was_foretold() {
    let project = own("04-requirements-file")
        .file(
            "requirements.txt",
            "humanize==4.17.0  # sizes\n./vendored\n",
        )
        .file(
            "vendored/pyproject.toml",
            "[build-system]\nrequires = [\"setuptools\"]\n\
             [project]\nname = \"vendored\"\nversion = \"1\"\n\
             [tool.setuptools]\npy-modules = [\"vendored\"]\n",
        )
        .file("vendored/vendored.py", unique());
    check(
        &project,
        &[
            Edit {
                what: "a comment",
                edit: |project| {
                    project.edit("requirements.txt", "# sizes", &format!("# {}", unique()))
                },
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a marker",
                edit: |project| {
                    project.edit(
                        "requirements.txt",
                        "4.17.0 ",
                        "4.17.0 ; python_version > '3' ",
                    )
                },
                same: &["[wheel 2/2", "[builder 6/6"],
                ..EDIT
            },
            Edit {
                what: "the source of a dependency",
                edit: |project| project.file("vendored/vendored.py", unique()),
                changed: &["vendored/vendored.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
        ],
    );
}

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
        .says(["copies sizes.py", "2 of 17 steps"]);
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
