//! The stages that build: packages, dependencies, build requirements, the project's wheel.

use microb::Span;
use microb::mount::Mount;
use microb::prelude::*;

use crate::config::{BuildSystem, Config, Dependencies, Packaging};
use crate::flavor::{self, PYTHON, all};
use crate::ignored::NEVER_IN_AN_IMAGE;
use crate::indices;
use crate::members::is_member;
use crate::pinned::PinnedSet;
use crate::requirement::{Requirement, requirements_txt};
use crate::wheels;

/// The installer's version. It is pinned: another version is another dependency layer.
pub const UV_VERSION: &str = "0.13.9";

/// Where the virtual environment is, in the build as in the final image: its scripts hold this path.
pub const VENV: &str = "/app/.venv";

/// The environment that the build backend runs in.
pub(crate) const BUILD_VENV: &str = "/opt/build";

/// Where the requirements files of the dependencies are, with what they name.
pub(crate) const REQUIREMENTS: &str = "/requirements";

/// Where the installer is mounted.
pub(crate) const UV: &str = "/opt/uv/bin/uv";

/// Where ssh looks for the keys of hosts, when the client gives the secret `known_hosts`.
const KNOWN_HOSTS: &str = "/run/secrets/known_hosts";

/// A time that zip archives can hold, 1980-01-01, so that the same sources give the same wheel.
const WHEEL_EPOCH: &str = "315532800";

/// Lists the requirements of a project that only its build backend knows.
const METADATA_PY: &str = include_str!("metadata.py");

/// The stages that the final image takes files from.
#[derive(Debug, Clone)]
#[must_use]
pub struct Built {
    /// The installer, uv.
    pub installer: Stage,
    /// The build image with the virtual environment and all dependencies in it. `from = "builder"` means this stage.
    pub builder: Stage,
    /// In `/dist` the wheels of the project, if it is a package, and of what the lock installs from folders beside
    /// it; `None` if there is neither.
    pub wheel: Option<Stage>,
}

/// All stages that build. `before` are the steps of `copy_files_before_build` and `add_files_before_build`.
pub fn builder(
    config: &Config,
    installer: Stage,
    packages: Stage,
    before: impl IntoSteps,
) -> Built {
    let packages = packages.then(before);
    let plain = backend(config, &config.build_system, &packages, &installer);
    let own = wheels::asked(
        config,
        &config.build_system,
        sources(config, "/src"),
        &plain,
        &installer,
    );
    let mut wheels = Vec::new();
    if config.project.packaging == Packaging::Wheel {
        let place = config.project.name.as_ref().map(|name| &name.span);
        let sources = sources(config, "/src");
        wheels.push(wheels::wheel("wheel", sources, place, &own, &installer));
    }
    for member in &config.members {
        wheels.push(wheels::of_member(
            config, member, &packages, &plain, &installer,
        ));
    }
    Built {
        builder: dependencies(config, &packages, &own, &installer),
        wheel: wheels::together(wheels),
        installer,
    }
}

/// uv in `/opt/uv`, in a stage of its own that only its version changes.
pub fn installer(config: &Config) -> Stage {
    let version = config.uv_version.as_ref();
    let requirement = format!(
        "uv=={}",
        version.map_or(UV_VERSION, |version| &version.value)
    );
    from(flavor::official_runtime_image(config))
        .named("uv")
        .then(
            run([
                PYTHON,
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--root-user-action=ignore",
                "--no-compile",
                "--target=/opt/uv",
                &requirement,
            ])
            .cache("/root/.cache/pip")
            .called(format!("pip install {requirement}"))
            .at(version.map(|version| &version.span)),
        )
}

/// The build image with the packages that building needs, and the variables of the build.
pub fn packages(config: &Config) -> Stage {
    let place = flavor::image_span(config, config.build_image.as_ref());
    let image = from(flavor::build_image(config)).at(place);
    packages_on(config, image.named("packages"))
}

