//! The standard recipe: from a `pyproject.toml` to an image.

use microb::Spanned;
use microb::prelude::*;

use crate::builder::{Built, builder};
use crate::config::{AddFile, AddSource, Config, CopyFile, CopyFrom};
use crate::runtime::runtime;

/// The standard Python image.
///
/// ```
/// use microb_std::recipe;
/// # extern crate microb_dsl as microb;
/// use microb::{MemoryContext, dockerfile};
///
/// let cx = MemoryContext::new("[project]\nname = 'hello'\nversion = '1'\n");
/// let dockerfile = dockerfile::render(&recipe(&cx)?)?;
/// assert!(dockerfile.contains("FROM python:3.14-slim AS final\n"));
/// # Ok::<(), microb::Diagnostics>(())
/// ```
///
/// # Errors
///
/// All mistakes of the configuration at once.
pub fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let config = Config::resolve(cx)?;
    image(cx, &config)
}

/// The image of a configuration that is resolved, or changed, already.
///
/// # Errors
///
/// When a target that files are copied from has mistakes of its own, or copies from this one.
pub fn image(cx: &dyn Context, config: &Config) -> Result<Stage, Diagnostics> {
    Targets {
        cx,
        open: Vec::new(),
    }
    .image(config)
}

/// Makes the images of targets that copy from each other.
struct Targets<'a> {
    cx: &'a dyn Context,
    /// The targets that are being made, outermost first.
    open: Vec<String>,
}

impl Targets<'_> {
    fn image(&mut self, config: &Config) -> Result<Stage, Diagnostics> {
        let name = config.target.as_ref().map(|target| target.value.clone());
        self.open.extend(name.clone());
        let before = (
            self.copies(&config.copy_files_before_build, None)?,
            additions(&config.add_files_before_build),
        );
        let built = builder(config, before);
        let files = (
            self.copies(&config.copy_files, Some(&built))?,
            additions(&config.add_files),
        );
        if name.is_some() {
            self.open.pop();
        }
        Ok(runtime(config, &built, files))
    }

    /// The steps of `copy_files`; `built` is what `from = "builder"` means, where there is a builder already.
    fn copies(
        &mut self,
        files: &[CopyFile],
        built: Option<&Built>,
    ) -> Result<Vec<Step>, Diagnostics> {
        let mut steps = Vec::new();
        for file in files {
            let copied = copy(file.src.value.as_str(), &file.dst.value);
            let copied = match &file.from {
                None => copied,
                Some(from) => copied.from(self.source(from, built)?),
            };
            steps.extend(copied.at(&file.src.span));
        }
        Ok(steps)
    }

    fn source(
        &mut self,
        from: &Spanned<CopyFrom>,
        built: Option<&Built>,
    ) -> Result<Source, Diagnostics> {
        match &from.value {
            CopyFrom::Builder => match built {
                Some(built) => Ok((&built.builder).into()),
                None => Err(Diagnostic::error("`builder` is not there before the build")
                    .at(&from.span)
                    .help("copy from the builder in `copy_files`, or name another source here")
                    .into()),
            },
            CopyFrom::Target(name) if self.open.contains(name) => {
                let circle = [self.open.as_slice(), std::slice::from_ref(name)].concat();
                Err(Diagnostic::error(format!(
                    "targets copy from each other in a circle: {}",
                    circle.join(" → ")
                ))
                .at(&from.span)
                .help("let one of them copy from the build context instead")
                .into())
            }
            CopyFrom::Target(name) => {
                let config = Config::resolve_target(self.cx, name)?;
                Ok(self.image(&config)?.into())
            }
            CopyFrom::NamedContext(name) => Ok(named_context(name)),
            CopyFrom::Image(image) => Ok(image.clone().into()),
        }
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
