//! The virtual environment: made empty, and finished when all is installed.

use microb::mount::Mount;
use microb::prelude::*;

use crate::builder::VENV;
use crate::config::{Config, Dependencies, Installer};
use crate::flavor::{self, all};
use crate::tree::escape;

/// Removes the files that `prune` names.
const PRUNE_PY: &str = include_str!("prune.py");

/// Compiles the modules of an environment but for their tests, which installers compile too.
const COMPILE_PY: &str = include_str!("compile.py");

/// Where [`COMPILE_PY`] is in the stage with the environment.
const COMPILER: &str = "/requirements/compile.py";

/// Removes what pip writes down of the URLs, repositories and files that packages came from, PEP 610, which uv leaves out when it
/// is told to: of a wheel that was built here it is a path of the build.
pub(crate) const FORGET_ORIGINS: &str = "for file in /app/.venv/lib/python*/site-packages/*.dist-info/direct_url.json; do \
    test ! -e \"$file\" || { sed -i '/\\/direct_url\\.json,/d' \"${file%/*}/RECORD\" && rm \"$file\"; } || exit 1; done";

/// An empty virtual environment, by the interpreter itself.
pub(crate) fn empty(config: &Config, folder: &str) -> Vec<Step> {
    let made = run([
        flavor::python(config),
        "-m",
        "venv",
        "--without-pip",
        folder,
    ])
    .called(format!("make the virtual environment {folder}"));
    // An image without an interpreter fails here.
    let named = config.build_image.as_ref().or(config.base_image.as_ref());
    let made = match named {
        None => made,
        Some(image) => {
            let image = escape(&image.value.familiar());
            let error = format!("`{image}` has no Python that makes virtual environments");
            made.on_failure(
                Diagnostic::error(error)
                    .help("name an image with `python3` and its module `venv` in it"),
            )
        }
    };
    made.at(flavor::image_span(config, config.build_image.as_ref()))
}

/// The last steps, when all is installed: what `prune` names is removed, modules are compiled, and what the tools keep for
/// themselves is removed.
pub(crate) fn finish(config: &Config) -> Vec<Step> {
    (prune(config), compile(config)).into_steps()
}

/// Compiles all modules that are there, in one step that also removes the files, so that there is no step more.
///
/// ```text
/// RUN rm -f /app/.venv/.lock /app/.venv/.gitignore && PYTHONHASHSEED=0 /usr/local/bin/python3 /requirements/compile.py /app/.venv
/// ```
fn compile(config: &Config) -> Vec<Step> {
    let remove = format!("rm -f {VENV}/.lock {VENV}/.gitignore");
    let remove = match config.installer {
        Installer::Uv => remove,
        Installer::Pip => format!("{remove} && {FORGET_ORIGINS}"),
    };
    let is_empty =
        matches!(&config.dependencies, Dependencies::Listed(listed) if listed.is_empty());
    let script = config.compile.then(|| mkfile(COMPILER, COMPILE_PY));
    let finished = if is_empty || !config.compile {
        run(remove).called("remove what the tools keep for themselves")
    } else {
        let compile = compile_words(config);
        run(format!("{remove} && {compile}"))
            .network(Network::None)
            .called("compile the installed modules")
    };
    (script, finished).into_steps()
}

/// The command that compiles what is not compiled yet, where [`compiler`] is mounted.
pub(crate) fn compile_words(config: &Config) -> String {
    let python = flavor::python(config);
    // Until 3.11 the order of sets in bytecode was that of their hashes.
    format!("PYTHONHASHSEED=0 {python} {COMPILER} {VENV}")
}

/// The script that compiles, from the stage with the environment.
pub(crate) fn compiler(builder: &Stage) -> impl Into<Mount> + use<> {
    bind(COMPILER).from(builder).path(COMPILER)
}

/// Removes what `prune` names.
fn prune(config: &Config) -> Vec<Step> {
    if config.prune.is_empty() {
        return Vec::new();
    }
    let script = "/requirements/prune.py";
    let words = [flavor::python(config), script, VENV].into_iter();
    let patterns = config.prune.iter().map(|pattern| pattern.value.as_str());
    let words: Vec<&str> = words.chain(patterns).collect();
    let step = run(words).network(Network::None);
    (mkfile(script, PRUNE_PY), step)
        .into_steps()
        .called("remove the files that prune names")
        .at(all(&config.prune).as_ref())
}