/// The same on an image of your own, or after steps of your own.
pub fn packages_on(config: &Config, image: Stage) -> Stage {
    let settings = [
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_LINK_MODE", "copy"),
        ("UV_NO_PROGRESS", "1"),
        // Neither times nor paths of this build in what is installed, and bytecode without times.
        ("UV_NO_INSTALLER_METADATA", "1"),
        ("PYC_INVALIDATION_MODE", "UNCHECKED_HASH"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("SOURCE_DATE_EPOCH", WHEEL_EPOCH),
    ];
    image
        .then(flavor::packages(config, &flavor::build_packages(config)))
        .then(settings.map(|(name, value)| env(name, value)))
        .then(variables(config))
}

/// The variables of `env`, each with its place in the file.
pub fn variables(config: &Config) -> Vec<Step> {
    config
        .env
        .iter()
        .flat_map(|(name, value)| env(name, &value.value).at(&value.span))
        .collect()
}

/// An environment with what the build backend needs. Only `[build-system] requires` changes it.
pub(crate) fn backend(
    config: &Config,
    system: &BuildSystem,
    packages: &Stage,
    installer: &Stage,
) -> Stage {
    let file = "/requirements/build.txt";
    // What the file does not say has no place in it; then the likeliest cause of a failure is an index.
    let place = if system.declared {
        place(&system.requires)
    } else {
        config.indices.first().map(|index| index.url.span.clone())
    };
    let install = Install {
        venv: BUILD_VENV,
        file,
        flags: &[],
        index: None,
        over_ssh: system.requires.iter().any(Requirement::needs_ssh),
    };
    from(packages)
        .named("build-requirements")
        .then(environment(config, BUILD_VENV))
        .then(mkfile(file, system.requirements_txt()).at(place.as_ref()))
        .then(install.steps(config, installer).at(place.as_ref()))
}

/// The virtual environment of the image with all dependencies. Nothing but what they are changes it: not the
/// project's sources, nor its version.
fn dependencies(config: &Config, packages: &Stage, backend: &Stage, installer: &Stage) -> Stage {
    let stage = from(packages)
        .named("builder")
        .then(environment(config, VENV))
        .then(workdir(REQUIREMENTS));
    let file = "/requirements/requirements.txt";
    let stage = match &config.dependencies {
        Dependencies::Listed(listed) if listed.is_empty() => stage,
        Dependencies::Listed(listed) => stage
            .then(mkfile(file, requirements_txt(listed)).at(place(listed).as_ref()))
            .then(install_dependencies(config, file, &[], installer).at(place(listed).as_ref())),
        Dependencies::File(listed) => {
            let local = listed.local_paths.iter().flat_map(|path| {
                let target = format!("/requirements/{}", path.value);
                copy(path.value.as_str(), target).literal().at(&path.span)
            });
            let constraints = "/requirements/constraints.txt";
            let mut flags = Vec::new();
            if !listed.constraints.is_empty() {
                flags.extend(["--constraints", constraints]);
            }
            if listed.has_hashes {
                flags.push("--require-hashes");
            }
            stage
                .then(local.collect::<Vec<_>>())
                .then(mkfile(file, &listed.requirements).at(&listed.path.span))
                .then((!flags.is_empty()).then(|| mkfile(constraints, &listed.constraints)))
                .then(install_dependencies(config, file, &flags, installer).at(&listed.path.span))
        }
        Dependencies::Locked(set) => stage.then(locked(config, set, installer)),
        Dependencies::FromBackend { extras, span } => {
            let metadata = metadata(config, backend, extras);
            stage
                .then(copy("/metadata/requirements.txt", file).from(&metadata))
                .then(install_dependencies(config, file, &[], installer).at(span.as_ref()))
        }
    };
    stage.then(
        run(["rm", "-f", "/app/.venv/.lock", "/app/.venv/.gitignore"])
            .called("remove what the tools keep for themselves"),
    )
}

/// Installs what a lock pins, without resolving anything.
fn locked(config: &Config, set: &PinnedSet, installer: &Stage) -> Vec<Step> {
    let mut set = set.clone();
    set.pins.retain(|pin| !is_member(pin));
    let batches = set.batches(REQUIREMENTS);
    let last = batches.len().saturating_sub(1);
    let steps = batches.iter().enumerate().flat_map(|(n, batch)| {
        let local = batch.local_paths.iter().flat_map(|path| {
            let target = format!("{REQUIREMENTS}/{}", path.value);
            let folder = match path.value.as_str() {
                "" => ".",
                path => path,
            };
            copy(folder, target).literal().at(&path.span)
        });
        let file = match n {
            0 => format!("{REQUIREMENTS}/requirements.txt"),
            n => format!("{REQUIREMENTS}/requirements-{}.txt", n + 1),
        };
        let mut flags = vec!["--no-deps"];
        // The installer compiles all that is there, so once is enough.
        if n == last {
            flags.push("--compile-bytecode");
        }
        if batch.has_hashes {
            flags.push("--require-hashes");
        }
        let install = Install {
            venv: VENV,
            file: &file,
            flags: &flags,
            index: batch.index.as_deref(),
            over_ssh: config.ssh.is_some(),
        };
        (
            local.collect::<Vec<_>>(),
            mkfile(&file, &batch.requirements).at(&set.path.span),
            install.steps(config, installer).at(&set.path.span),
        )
            .into_steps()
    });
    steps.collect()
}

/// Asks the build backend for the project's requirements, without network.
///
/// Its sources change this stage on every edit, but what comes out is a file, and only its content
/// decides whether anything is installed again.
fn metadata(config: &Config, backend: &Stage, extras: &[String]) -> Stage {
    let script = "/metadata/metadata.py";
    let system = &config.build_system;
    from(backend)
        .named("metadata")
        .then(mkfile(script, METADATA_PY))
        .then(path("/opt/build/bin"))
        .then(sources(config, "/src"))
        .then(
            run([
                "/opt/build/bin/python",
                script,
                "/src",
                "/metadata/requirements.txt",
                &system.backend,
                &system.backend_path.join(":"),
                &extras.join(","),
            ])
            .network(Network::None)
            .called("ask the build backend for the requirements"),
        )
}

/// The project's files of the build context, with the `pyproject.toml` that the build was started with.
pub fn sources(config: &Config, target: &str) -> Vec<Step> {
    copied_sources(config, target, &[])
}

/// The files of a project that is no package, in the image: a script alone, or all without what never belongs there,
/// whatever is sent.
pub fn plain_sources(config: &Config, target: &str) -> Vec<Step> {
    if let (Some(name), Some(text)) = (&config.script, &config.definition) {
        return mkfile(format!("{target}/{name}"), text).into_steps();
    }
    copied_sources(config, target, &NEVER_IN_AN_IMAGE)
}

fn copied_sources(config: &Config, target: &str, left_out: &[&str]) -> Vec<Step> {
    let folder = match config.project_dir.as_str() {
        "" => ".",
        folder => folder,
    };
    let definition = config.definition.as_deref();
    let others = config.other_projects.iter().map(String::as_str);
    (
        copy(folder, target)
            .literal()
            .exclude(left_out.iter().copied().chain(others)),
        definition.map(|text| mkfile(format!("{target}/pyproject.toml"), text)),
    )
        .into_steps()
}

/// An empty virtual environment, by the interpreter itself.
fn environment(config: &Config, folder: &str) -> impl IntoSteps + use<> {
    run([
        flavor::python(config),
        "-m",
        "venv",
        "--without-pip",
        folder,
    ])
    .called(format!("make the virtual environment {folder}"))
}

/// Installs the dependencies of the image, with bytecode.
fn install_dependencies(
    config: &Config,
    file: &str,
    flags: &[&str],
    installer: &Stage,
) -> impl IntoSteps + use<> {
    let flags = [&["--compile-bytecode"], flags].concat();
    let install = Install {
        venv: VENV,
        file,
        flags: &flags,
        index: None,
        over_ssh: config.ssh.is_some(),
    };
    install.steps(config, installer)
}

/// The installation of what a requirements file lists into a virtual environment.
pub(crate) struct Install<'a> {
    pub(crate) venv: &'a str,
    pub(crate) file: &'a str,
    pub(crate) flags: &'a [&'a str],
    /// The only index to ask, instead of the configuration's.
    pub(crate) index: Option<&'a str>,
    /// Whether anything that is listed is fetched over ssh: only then does the step need keys.
    pub(crate) over_ssh: bool,
}

