//! Which lock is read, and what may be chosen from it.

use std::fs;

use microb::MemoryContext;
use microb_std::{Config, Dependencies};

use crate::cases::{files, folder};

/// The definition and the lock of a case, with a target.
fn context(case: &str, target: &str) -> MemoryContext {
    let folder = folder().join(case);
    let (lock, _) = files(&folder);
    let pyproject = fs::read_to_string(folder.join("pyproject.toml")).unwrap_or_default();
    MemoryContext::new(format!(
        "{pyproject}\n[tool.microb.target.default]\n{target}\n"
    ))
    .file(lock.as_str(), fs::read(folder.join(&lock)).unwrap())
}

fn errors(cx: &MemoryContext) -> String {
    match Config::resolve(cx) {
        Ok(config) => panic!("no error: {:?}", config.dependencies),
        Err(errors) => errors.to_string(),
    }
}

fn names(cx: &MemoryContext) -> Vec<String> {
    match Config::resolve(cx).unwrap().dependencies {
        Dependencies::Locked(set) => set.pins.into_iter().map(|pin| pin.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_only_lock_is_read_without_being_named() {
    for (case, some) in [
        ("uv-small", "click"),
        ("poetry-small", "click"),
        ("pdm-small", "click"),
        ("pipenv-small", "httpx"),
        ("pylock-uv", "click"),
        ("requirements-universal", "click"),
    ] {
        let cx = context(case, "python_version = '3.12'\nentrypoint = []");
        assert!(names(&cx).iter().any(|name| name == some), "{case}");
        assert_eq!(cx.warnings(), [], "{case}");
    }
}

#[test]
fn several_locks_are_a_question() {
    let cx = context("uv-small", "")
        .file("poetry.lock", "")
        .file("pylock.toml", "");
    assert_eq!(
        errors(&cx),
        "pyproject.toml:6:1: error: there are several lock files: `uv.lock`, `pylock.toml` and `poetry.lock` \
         (choose one in `[tool.microb.target.NAME]`: `lock = \"uv.lock\"`)"
    );
    let cx = context("uv-small", "lock = 'uv.lock'").file("poetry.lock", "");
    assert_eq!(names(&cx).len(), 9);
}

#[test]
fn a_named_lock_is_there_and_is_one() {
    for (target, expected) in [
        (
            "lock = 'other/uv.lock'",
            "pyproject.toml:13:8: error: `other/uv.lock` is not in the build context (check the path, and `.dockerignore`)",
        ),
        (
            "lock = '../uv.lock'",
            "pyproject.toml:13:8: error: `../uv.lock` is outside the build context (write a path inside the build context, relative to `pyproject.toml`)",
        ),
        (
            "lock = 'lock.json'",
            "pyproject.toml:13:8: error: `lock.json` is no lock file that is known here (name one of `uv.lock`, `pylock.toml`, `poetry.lock`, `pdm.lock`, `Pipfile.lock` and `requirements.lock`, or a requirements file `….txt`)",
        ),
        (
            "lock = 'uv.lock'\nrequirements = 'r.txt'",
            "pyproject.toml:13:1: error: `lock` cannot be used with `requirements` (remove one of the two; `requirements` replaces the project's own lists)",
        ),
    ] {
        let cx = context("uv-small", target).file("r.txt", "idna");
        assert_eq!(errors(&cx), expected);
    }
}

#[test]
fn a_named_pylock_is_one() {
    let text = fs::read(folder().join("pylock-uv/pylock.toml")).unwrap();
    let cx = MemoryContext::new("[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\nlock = 'locks/pylock.prod.toml'\n")
        .file("locks/pylock.prod.toml", text);
    assert!(names(&cx).iter().any(|name| name == "click"));
}

#[test]
fn without_a_lock_there_is_one_warning() {
    let cx =
        MemoryContext::new("[project]\nname = 'app'\nversion = '1'\ndependencies = ['idna']\n")
            .file("main.py", "print()\n");
    let _ = Config::resolve(&cx).unwrap();
    let warnings: Vec<_> = cx.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "pyproject.toml:4:1: warning: no lock file: the versions are chosen when the image is built (run `uv lock`)"
        ]
    );
    let cx =
        MemoryContext::new("[project]\nname = 'app'\nversion = '1'\n").file("main.py", "print()\n");
    let _ = Config::resolve(&cx).unwrap();
    assert_eq!(cx.warnings(), []);
}

#[test]
fn what_a_lock_does_not_have_cannot_be_chosen() {
    for (case, target, expected) in [
        (
            "uv-extras",
            "extras = ['fsat']",
            "pyproject.toml:15:11: error: unknown extra `fsat` (write `fast`)",
        ),
        (
            "uv-groups",
            "groups = ['test']",
            "pyproject.toml:15:11: error: unknown dependency group `test` (the project's groups are `dev`, `docs` and `lint`)",
        ),
        (
            "uv-small",
            "groups = ['dev']",
            "pyproject.toml:13:11: error: unknown dependency group `dev` (remove it; the project has no dependency groups)",
        ),
        (
            "poetry-groups",
            "groups = ['doc']",
            "pyproject.toml:27:11: error: unknown dependency group `doc` (write `docs`)",
        ),
        (
            "poetry-extras",
            "extras = ['fats']",
            "pyproject.toml:22:11: error: unknown extra `fats` (write `fast`)",
        ),
        (
            "pdm-groups",
            "groups = ['devel']",
            "pyproject.toml:19:11: error: unknown dependency group `devel` (write `dev`)",
        ),
        (
            "pipenv-category",
            "groups = ['docz']",
            "pyproject.toml:3:11: error: unknown dependency group `docz` (write `docs`)",
        ),
        (
            "pipenv-small",
            "extras = ['x']",
            "pyproject.toml:3:11: error: Pipenv knows no `extras` of a project (remove it; for a category of the Pipfile, write `groups`)",
        ),
        (
            "pylock-uv",
            "groups = ['dev']",
            "pyproject.toml:27:11: error: unknown dependency group `dev` (remove it; the project has no dependency groups)",
        ),
        (
            "requirements-universal",
            "extras = ['x']",
            "pyproject.toml:19:11: error: `extras` cannot be chosen from a requirements file (remove it; what the file was made for is installed)",
        ),
        (
            "uv-conflicts",
            "extras = ['cpu', 'gpu']",
            "uv.lock:117:1: error: the lock has two versions of `idna` for this target, `3.6` and `3.7` (choose `extras` and `groups` that are not in conflict with one another)",
        ),
    ] {
        let target = format!("{target}\npython_version = '3.12'");
        assert_eq!(errors(&context(case, &target)), expected, "{case}");
    }
}

#[test]
fn groups_are_installed_without_a_lock_too() {
    let toml = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['a']\n\
                [dependency-groups]\ndev = ['b', {include-group = 'lint'}]\nlint = ['c']\ndocs = ['d']\n\
                [tool.microb.target.default]\ngroups = ['dev']\n";
    let config = Config::resolve(&MemoryContext::new(toml)).unwrap();
    assert_eq!(config.dependencies.requirements_txt().unwrap(), "a\nb\nc\n");
    let cx = MemoryContext::new(toml.replace("groups = ['dev']", "groups = ['deb']"));
    assert_eq!(
        errors(&cx),
        "pyproject.toml:10:11: error: unknown dependency group `deb` (write `dev`)"
    );
}

#[test]
fn what_the_image_alone_decides_stays_in_the_line() {
    let cx = context("uv-markers", "python_version = '3.12'");
    let Dependencies::Locked(set) = Config::resolve(&cx).unwrap().dependencies else {
        panic!("not locked");
    };
    let markers: Vec<_> = set
        .pins
        .iter()
        .map(|pin| (pin.name.as_str(), pin.marker.as_deref()))
        .collect();
    assert_eq!(
        markers,
        [
            ("typing-extensions", Some("python_full_version >= '3.12.4'")),
            ("uvloop", None)
        ]
    );
}
