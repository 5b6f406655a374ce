//! What a fork may replace, and what the README says of it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::prelude::*;
use microb::std::builder::packages_on;
use microb::std::{Bases, Config, flavor, image, recipe};
use microb::{Context, MemoryContext, dockerfile};

const README: &str = include_str!("../README.md");
const STANDARD: &str = include_str!("../microb-std/src/recipe.rs");
const FORK: &str = include_str!("../examples/fork.rs");

/// The lines of one side of the README's diff.
fn side(mark: char) -> String {
    let (_, diff) = README.split_once("```diff\n").unwrap();
    let (diff, _) = diff.split_once("```").unwrap();
    let lines = diff.lines().filter(|line| line.starts_with([' ', mark]));
    lines.flat_map(|line| [&line[1..], "\n"]).collect()
}

#[test]
fn the_readme_shows_how_the_fork_differs_from_the_standard_recipe() {
    assert!(
        STANDARD.contains(&format!("pub {}", side('-'))),
        "the standard recipe is not\n{}",
        side('-')
    );
    assert!(FORK.contains(&side('+')), "the fork is not\n{}", side('+'));
    assert!(FORK.lines().count() <= 60);
    // There is nothing else in it but what a program has that is a frontend.
    let rest = FORK.replace(&side('+'), "");
    let (rest, main) = rest.split_once("fn main() -> ExitCode {\n").unwrap();
    assert!(
        main.contains("microb_frontend::main(") && main.contains("Recipe::new(\"fork\", recipe)")
    );
    for line in rest.lines().filter(|line| !line.is_empty()) {
        assert!(
            line.starts_with("//! ") || line == "//!" || line.starts_with("use "),
            "{line}"
        );
    }
}

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['idna']\n[tool.microb.target.default]\nsystem_deps = ['libpq5']\nbuild_deps = ['gcc']\n";

fn context() -> MemoryContext {
    MemoryContext::new(PROJECT).file("pyproject.toml", PROJECT)
}

fn render(stage: &Stage) -> String {
    dockerfile::render(stage).unwrap()
}

/// The lines that one has and the other has not.
fn only<'a>(one: &'a str, other: &str) -> Vec<&'a str> {
    one.lines()
        .filter(|line| !other.lines().any(|known| known == *line))
        .collect()
}

#[track_caller]
fn check(bases: &dyn Fn(&mut Config) -> Result<Bases, Diagnostics>, gone: &[&str], new: &[&str]) {
    let cx = context();
    let standard = render(&recipe(&cx).unwrap());
    let fork = render(&image(&cx, Config::resolve(&cx).unwrap(), bases).unwrap());
    assert_eq!(
        (only(&standard, &fork), only(&fork, &standard)),
        (gone.to_vec(), new.to_vec()),
        "{fork}"
    );
}

#[test]
fn a_fork_that_replaces_nothing_is_the_standard_image() {
    check(&|config| Ok(Bases::of(config)), &[], &[]);
}

#[test]
fn each_part_can_be_replaced_alone() {
    let ours = |tag: &str| ImageRef::official("ours", tag);
    check(
        &|config| {
            let system = from(ours("run"))
                .named("system")
                .then(flavor::packages(config, &config.system_deps));
            Ok(Bases {
                system,
                ..Bases::of(config)
            })
        },
        &[
            "FROM python:3.14-slim AS system",
            "FROM --platform=$BUILDPLATFORM python:3.14-slim AS user",
        ],
        &[
            "FROM ours:run AS system",
            "FROM --platform=$BUILDPLATFORM ours:run AS user",
            // Its own user may be any.
            "USER 0:0",
        ],
    );
    check(
        &|config| {
            let packages = packages_on(
                config,
                from(ours("build")).named("packages").then(env("A", "1")),
            );
            Ok(Bases {
                packages,
                ..Bases::of(config)
            })
        },
        &["FROM python:3.14 AS packages"],
        &["FROM ours:build AS packages", "ENV A=1"],
    );
    check(
        &|config| {
            Ok(Bases {
                installer: from(ours("uv")).named("uv"),
                ..Bases::of(config)
            })
        },
        &[
            "FROM python:3.14-slim AS uv",
            "RUN --mount=type=cache,target=/root/.cache/pip [\"/usr/local/bin/python3\", \"-m\", \"pip\", \"install\", \
             \"--disable-pip-version-check\", \"--no-input\", \"--root-user-action=ignore\", \"--no-compile\", \"--target=/opt/uv\", \"uv==0.13.9\"]",
        ],
        &["FROM ours:uv AS uv"],
    );
}

#[test]
fn a_value_of_the_configuration_can_be_changed() {
    check(
        &|config| {
            config.labels.remove("microb.version");
            config.env.insert(
                "A".to_owned(),
                Spanned::new("1".to_owned(), context().definition().whole()),
            );
            Ok(Bases::of(config))
        },
        &["LABEL microb.version=v1"],
        &["ENV A=1", "ENV A=1"],
    );
}

#[test]
fn what_is_replaced_is_replaced_in_the_targets_that_files_come_from() {
    let text = "[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\ncopy_files = [{ src = '/a', dst = '/a', from = 'other' }]\n\
                [tool.microb.target.other]\npython_version = '3.13'\n";
    let cx = MemoryContext::new(text).file("pyproject.toml", text);
    let stage = image(&cx, Config::resolve(&cx).unwrap(), &|config| {
        let system = from(ImageRef::official(
            "ours",
            config.python.version.to_string(),
        ));
        Ok(Bases {
            system,
            ..Bases::of(config)
        })
    });
    let rendered = render(&stage.unwrap());
    assert!(
        rendered.contains("FROM ours:3.14") && rendered.contains("FROM ours:3.13"),
        "{rendered}"
    );
}

#[test]
fn a_base_that_is_a_stage_has_the_user_of_its_image() {
    let system = from(
        from(ImageRef::official("ours", "1"))
            .named("own")
            .then(run(["true"])),
    )
    .named("system");
    let user = microb::std::runtime::user_files(&system, &microb::std::User::default());
    assert!(
        render(&user).contains("FROM --platform=$BUILDPLATFORM ours:1 AS user\n"),
        "{}",
        render(&user)
    );
}
