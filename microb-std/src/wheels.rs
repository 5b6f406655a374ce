//! The stages that build wheels: of the project, and of the members of its workspace that it needs.

use microb::Span;
use microb::prelude::*;

use crate::builder::{self, BUILD_VENV, place};
use crate::certificates::trusting;
use crate::config::{BuildSystem, Config, Installer, Member};
use crate::install::{self, Install, UV, tool};

/// Lists what a build backend needs beyond `requires`.
const BUILD_REQUIRES_PY: &str = include_str!("build_requires.py");

/// What builds a wheel with uv.
const UV_BUILD: [&str; 9] = [
    UV,
    "build",
    "--wheel",
    "--offline",
    "--no-cache",
    "--no-build-isolation",
    "--python=/opt/build/bin/python",
    "--out-dir=/dist",
    "/src",
];

/// What builds one with pip, after [`install::pip`].
const PIP_WHEEL: [&str; 6] = [
    "--no-deps",
    "--no-index",
    "--no-cache-dir",
    "--no-build-isolation",
    "--wheel-dir=/dist",
    "/src",
];

/// The wheel of a member. `own` is the environment of the project itself, which a member with the same requirements has too.
pub(crate) fn of_member(
    config: &Config,
    member: &Member,
    packages: &Stage,
    own: &Stage,
    installer: &Stage,
) -> Stage {
    let (name, system) = (&member.name, &member.build_system);
    let is_same = system.requirements_txt() == config.build_system.requirements_txt();
    let backend = if is_same {
        own.clone()
    } else {
        let other = builder::backend(config, system, packages, installer);
        other.named(format!("build-requirements-{name}"))
    };
    let folder = match member.path.value.as_str() {
        "" => ".",
        folder => folder,
    };
    let place = &member.path.span;
    let sources = copy(folder, "/src").literal().at(place);
    let backend = asked(config, system, sources.clone(), &backend, installer);
    let stage = format!("wheel-{name}");
    wheel(config, &stage, sources, Some(place), &backend, installer)
}

/// The same environment with what the backend asks for when it sees the project, without network.
///
/// Its sources change who asks on every edit, but what comes out is a file, and only its content decides whether
/// anything is installed again.
pub(crate) fn asked(
    config: &Config,
    system: &BuildSystem,
    sources: impl IntoSteps,
    backend: &Stage,
    installer: &Stage,
) -> Stage {
    if !system.may_ask {
        return backend.clone();
    }
    let (script, output) = ("/asked/build_requires.py", "/asked/build.txt");
    let name = backend.name().unwrap_or("build-requirements").to_owned();
    let asking = from(backend)
        .named(format!("{name}-asked"))
        .then(mkfile(script, BUILD_REQUIRES_PY))
        .then(path("/opt/build/bin"))
        .then(builder::version_variables(config))
        .then(sources)
        .then(
            run([
                "/opt/build/bin/python",
                script,
                "/src",
                output,
                &system.backend,
                &system.backend_path.join(":"),
            ])
            .network(Network::None)
            .called("ask the build backend what it needs"),
        );
    let install = Install {
        venv: BUILD_VENV,
        file: output,
        ..Install::default()
    };
    from(backend)
        .named(format!("{name}-more"))
        .then(copy(output, output).from(&asking))
        .then(
            install
                .steps(config, installer)
                .at(place(&system.requires).as_ref()),
        )
}

/// The wheel of a project in `/dist`, built without network and without the installer's cache, which would
/// hold the wheels of earlier builds.
pub(crate) fn wheel(
    config: &Config,
    name: &str,
    sources: impl IntoSteps,
    place: Option<&Span>,
    backend: &Stage,
    installer: &Stage,
) -> Stage {
    let words = match config.installer {
        Installer::Uv => UV_BUILD.map(str::to_owned).to_vec(),
        Installer::Pip => {
            let flags = PIP_WHEEL.map(str::to_owned);
            [install::pip(config, BUILD_VENV, "wheel"), flags.to_vec()].concat()
        }
    };
    let build = if config.build_network {
        trusting(config, words)
    } else {
        run(words).network(Network::None)
    };
    let is_uv = config.installer == Installer::Uv;
    from(backend)
        .named(name)
        .then(path("/opt/build/bin"))
        .then(builder::version_variables(config))
        .then(sources)
        .then(
            build
                .mounts(is_uv.then(|| tool(installer)))
                .called("build the wheel")
                .at(place),
        )
}

/// All wheels in `/dist` of one stage; `None` if there is none.
pub(crate) fn together(mut wheels: Vec<Stage>) -> Option<Stage> {
    if wheels.len() < 2 {
        return wheels.pop();
    }
    let copies = wheels
        .iter()
        .map(|wheel| copy("/dist/", "/dist/").from(wheel));
    Some(scratch().named("wheels").then(copies.collect::<Vec<_>>()))
}
