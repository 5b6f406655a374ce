//! `dockerfile`, `llb`, `graph` and `check`: what a recipe makes of a folder, without an engine.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use microb_dsl::llb::{self, Lowered};
use microb_dsl::{Diagnostic, Diagnostics, ImageRef, Platform, Source, SourceFile, Stage};
use microb_dsl::{git, http, local, report};

use super::arguments::Inputs;
use super::evaluate::evaluate;
use super::print;
use crate::directory_context::DirectoryContext;
use crate::recipe::Recipe;

/// Prints the Dockerfile.
pub(super) fn dockerfile(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let stage = stage(recipe, &Inputs::new(recipe, matches))?;
    let text = microb_dsl::dockerfile::render(&stage)?;
    print(text.as_bytes())
}

/// Prints the LLB.
pub(super) fn llb(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let inputs = Inputs::new(recipe, matches);
    let lowered = lower(&stage(recipe, &inputs)?, &inputs)?;
    let Some(definition) = lowered.definition else {
        // `FROM scratch` without a step: there is nothing to ask for.
        return Ok(());
    };
    if matches.get_flag("raw") {
        print(&definition.to_bytes())
    } else {
        print(definition.to_text().as_bytes())
    }
}

/// Draws the recipe.
pub(super) fn graph(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let stage = stage(recipe, &Inputs::new(recipe, matches))?;
    let text = if matches.get_flag("svg") {
        microb_dsl::graph::svg(&stage)
    } else {
        microb_dsl::graph::mermaid(&stage)
    };
    print(text.as_bytes())
}

/// Shows all mistakes and warnings, or says that there are none.
pub(super) fn check(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let inputs = Inputs::new(recipe, matches);
    lower(&stage(recipe, &inputs)?, &inputs)?;
    let checked = inputs.file.as_ref().unwrap_or(&inputs.folder);
    print(format!("{}: no mistakes\n", checked.display()).as_bytes())
}

/// Runs the recipe over the folder. Warnings go to standard error, mistakes to the caller.
fn stage(recipe: &Recipe, inputs: &Inputs) -> Result<Stage, Diagnostics> {
    stage_of(recipe, inputs, &context(recipe, inputs)?)
}

/// The folder as the context of a recipe.
pub(super) fn context(
    recipe: &Recipe,
    inputs: &Inputs,
) -> Result<Arc<DirectoryContext>, Diagnostics> {
    open(recipe, inputs).map(Arc::new)
}

/// The folder, with what the command line says of the build.
pub(super) fn open(recipe: &Recipe, inputs: &Inputs) -> Result<DirectoryContext, Diagnostics> {
    let cx = match &inputs.file {
        Some(file) => DirectoryContext::open(&inputs.folder, file),
        None => DirectoryContext::without_definition(&inputs.folder, recipe.name()),
    }?;
    Ok(cx
        .build_args(inputs.build_args.clone())
        .named_contexts(inputs.named_contexts.iter().map(|(name, _)| name.clone()))
        .with_target(inputs.target.clone())
        .with_platform(platform(inputs)))
}

/// Runs the recipe in a context that [`open`] made.
pub(super) fn stage_of(
    recipe: &Recipe,
    inputs: &Inputs,
    cx: &Arc<DirectoryContext>,
) -> Result<Stage, Diagnostics> {
    let result = evaluate(recipe, Arc::<DirectoryContext>::clone(cx));
    let warnings: Vec<Diagnostic> = cx
        .warnings()
        .iter()
        .map(|found| as_typed(found, inputs))
        .collect();
    if !warnings.is_empty() {
        // Nobody is left to warn when standard error is gone.
        let _ = writeln!(io::stderr(), "{}\n", report::render(&warnings));
    }
    result.map_err(|mistakes| mistakes_as_typed(mistakes, inputs))
}

fn lower(stage: &Stage, inputs: &Inputs) -> Result<Lowered, Diagnostics> {
    let given = lowering_inputs(inputs)?;
    llb::lower(stage, &given).map_err(|mistakes| mistakes_as_typed(mistakes, inputs))
}

/// What lowering gets to know without an engine.
pub(super) fn lowering_inputs(inputs: &Inputs) -> Result<llb::Inputs, Diagnostics> {
    let named_contexts: Result<BTreeMap<String, Source>, Diagnostic> = inputs
        .named_contexts
        .iter()
        .map(|(name, value)| Ok((name.clone(), named_source(name, value)?)))
        .collect();
    Ok(llb::Inputs {
        named_contexts: named_contexts?,
        build_platform: Platform::host(),
        ..llb::Inputs::offline(platform(inputs))
    })
}

fn platform(inputs: &Inputs) -> Platform {
    inputs.platform.clone().unwrap_or_else(Platform::host)
}

/// What `--build-context NAME=VALUE` means; a folder becomes the local source NAME.
fn named_source(name: &str, value: &str) -> Result<Source, Diagnostic> {
    if let Some(image) = value.strip_prefix("docker-image://") {
        let image: ImageRef = image.parse().map_err(|error| {
            Diagnostic::error(format!("`--build-context {name}={value}`: {error}"))
        })?;
        return Ok(image.into());
    }
    let is_url = value.starts_with("https://") || value.starts_with("http://");
    let is_git = value.starts_with("git@") || (is_url && value.strip_suffix(".git").is_some());
    Ok(if is_git {
        git(value).into()
    } else if is_url {
        http(value).into()
    } else {
        local(name).into()
    })
}

fn mistakes_as_typed(mistakes: Diagnostics, inputs: &Inputs) -> Diagnostics {
    let found = mistakes
        .iter()
        .map(|found| as_typed(found, inputs))
        .collect();
    Diagnostics::or(found, ()).err().unwrap_or(mistakes)
}

/// The same finding, with its file named from the working directory, so that terminals and editors can open it.
fn as_typed(found: &Diagnostic, inputs: &Inputs) -> Diagnostic {
    let mut found = found.clone();
    found.span = found.span.map(|span| {
        let name = span.file().name();
        let is_definition = |file: &&PathBuf| file.file_name().is_some_and(|file| *file == *name);
        let definition = inputs.file.as_ref().filter(is_definition);
        let path = definition.map_or_else(|| inputs.folder.join(name), Clone::clone);
        let path = path.strip_prefix(Path::new(".")).unwrap_or(&path);
        SourceFile::new(path.to_string_lossy(), span.file().text()).span(span.range())
    });
    found
}
