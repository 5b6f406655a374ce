//! The standard recipe: from a `pyproject.toml` to an image.

use microb::Spanned;
use microb::prelude::*;

use crate::builder::{Built, builder, installer, packages};
use crate::config::{AddFile, AddSource, Config, CopyFile, CopyFrom};
use crate::inspection;
use crate::rules;
use crate::runtime::{runtime, system};

/// The standard Python image.
///
/// ```
/// use microb_std::recipe;
/// use microb::{MemoryContext, dockerfile};
///
/// let cx = MemoryContext::new("[project]\nname = 'hello'\nversion = '1'\n");
/// let dockerfile = dockerfile::render(&recipe(&cx)?)?;
/// assert!(dockerfile.contains("FROM python:3.14-slim AS system\n"));
/// # Ok::<(), microb::Diagnostics>(())
/// ```
///
/// # Errors
///
/// All mistakes of the configuration at once.
pub fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let config = Config::resolve(cx)?;
    rules::check(cx, &config);
    image(cx, config, &|config| Ok(Bases::of(config)))
}

/// The stages that all others start from: what a fork replaces, one or all.
///
/// ```
/// use microb::prelude::*;
/// use microb_std::{Bases, Config, image};
///
/// fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
///     let config = Config::resolve(cx)?;
///     image(cx, config, &|config| {
///         config.system_deps.clear();
///         Ok(Bases {
///             system: from(ImageRef::official("acme-python", config.python.version.to_string())),
///             ..Bases::of(config)
///         })
///     })
/// }
/// # let cx = microb::MemoryContext::new("[project]\nname = 'hello'\nversion = '1'\n");
/// # let dockerfile = microb::dockerfile::render(&recipe(&cx)?)?;
/// # assert!(dockerfile.contains("FROM acme-python:3.14"));
/// # Ok::<(), microb::Diagnostics>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Bases {
    /// uv in `/opt/uv`, as [`installer`] makes it.
    pub installer: Stage,
    /// Where everything is built: the interpreter in `/usr/local/bin/python3`, `build_deps`, and the variables of the build, as [`packages`] makes it.
    pub packages: Stage,
    /// What the final image starts from: the same interpreter, and `system_deps`, as [`system`] makes it. Its last image has a shell and awk.
    pub system: Stage,
}

impl Bases {
    /// Those of the standard image.
    pub fn of(config: &Config) -> Self {
        Self {
            installer: installer(config),
            packages: packages(config),
            system: system(config),
        }
    }
}

/// What gives the stages for a configuration, and may change that before.
pub type ToBases<'a> = dyn Fn(&mut Config) -> Result<Bases, Diagnostics> + 'a;

/// The image of a configuration that is resolved already.
///
/// `bases` gives the stages that the others start from, and may change the configuration before.
/// It is called for the configuration, and for that of each target that files are copied from.
///
/// What only adds something needs none of this: `recipe(cx)?.then(label("com.example.team", "payments"))`.
///
/// # Errors
///
/// The mistakes that `bases` finds; also when a target that files are copied from has mistakes of its own.
pub fn image(
    cx: &dyn Context,
    mut config: Config,
    bases: &ToBases<'_>,
) -> Result<Stage, Diagnostics> {
    let own = bases(&mut config)?;
    for decision in config.decisions() {
        cx.decided(decision);
    }
    inspection::inspect(cx, &config);
    assemble(cx, &config, own, bases)
}

fn assemble(
    cx: &dyn Context,
    config: &Config,
    own: Bases,
    bases: &ToBases<'_>,
) -> Result<Stage, Diagnostics> {
    let before = (
        copies(cx, &config.copy_files_before_build, None, bases)?,
        additions(&config.add_files_before_build),
    );
    let built = builder(config, own.installer, own.packages, before);
    let files = (
        copies(cx, &config.copy_files, Some(&built), bases)?,
        additions(&config.add_files),
    );
    Ok(runtime(config, &own.system, &built, files))
}

/// The steps of `copy_files`; `built` is what `from = "builder"` means, where there is a builder already.
fn copies(
    cx: &dyn Context,
    files: &[CopyFile],
    built: Option<&Built>,
    bases: &ToBases<'_>,
) -> Result<Vec<Step>, Diagnostics> {
    let mut steps = Vec::new();
    for file in files {
        let copied = copy(file.src.value.as_str(), &file.dst.value);
        let copied = match &file.from {
            None => copied,
            Some(from) => copied.from(source(cx, from, built, bases)?),
        };
        steps.extend(copied.at(&file.src.span));
    }
    Ok(steps)
}

fn source(
    cx: &dyn Context,
    from: &Spanned<CopyFrom>,
    built: Option<&Built>,
    bases: &ToBases<'_>,
) -> Result<Source, Diagnostics> {
    match &from.value {
        CopyFrom::Builder => built
            .map(|built| built.own.as_ref().unwrap_or(&built.builder).into())
            .ok_or_else(|| {
                let message = "`builder` is not there before the build";
                Diagnostic::error(message).at(&from.span).into()
            }),
        // `Config` refuses targets that copy from each other in a circle.
        CopyFrom::Target(name) => {
            let mut config = Config::resolve_target(cx, name)?;
            let own = bases(&mut config)?;
            Ok(assemble(cx, &config, own, bases)?.into())
        }
        CopyFrom::NamedContext(name) => Ok(named_context(name).into()),
        CopyFrom::Image(image) => Ok(image.clone().into()),
    }
}

/// The steps of `add_files`. What is fetched is readable by all: a Dockerfile's `ADD` would give it to root alone.
fn additions(files: &[AddFile]) -> Vec<Step> {
    files.iter().flat_map(addition).collect()
}

fn addition(file: &AddFile) -> Vec<Step> {
    let destination = &file.dst.value;
    let step = match &file.src.value {
        AddSource::Context(path) => add(path.as_str(), destination),
        AddSource::Git(remote) => add(git_source(remote), destination),
        AddSource::Http(url) => {
            let mut fetched = http(url);
            if let Some(checksum) = &file.checksum {
                fetched = fetched.checksum(&checksum.value);
            }
            add(fetched, destination).mode(0o644)
        }
    };
    step.at(&file.src.span)
}

/// A git remote with BuildKit's fragment, `#REFERENCE:FOLDER`.
fn git_source(remote: &str) -> microb::source::Git {
    let (remote, fragment) = remote.split_once('#').unwrap_or((remote, ""));
    let (reference, folder) = fragment.split_once(':').unwrap_or((fragment, ""));
    let mut source = git(remote);
    if !reference.is_empty() {
        source = source.reference(reference);
    }
    if !folder.is_empty() {
        source = source.subdir(folder);
    }
    source
}
