//! `dockerfile`, `llb`, `graph` and `check`: what a recipe makes of a folder, without an engine.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use microb_dsl::llb::{self, Lowered};
use microb_dsl::rule::{self, Checks, Review};
use microb_dsl::{Context, Diagnostic, Diagnostics, Platform, Source, SourceFile, Stage};
use microb_dsl::{local, report};

use super::arguments::Inputs;
use super::evaluate::evaluate;
use super::{folder, print};
use crate::directory_context::DirectoryContext;
use crate::ignore;
use crate::recipe::Recipe;
use crate::request::ContextSource;
use crate::sources;

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

/// Shows all mistakes and warnings, or says that there are none. Without a target, those of all targets.
pub(super) fn check(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let mut inputs = Inputs::new(recipe, matches);
    let (mut all, mut wrong) = (Review::default(), Vec::new());
    for target in targets(recipe, &inputs) {
        inputs.target = target;
        let cx = Arc::new(open(recipe, &inputs)?.with_check(true));
        let (stage, review) = inspect(recipe, &inputs, &cx)?;
        add(&mut all.warnings, review.warnings);
        add(&mut all.errors, review.errors);
        let lowered = stage.and_then(|stage| lower(&stage, &inputs));
        add(&mut wrong, lowered.err().into_iter().flatten());
    }
    tell(&all.warnings);
    let n_warnings = all.warnings.len();
    wrong.extend(all.into_errors());
    Diagnostics::or(wrong, ())?;
    let checked = inputs.file.as_ref().unwrap_or(&inputs.folder);
    let found = match n_warnings {
        0 => "no mistakes".to_owned(),
        1 => "no errors, 1 warning".to_owned(),
        n => format!("no errors, {n} warnings"),
    };
    print(format!("{}: {found}\n", checked.display()).as_bytes())
}

/// The target that was asked for, or all of them.
fn targets(recipe: &Recipe, inputs: &Inputs) -> Vec<Option<String>> {
    let list = || {
        let list = recipe.targets.as_ref()?;
        let targets = list(&*context(recipe, inputs).ok()?).ok()?;
        let names = targets.into_iter().map(|target| target.name);
        let names: Vec<_> = names.filter(|name| !name.is_empty()).map(Some).collect();
        (!names.is_empty()).then_some(names)
    };
    let all = if inputs.target.is_none() {
        list()
    } else {
        None
    };
    // When the targets cannot be listed, running the recipe tells why.
    all.unwrap_or_else(|| vec![inputs.target.clone()])
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
    let cx = cx
        .build_args(inputs.build_args.clone())
        .named_contexts(inputs.named_contexts.iter().map(|(name, _)| name.clone()))
        .with_target(inputs.target.clone())
        .with_platform(platform(inputs));
    with_ignore_file(cx, inputs)
}

/// The same folder without what its ignore file leaves out.
pub(super) fn with_ignore_file(
    cx: DirectoryContext,
    inputs: &Inputs,
) -> Result<DirectoryContext, Diagnostics> {
    let Some((name, content)) = folder::ignore_file(&cx, inputs) else {
        return Ok(cx);
    };
    let patterns = ignore::read(&name, &content);
    let patterns = patterns.map_err(|mistakes| mistakes_as_typed(mistakes, inputs))?;
    Ok(cx.ignoring(patterns))
}

/// Runs the recipe in a context that [`context`] made. Findings that would stop a build are printed, and stop nothing here.
pub(super) fn stage_of(
    recipe: &Recipe,
    inputs: &Inputs,
    cx: &Arc<DirectoryContext>,
) -> Result<Stage, Diagnostics> {
    let (stage, review) = inspect(recipe, inputs, cx)?;
    tell(&review.warnings);
    tell(&review.errors);
    stage
}

/// Tells what was said of the folder, as far as the user wants to hear it.
pub(super) fn tell_warnings(
    recipe: &Recipe,
    inputs: &Inputs,
    cx: &DirectoryContext,
) -> Result<(), Diagnostic> {
    let review = review(recipe, inputs, cx, cx.warnings())?;
    tell(&review.warnings);
    tell(&review.errors);
    Ok(())
}

