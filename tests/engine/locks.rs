//! Projects with a lock: what it pins is what is installed, and nothing else decides about the dependency layer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use crate::docker::{Image, WITHOUT_CACHE};
use crate::progress::Progress;
use crate::project::{Project, unique};

/// A lock that the tests of the readers have too, made by the tool itself.
fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("microb-std/tests/locks/cases")
        .join(name)
}

/// The project of a lock, as a package with one module.
fn project(name: &str, lock: &str) -> Project {
    let read = |file: &str| fs::read_to_string(case(name).join(file)).unwrap();
    let system =
        "[build-system]\nrequires = [\"flit_core>=3.2\"]\nbuild-backend = \"flit_core.buildapi\"\n";
    let pyproject = read("pyproject.toml");
    let system = if pyproject.contains("[build-system]") {
        ""
    } else {
        system
    };
    Project::empty()
        .file(
            "pyproject.toml",
            format!(
                "#syntax=microb:dev\n{pyproject}\n{system}[tool.microb.target.default]\npython_version = \"3.13\"\n"
            ),
        )
        .file(lock, read(lock))
        .file("app.py", "\"\"\"App\"\"\"\nprint('app')\n")
}

/// `name==version` of all that is installed in an image, but the project.
fn installed(image: &Image) -> BTreeSet<String> {
    let program = "import importlib.metadata as m\nfor d in m.distributions(): print(d.metadata['Name'].lower().replace('_', '-') + '==' + d.version)";
    let listed = image.output(&["/app/.venv/bin/python", "-c", program]);
    let lines = listed.lines().filter(|line| *line != "app==1.0");
    lines.map(str::to_owned).collect()
}

/// `name==version` of what the lock's own tool would install.
fn exported(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(case(name).join("arm64-3.13.9.expected")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_image_has_what_the_lock_pins() {
    for (name, lock) in [
        ("uv-small", "uv.lock"),
        ("poetry-small", "poetry.lock"),
        ("pdm-small", "pdm.lock"),
    ] {
        let image = project(name, lock).build(&[]);
        assert_eq!(installed(&image), exported(name), "{name}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn other_bytes_than_the_locks_are_not_installed() {
    // A lock names the archive and the wheel.
    let project = project("uv-small", "uv.lock")
        .edit("uv.lock", "sha256:8bb5376d2006", "sha256:000000000000")
        .edit("uv.lock", "sha256:9bbfada76703", "sha256:000000000000");
    project.try_build(&[]).failed().says([
        "Hash mismatch for `click==8.5.1`",
        "sha256:8bb5376d2006",
        "`click==8.5.1` has another hash than it should have",
        ">>> name = \"click\"",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_version_that_no_index_has_is_told_with_the_lock() {
    let (there, absent) = (
        "name = \"click\"\nversion = \"8.5.1\"",
        "name = \"click\"\nversion = \"8.5.99\"",
    );
    let project = project("uv-small", "uv.lock").edit("uv.lock", there, absent);
    let said = [
        "there is no version of `click==8.5.99`",
        ">>> name = \"click\"",
    ];
    project.try_build(&[]).failed().says(said);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_stale_lock_is_told_with_what_changed() {
    let project = project("uv-small", "uv.lock").edit("pyproject.toml", "click>=8", "click>=8.1");
    project.try_build(&[]).failed().says([
        "`uv.lock` was made for `click>=8`",
        "run `uv lock`",
        "pyproject.toml:10",
        ">>>     'click>=8.1'",
    ]);
}

#[track_caller]
fn rebuild(project: &Project) -> Progress {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    project.build_for_progress(&[])
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_is_not_in_the_set_installs_nothing_again() {
    let edits: [(&str, &str, &str); 7] = [
        ("app.py", "print('app')", "print('UNIQUE')"),
        (
            "pyproject.toml",
            "version = \"1.0\"",
            "version = \"1.0.UNIQUE\"",
        ),
        (
            "pyproject.toml",
            "description = \"d\"",
            "description = \"UNIQUE\"",
        ),
        (
            "pyproject.toml",
            "[build-system]",
            "[tool.ruff]\nx = UNIQUE\n[build-system]",
        ),
        (
            "pyproject.toml",
            "[build-system]",
            "[dependency-groups]\n# UNIQUE\n[build-system]",
        ),
        ("uv.lock", "revision = 5", "revision = 5\n# UNIQUE"),
        // The upload's time is no part of what is installed.
        (
            "uv.lock",
            "upload-time = \"2026-11-06T17:36:59Z\"",
            "upload-time = \"UNIQUE\"",
        ),
    ];
    for (file, from, to) in edits {
        let project = project("uv-small", "uv.lock");
        rebuild(&project);
        let project = project.edit(file, from, &to.replace("UNIQUE", &unique()));
        let progress = rebuild(&project);
        let ran = progress.steps_that_ran();
        let is_install = |step: &&&str| step.contains("--require-hashes");
        assert_eq!(ran.iter().find(is_install), None, "{file}: {to}: {ran:?}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_folder_of_the_context_is_a_wheel_of_its_own() {
    let core = "[project]\nname = \"core\"\nversion = \"0.1\"\ndescription = \"d\"\nrequires-python = \">=3.9\"\ndependencies = [\"six\"]\n\
                [build-system]\nrequires = [\"flit_core>=3.2\"]\nbuild-backend = \"flit_core.buildapi\"\n";
    let project = project("uv-workspace", "uv.lock")
        .file("packages/core/pyproject.toml", core)
        .file(
            "packages/core/core.py",
            "\"\"\"Core\"\"\"\nWORDS = 'from core'\n",
        );
    let image = project.build(&[]);
    let words = image.output(&[
        "/app/.venv/bin/python",
        "-c",
        "import core; print(core.WORDS)",
    ]);
    assert_eq!(words, "from core\n");
    let line = format!("WORDS = '{}'", unique());
    let project = project.edit("packages/core/core.py", "WORDS = 'from core'", &line);
    let progress = rebuild(&project);
    let ran = progress.steps_that_ran();
    assert!(
        !ran.iter().any(|step| step.contains("--require-hashes")),
        "{ran:?}"
    );
    assert!(ran.contains(&"build the wheel"), "{ran:?}");
}
