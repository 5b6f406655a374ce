//! Questions about a build, `docker build --call` and `--check`, and the warnings of an ordinary one.
//!
//! The client prints the answers of BuildKit's Dockerfile frontend and ours with the same code: what both say to files
//! that mean the same is compared, and the rest is written here by hand.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::docker::{Ran, docker};
use crate::program::microb;
use crate::project::Project;

const PROJECT: &str = "#syntax=microb:dev\n[project]\nname = \"app\"\nversion = \"1.0\"\n";

/// A project without a package, so that nothing is built for long, and with a program.
fn project(first_line: &str, rest: &str) -> Project {
    let text = format!("{first_line}{PROJECT}\n[tool.uv]\npackage = false\n\n{rest}");
    let project = Project::empty().file("pyproject.toml", text);
    project.file("main.py", "print()\n")
}

/// What BuildKit's Dockerfile frontend says to a Dockerfile.
fn dockerfile(text: &str, flags: &[&str]) -> Ran {
    let project = Project::empty().file("Dockerfile", text);
    let mut command = docker(["build"].iter().chain(flags).copied());
    Ran::of(command.current_dir(project.folder()).arg("."))
}

/// What our frontend says.
fn ask(project: &Project, flags: &[&str]) -> Ran {
    Ran::of(&mut project.command(flags))
}

