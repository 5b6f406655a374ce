use super::image;
use crate::dockerfile;
use crate::prelude::*;

#[test]
fn every_stage_comes_once_and_under_a_name_of_its_own() {
    let base = from(image("python:3.14"))
        .named("Build Stage")
        .then(env("A", "1"));
    let left = from(&base).named("scratch").then(run("l"));
    let right = from(Base::NamedContext("side".to_owned()))
        .named("side")
        .on(StagePlatform::Build);
    let other = from(image(
        "localhost:5000/a@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ))
    .on(StagePlatform::Fixed(Platform::new("linux", "arm64", "")));
    let last = scratch().named("build").then((
        copy("/l", "/").from(&left),
        copy("/r", "/").from(&right),
        copy("/o", "/").from(&other),
        copy("/l", "/").from(&left),
    ));
    assert_eq!(
        dockerfile::render(&last).unwrap(),
        "\
FROM python:3.14 AS build-stage
ENV A=1

FROM build-stage AS scratch-2
RUN l

FROM --platform=$BUILDPLATFORM side AS side-2

FROM --platform=linux/arm64 localhost:5000/a@sha256:0000000000000000000000000000000000000000000000000000000000000000 AS stage

FROM scratch AS build
COPY --from=scratch-2 /l /
COPY --from=side-2 /r /
COPY --from=stage /o /
COPY --from=scratch-2 /l /
"
    );
}

#[test]
fn what_merges_without_loss_is_copied_by_link() {
    let first = from(image("python")).named("first");
    let files = scratch().named("files").then(mkfile("/a", "1\n"));
    assert_eq!(
        dockerfile::render(&merge([&first, &files])).unwrap(),
        "FROM python:latest AS first\n\nFROM scratch AS files\nCOPY <<\"EOF\" /a\n1\nEOF\n\nFROM first\nCOPY --link --from=files / /\n"
    );
    let runs = from(&files).then(run("rm /a"));
    for wrong in [
        merge([&first, &runs]),
        merge([&files, &first]),
        merge([]),
        diff(&first, &files),
    ] {
        assert!(dockerfile::render(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_run_on_another_platform_than_its_base_is_refused() {
    let native = from(image("python")).on(StagePlatform::Build);
    assert!(dockerfile::render(&from(&native).then(run("x"))).is_ok());
    assert!(dockerfile::render(&from(&native).on(StagePlatform::Build).then(run("x"))).is_ok());
    let target = from(image("python"));
    assert!(dockerfile::render(&from(&target).on(StagePlatform::Build).then(run("x"))).is_err());
    assert!(dockerfile::render(&scratch().on(StagePlatform::Build).then(run("x"))).is_err());
    assert!(dockerfile::render(&scratch().on(StagePlatform::Build).then(copy("x", "/"))).is_ok());
}

#[test]
fn all_mistakes_are_told_at_once_and_where_they_are() {
    let file = crate::SourceFile::new("pyproject.toml", "env = 1\n");
    let span = file.find("env").unwrap();
    let stage = scratch().then((env("A", "\n").at(&span), remove("/a")));
    let wrong = dockerfile::render(&stage).unwrap_err();
    let spans: Vec<_> = wrong
        .iter()
        .map(|diagnostic| diagnostic.span.clone())
        .collect();
    assert_eq!(spans, [Some(span), None]);
}
