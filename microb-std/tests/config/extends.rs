//! `extends`: a target has what it does not say itself from another.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::MemoryContext;
use microb_std::{Config, Flavor};

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\n";

fn resolve(targets: &str, name: &str) -> Config {
    let cx = MemoryContext::new(format!("{PROJECT}{targets}")).with_target(name);
    Config::resolve(&cx).unwrap_or_else(|errors| panic!("{errors}"))
}

const TARGETS: &str = "
[tool.microb.target.default]
flavor = 'alpine'
python_version = '3.12'
env = { A = '1', B = '1' }
labels = { team = 'x' }
entrypoint = ['web']
expose = [8000]
[tool.microb.target.worker]
extends = 'default'
entrypoint = ['worker']
expose = []
env = { B = '2', C = '2' }
[tool.microb.target.beat]
extends = 'worker'
environment = { C = '3' }
";

#[test]
fn what_a_target_does_not_say_is_what_the_other_says() {
    let worker = resolve(TARGETS, "worker");
    assert_eq!(worker.flavor, Flavor::Alpine);
    assert_eq!(worker.python.version.to_string(), "3.12");
    assert_eq!(worker.entrypoint.unwrap().value, ["worker"]);
    assert_eq!(worker.expose, []);
    assert_eq!(worker.labels["team"].value, "x");
    assert_eq!(worker.extends.unwrap().value, "default");
    // The place is that of the line, wherever it stands.
    assert_eq!(worker.env["A"].span.to_string(), "pyproject.toml:8:13");
}

#[test]
fn variables_and_labels_add_to_those_of_the_other() {
    for (name, expected) in [
        ("default", "A=1 B=1"),
        ("worker", "A=1 B=2 C=2"),
        ("beat", "A=1 B=2 C=3"),
    ] {
        let config = resolve(TARGETS, name);
        let env = config.env.iter();
        let env: Vec<_> = env
            .map(|(name, value)| format!("{name}={}", value.value))
            .collect();
        assert_eq!(env.join(" "), expected, "{name}");
    }
    assert_eq!(
        resolve(TARGETS, "beat").entrypoint.unwrap().value,
        ["worker"]
    );
}

/// The errors, each as its line and message.
#[track_caller]
fn check(targets: &str, expected: &[&str]) {
    let cx = MemoryContext::new(format!("{PROJECT}{targets}"));
    let Err(errors) = Config::resolve(&cx) else {
        panic!("no error in {targets}");
    };
    let found: Vec<_> = errors
        .iter()
        .map(|error| {
            let span = error.span.clone().unwrap();
            let help = error.help.as_deref().unwrap_or_default();
            format!("{} {} ({help})", span.text(), error.message)
        })
        .collect();
    assert_eq!(found, expected, "{targets}");
}

#[test]
fn a_target_that_cannot_be_extended_is_said_at_its_place() {
    check(
        "[tool.microb.target.default]\nextends = 'bse'\n[tool.microb.target.base]\n",
        &["'bse' unknown target `bse` (write `base`)"],
    );
    check(
        "[tool.microb.target.default]\nextends = 'default'\n",
        &["'default' the target `default` extends itself (remove this `extends`)"],
    );
    check(
        "[tool.microb.target.default]\nextends = 'b'\n[tool.microb.target.b]\nextends = 'c'\n\
         [tool.microb.target.c]\nextends = 'b'\n",
        &[
            "'b' targets extend one another in a circle: `b` extends `c` extends `b` (remove this `extends`)",
        ],
    );
    check(
        "[tool.microb.target.default]\nextends = 1\n",
        &[
            "1 `tool.microb.target.default.extends` must be a string, found an integer (write `\"1\"`)",
        ],
    );
}

#[test]
fn a_mistake_in_what_is_extended_is_told_once() {
    check(
        "[tool.microb.target.default]\nflavor = 'debain'\n[tool.microb.target.b]\nextends = 'default'\n",
        &["'debain' unknown flavor `debain` (write `\"debian\"`)"],
    );
    check(
        "[tool.microb.target.default]\ncopy_files = [{ src = 'a', dst = '/a', from = 'b' }]\n\
         [tool.microb.target.b]\nextends = 'default'\n",
        &[
            "'b' the target `b` copies from itself (copy from `builder`, or from a target that does not need this one)",
        ],
    );
}

#[test]
fn a_program_of_its_own_has_no_arguments_of_another() {
    let targets = "
[tool.microb.target.default]
entrypoint = ['web']
command = ['--port=80']
healthcheck = { tcp = 80 }
[tool.microb.target.worker]
extends = 'default'
entrypoint = ['worker']
healthcheck = false
[tool.microb.target.debug]
extends = 'default'
command = ['--debug']
[tool.microb.target.beat]
extends = 'worker'
[tool.microb.target.verbose]
extends = 'worker'
command = ['-v']
[tool.microb.target.shell]
extends = 'verbose'
entrypoint = ['sh']
";
    for (name, expected) in [
        ("default", "web --port=80"),
        ("worker", "worker"),
        ("debug", "web --debug"),
        ("beat", "worker"),
        ("verbose", "worker -v"),
        ("shell", "sh"),
    ] {
        let config = resolve(targets, name);
        let words = [config.entrypoint, config.command];
        let words: Vec<_> = words
            .into_iter()
            .flatten()
            .flat_map(|argv| argv.value)
            .collect();
        assert_eq!(words.join(" "), expected, "{name}");
    }
}
