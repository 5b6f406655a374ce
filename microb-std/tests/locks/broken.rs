//! Locks that somebody broke: one message with the place and the remedy.

use std::fs;

use microb::MemoryContext;
use microb_std::{Config, Dependencies};

use crate::cases::{cases, files, folder};

/// A lock of `cases/`, changed, and the one message about it.
#[track_caller]
fn check(case: &str, change: impl FnOnce(&str) -> String, expected: &str) {
    check_target(case, change, "", expected);
}

#[track_caller]
fn check_target(case: &str, change: impl FnOnce(&str) -> String, target: &str, expected: &str) {
    let folder = folder().join(case);
    let (lock, _) = files(&folder);
    let text = fs::read_to_string(folder.join(&lock)).unwrap();
    let changed = change(&text);
    let pyproject = fs::read_to_string(folder.join("pyproject.toml")).unwrap_or_default();
    let cx = MemoryContext::new(format!(
        "{pyproject}\n[tool.microb.target.default]\n{target}\n"
    ));
    let cx = cx.file(lock, changed);
    match Config::resolve(&cx) {
        Ok(config) => panic!("{case} is fine: {:?}", config.dependencies),
        Err(errors) => assert_eq!(errors.to_string(), expected, "{case}"),
    }
}

/// Replaces the first place, which must be there.
fn replaced(from: &str, to: &str) -> impl FnOnce(&str) -> String {
    move |text| {
        assert!(text.contains(from), "no {from:?}");
        text.replacen(from, to, 1)
    }
}

/// Ends after a text.
fn cut_after(end: &str) -> impl FnOnce(&str) -> String {
    move |text| {
        let at = text.find(end).unwrap();
        text[..at + end.len()].to_owned()
    }
}

#[test]
fn conflicts_of_a_merge() {
    for (case, lock, command) in [
        ("uv-small", "uv.lock", "uv lock"),
        ("poetry-small", "poetry.lock", "poetry lock"),
        ("pdm-small", "pdm.lock", "pdm lock"),
        ("pipenv-small", "Pipfile.lock", "pipenv lock"),
        (
            "pylock-uv",
            "pylock.toml",
            "uv export --format pylock.toml --output-file pylock.toml",
        ),
        (
            "requirements-universal",
            "requirements.lock",
            "uv pip compile --generate-hashes pyproject.toml --output-file requirements.lock",
        ),
    ] {
        check(
            case,
            |text| format!("<<<<<<< HEAD\n{text}=======\n>>>>>>> other\n"),
            &format!("{lock}:1:1: error: `{lock}` has conflicts of a merge (run `{command}`)"),
        );
    }
}

#[test]
fn truncated_files() {
    check(
        "uv-small",
        cut_after("name = \"certifi\"\nversion = \"2026"),
        "uv.lock:38:15: error: invalid TOML: invalid basic string, expected `\"` (run `uv lock`)",
    );
    check(
        "uv-small",
        cut_after("[[package]]\nname = \"click\"\n"),
        "uv.lock:45:1: error: `package[3]` has no `source` (run `uv lock`)",
    );
    // What is left is valid TOML, but packages are missing.
    check(
        "uv-small",
        |text| {
            text[..text
                .find("[[package]]\nname = \"typing-extensions\"")
                .unwrap()]
                .to_owned()
        },
        "uv.lock:12:14: error: `anyio` needs `typing-extensions`, which is not in the lock (run `uv lock`)",
    );
    check(
        "poetry-small",
        |text| text[..text.find("[metadata]").unwrap()].to_owned(),
        "poetry.lock:1:1: error: the lock has no `metadata` (run `poetry lock`)",
    );
    check(
        "pipenv-small",
        cut_after("\"default\": {"),
        "Pipfile.lock:18:16: error: invalid JSON: `\"` expected (run `pipenv lock`)",
    );
    check(
        "pylock-uv",
        |_| String::new(),
        "pylock.toml:1:1: error: the lock has no `lock-version` (run `uv export --format pylock.toml --output-file pylock.toml`)",
    );
}

#[test]
fn formats_of_the_future() {
    const NEWER: &str = "(use a newer microb, or lock again with an older release of the tool)";
    for (case, from, to, shown) in [
        (
            "uv-small",
            "version = 1\n",
            "version = 2\n",
            "uv.lock:1:1: error: this format of the lock is not known here: `version = 2`",
        ),
        (
            "poetry-small",
            "lock-version = \"2.1\"",
            "lock-version = \"3.0\"",
            "poetry.lock:250:1: error: this format of the lock is not known here: `lock-version = \"3.0\"`",
        ),
        (
            "pdm-small",
            "lock_version = \"4.5.0\"",
            "lock_version = \"5.0\"",
            "pdm.lock:7:1: error: this format of the lock is not known here: `lock_version = \"5.0\"`",
        ),
        (
            "pipenv-small",
            "\"pipfile-spec\": 6",
            "\"pipfile-spec\": 7",
            "Pipfile.lock:6:9: error: this format of the lock is not known here: `\"pipfile-spec\": 7,`",
        ),
        (
            "pylock-uv",
            "lock-version = \"1.0\"",
            "lock-version = \"2.0\"",
            "pylock.toml:1:1: error: this format of the lock is not known here: `lock-version = \"2.0\"`",
        ),
    ] {
        check(case, replaced(from, to), &format!("{shown} {NEWER}"));
    }
}

