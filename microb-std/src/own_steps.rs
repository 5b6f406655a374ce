//! `run`: commands of the project's own, after everything is installed. A test is one.

use microb::prelude::*;
use microb::step::Run;

use crate::builder::{Built, VENV, sources, version_variables};
use crate::certificates::{named, trusting};
use crate::config::{Config, OwnSecret, OwnStep, Packaging};
use crate::flavor;
use crate::runtime::project;

/// Copies what differs from an earlier state of a folder.
const CHANGED_PY: &str = include_str!("changed.py");

/// The build stage with the project in it, after the commands: what they changed in `/app` is in `/changed/app`.
/// `None` without any.
pub(crate) fn stage(config: &Config, built: &Built) -> Option<Stage> {
    if config.run.is_empty() {
        return None;
    }
    // What is copied as it is to `/app` is there already, and what is made beside it is wanted there.
    let (folder, sources) = match config.project.packaging {
        Packaging::Sources => ("/app", None),
        Packaging::Wheel => ("/src", Some(sources(config, "/src"))),
    };
    let installed = from(&built.builder)
        .named("installed")
        .then(project(config, built))
        .then(path(format!("{VENV}/bin")))
        .then(env("VIRTUAL_ENV", VENV))
        .then(version_variables(config))
        .then(workdir(folder))
        .then(sources);
    let commands: Vec<Step> = config
        .run
        .iter()
        .flat_map(|own| step(config, own))
        .collect();
    let script = "/changed/changed.py";
    let changed = [
        flavor::python(config),
        script,
        "/before",
        "/app",
        "/changed/app",
    ];
    let changed = run(changed)
        .network(Network::None)
        .mount(bind("/before").from(&installed).path("/app"))
        .called("take what the commands changed in /app");
    let stage = from(&installed).named("run").then(commands);
    Some(stage.then(mkfile(script, CHANGED_PY)).then(changed))
}

/// The files that the commands made or changed in `/app`.
pub(crate) fn changed_files(built: &Built) -> Option<Vec<Step>> {
    let own = built.own.as_ref()?;
    Some(copy("/changed/app/", "/app/").from(own).into_steps())
}

fn step(config: &Config, own: &OwnStep) -> Vec<Step> {
    let argv = own.command.value.clone();
    let mut step = trusting(config, argv.clone());
    if !own.network {
        step = step.network(Network::None);
    }
    if own.ssh {
        step = step.ssh();
    }
    let step = own.secrets.iter().fold(step, with_secret);
    named(config, step, &argv).at(&own.command.span)
}

fn with_secret(step: Run, own: &OwnSecret) -> Run {
    let mut mount = secret(&own.id.value).at(&own.id.span);
    if let Some(name) = &own.env {
        mount = mount.env(name);
    }
    if let Some(path) = &own.target {
        mount = mount.target(path);
    }
    step.mount(mount)
}
