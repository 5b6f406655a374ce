//! Locks of another state of the project: what changed, and which command mends it.

use std::fs;

use microb::MemoryContext;
use microb_std::Config;

use crate::cases::{files, folder};

/// What is said when the definition of a case is changed after it was locked; nothing if the lock still fits.
#[track_caller]
fn check(case: &str, from: &str, to: &str, expected: &str) {
    let folder = folder().join(case);
    let (lock, _) = files(&folder);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let is_pipfile = lock == "Pipfile.lock";
    let name = if is_pipfile {
        "Pipfile"
    } else {
        "pyproject.toml"
    };
    let definition = read(name);
    assert!(definition.contains(from), "no {from:?} in\n{definition}");
    let changed = definition.replacen(from, to, 1);
    let cx = if is_pipfile {
        MemoryContext::new("[tool.microb.target.default]\n").file("Pipfile", changed)
    } else {
        MemoryContext::new(changed)
    };
    let cx = cx.file(lock.as_str(), read(&lock));
    let found = match Config::resolve(&cx) {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    };
    assert_eq!(found, expected, "{case}: {from} to {to}");
}

#[test]
fn a_uv_lock_tells_what_it_was_made_for() {
    check(
        "uv-small",
        "'click>=8'",
        "'click>=8.1'",
        "pyproject.toml:9:5: error: `click>=8.1`: `uv.lock` was made for `click>=8` (run `uv lock`)",
    );
    check(
        "uv-small",
        "'click>=8'",
        "'clack>=8'",
        "pyproject.toml:9:5: error: `clack>=8`: `uv.lock` was made without it (run `uv lock`)",
    );
    check(
        "uv-small",
        "    'click>=8',\n",
        "",
        "uv.lock:31:14: error: `uv.lock` was made for `click>=8`, which the project does not list (run `uv lock`)",
    );
}

#[test]
fn a_digest_of_another_state_is_told_with_what_can_be_seen() {
    const OTHER: &str = "was made for another state of the project";
    for (case, from, to, place, lock, what) in [
        (
            "poetry-small",
            "click = \">=8,<9\"",
            "click = \">=9\"",
            "pyproject.toml:11:1",
            "poetry.lock",
            ": it has 8.5.1 for `click >=9` (run `poetry lock`)",
        ),
        (
            "poetry-small",
            "click = \">=8,<9\"",
            "flask = \"*\"",
            "pyproject.toml:11:1",
            "poetry.lock",
            ": `flask *` is not in it (run `poetry lock`)",
        ),
        (
            "poetry-small",
            "click = \">=8,<9\"",
            "click = \">=8,<10\"",
            "poetry.lock:252:16",
            "poetry.lock",
            ", whose digest it has here (run `poetry lock`)",
        ),
        (
            "pdm-small",
            "'click>=8'",
            "'click<8'",
            "pyproject.toml:9:5",
            "pdm.lock",
            ": it has 8.5.1 for `click<8` (run `pdm lock`)",
        ),
        (
            "pdm-groups",
            "\"pytest\"",
            "\"pytest>=1\"",
            "pdm.lock:8:16",
            "pdm.lock",
            ", whose digest it has here (run `pdm lock`)",
        ),
        (
            "pipenv-small",
            "pyyaml = \"*\"",
            "flask = \"*\"",
            "Pipfile:8:1",
            "Pipfile.lock",
            ": `flask` is not in it (run `pipenv lock`)",
        ),
        (
            "pipenv-small",
            "pyyaml = \"*\"",
            "pyyaml = \"<9\"",
            "Pipfile.lock:3:9",
            "Pipfile.lock",
            ", whose digest it has here (run `pipenv lock`)",
        ),
    ] {
        let expected = format!("{place}: error: `{lock}` {OTHER}{what}");
        check(case, from, to, &expected);
    }
}

#[test]
fn what_does_not_concern_dependencies_is_not_stale() {
    for case in ["uv-groups", "poetry-project", "pdm-groups"] {
        check(case, "version = \"1.0\"", "version = \"2.0\"", "");
        check(case, "description = \"d\"", "description = \"other\"", "");
        check(
            case,
            "[project]",
            "[tool.ruff]\nline-length = 100\n[project]",
            "",
        );
    }
    check(
        "poetry-groups",
        "description = \"d\"",
        "description = \"other\"",
        "",
    );
    // Another spelling of the same.
    check("uv-small", "'click>=8'", "'Click >= 8.0'", "");
    check(
        "uv-markers",
        "python_version < '3.11'",
        "'3.11' > python_version",
        "",
    );
}