/// The cells of a table that `text/tabwriter` aligned.
fn rows(text: &str) -> BTreeSet<Vec<&str>> {
    let cells = |line| -> Vec<&str> {
        let cells = str::split(line, "  ").map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    text.lines().map(cells).collect()
}

/// The keys of a JSON value with those of all values in it, and the kinds of values at the ends.
fn shape(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| {
                let below = shape(value);
                below.into_iter().map(move |rest| format!(".{key}{rest}"))
            })
            .collect(),
        Value::Array(list) => list
            .iter()
            .flat_map(shape)
            .map(|rest| format!("[]{rest}"))
            .collect(),
        Value::String(_) => [" text".to_owned()].into(),
        Value::Number(_) => [" number".to_owned()].into(),
        Value::Bool(_) => [" bool".to_owned()].into(),
        Value::Null => BTreeSet::new(),
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

const WEB: &str = "\
# web serves the pages
[tool.microb.target.web]
indices = [{ url = \"https://pypi.example.com/simple\", username = \"ci\", password_secret = \"pypi_password\" }]
# PORT where it listens
env = { PORT = \"${PORT:-8000}\" }

[tool.microb.target.worker]
env = { QUEUE = \"${QUEUE}\" }
";

const WEB_DOCKERFILE: &str = "\
# web serves the pages
FROM scratch AS web
# PORT where it listens
ARG PORT=8000
RUN --mount=type=secret,id=pypi_password,required --mount=type=ssh,required true
";

/// The project of [`WEB`] with a dependency that is fetched over ssh.
fn web() -> Project {
    project("", WEB).edit(
        "pyproject.toml",
        "version = \"1.0\"",
        "version = \"1.0\"\ndependencies = [\"a @ git+ssh://git@example.invalid/a.git@v1\"]",
    )
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_outline_says_what_the_dockerfile_frontend_would_and_names_caches_too() {
    let flags = ["--call=outline", "--target=web"];
    let ours = ask(&web(), &flags).succeeded();
    let theirs = dockerfile(WEB_DOCKERFILE, &flags).succeeded();
    let missing: Vec<_> = rows(&theirs.stdout)
        .difference(&rows(&ours.stdout))
        .cloned()
        .collect::<Vec<_>>();
    assert!(missing.is_empty(), "no {missing:?} in {}", ours.stdout);
    // What is taken in capitals too is listed once.
    let names = ours.stdout.to_lowercase();
    assert_eq!(
        names.matches("\nmicrob_target").count(),
        1,
        "{}",
        ours.stdout
    );
    // Only what this target needs, and what the Dockerfile frontend does not know.
    assert!(!ours.stdout.contains("QUEUE"), "{}", ours.stdout);
    ours.says(["\nCACHE\n/root/.cache/", "\nknown_hosts"]);
    // What is given is shown instead of the default.
    let given = ["--call=outline", "--target=web", "--build-arg=PORT=9000"];
    assert!(rows(&ask(&web(), &given).stdout).contains(&vec!["PORT", "9000", "where it listens"]));

    let flags = ["--call=outline,format=json", "--target=web"];
    let ours = json(&ask(&web(), &flags));
    let theirs = json(&dockerfile(WEB_DOCKERFILE, &flags));
    assert!(shape(&ours).is_superset(&shape(&theirs)), "{ours}");
    assert_eq!(
        (&ours["name"], &ours["description"]),
        (&theirs["name"], &theirs["description"])
    );
    assert_eq!(
        ours["args"][0]["location"]["ranges"][0]["start"]["line"],
        14
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn targets_are_listed_as_stages_of_a_dockerfile_are() {
    let lines = "# web serves the pages\n[tool.microb.target.web]\n\n# worker takes jobs\n[tool.microb.target.worker]\n\
                 python_version = \"3.13\"\n\n[tool.microb.target.default]\n";
    let stages = "# web serves the pages\nFROM python:3.14-slim AS web\n\n# worker takes jobs\nFROM python:3.13-slim AS worker\n\n\
                  FROM python:3.14-slim AS default\n";
    let flags = ["--call=targets"];
    let ours = ask(&project("", lines), &flags).succeeded();
    let theirs = dockerfile(stages, &flags).succeeded();
    assert_eq!(ours.stdout, theirs.stdout);
    let flags = ["--call=targets,format=json"];
    let mut ours = json(&ask(&project("", lines), &flags));
    let mut theirs = json(&dockerfile(stages, &flags));
    for n in 0..3 {
        // The place is that of the name; of a Dockerfile, only the line is known.
        assert!(shape(&ours).is_superset(&shape(&theirs)), "{ours}");
        for targets in [&mut ours, &mut theirs] {
            targets["targets"][n]["location"].take();
        }
    }
    assert_eq!(ours["targets"], theirs["targets"]);
    // A file without any target has one.
    let ours = ask(&project("", ""), &["--call=targets"]).succeeded();
    assert_eq!(ours.stdout, "TARGET    DESCRIPTION\n(default) \n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn questions_that_are_answered_are_described_and_others_refused() {
    let ours = ask(&project("", ""), &["--call=subrequests.describe"]).succeeded();
    let theirs = dockerfile("FROM scratch\n", &["--call=subrequests.describe"]).succeeded();
    let missing = rows(&theirs.stdout).difference(&rows(&ours.stdout)).count();
    assert_eq!(missing, 0, "{} {}", ours.stdout, theirs.stdout);
    let other = ask(&project("", ""), &["--call=what"]).failed();
    other.says(["unsupported request frontend.what: this frontend answers outline, targets, lint"]);
}

const FINDING: &str = "[tool.microb.target.default]\nenv = { TOKEN = \"abc\" }\n";

#[test]
#[ignore = "needs an engine: make test"]
fn check_shows_each_finding_with_its_rule_and_lines_and_fails() {
    let ours = ask(&project("", FINDING), &["--check"]);
    assert_eq!(ours.code, Some(1), "{ours:?}");
    let expected = "\
Check complete, 1 warning has been found!

WARNING: SecretInImage
the variable `TOKEN` looks like a secret: its name says so
help: give it to the container, `docker run --env TOKEN`, or to a step as a build secret
pyproject.toml:10
--------------------
   8 |     
   9 |     [tool.microb.target.default]
  10 | >>> env = { TOKEN = \"abc\" }
  11 |     
--------------------
";
    assert_eq!(ours.stdout, expected);
    let flags = ["--call=check,format=json"];
    let (ours, theirs) = (
        json(&ask(&project("", FINDING), &flags)),
        json(&dockerfile("FROM scratch\nENV TOKEN=abc\n", &flags)),
    );
    let known = shape(&theirs);
    for key in shape(&ours) {
        // Of a Dockerfile, only the line is known.
        assert!(known.contains(&key.replace("character", "line")), "{key}");
    }
    for key in [
        ".warnings[].ruleName text",
        ".warnings[].description text",
        ".warnings[].detail text",
        ".sources[].data text",
    ] {
        assert!(shape(&ours).contains(key), "{key} {ours}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn check_without_findings_says_what_it_says_for_a_dockerfile() {
    let ours = ask(&project("", "[tool.microb.target.default]\n"), &["--check"]).succeeded();
    let theirs = dockerfile("FROM scratch\nCOPY . /\n", &["--check"]).succeeded();
    assert_eq!(ours.stdout, theirs.stdout);
    // Without a target, all are checked, although none is the default.
    let lines = "[tool.microb.target.a]\nenv = { TOKEN = \"abc\" }\n[tool.microb.target.b]\nenvironment = { A = \"b\" }\n";
    let ours = ask(&project("", lines), &["--check"]).failed();
    ours.says([
        "2 warnings have been found",
        "WARNING: SecretInImage",
        "WARNING: DeprecatedKey",
    ]);
    let ours = ask(&project("", lines), &["--check", "--target=b"]).failed();
    assert!(!ours.stdout.contains("SecretInImage"), "{}", ours.stdout);
}

#[test]
#[ignore = "needs an engine: make test"]
fn findings_are_skipped_and_made_errors_as_in_dockerfiles() {
    let check = |first_line: &str, flags: &[&str]| {
        let flags = [flags, &["--check"]].concat();
        ask(&project(first_line, FINDING), &flags)
    };
    // The directive stands before `#syntax`, which may be on any of the first lines.
    let skip = "# check=skip=SecretInImage\n";
    check(skip, &[]).succeeded();
    check("# check=skip=all\n", &[]).succeeded();
    check(
        "",
        &["--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=SecretInImage"],
    )
    .succeeded();
    check(skip, &["--build-arg=BUILDKIT_DOCKERFILE_CHECK=error=true"]).failed();

    let violation = "lint violation found for rules: SecretInImage";
    let ours = check("# check=error=true\n", &[]).failed();
    ours.says(["WARNING: SecretInImage", violation]);
    let theirs = dockerfile(
        "# check=error=true\nFROM scratch\nENV TOKEN=abc\n",
        &["--check"],
    )
    .failed();
    theirs.says(["lint violation found for rules: SecretsUsedInArgOrEnv"]);
    let build = project("# check=error=true\n", FINDING)
        .try_build(&[])
        .failed();
    build.says([
        violation,
        "error[SecretInImage]: the variable `TOKEN`",
        ">>> env = { TOKEN = \"abc\" }",
    ]);

    let wrong = project("# check=skpi=x\n", FINDING).try_build(&[]).failed();
    wrong.says(["`skpi` is no check option", ">>> # check=skpi=x"]);
    check("# check=skip=SecretInImgae\n", &[])
        .failed()
        .says(["write `SecretInImage`"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn check_tells_mistakes_and_what_the_engine_cannot_find() {
    let lines = "[tool.microb.target.default]\nentrypont = [\"app\"]\nflavor = \"debain\"\n";
    let ours = ask(&project("", lines), &["--check"]).failed();
    ours.says(["`entrypoint`", "`debain`", ">>> entrypont = [\"app\"]"]);
    let lines = "[tool.microb.target.default]\ncopy_files = [\n    { from = \"a.invalid/a:1\", src = \"a\", dst = \"/a\" },\n    \
                 { from = \"b.invalid/b:1\", src = \"b\", dst = \"/b\" },\n]\n";
    let both = ["image `a.invalid/a:1`", "image `b.invalid/b:1`"];
    ask(&project("", lines), &["--check"]).failed().says(both);
    let build = project("", lines).try_build(&[]).failed();
    build.says(both);
    build.says([
        ">>>     { from = \"a.invalid/a:1\"",
        ">>>     { from = \"b.invalid/b:1\"",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_build_ends_with_its_warnings_in_one_line_each() {
    let lines = "[tool.microb.target.default]\nenvironment = { MODE = \"fast\" }\n";
    let built = project("", lines).try_build(&[]).succeeded();
    built.says([
        "1 warning found",
        " - DeprecatedKey: `environment` is the old spelling of `env`: write `env` (line 10)\n",
    ]);
    // As for a Dockerfile: rule, message, line.
    let output = ["--progress=plain", "--output=type=cacheonly"];
    let theirs = dockerfile("FROM scratch\nENV TOKEN=abc\nCOPY . /\n", &output).succeeded();
    theirs.says([
        "1 warning found",
        " - SecretsUsedInArgOrEnv: Do not use",
        " (line 2)\n",
    ]);

    let project = project("", lines);
    let mut command = docker(["--debug", "build", "-f", "pyproject.toml"]);
    command.current_dir(project.folder()).args(output);
    if let Ok(image) = std::env::var("MICROB_IMAGE") {
        command.arg(format!("--build-arg=BUILDKIT_SYNTAX={image}"));
    }
    let expanded = Ran::of(command.arg(".")).succeeded();
    expanded.says([
        "An old spelling is read today and may not be tomorrow\n",
        "  10 | >>> environment = { MODE = \"fast\" }\n",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_token_in_the_image_stops_the_build_unless_the_rule_is_skipped() {
    let lines = "[tool.microb.target.default]\n# why\nenv = { ID = \"AKIAIOSFODNN7EXAMPLE\" }\n";
    let refused = project("", lines).try_build(&[]).failed();
    refused.says([
        "error[TokenInImage]: the variable `ID` holds a token",
        ">>> env = { ID = ",
    ]);
    let skipped = lines.replace("# why", "# check=skip=TokenInImage");
    project("", &skipped).try_build(&[]).succeeded();
}

#[test]
fn the_command_line_says_the_same_without_an_engine() {
    let lines = "[tool.microb.target.a]\nenv = { TOKEN = \"abc\" }\n[tool.microb.target.b]\nenvironment = { A = \"b\" }\n";
    let check = |first_line: &str, flags: &[&str]| {
        let project = project(first_line, lines);
        Ran::of(
            microb()
                .arg("check")
                .args(flags)
                .current_dir(project.folder()),
        )
    };
    let all = check("", &[]).succeeded();
    all.says([
        "warning[SecretInImage]: the variable `TOKEN`",
        "warning[DeprecatedKey]: `environment`",
        " --> pyproject.toml:10:17",
    ]);
    let skipped = check("# check=skip=SecretInImage,DeprecatedKey\n", &[]).succeeded();
    assert_eq!(skipped.stderr, "");
    let one = check("", &["--target", "b"]).succeeded();
    assert!(!one.stderr.contains("SecretInImage"), "{}", one.stderr);
    let refused = check("# check=error=true\n", &[]);
    assert_eq!(refused.code, Some(1));
    refused.says([
        "lint violation found for rules: DeprecatedKey, SecretInImage\n",
        "error[DeprecatedKey]: `environment`",
    ]);
    let argument = "BUILDKIT_DOCKERFILE_CHECK=skip=all";
    let skipped = check("# check=error=true\n", &["--build-arg", argument]).succeeded();
    assert_eq!(skipped.stderr, "");
}
