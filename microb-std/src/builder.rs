//! The stages that build: packages, dependencies, build requirements, the project's wheel.

use microb::Span;
use microb::mount::Mount;
use microb::prelude::*;
use microb::step::Mkfile;

use crate::causes::Wanted;
use crate::config::{BuildSystem, Config, Dependencies, Packaging, RequirementsFile};
use crate::flavor::{self, all};
use crate::ignored::NEVER_IN_AN_IMAGE;
use crate::install::{self, Install};
use crate::members::is_member;
use crate::own_steps;
use crate::pinned::PinnedSet;
use crate::requirement::Requirement;
use crate::venv;
use crate::version_from_git;
use crate::wheels::{self, Backed};

/// The installer's version. It is pinned: another version is another dependency layer.
pub const UV_VERSION: &str = "0.13.9";

/// Where the virtual environment is, in the build as in the final image: its scripts hold this path.
pub const VENV: &str = "/app/.venv";

/// The environment that the build backend runs in.
pub(crate) const BUILD_VENV: &str = "/opt/build";

/// Where the build backend finds the files of the build context.
pub(crate) const SRC: &str = "/src";

/// Where the requirements files of the dependencies are, with what they name.
pub(crate) const REQUIREMENTS: &str = "/requirements";

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
    /// The build image with the virtual environment and all dependencies in it.
    pub builder: Stage,
    /// The same with the project, after the commands of `run`; `None` if there is none. `from = "builder"` means this
    /// stage if it is there, else [`builder`](Self::builder).
    pub own: Option<Stage>,
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
    let project = Backed::project(config);
    let own = wheels::asked(config, project, backend_sources(config), &plain, &installer);
    let mut wheels = Vec::new();
    if config.project.packaging == Packaging::Wheel {
        let sources = backend_sources(config);
        let wheel = wheels::wheel(config, "wheel", project, sources, &own, &installer);
        wheels.push(wheel);
    }
    for member in &config.members {
        wheels.push(wheels::of_member(
            config, member, &packages, &plain, &installer,
        ));
    }
    let mut built = Built {
        builder: dependencies(config, &packages, &own, &installer),
        own: None,
        wheel: wheels::together(wheels),
        installer,
    };
    built.own = own_steps::stage(config, &built);
    built
}

/// uv in `/opt/uv`, in a stage of its own that only its version changes.
pub fn installer(config: &Config) -> Stage {
    from(flavor::official_runtime_image(config))
        .at(flavor::image_span(config, None))
        .named("uv")
        .then(install::fetch_uv(config))
}

/// The build image with the packages that building needs, and the variables of the build.
pub fn packages(config: &Config) -> Stage {
    let place = flavor::image_span(config, config.build_image.as_ref());
    let image = from(flavor::build_image(config)).at(place);
    let named = config.build_image.as_ref().or(config.base_image.as_ref());
    let image = image.named("packages").then(flavor::as_root(named));
    packages_on(config, image)
}

