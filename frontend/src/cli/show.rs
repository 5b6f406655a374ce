//! `dockerfile`, `llb`, `graph` and `check`: what a recipe makes of a folder, without an engine.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use microb_dsl::llb::{self, Lowered};
use microb_dsl::rule::{self, Checks};
use microb_dsl::{Context, Diagnostic, Diagnostics, ImageRef, Platform, Source, SourceFile, Stage};
use microb_dsl::{git, http, local, report};

use super::arguments::Inputs;
use super::evaluate::evaluate;
use super::print;
use crate::directory_context::DirectoryContext;
use crate::recipe::Recipe;

/// Prints the Dockerfile.
pub(super) fn dockerfile(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let stage = Shown::of(recipe, &Inputs::new(recipe, matches))?.stage;
    let text = microb_dsl::dockerfile::render(&stage)?;
    print(text.as_bytes())
}

/// Prints the LLB.
pub(super) fn llb(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let inputs = Inputs::new(recipe, matches);
    let lowered = lower(&Shown::of(recipe, &inputs)?.stage, &inputs)?;
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
    let stage = Shown::of(recipe, &Inputs::new(recipe, matches))?.stage;
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
    let mut told = Vec::new();
    let mut wrong = Vec::new();
    for target in targets(recipe, &inputs) {
        inputs.target = target;
        let checked = Shown::quietly(recipe, &inputs, true).and_then(|shown| {
            told.extend(shown.warnings);
            Diagnostics::or(shown.refused, ())?;
            lower(&shown.stage, &inputs).map(drop)
        });
        wrong.extend(checked.err().into_iter().flatten());
    }
    tell(&once(told));
    Diagnostics::or(once(wrong), ())?;
    print(format!("{}: no mistakes\n", inputs.file.display()).as_bytes())
}

/// The target that was asked for, or all of them.
fn targets(recipe: &Recipe, inputs: &Inputs) -> Vec<Option<String>> {
    let list = || {
        let list = recipe.targets.as_ref()?;
        let targets = list(&context(inputs, true).ok()?).ok()?;
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

/// What a recipe made of a folder.
struct Shown {
    stage: Stage,
    warnings: Vec<Diagnostic>,
    /// What would stop a build, `lint violation found` first; it stops only who checks.
    refused: Vec<Diagnostic>,
}

impl Shown {
    /// Runs the recipe over the folder. Warnings go to standard error, mistakes to the caller.
    fn of(recipe: &Recipe, inputs: &Inputs) -> Result<Self, Diagnostics> {
        let mut shown = Self::quietly(recipe, inputs, false)?;
        tell(&shown.warnings);
        tell(&std::mem::take(&mut shown.refused));
        Ok(shown)
    }

    fn quietly(recipe: &Recipe, inputs: &Inputs, is_check: bool) -> Result<Self, Diagnostics> {
        let cx = Arc::new(context(inputs, is_check)?);
        let given = cx.build_arg(rule::BUILD_ARG);
        let checks = Checks::of(cx.definition(), given);
        let checks = checks.map_err(|problem| as_typed(&problem, inputs))?;
        let result = evaluate(recipe, Arc::<DirectoryContext>::clone(&cx));
        let mut findings = cx.warnings();
        if let Ok(stage) = &result {
            findings.extend(rule::check(stage));
            findings.extend(rule::check_user(stage, None));
        }
        let review = checks.review(findings, &recipe.rules);
        let typed = |found: &[Diagnostic]| -> Vec<Diagnostic> {
            found.iter().map(|one| as_typed(one, inputs)).collect()
        };
        let warnings = typed(&review.warnings);
        match result {
            Ok(stage) => Ok(Self {
                stage,
                warnings,
                refused: typed(&review.into_errors()),
            }),
            Err(mistakes) => {
                tell(&warnings);
                Err(mistakes_as_typed(mistakes, inputs))
            }
        }
    }
}

fn context(inputs: &Inputs, is_check: bool) -> Result<DirectoryContext, Diagnostic> {
    Ok(DirectoryContext::open(&inputs.folder, &inputs.file)?
        .build_args(inputs.build_args.clone())
        .named_contexts(inputs.named_contexts.iter().map(|(name, _)| name.clone()))
        .with_target(inputs.target.clone())
        .with_platform(platform(inputs))
        .with_check(is_check))
}

/// Each finding once: targets share most of theirs.
fn once(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept = Vec::new();
    for finding in findings {
        if !kept.contains(&finding) {
            kept.push(finding);
        }
    }
    kept
}

fn tell(findings: &[Diagnostic]) {
    if !findings.is_empty() {
        // Nobody is left to warn when standard error is gone.
        let _ = writeln!(io::stderr(), "{}\n", report::render(findings));
    }
}

fn lower(stage: &Stage, inputs: &Inputs) -> Result<Lowered, Diagnostics> {
    let named_contexts: Result<BTreeMap<String, Source>, Diagnostic> = inputs
        .named_contexts
        .iter()
        .map(|(name, value)| Ok((name.clone(), named_source(name, value)?)))
        .collect();
    let given = llb::Inputs {
        named_contexts: named_contexts?,
        build_platform: Platform::host(),
        ..llb::Inputs::offline(platform(inputs))
    };
    llb::lower(stage, &given).map_err(|mistakes| mistakes_as_typed(mistakes, inputs))
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
        let is_definition = inputs.file.file_name().is_some_and(|file| *file == *name);
        let path = if is_definition {
            inputs.file.clone()
        } else {
            inputs.folder.join(name)
        };
        let path = path.strip_prefix(Path::new(".")).unwrap_or(&path);
        SourceFile::new(path.to_string_lossy(), span.file().text()).span(span.range())
    });
    found
}