#[test]
fn hashes_that_are_none_and_hashes_that_are_missing() {
    check(
        "uv-small",
        replaced("hash = \"sha256:59bb", "hash = \"sha256:5"),
        "uv.lock:14:154: error: `sha256:503251907983d1603d27c3087ddb1e93299ea2163adcdba37899a4fb12ffb` is no hash (run `uv lock`)",
    );
}

/// Removes the hash after a text.
fn without_hash(after: &'static str) -> impl FnOnce(&str) -> String {
    move |text| {
        let at = text.find(after).unwrap();
        let start = at + text[at..].find("hash = \"sha256:").unwrap();
        let end = start + "hash = \"sha256:".len() + 64 + 1;
        format!("{}other = 1{}", &text[..start], &text[end..])
    }
}

#[test]
fn packages_without_hashes() {
    // The package has a source archive and a wheel.
    check(
        "uv-small",
        |text| {
            without_hash("name = \"click\"\nversion")(&without_hash("name = \"click\"\nversion")(
                text,
            ))
        },
        "uv.lock:45:1: error: the lock has no hash of `click` (run `uv lock`)",
    );
    check(
        "poetry-small",
        |text| {
            let at = text.find("name = \"click\"\nversion").unwrap();
            let files = at + text[at..].find("files = [").unwrap();
            let end = files + text[files..].find("]\n").unwrap();
            format!("{}files = [{}", &text[..files], &text[end..])
        },
        "poetry.lock:35:1: error: the lock has no hash of `click` (run `poetry lock`)",
    );
    check(
        "pipenv-small",
        |text| {
            let at = text.find("\"certifi\": {").unwrap();
            let hashes = at + text[at..].find("[\n").unwrap();
            let end = hashes + text[hashes..].find(']').unwrap();
            format!("{}[{}", &text[..hashes], &text[end..])
        },
        "Pipfile.lock:27:9: error: the lock has no hash of `certifi` (run `pipenv lock`)",
    );
    check(
        "requirements-universal",
        |text| {
            let at = text.find("certifi==").unwrap();
            let hashes = at + text[at..].find(" \\\n").unwrap();
            let end = at + text[at..].find("    # via").unwrap();
            format!("{}\n{}", &text[..hashes], &text[end..])
        },
        "requirements.lock:5:1: error: the lock has no hash of `certifi` (run `uv pip compile --generate-hashes pyproject.toml --output-file requirements.lock`)",
    );
}