/// Runs the recipe, and says what the user wants to hear of it.
fn inspect(
    recipe: &Recipe,
    inputs: &Inputs,
    cx: &Arc<DirectoryContext>,
) -> Result<(Result<Stage, Diagnostics>, Review), Diagnostic> {
    let stage = evaluate(recipe, Arc::<DirectoryContext>::clone(cx));
    let mut findings = cx.warnings();
    if let Ok(stage) = &stage {
        findings.extend(rule::check(stage));
        findings.extend(rule::check_user(stage, None));
    }
    let review = review(recipe, inputs, cx, findings)?;
    let stage = stage.map_err(|mistakes| mistakes_as_typed(mistakes, inputs));
    Ok((stage, review))
}

/// What of the findings the user wants to hear.
fn review(
    recipe: &Recipe,
    inputs: &Inputs,
    cx: &DirectoryContext,
    findings: Vec<Diagnostic>,
) -> Result<Review, Diagnostic> {
    let checks = Checks::of(cx.definition(), cx.build_arg(rule::BUILD_ARG));
    let checks = checks.map_err(|problem| as_typed(&problem, inputs))?;
    let mut review = checks.review(findings, &recipe.rules);
    for finding in review.warnings.iter_mut().chain(&mut review.errors) {
        *finding = as_typed(finding, inputs);
    }
    Ok(review)
}

/// Adds findings that are not there yet: targets share most of theirs.
fn add(known: &mut Vec<Diagnostic>, found: impl IntoIterator<Item = Diagnostic>) {
    for finding in found {
        if !known.contains(&finding) {
            known.push(finding);
        }
    }
}

fn tell(findings: &[Diagnostic]) {
    if !findings.is_empty() {
        // Nobody is left to warn when standard error is gone.
        let _ = writeln!(io::stderr(), "{}\n", report::render(findings));
    }
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
        platform_is_given: inputs.platform.is_some(),
        ..llb::Inputs::offline(platform(inputs))
    })
}

fn platform(inputs: &Inputs) -> Platform {
    inputs.platform.clone().unwrap_or_else(Platform::host)
}

/// What `--build-context NAME=VALUE` means, as a build reads it; a folder becomes the local source NAME.
fn named_source(name: &str, value: &str) -> Result<Source, Diagnostic> {
    if Path::new(value).is_dir() {
        return Ok(local(name).into());
    }
    let source = match ContextSource::parse(name, value)? {
        ContextSource::Local(name) => Some(local(name).into()),
        other => sources::by_itself(other),
    };
    source.ok_or_else(|| {
        Diagnostic::error(format!(
            "build context `{name}` is `{value}`, which only a build can read"
        ))
        .help("give a folder, a git or https URL, or `docker-image://…`")
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

#[cfg(test)]
mod tests {
    use microb_dsl::{git, http};

    use super::*;

    #[test]
    fn a_build_context_is_what_it_is_in_a_build() {
        let repository = git("https://github.com/a/b.git")
            .reference("v1")
            .subdir("c");
        let image: microb_dsl::ImageRef = "python:3.14".parse().unwrap();
        let file = "https://example.com/a.txt";
        for (value, expected) in [
            ("src", local("x").into()),
            ("docker-image://python:3.14", image.into()),
            ("docker-image://scratch", Source::Scratch),
            ("https://github.com/a/b.git#v1:c", repository.clone().into()),
            (
                "https://github.com/a/b.git?ref=v1&subdir=c",
                repository.into(),
            ),
            (
                "ssh://git@example.com/a",
                git("ssh://git@example.com/a").into(),
            ),
            (file, http(file).named("context").into()),
        ] {
            assert_eq!(named_source("x", value), Ok(expected), "{value}");
        }
        for (value, said) in [
            ("no-such-folder", "it has no kind"),
            ("docker-image://UPPER", "lower case"),
            ("https://github.com/a/b.git?depth=1", "`depth`"),
            ("input:base", "which only a build can read"),
        ] {
            let error = named_source("x", value).unwrap_err();
            assert!(error.message.contains(said), "{error}");
        }
    }
}
