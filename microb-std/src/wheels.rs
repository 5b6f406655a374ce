//! The stages that build wheels: of the project, and of the members of its workspace that it needs.

use microb::mount::Mount;
use microb::prelude::*;
use microb::{Diagnostic, Span};

use crate::builder::{self, BUILD_VENV, SRC, place};
use crate::certificates::trusting;
use crate::config::{BuildSystem, Config, Installer, Member};
use crate::install::{self, Install, UV, tool};
use crate::tree::escape;

/// Lists what a build backend needs beyond `requires`.
const BUILD_REQUIRES_PY: &str = include_str!("build_requires.py");

/// What builds a wheel with uv.
const UV_BUILD: [&str; 8] = [
    UV,
    "build",
    "--wheel",
    "--offline",
    "--no-cache",
    "--no-build-isolation",
    "--python=/opt/build/bin/python",
    "--out-dir=/dist",
];

/// What builds one with pip, after [`install::pip`].
const PIP_WHEEL: [&str; 5] = [
    "--no-deps",
    "--no-index",
    "--no-cache-dir",
    "--no-build-isolation",
    "--wheel-dir=/dist",
];

/// What a build backend builds, for what is said of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backed<'a> {
    pub(crate) system: &'a BuildSystem,
    pub(crate) name: &'a str,
    pub(crate) place: Option<&'a Span>,
}

impl<'a> Backed<'a> {
    /// The project itself.
    pub(crate) fn project(config: &'a Config) -> Self {
        let name = config.project.name.as_ref();
        Self {
            system: &config.build_system,
            name: name.map_or("the project", |name| &name.value),
            place: name.map(|name| &name.span),
        }
    }

    /// Where it finds the project.
    pub(crate) fn folder(&self) -> String {
        match &self.system.within {
            None => SRC.to_owned(),
            Some(folder) => format!("{SRC}/{folder}"),
        }
    }

    /// A step that runs the backend, which has the network only if `build_network` says so: else its failure proposes
    /// that. `fails_to` is what it did not do then, as in `the backend did not …`.
    pub(crate) fn run(
        &self,
        config: &Config,
        words: Vec<String>,
        mounts: impl IntoIterator<Item = impl Into<Mount>>,
        fails_to: &str,
    ) -> Vec<Step> {
        if config.build_network {
            return trusting(config, words).mounts(mounts).at(self.place);
        }
        let error = Diagnostic::error(format!(
            "`{}` did not {fails_to} `{}`",
            escape(&self.system.backend),
            escape(self.name)
        ));
        let key = match &config.target {
            Some(_) => "`build_network = true`",
            None => "`build_network = true` in `[tool.microb.target.default]`",
        };
        let help = format!(
            "read above why; if it wants the network, to fetch crates for instance, write {key}"
        );
        let error = match self.place {
            Some(place) => error.at(place),
            None => error,
        };
        let step = run(words).network(Network::None).mounts(mounts);
        step.on_failure(error.help(help)).at(self.place)
    }
}

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
        // All of it, for git.
        _ if system.within.is_some() => ".",
        "" => ".",
        folder => folder,
    };
    let place = &member.path.span;
    let sources = copy(folder, SRC).literal().at(place);
    let of = Backed {
        system,
        name,
        place: Some(place),
    };
    let backend = asked(config, of, sources.clone(), &backend, installer);
    let stage = format!("wheel-{name}");
    wheel(config, &stage, of, sources, &backend, installer)
}

/// The same environment with what the backend asks for when it sees the project.
///
/// Its sources change who asks on every edit, but what comes out is a file, and only its content decides whether
/// anything is installed again.
pub(crate) fn asked(
    config: &Config,
    of: Backed<'_>,
    sources: impl IntoSteps,
    backend: &Stage,
    installer: &Stage,
) -> Stage {
    let system = of.system;
    if !system.may_ask {
        return backend.clone();
    }
    let (script, output) = ("/asked/build_requires.py", "/asked/build.txt");
    let name = backend.name().unwrap_or("build-requirements").to_owned();
    let words = [
        "/opt/build/bin/python",
        script,
        &of.folder(),
        output,
        &system.backend,
        &system.backend_path.join(":"),
    ];
    let asked = of.run(
        config,
        words.map(str::to_owned).to_vec(),
        None::<Mount>,
        "say what it needs to build",
    );
    let asking = from(backend)
        .named(format!("{name}-asked"))
        .then(mkfile(script, BUILD_REQUIRES_PY))
        .then(path("/opt/build/bin"))
        .then(builder::version_variables(config))
        .then(sources)
        .then(asked.called("ask the build backend what it needs"));
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
    of: Backed<'_>,
    sources: impl IntoSteps,
    backend: &Stage,
    installer: &Stage,
) -> Stage {
    let mut words = match config.installer {
        Installer::Uv => UV_BUILD.map(str::to_owned).to_vec(),
        Installer::Pip => {
            let flags = PIP_WHEEL.map(str::to_owned);
            [install::pip(config, BUILD_VENV, "wheel"), flags.to_vec()].concat()
        }
    };
    words.push(of.folder());
    let is_uv = config.installer == Installer::Uv;
    let build = of.run(
        config,
        words,
        is_uv.then(|| tool(installer)),
        "build the wheel of",
    );
    from(backend)
        .named(name)
        .then(path("/opt/build/bin"))
        .then(builder::version_variables(config))
        .then(sources)
        .then(build.called("build the wheel"))
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
