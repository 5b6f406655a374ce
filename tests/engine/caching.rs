//! What a second build does: nothing, or what the edit asks for.

use std::sync::PoisonError;

use crate::docker::WITHOUT_CACHE;
use crate::progress::Progress;
use crate::project::{ADVANCED, EXAMPLES, Project, unique};

const PACKAGED: &str = "03-entrypoint-and-command";

/// The steps that take the project's files, and only they.
const OF_THE_SOURCES: [&str; 3] = [
    "COPY . /src",
    "build the wheel",
    "uv pip install the project's wheel",
];

/// The steps that look at the finished image, after each change of its files.
const OF_THE_INSPECTION: [&str; 3] = [
    "MKDIR /inspection",
    "COPY <<EOF /inspection/facts.py",
    "look at the finished image",
];

#[track_caller]
fn rebuild(project: &Project) -> Progress {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    project.build_for_progress(&[])
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_second_build_without_changes_runs_nothing() {
    for name in EXAMPLES.into_iter().filter(|name| *name != ADVANCED) {
        let project = Project::example(name);
        rebuild(&project);
        let progress = rebuild(&project);
        assert_eq!(progress.steps_that_ran(), [""; 0], "{name}");
        let cached = progress.vertices.values().filter(|vertex| vertex.cached);
        assert!(cached.count() >= 10, "{name}: {progress:?}");
    }
}

/// What an edit replaces in `pyproject.toml`, and by what; `NEW` is another number at each run.
const EDITS: [(&str, &str, &str); 12] = [
    ("version", "version = \"1.0.0\"", "version = \"1.0.NEW\""),
    ("description", "description = \"", "description = \"NEW "),
    ("comment", "[project]", "# NEW\n[project]"),
    (
        "table of a linter",
        "[tool.ruff]",
        "[tool.ruff]\nline-length = NEW",
    ),
    (
        "table of a type checker",
        "[tool.ruff]",
        "[tool.mypy]\nx = NEW\n[tool.ruff]",
    ),
    (
        "table of tests",
        "[tool.ruff]",
        "[tool.pytest.ini_options]\nx = NEW\n[tool.ruff]",
    ),
    (
        "keywords",
        "description =",
        "keywords = [\"NEW\"]\ndescription =",
    ),
    (
        "links",
        "[tool.ruff]",
        "[project.urls]\nhome = \"https://example.com/NEW\"\n[tool.ruff]",
    ),
    (
        "another script",
        "[tool.ruff]",
        "[project.scripts]\nsNEW = \"sizes:main\"\n[tool.ruff]",
    ),
    (
        "group of developers",
        "[tool.ruff]",
        "[dependency-groups]\ndev = [\"pytest!=0.NEW\"]\n[tool.ruff]",
    ),
    (
        "extra that nobody chose",
        "[tool.ruff]",
        "[project.optional-dependencies]\ndev = [\"pytest!=0.NEW\"]\n[tool.ruff]",
    ),
    (
        "label",
        "api_version",
        "labels = { run = \"NEW\" }\napi_version",
    ),
];

#[test]
#[ignore = "needs an engine: make conformance"]
fn fourteen_edits_install_no_dependency_again() {
    let new = || {
        Project::example(PACKAGED).edit("pyproject.toml", "[project]\n", "[tool.ruff]\n[project]\n")
    };
    rebuild(&new());
    let builds = [OF_THE_SOURCES[0], OF_THE_SOURCES[1]];
    let check = |name: &str, project: &Project| {
        let progress = rebuild(project);
        let ran = progress.steps_that_ran();
        let is_of_the_sources =
            |step: &&str| OF_THE_SOURCES.contains(step) || OF_THE_INSPECTION.contains(step);
        assert!(ran.iter().all(is_of_the_sources), "{name}: {ran:?}");
        // It was an edit.
        assert!(
            builds.iter().all(|step| ran.contains(step)),
            "{name}: {ran:?}"
        );
    };
    for (name, from, to) in EDITS {
        check(
            name,
            &new().edit("pyproject.toml", from, &to.replace("NEW", &unique())),
        );
    }
    let line = format!("print({})\nimport humanize", unique());
    let code = new().edit("sizes.py", "import humanize", &line);
    check("source file", &code);
    check("readme", &new().file("README.md", unique()));
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn another_dependency_is_installed() {
    let edit = |project: Project| {
        let dependency = format!("\"humanize>=4,<5\", \"humanize>=0.{}\"", unique());
        project.edit("pyproject.toml", "\"humanize>=4,<5\"", &dependency)
    };
    let project = Project::example(PACKAGED);
    rebuild(&project);
    let project = edit(project);
    let progress = rebuild(&project);
    let ran = progress.steps_that_ran();
    let is_install = |step: &&str| {
        step.contains("uv pip install")
            && step.contains("--requirements /requirements/requirements.txt")
    };
    assert!(ran.iter().any(is_install), "{ran:?}");
    let is_other =
        |step: &&str| step.contains("apt-get") || step.contains("/requirements/build.txt");
    assert!(!ran.iter().any(is_other), "{ran:?}");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_member_of_a_workspace_without_a_lock_is_a_wheel_and_its_edit_installs_nothing_again() {
    let member = "[project]\nname = \"lib\"\nversion = \"2\"\ndependencies = [\"humanize==4.9.0\"]\n\
                  [build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n\
                  [tool.setuptools]\npy-modules = [\"lib\"]\n";
    let project = Project::app("command = [\"python\", \"-c\", \"import lib; print(lib.WORD)\"]")
        .edit(
            "pyproject.toml",
            "version = \"1.0\"",
            "version = \"1.0\"\ndependencies = [\"lib\"]\n[tool.uv.workspace]\nmembers = [\"libs/*\"]\n\
             [tool.uv.sources]\nlib = { workspace = true }",
        )
        .file("libs/lib/pyproject.toml", member)
        .file("libs/lib/lib.py", "import humanize\nWORD = humanize.naturalsize(1)\n");
    let image = project.build(&[]);
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "1 Byte\n");
    let project = project.file("libs/lib/lib.py", format!("WORD = \"{}\"\n", unique()));
    let (image, progress) = project.build_with_progress(&[]);
    assert_ne!(image.run(&[], &[]).succeeded().stdout, "1 Byte\n");
    let ran = progress.steps_that_ran();
    let installs = |name: &&&str| name.contains("--requirements");
    assert_eq!(ran.iter().filter(installs).count(), 0, "{ran:?}");
    assert!(
        ran.iter().any(|name| name.contains("build the wheel")),
        "{ran:?}"
    );
}
