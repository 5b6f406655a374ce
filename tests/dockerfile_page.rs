//! The page for people who know Dockerfiles says what is true.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use microb::llb::{Inputs, lower};
use microb::prelude::*;
use microb::{Security, dockerfile};

const PAGE: &str = include_str!("../docs/dockerfiles.md");

/// The rules of `frontend/dockerfile/linter/ruleset.go` in moby/buildkit, in its order.
const RULES: [&str; 22] = [
    "StageNameCasing",
    "FromAsCasing",
    "NoEmptyContinuation",
    "ConsistentInstructionCasing",
    "DuplicateStageName",
    "ReservedStageName",
    "JSONArgsRecommended",
    "MaintainerDeprecated",
    "UndefinedArgInFrom",
    "WorkdirRelativePath",
    "UndefinedVar",
    "MultipleInstructionsDisallowed",
    "LegacyKeyValueFormat",
    "InvalidBaseImagePlatform",
    "RedundantTargetPlatform",
    "SecretsUsedInArgOrEnv",
    "InvalidDefaultArgInFrom",
    "FromPlatformFlagConstDisallowed",
    "CopyIgnoredFile",
    "InvalidDefinitionDescription",
    "ExposeProtoCasing",
    "ExposeInvalidFormat",
];

/// The rows of the page as cells, without those that head and rule a table.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    PAGE.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").map(str::trim).collect())
}

/// The rows whose both cells are code: an instruction, and what a recipe has for it.
fn pairs() -> BTreeSet<(String, String)> {
    let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned());
    let is_instruction = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase());
    rows()
        .filter(|row| row.len() == 2)
        .filter_map(|row| Some((code(row[0])?, code(row[1])?)))
        .filter(|(left, right)| is_instruction(left) && !right.contains('`'))
        .collect()
}

/// What recipes have, beside what it renders to.
macro_rules! rendered {
    ($render:path: $($expression:expr;)*) => {[$((
        $render(&$expression),
        // The compiler breaks long lines.
        stringify!($expression).replace('\n', " "),
    )),*]};
}

fn stage(stage: &Stage) -> String {
    dockerfile::render(stage).unwrap().trim_end().to_owned()
}

fn step<S: IntoSteps + Clone>(step: &S) -> String {
    let lines = dockerfile::steps(step.clone()).unwrap();
    lines.trim_end().to_owned()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn every_pair_is_what_the_recipe_renders_to() {
    let stages = rendered! { stage:
        from(image!("python:3.14"));
        scratch();
        from(image!("python:3.14")).named("build");
        from(image!("python:3.14")).on(StagePlatform::Build);
        from(image!("python:3.14")).on(StagePlatform::Fixed(platform!("linux/arm64")));
    };
    let commands = rendered! { step:
        run("make && make install");
        run(["make", "install"]);
        run("npm ci").mount(cache("/root/.npm").id("npm").sharing(Sharing::Locked));
        run("make").mount(bind("/src").path("pkg"));
        run("make").mount(bind("/src").from(image!("alpine:3.23")).writable());
        run("make").mount(secret("token").env("TOKEN"));
        run("make").mount(secret("netrc").target("/root/.netrc").mode(0o440));
        run("make").ssh();
        run("make").mount(tmpfs("/tmp").size(1 << 20));
        run("make").network(Network::None);
        run("make").network(Network::Host);
        run("make").security(Security::Insecure);
        shell(["/bin/bash", "-o", "pipefail", "-c"]);
    };
    let files = rendered! { step:
        copy("src", "/app/");
        copy(["a", "b"], "/app/");
        copy("/etc/os-release", "/").from(image!("alpine:3.23"));
        copy("/", "/docs").from(named_context("docs"));
        copy("src", "/app/").owner("app:app");
        copy("src", "/app/").mode(0o644);
        copy("src", "/app/").link();
        copy("a/*/c", "/app/").parents();
        copy(".", "/app/").exclude(["**/*.md"]);
        add("site.tar.gz", "/srv/");
        add(http("https://example.org/a.txt"), "/");
        add(http("https://example.org/a.txt").checksum("sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d"), "/");
        add(http("https://example.org/a.tar.gz"), "/a/").unpack();
        add(git("https://example.org/r.git").keep_git_dir(), "/r");
        workdir("/app");
    };
    let image = rendered! { step:
        env("LANG", "C.UTF-8");
        env("PRICE", "5 $");
        path("/app/bin");
        label("com.example.team", "platform");
        user("app");
        expose("8000");
        volume("/data");
        stop_signal("SIGINT");
        entrypoint(["python", "-m", "app"]);
        cmd(["--help"]);
        healthcheck(["check"]).interval(seconds(10)).timeout(seconds(3)).start_period(seconds(60)).start_interval(seconds(1)).retries(2);
        no_healthcheck();
    };
    let ours: BTreeSet<_> = [&stages[..], &commands, &files, &image]
        .concat()
        .into_iter()
        .collect();
    let page = pairs();
    let difference: Vec<_> = ours.symmetric_difference(&page).collect();
    assert!(difference.is_empty(), "{difference:#?}");
}

#[test]
fn every_rule_has_its_row_and_every_test_that_is_named_is_there() {
    let of_rules: Vec<&str> = rows()
        .filter(|row| row.len() == 3)
        .filter(|row| row[0] != "rule")
        .map(|row| row[0].trim_matches('`'))
        .collect();
    assert_eq!(of_rules, RULES);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = PAGE.split('`');
    let tests: Vec<&str> = words.filter(|word| word.starts_with("tests/ui/")).collect();
    assert!(tests.len() >= 8);
    for test in tests {
        assert!(root.join(test).with_extension("stderr").exists(), "{test}");
    }
}

#[test]
fn what_the_page_says_of_names_ports_and_triggers_is_so() {
    let named = |name: &str| scratch().then(mkfile(format!("/{name}"), "")).named(name);
    let twice = scratch().then((
        copy("/", "/").from(named("build")),
        copy("/", "/").from(named("build")),
        copy("/", "/").from(named("scratch")),
        copy("/", "/").from(named("Other")),
    ));
    let text = dockerfile::render(&twice).unwrap();
    for name in ["AS build\n", "AS build-2\n", "AS scratch-2\n", "AS other\n"] {
        assert!(text.contains(name), "{name}{text}");
    }
    for (port, help) in [("80/TCP", "write `80/tcp`"), ("8080:80", "write `80`")] {
        let inputs = Inputs::offline("linux/amd64".parse().unwrap());
        let lowered = lower(&scratch().then(expose(port)), &inputs);
        for mistakes in [
            lowered.unwrap_err(),
            dockerfile::steps(expose(port)).unwrap_err(),
        ] {
            assert!(mistakes.to_string().contains(help), "{mistakes}");
        }
    }
    assert_eq!(step(&run("a\nb")), "RUN <<EOF\na\nb\nEOF");
    assert!(step(&mkfile("/etc/motd", "x\n")).starts_with("COPY <<\"EOF\" /etc/motd\n"));
    assert!("not an image".parse::<ImageRef>().is_err());
}