impl Install<'_> {
    /// The steps, with the logins of the indices and the keys for ssh.
    pub(crate) fn steps(&self, config: &Config, installer: &Stage) -> impl IntoSteps + use<> {
        let python = format!("--python={}/bin/python", self.venv);
        let mut words = [UV, "pip", "install", &python].map(str::to_owned).to_vec();
        words.extend(self.flags.iter().map(|&flag| flag.to_owned()));
        words.extend(match self.index {
            Some(url) => indices::only(config, url),
            None => indices::options(config),
        });
        words.extend(["--requirements".to_owned(), self.file.to_owned()]);
        let mut install = run(words).cache("/root/.cache/uv").mount(tool(installer));
        if self.over_ssh {
            let known_hosts = secret("known_hosts").target(KNOWN_HOSTS).optional();
            install = install.ssh().mount(known_hosts);
        }
        let ssh_command = format!(
            "ssh -o StrictHostKeyChecking=accept-new -o GlobalKnownHostsFile={KNOWN_HOSTS}"
        );
        (
            indices::plain_logins(config),
            self.over_ssh.then(|| env("GIT_SSH_COMMAND", ssh_command)),
            install.mounts(indices::secrets(config)),
        )
    }
}

/// The installer, as a program that is there only while a step runs.
pub(crate) fn tool(installer: &Stage) -> impl Into<Mount> + use<> {
    bind(UV).from(installer).path(UV)
}

/// Where the requirements stand, from the first to the last.
pub(crate) fn place(requirements: &[Requirement]) -> Option<Span> {
    let texts: Vec<_> = requirements.iter().map(|r| r.text.clone()).collect();
    all(&texts)
}