#[test]
fn fields_that_mean_nothing() {
    for (case, from, to, expected) in [
        (
            "uv-small",
            "name = \"click\"\nversion = \"8.5.1\"",
            "name = \"click\"\nversion = \"8..1\"",
            "uv.lock:47:11: error: `8..1` is no version of PEP 440 (run `uv lock`)",
        ),
        (
            "uv-small",
            "name = \"click\"\nversion = \"8.5.1\"\n",
            "name = \"click\"\n",
            "uv.lock:45:1: error: `package[3]` has no `version` (run `uv lock`)",
        ),
        (
            "uv-small",
            "python_full_version < '3.15'",
            "python_fullversion < '3.15'",
            "uv.lock:12:45: error: `python_fullversion` is neither a marker variable nor a quoted string (write `python_full_version`)",
        ),
        (
            "uv-small",
            "name = \"click\"\nversion = \"8.5.1\"\nsource = { registry = \"https://pypi.org/simple\" }",
            "name = \"click\"\nversion = \"8.5.1\"\nsource = { registry = \"./wheels\" }",
            "uv.lock:48:23: error: `click` comes from the folder of packages `./wheels`, which is not supported (name an index by its plain URL, or depend on the file itself by its path, and lock again)",
        ),
        (
            "uv-small",
            "name = \"click\"\nversion = \"8.5.1\"\nsource = { registry = \"https://pypi.org/simple\" }",
            "name = \"click\"\nversion = \"8.5.1\"\nsource = { directory = \"../click\" }",
            "uv.lock:48:24: error: `../click` is outside the build context (build from a folder that holds both, for instance `docker build -f app/pyproject.toml .`)",
        ),
        (
            "uv-small",
            "name = \"click\"\nversion = \"8.5.1\"\nsource = { registry = \"https://pypi.org/simple\" }",
            "name = \"click\"\nversion = \"8.5.1\"\nsource = { floppy = \"a\" }",
            "uv.lock:48:10: error: `package[3].source` is of an unknown kind (run `uv lock`)",
        ),
        (
            "uv-small",
            "name = \"app\"\nversion",
            "name = \"other\"\nversion",
            "uv.lock:1:1: error: the lock does not have the project `app` (run `uv lock`)",
        ),
        (
            "uv-git",
            "#0382c0e93fa7bf0db8f3560bc2b736f03f0fa299\"",
            "#main\"",
            "uv.lock:43:18: error: `main` is no commit (run `uv lock`)",
        ),
        (
            "pipenv-index",
            "\"index\": \"own\"",
            "\"index\": \"other\"",
            "Pipfile.lock:28:22: error: no source of the lock is called `other` (run `pipenv lock`)",
        ),
        (
            "pipenv-index",
            "\"url\": \"http://127.0.0.1:8765/simple\"",
            "\"url\": \"https://$USER:${PASS}@pypi.example/simple\"",
            "Pipfile.lock:18:24: error: the index of `alpha` is `https://$USER:${PASS}@pypi.example/simple`, whose variables nobody fills in (name the index without its login and lock again; then write it into `indices` with `username` and `password`)",
        ),
        (
            "pipenv-index",
            "\"version\": \"==1.1\"",
            "\"version\": \"*\"",
            "Pipfile.lock:29:24: error: the lock has `*` instead of a version of `alpha`, since Pipenv ran where nothing needs it (run `pipenv lock` on Linux with the image's Python, or remove the package from the Pipfile)",
        ),
        (
            "pylock-uv",
            "requires-python = \">=3.10\"",
            "requires-python = \"<3.10\"",
            "pylock.toml:3:19: error: the lock is for Python `<3.10` (choose another `python_version`, or lock again)",
        ),
        (
            "requirements-universal",
            "certifi==2026.10.18",
            "certifi>=2026.10.18",
            "requirements.lock:5:1: error: `certifi` has no fixed version, so the file is no lock (name the file with `requirements` instead of `lock`, or make it with `uv pip compile --generate-hashes`)",
        ),
    ] {
        check(case, replaced(from, to), expected);
    }
}

/// Packages that need each other are no mistake.
#[test]
fn a_cycle_ends() {
    let folder = folder().join("uv-small");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let lock = read("uv.lock").replace(
        "name = \"click\"\nversion = \"8.5.1\"\nsource = { registry = \"https://pypi.org/simple\" }\n",
        "name = \"click\"\nversion = \"8.5.1\"\nsource = { registry = \"https://pypi.org/simple\" }\ndependencies = [{ name = \"app\" }, { name = \"click\" }, { name = \"httpx\" }]\n",
    );
    assert!(lock.contains("{ name = \"app\" }"));
    let cx = MemoryContext::new(read("pyproject.toml")).file("uv.lock", lock);
    let Dependencies::Locked(set) = Config::resolve(&cx).unwrap().dependencies else {
        panic!("not locked");
    };
    assert_eq!(set.pins.len(), 9);
}

/// Every prefix of every lock is read, or told to be broken: never a panic, never two messages.
#[test]
fn no_end_of_a_lock_is_too_early() {
    for case in cases() {
        let (lock, _) = files(&case);
        let text = fs::read_to_string(case.join(&lock)).unwrap();
        let pyproject = fs::read_to_string(case.join("pyproject.toml")).unwrap_or_default();
        let step = (text.len() / 12).max(1);
        for end in (0..text.len()).step_by(step) {
            let cx =
                MemoryContext::new(pyproject.clone()).file(lock.as_str(), &text.as_bytes()[..end]);
            if let Err(errors) = Config::resolve(&cx) {
                let count = errors.iter().count();
                let error = errors.iter().next().unwrap();
                assert_eq!(count, 1, "{}: {errors}", case.display());
                assert!(error.help.is_some(), "{}: {errors}", case.display());
            }
        }
    }
}

/// One byte is another one: the lock is read, or told to be broken.
#[test]
fn no_byte_of_a_lock_makes_it_panic() {
    for case in cases() {
        let (lock, _) = files(&case);
        let text = fs::read(case.join(&lock)).unwrap();
        if text.len() > 50_000 {
            continue;
        }
        let pyproject = fs::read_to_string(case.join("pyproject.toml")).unwrap_or_default();
        let step = (text.len() / 20).max(1);
        for (n, at) in (0..text.len()).step_by(step).enumerate() {
            let mut changed = text.clone();
            changed[at] = [b'"', b'{', b'\n', 0xff, b'9'][n % 5];
            let cx = MemoryContext::new(pyproject.clone()).file(lock.as_str(), changed);
            if let Ok(config) = Config::resolve(&cx) {
                assert!(matches!(config.dependencies, Dependencies::Locked(_)));
            }
        }
    }
}
