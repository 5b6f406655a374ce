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
    project.build_with_progress(&[]).1
}

/// Builds, edits, builds again: what ran is part of `allowed`, and `needed` is part of what ran.
#[track_caller]
fn check(edit: impl FnOnce(Project) -> Project, allowed: &[&str], needed: &[&str]) {
    let project =
        Project::example(PACKAGED).edit("pyproject.toml", "[project]", "[tool.ruff]\n[project]");
    rebuild(&project);
    let project = edit(project);
    let progress = rebuild(&project);
    let ran = progress.steps_that_ran();
    for step in &ran {
        let is_allowed = allowed.contains(step) || OF_THE_INSPECTION.contains(step);
        assert!(is_allowed, "{step:?} ran again: {ran:?}");
    }
    for step in needed {
        assert!(ran.contains(step), "{step:?} did not run: {ran:?}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
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

#[test]
#[ignore = "needs an engine: make test"]
fn an_edit_of_a_source_file_installs_no_dependency_again() {
    let edit = |project: Project| {
        let line = format!("print({})\nimport humanize", unique());
        project.edit("sizes.py", "import humanize", &line)
    };
    check(edit, &OF_THE_SOURCES, &OF_THE_SOURCES);
}

#[test]
#[ignore = "needs an engine: make test"]
fn another_version_installs_no_dependency_again() {
    let edit = |project: Project| {
        let line = format!("version = \"1.0.{}\"", unique());
        project.edit("pyproject.toml", "version = \"1.0.0\"", &line)
    };
    check(edit, &OF_THE_SOURCES, &OF_THE_SOURCES);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_comment_installs_no_dependency_again() {
    let edit = |project: Project| {
        let lines = format!("# {}\n[project]", unique());
        project.edit("pyproject.toml", "[project]", &lines)
    };
    check(edit, &OF_THE_SOURCES, &OF_THE_SOURCES[..2]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn settings_of_another_tool_install_no_dependency_again() {
    let edit = |project: Project| {
        let lines = format!("[tool.ruff]\nline-length = {}", unique());
        project.edit("pyproject.toml", "[tool.ruff]", &lines)
    };
    check(edit, &OF_THE_SOURCES, &OF_THE_SOURCES[..2]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn another_readme_installs_no_dependency_again() {
    let edit = |project: Project| project.file("README.md", unique());
    check(edit, &OF_THE_SOURCES, &OF_THE_SOURCES[..2]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn another_dependency_is_installed() {
    let edit = |project: Project| {
        let dependency = format!("\"humanize>=4,<5\", \"humanize>=0.{}\"", unique());
        project.edit("pyproject.toml", "\"humanize>=4,<5\"", &dependency)
    };
    let project = edit(Project::example(PACKAGED));
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
#[ignore = "needs an engine: make test"]
fn what_only_the_image_config_says_runs_nothing_but_the_wheel() {
    let edit = |project: Project| {
        let lines = format!("labels = {{ run = \"{}\" }}\napi_version", unique());
        project.edit("pyproject.toml", "api_version", &lines)
    };
    check(edit, &OF_THE_SOURCES, &OF_THE_SOURCES[..2]);
}
