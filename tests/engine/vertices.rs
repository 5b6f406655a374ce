//! The same step has the same digest in our build and in the Dockerfile frontend's, so that BuildKit runs it once for both.

use std::collections::{BTreeMap, BTreeSet};

use crate::docker::{Alone, Ran, docker};
use crate::parity::dockerfile;
use crate::progress::Progress;
use crate::project::Project;

/// The digests of the steps by name, without those that a client's session is part of.
fn shareable(progress: &Progress) -> BTreeMap<&str, &str> {
    let of_this_build = ["resolve image config", "docker-image://"];
    let is_shareable = |name: &str| {
        !of_this_build.iter().any(|start| name.starts_with(start)) && !name.contains("[internal]")
    };
    let vertices = progress.vertices.iter();
    vertices
        .map(|(digest, vertex)| (vertex.name.as_str(), digest.as_str()))
        .filter(|(name, _)| is_shareable(name))
        .collect()
}

#[track_caller]
fn check(name: &str, shared: &[&str]) {
    let project = Project::example(name);
    let text = project.folder().join("Dockerfile.rendered");
    std::fs::write(&text, dockerfile(project.folder(), &[])).unwrap();
    let flags = ["--progress=rawjson", "--output=type=cacheonly"];
    let engine = Alone::wait();
    let ours = Ran::alone(&engine, &mut project.command(&flags)).succeeded();
    let mut theirs = docker(["build"].iter().chain(&flags).copied());
    let theirs = theirs.arg("-f").arg(&text).arg(project.folder());
    let theirs = Ran::alone(&engine, theirs).succeeded();
    drop(engine);
    let (ours, theirs) = (
        Progress::parse(&ours.stderr),
        Progress::parse(&theirs.stderr),
    );
    let (ours, theirs) = (shareable(&ours), shareable(&theirs));
    let theirs: BTreeSet<_> = theirs.into_values().collect();
    for step in shared {
        let (_, digest) = ours
            .iter()
            .find(|(name, _)| name.starts_with(step))
            .unwrap_or_else(|| panic!("no {step} in {ours:?}"));
        assert!(theirs.contains(digest), "{name}: {step} is another vertex");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn base_images_programs_and_files_are_the_same_vertices_as_the_dockerfile_frontends() {
    check(
        "03-entrypoint-and-command",
        &[
            "[packages 1/1] FROM docker.io/library/python:3.14@",
            "[system 1/1] FROM docker.io/library/python:3.14-slim@",
            "[user 2/2] ",
            "[uv 2/2] ",
            "[builder 1/6] ",
            "[builder 2/6] WORKDIR /requirements",
            "[builder 3/6] COPY <<EOF /requirements/requirements.txt",
            "[builder 4/6] RUN /opt/uv/bin/uv pip install",
            "[builder 5/6] COPY <<EOF /requirements/compile.py",
            "[builder 6/6] ",
            "[build-requirements 1/3] ",
            "[build-requirements 3/3] ",
            "[default 1/4] COPY --from=user /user/ /",
            "[default 2/4] WORKDIR /app",
        ],
    );
    check(
        "05-alpine",
        &[
            "[system 1/1] FROM docker.io/library/python:3.13-alpine@",
            "[user 2/2] ",
            "[uv 2/2] ",
            "[builder 1/6] ",
            "[default 1/4] COPY --from=user /user/ /",
        ],
    );
}
