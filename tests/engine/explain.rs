//! `explain` foretells what BuildKit runs again; the builds say whether it was right.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::PoisonError;

use crate::docker::{Ran, WITHOUT_CACHE};
use crate::program::microb;
use crate::progress::{Progress, Vertex};
use crate::project::{Project, unique};

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
pub(crate) fn project() -> Project {
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
    project.build_for_progress(&[])
}

/// `[wheel 1/2]` of `[wheel 1/2] COPY . /src`. A stage's base is no step.
fn place(name: &str) -> Option<&str> {
    let (place, what) = name.split_once("] ")?;
    let is_step = place.contains('/') && !what.starts_with("FROM ");
    is_step.then_some(place)
}

/// The steps that BuildKit ran.
fn ran(progress: &Progress) -> BTreeSet<String> {
    let did = |vertex: &&Vertex| vertex.ran();
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
    change: fn(Project) -> Project,
    /// The files that it changes, when the recipe reads none of them.
    changed: &'static [&'static str],
    /// Steps that make the same files as before the edit.
    same: &'static [&'static str],
    /// Steps that builds of other projects have put into the cache.
    of_others: &'static [&'static str],
}

const EDIT: Edit = Edit {
    what: "",
    change: |project| project,
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
        let edited = (edit.change)(project.copied());
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
#[ignore = "needs an engine: make conformance"]
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
                change: |project| {
                    let module = fs::read(project.folder().join("sizes.py")).unwrap();
                    project.file("sizes.py", module)
                },
                ..EDIT
            },
            Edit {
                what: "the module",
                change: |project| {
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
                change: |project| project.file("tools/release.py", unique()),
                changed: &["tools/release.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the README",
                change: |project| project.file("README.md", unique()),
                changed: &["README.md"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a new test",
                change: |project| project.file("tests/test_more.py", unique()),
                changed: &["tests/test_more.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a deleted test",
                change: |project| {
                    fs::remove_file(project.folder().join("tests/test_sizes.py")).unwrap();
                    project
                },
                changed: &["tests/test_sizes.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a file of copy_files",
                change: |project| project.file("data/units.txt", unique()),
                changed: &["data/units.txt"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a new folder of copy_files",
                change: |project| project.file("data/more/units.txt", unique()),
                changed: &["data/more/units.txt"],
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the mode of a file",
                change: |project| {
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
                change: |project| project.file("notes/todo.txt", unique()),
                changed: &["notes/todo.txt"],
                ..EDIT
            },
            Edit {
                what: "what is not sent",
                change: |project| project.edit(".dockerignore", "notes", "notes\ndata/units.txt"),
                same: SAME_WHEEL,
                ..EDIT
            },
        ],
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn edits_of_what_the_recipe_reads_run_what_was_foretold() {
    check(
        &project(),
        &[
            Edit {
                what: "a comment",
                change: |project| {
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
                change: |project| {
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
                change: |project| {
                    project.edit(
                        "pyproject.toml",
                        "\"humanize>=4,<5\"",
                        "\"humanize>=4.1,<5\"",
                    )
                },
                same: &["[builder 6/6"],
                ..EDIT
            },
            Edit {
                what: "another dependency",
                // Wherever humanize and idna were installed, the environment is the same.
                of_others: &["[default 3/5"],
                change: |project| {
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
                change: |project| project.edit("pyproject.toml", "RUN = \"", "RUN = \"2"),
                same: &["[builder 6/6", "[wheel 2/2"],
                ..EDIT
            },
            Edit {
                what: "the entry point",
                change: |project| {
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
                change: |project| project.edit("pyproject.toml", "\"/data\"", "\"/units\""),
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "the interpreter",
                change: |project| project.file(".python-version", "3.13\n"),
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
#[ignore = "needs an engine: make conformance"]
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
                change: |project| project.file("README.md", unique()),
                changed: &["README.md"],
                same: &[
                    "[build-requirements-asked 3/3",
                    "[metadata 3/3",
                    "[wheel 2/2",
                ],
                ..EDIT
            },
            Edit {
                what: "the file that lists them",
                change: |project| project.file("needs.txt", "humanize>=4.1,<5\n"),
                changed: &["needs.txt"],
                same: &["[build-requirements-asked 3/3", "[builder 6/6"],
                ..EDIT
            },
        ],
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
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
                change: |project| {
                    project.edit("requirements.txt", "# sizes", &format!("# {}", unique()))
                },
                same: SAME_WHEEL,
                ..EDIT
            },
            Edit {
                what: "a marker",
                change: |project| {
                    project.edit(
                        "requirements.txt",
                        "4.17.0 ",
                        "4.17.0 ; python_version > '3' ",
                    )
                },
                same: &["[wheel 2/2", "[builder 7/7"],
                ..EDIT
            },
            Edit {
                what: "the source of a dependency",
                change: |project| project.file("vendored/vendored.py", unique()),
                changed: &["vendored/vendored.py"],
                same: SAME_WHEEL,
                ..EDIT
            },
        ],
    );
}