/// The same on an image of your own, or after steps of your own.
pub fn packages_on(config: &Config, image: Stage) -> Stage {
    let settings = [
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_LINK_MODE", "copy"),
        ("UV_NO_PROGRESS", "1"),
        // A name server or an index that fails for a moment fails no build: half a minute, instead of seven seconds.
        ("UV_HTTP_RETRIES", "5"),
        // Neither times nor paths of this build in what is installed.
        ("UV_NO_INSTALLER_METADATA", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("SOURCE_DATE_EPOCH", WHEEL_EPOCH),
    ];
    image
        .then(flavor::packages(config, &flavor::build_packages(config)))
        .then(settings.map(|(name, value)| env(name, value)))
        .then(variables_that(config, |name| {
            !version_from_git::says_version(name)
        }))
}

/// The variables of `env`, each with its place in the file.
pub fn variables(config: &Config) -> Vec<Step> {
    variables_that(config, |_| true)
}

/// Those that say the project's version, which are another with each release: only who builds the project's wheel sees
/// them. Dependencies that are built from their sources would take that version for theirs.
pub(crate) fn version_variables(config: &Config) -> Vec<Step> {
    variables_that(config, version_from_git::says_version)
}

fn variables_that(config: &Config, is_meant: impl Fn(&str) -> bool) -> Vec<Step> {
    config
        .env
        .iter()
        .filter(|(name, _)| is_meant(name))
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
    let (file, text) = install::file(config, REQUIREMENTS, "build", &system.requires);
    // What the file does not say has no place in it; then the likeliest cause of a failure is an index.
    let place = if system.declared {
        place(&system.requires)
    } else {
        config.indices.first().map(|index| index.url.span.clone())
    };
    let install = Install {
        venv: BUILD_VENV,
        file: &file,
        over_ssh: system.requires.iter().any(Requirement::needs_ssh),
        wanted: &wanted(&system.requires),
        ..Install::default()
    };
    from(packages)
        .named("build-requirements")
        .then(venv::empty(config, BUILD_VENV))
        .then(mkfile(&file, text).at(place.as_ref()))
        .then(install.steps(config, installer).at(place.as_ref()))
}

/// The virtual environment of the image with all dependencies. Nothing but what they are changes it: not the
/// project's sources, nor its version.
fn dependencies(config: &Config, packages: &Stage, backend: &Stage, installer: &Stage) -> Stage {
    let stage = from(packages)
        .named("builder")
        .then(venv::empty(config, VENV))
        .then(workdir(REQUIREMENTS));
    let file = "/requirements/requirements.txt";
    let install = Install {
        venv: VENV,
        file,
        over_ssh: config.ssh.is_some(),
        ..Install::default()
    };
    let stage = match &config.dependencies {
        Dependencies::Listed(listed) if listed.is_empty() => stage,
        Dependencies::Listed(listed) => {
            let place = place(listed);
            let (file, text) = install::file(config, REQUIREMENTS, "requirements", listed);
            let install = Install {
                file: &file,
                wanted: &wanted(listed),
                ..install
            };
            stage
                .then(mkfile(&file, text).at(place.as_ref()))
                .then(install.steps(config, installer).at(place.as_ref()))
        }
        Dependencies::File(listed) => stage.then(of_file(config, listed, install, installer)),
        Dependencies::Locked(set) => stage.then(locked(config, set, install, installer)),
        Dependencies::FromBackend { extras, span, .. } => {
            let metadata = metadata(config, backend, extras);
            stage
                .then(copy("/metadata/requirements.txt", file).from(&metadata))
                .then(install.steps(config, installer).at(span.as_ref()))
        }
    };
    stage.then(venv::finish(config))
}

/// Installs what a requirements file lists, with the files that it names.
fn of_file(
    config: &Config,
    listed: &RequirementsFile,
    install: Install<'_>,
    installer: &Stage,
) -> Vec<Step> {
    let place = &listed.path.span;
    let local = listed.local_paths.iter().flat_map(|path| {
        let target = format!("/requirements/{}", path.value);
        copy(path.value.as_str(), target).literal().at(&path.span)
    });
    let constraints = "/requirements/constraints.txt";
    let has_constraints = !listed.constraints.is_empty();
    let install = Install {
        constraints: has_constraints.then_some(constraints),
        has_hashes: listed.has_hashes,
        wanted: &wanted(&listed.listed),
        ..install
    };
    (
        local.collect::<Vec<_>>(),
        mkfile(install.file, &listed.requirements).at(place),
        has_constraints.then(|| mkfile(constraints, &listed.constraints)),
        install.steps(config, installer).at(place),
    )
        .into_steps()
}

/// Installs what a lock pins, without resolving anything.
fn locked(config: &Config, set: &PinnedSet, install: Install<'_>, installer: &Stage) -> Vec<Step> {
    let mut set = set.clone();
    set.pins.retain(|pin| !is_member(pin));
    let batches = set.batches(REQUIREMENTS);
    let pins = set.pins.iter();
    let wanted: Vec<Wanted> = pins
        .map(|pin| (pin.name.clone(), pin.span.clone()))
        .collect();
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
        let install = Install {
            file: &file,
            is_locked: true,
            has_hashes: batch.has_hashes,
            index: batch.index.as_deref(),
            wanted: &wanted,
            ..install
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

/// Asks the build backend for the project's requirements.
///
/// Its sources change this stage on every edit, but what comes out is a file, and only its content
/// decides whether anything is installed again.
fn metadata(config: &Config, backend: &Stage, extras: &[String]) -> Stage {
    let script = "/metadata/metadata.py";
    let system = &config.build_system;
    let project = Backed::project(config);
    let words = [
        "/opt/build/bin/python",
        script,
        &project.folder(),
        "/metadata/requirements.txt",
        &system.backend,
        &system.backend_path.join(":"),
        &extras.join(","),
    ];
    let asked = project.run(
        config,
        words.map(str::to_owned).to_vec(),
        None::<Mount>,
        "list the requirements of",
    );
    from(backend)
        .named("metadata")
        .then(mkfile(script, METADATA_PY))
        .then(path("/opt/build/bin"))
        .then(version_variables(config))
        .then(backend_sources(config))
        .then(asked.called("ask the build backend for the requirements"))
}

/// The project's files of the build context, with the `pyproject.toml` that the build was started with.
pub fn sources(config: &Config, target: &str) -> Vec<Step> {
    copied_sources(config, target, &[])
}

/// What the build backend sees, with the project in [`Backed::folder`].
fn backend_sources(config: &Config) -> Vec<Step> {
    if config.build_system.within.is_none() {
        return sources(config, SRC);
    }
    // All of it: what is in the repository and not there, git calls deleted, and the version another one.
    let folder = Backed::project(config).folder();
    (copy(".", SRC), definition(config, &folder)).into_steps()
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
    let others = config.other_projects.iter().map(String::as_str);
    (
        copy(folder, target)
            .literal()
            .exclude(left_out.iter().copied().chain(others)),
        definition(config, target),
    )
        .into_steps()
}

/// The `pyproject.toml` that the build was started with, unless the build context has it.
fn definition(config: &Config, folder: &str) -> Option<Mkfile> {
    let text = config.definition.as_deref()?;
    Some(mkfile(format!("{folder}/pyproject.toml"), text))
}

/// The names of requirements, and where each stands.
fn wanted(requirements: &[Requirement]) -> Vec<Wanted> {
    let of = |one: &Requirement| (one.name.clone(), one.text.span.clone());
    requirements.iter().map(of).collect()
}

/// Where the requirements stand, from the first to the last.
pub(crate) fn place(requirements: &[Requirement]) -> Option<Span> {
    let texts: Vec<_> = requirements.iter().map(|r| r.text.clone()).collect();
    all(&texts)
}
