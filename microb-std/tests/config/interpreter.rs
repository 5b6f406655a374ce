//! Which interpreter a project with a lock gets, where nobody says a version.

use microb::MemoryContext;
use microb_std::{Config, PythonOrigin, recipe};

const PROJECT: &str = r#"[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["fast", "wide"]
"#;

/// A lock of two packages: `fast` has the wheels of these names, `wide` has one for every Python.
fn lock(requires: &str, wheels: &[&str]) -> String {
    let hash = format!("sha256:{}", "0".repeat(64));
    let file = |name: &str| {
        format!(r#"{{ url = "https://files.example.org/{name}.whl", hash = "{hash}" }}"#)
    };
    let wheels: Vec<_> = wheels.iter().map(|name| file(name)).collect();
    let package = |name: &str, wheels: &str| {
        format!(
            r#"
[[package]]
name = "{name}"
version = "1.0"
source = {{ registry = "https://pypi.org/simple" }}
sdist = {{ url = "https://files.example.org/{name}-1.0.tar.gz", hash = "{hash}" }}
wheels = [{wheels}]
"#
        )
    };
    format!(
        r#"version = 1
requires-python = "{requires}"

[[package]]
name = "app"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "fast" }}, {{ name = "wide" }}]

[package.metadata]
requires-dist = [{{ name = "fast" }}, {{ name = "wide" }}]
{}{}"#,
        package("fast", &wheels.join(", ")),
        package("wide", &file("wide-1.0-py3-none-any"))
    )
}

fn project(toml: &str, lock: &str) -> MemoryContext {
    MemoryContext::new(toml).file("uv.lock", lock)
}

fn version(cx: &MemoryContext) -> String {
    let config = Config::resolve(cx).unwrap_or_else(|errors| panic!("{errors}"));
    config.python.version.to_string()
}

fn warnings(cx: &MemoryContext) -> Vec<String> {
    let warnings = cx.warnings();
    let about = warnings.iter().filter(|one| one.message.contains("wheel"));
    about.map(ToString::to_string).collect()
}

#[test]
fn an_older_lock_has_the_newest_python_that_it_has_wheels_for() {
    for (requires, wheels, expected) in [
        (
            ">=3.11",
            &["fast-1.0-cp314-cp314-manylinux2014_x86_64"][..],
            "3.14",
        ),
        // The same for all platforms of a build.
        (
            ">=3.11",
            &["fast-1.0-cp313-cp313-manylinux2014_aarch64"],
            "3.13",
        ),
        (
            ">=3.11",
            &[
                "fast-1.0-cp311-cp311-manylinux2014_x86_64",
                "fast-1.0-cp312-cp312-manylinux2014_x86_64",
                "fast-1.0-cp314-cp314-win_amd64",
            ],
            "3.12",
        ),
        // The stable ABI is for later ones too.
        (
            ">=3.11",
            &["fast-1.0-cp311-abi3-manylinux2014_x86_64"],
            "3.14",
        ),
        (
            ">=3.11",
            &["fast-1.0-cp313-cp313-musllinux_1_2_x86_64"],
            "3.14",
        ),
        // It is compiled for whichever.
        (">=3.11", &[], "3.14"),
        (">=3.11", &["fast-1.0-cp313-cp313-win_amd64"], "3.14"),
        // 3.10 is at its end of life, and the project does not allow it.
        (
            ">=3.11",
            &["fast-1.0-cp310-cp310-manylinux2014_x86_64"],
            "3.14",
        ),
    ] {
        let cx = project(PROJECT, &lock(requires, wheels));
        assert_eq!(version(&cx), expected, "{requires} {wheels:?}");
    }
}

#[test]
fn the_reason_is_said() {
    let wheels = ["fast-1.0-cp313-cp313-manylinux2014_x86_64"];
    let cx = project(PROJECT, &lock(">=3.11", &wheels));
    let config = Config::resolve(&cx).unwrap();
    assert_eq!(config.python.origin, PythonOrigin::Requires);
    let decisions = config.decisions();
    let interpreter = decisions.iter().find(|one| one.what.starts_with("Python"));
    let interpreter = interpreter.unwrap();
    assert_eq!(interpreter.what, "Python 3.13");
    assert_eq!(
        interpreter.why,
        "the project requires `>=3.11`, and uv.lock has no wheel of fast 1.0 for 3.14"
    );
}

#[test]
fn who_says_a_version_gets_it_and_is_told_what_is_compiled() {
    let wheels = [
        "fast-1.0-cp312-cp312-manylinux2014_x86_64",
        "fast-1.0-cp313-cp313-manylinux2014_x86_64",
    ];
    let lock = lock(">=3.11", &wheels);
    let said = format!("{PROJECT}\n[tool.microb.target.default]\npython_version = \"3.14\"\n");
    let with_file = project(PROJECT, &lock).file(".python-version", "3.14\n");
    for cx in [project(&said, &lock), with_file] {
        let _ = recipe(&cx).unwrap();
        assert_eq!(version(&cx), "3.14");
        let [warning] = warnings(&cx).try_into().unwrap();
        let start =
            "uv.lock:14:1: warning: `fast 1.0` has no wheel for Python 3.14, and one for 3.13 (";
        assert!(warning.starts_with(start), "{warning}");
    }
    let chosen = project(PROJECT, &lock);
    let _ = recipe(&chosen).unwrap();
    assert_eq!(warnings(&chosen), Vec::<String>::new());
}

#[test]
fn what_another_platform_has_is_told_for_this_one() {
    let wheels = [
        "fast-1.0-cp314-cp314-manylinux2014_x86_64",
        "fast-1.0-cp313-cp313-manylinux2014_aarch64",
    ];
    let cx =
        project(PROJECT, &lock(">=3.11", &wheels)).with_platform("linux/arm64".parse().unwrap());
    let _ = recipe(&cx).unwrap();
    assert_eq!(version(&cx), "3.14");
    assert_eq!(warnings(&cx).len(), 1);
}
