//! Each example builds and prints what its README promises.

use crate::docker::Image;
use crate::project::Project;

/// Builds an example and checks what its container prints; `argv` is what follows the image's name.
#[track_caller]
fn check(name: &str, flags: &[&str], argv: &[&str], expected: &str) {
    let image = Project::example(name).build(flags);
    let printed = |flags| any_patch(&image.run(flags, argv).succeeded().stdout);
    assert_eq!(printed(&[]), expected);
    for flags in [
        &["--user=12345"][..],
        &["--read-only"],
        &["--user=12345", "--read-only"],
    ] {
        let expected = if flags[0] == "--user=12345" {
            expected.replace("65532", "12345")
        } else {
            expected.to_owned()
        };
        assert_eq!(printed(flags), expected, "{flags:?}");
    }
    check_user(&image);
}

/// Puts `*` for the patch version of Python, which is the newest that the base image has.
fn any_patch(text: &str) -> String {
    let Some((before, rest)) = text.split_once("Python 3.14.") else {
        return text.to_owned();
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}Python 3.14.*{rest}")
}

/// The image runs as the user `nonroot`, who has a home and nothing else.
#[track_caller]
fn check_user(image: &Image) {
    let script = "id -u; id -g; echo ~; cd; touch x && echo can write at home; \
                  awk -F: '$3 == 65532' /etc/passwd; awk -F: '$3 == 65532' /etc/group; \
                  touch /app/x 2>/dev/null || echo cannot write in /app; \
                  find /app ! -user 0 -o ! -group 0; for name in uv gcc git; do command -v $name; done; ls /app/.venv/bin | grep pip";
    let expected = "65532\n65532\n/home/nonroot\ncan write at home\n\
                    nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\nnonroot:x:65532:\n\
                    cannot write in /app\n";
    let found = image.run(&["--entrypoint=sh"], &["-c", script]);
    assert_eq!(found.stdout, expected, "{}", found.stderr);
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_01_says_hello_without_any_configuration() {
    let expected = "Hello from Python 3.14.*, user 65532\n";
    check("01-minimal", &[], &[], expected);
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_02_says_hello_with_its_own_syntax_line() {
    let expected = "Hello from Python 3.14.*, user 65532\n";
    check("02-syntax-directive", &[], &[], expected);
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_03_has_an_entrypoint_and_a_command() {
    check("03-entrypoint-and-command", &[], &[], "1.0 MiB\n");
    let given = "2.0 KiB\n4.0 KiB\n";
    check("03-entrypoint-and-command", &[], &["2048", "4096"], given);
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_04_installs_its_locked_requirements() {
    check("04-requirements-file", &[], &[], "1.0 MiB\n");
    let image = Project::example("04-requirements-file").build(&[]);
    let version = "import importlib.metadata as m; print(m.version('humanize'))";
    assert_eq!(image.output(&["python", "-c", version]), "4.17.0\n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_05_runs_on_alpine() {
    check("05-alpine", &[], &[], "1.0 MiB\n");
    let image = Project::example("05-alpine").build(&[]);
    assert!(
        image
            .output(&["cat", "/etc/os-release"])
            .contains("ID=alpine\n")
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_06_has_a_target_with_extras_and_one_without() {
    let (all, plain) = (
        "humanize yes\ncolorama yes\ndateutil yes\n",
        "humanize yes\ncolorama no\ndateutil no\n",
    );
    check("06-extras", &[], &[], all);
    check("06-extras", &["--target=plain"], &[], plain);
    check(
        "06-extras",
        &["--build-arg=microb_target=plain"],
        &[],
        plain,
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_08_takes_its_metadata_from_poetry() {
    check("08-poetry", &[], &[], GREETINGS);
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_09_takes_its_python_and_its_versions_from_rye() {
    check("09-rye", &[], &[], GREETINGS);
    let image = Project::example("09-rye").build(&[]);
    assert!(
        image
            .output(&["python", "--version"])
            .starts_with("Python 3.13.")
    );
}

const GREETINGS: &str = "\
Hello for the 1st time
Hello for the 2nd time
Hello for the 3rd time
";
