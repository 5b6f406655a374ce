//! What the rules find (`frontend/subrequests/lint/lint.go` in moby/buildkit).

use std::sync::Arc;

use microb_dsl::rule::Review;
use microb_dsl::{Diagnostic, Diagnostics, report};
use serde::Serialize;
use serde_json::Value;

use super::places::{Location, Sources};
use super::{VERSION, list, result};
use crate::build::{Build, Findings};
use crate::gateway::{Failure, Outcome};
use crate::recipe::Recipe;
use crate::request::Request;

#[derive(Debug, Serialize)]
struct Results {
    warnings: Vec<Warning>,
    sources: Vec<Value>,
    #[serde(rename = "buildError", skip_serializing_if = "Option::is_none")]
    error: Option<BuildError>,
}

#[derive(Debug, Serialize)]
struct Warning {
    #[serde(rename = "ruleName")]
    rule_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    detail: String,
    location: Location,
}

#[derive(Debug, Serialize)]
struct BuildError {
    message: String,
    location: Location,
}

pub(super) async fn answer(build: &Build, recipe: &Recipe) -> Result<Outcome, Failure> {
    let mut findings = Findings::default();
    for target in targets(build, recipe).await {
        findings.add(build.for_target(target).inspect(recipe).await);
    }
    let review = build.checks.review(findings.warnings, &recipe.rules);
    let mut sources = Sources::new(&build.files.definition);
    let mut warnings: Vec<Warning> = review
        .warnings
        .iter()
        .chain(&review.errors)
        .map(|found| warning(found, recipe, &mut sources))
        .collect();
    warnings.sort_by_key(|found| {
        let file = sources
            .file(&found.location)
            .map(|file| file.name().to_owned());
        (file, found.location.line(), found.rule_name.clone())
    });
    let error = error(findings.errors, findings.failure, review, &mut sources);
    let status = if warnings.is_empty() && error.is_none() {
        "0"
    } else {
        "1"
    };
    let text = text(&warnings, &sources);
    let results = Results {
        warnings,
        sources: sources.infos(),
        error,
    };
    let mut outcome = result(&results, text, VERSION)?;
    let metadata = &mut outcome.metadata;
    metadata.insert("result.statuscode".to_owned(), status.as_bytes().to_vec());
    Ok(outcome)
}

/// The target that was asked for, or all of them.
async fn targets(build: &Build, recipe: &Recipe) -> Vec<Option<String>> {
    if build.request.target.is_some() {
        return vec![build.request.target.clone()];
    }
    match list(build, recipe).await {
        Ok(Some(targets)) if targets.iter().any(|target| !target.name.is_empty()) => targets
            .into_iter()
            .map(|target| Some(target.name))
            .collect(),
        // When the targets cannot be listed, running the recipe tells why.
        Ok(_) | Err(_) => vec![None],
    }
}

impl Build {
    /// The same build for another target, and for one platform.
    fn for_target(&self, target: Option<String>) -> Self {
        let mut request = Request::clone(&self.request);
        request.target = target;
        request.platforms.truncate(1);
        Self {
            request: Arc::new(request),
            ..self.clone()
        }
    }
}

fn warning(found: &Diagnostic, recipe: &Recipe, sources: &mut Sources) -> Warning {
    let help = found.help.as_ref().map(|help| format!("\nhelp: {help}"));
    let (name, description, url) = match found.rule {
        Some(rule) => (rule.name, rule.description, rule.url()),
        None => (recipe.name(), "", None),
    };
    Warning {
        rule_name: name.to_owned(),
        description: description.to_owned(),
        url: url.unwrap_or_default(),
        detail: format!("{}{}", found.message, help.unwrap_or_default()),
        location: match &found.span {
            Some(span) => sources.locate(span),
            None => Location::NOWHERE,
        },
    }
}

/// Why there would be no image: mistakes, what the engine said, or findings that stop a build.
fn error(
    mistakes: Vec<Diagnostic>,
    failure: Option<Failure>,
    review: Review,
    sources: &mut Sources,
) -> Option<BuildError> {
    // A location must name a file, and clients show the place of one finding only.
    let mut at = |found: Option<&Diagnostic>| match found.and_then(|found| found.span.as_ref()) {
        Some(span) => sources.locate(span),
        None => Location {
            source_index: 0,
            ranges: Vec::new(),
        },
    };
    if let Err(mistakes) = Diagnostics::or(mistakes, ()) {
        return Some(BuildError {
            message: report::render(&mistakes),
            location: at(mistakes.iter().next()),
        });
    }
    if let Some(failure) = failure {
        return Some(BuildError {
            message: failure.message().to_owned(),
            location: at(None),
        });
    }
    // The findings themselves are among the warnings.
    let refused = review.into_errors();
    let first = refused.first()?;
    Some(BuildError {
        message: first.message.clone(),
        location: at(None),
    })
}

fn text(warnings: &[Warning], sources: &Sources) -> String {
    let one = |found: &Warning| {
        let url = match found.url.as_str() {
            "" => String::new(),
            url => format!(" - {url}"),
        };
        let Warning {
            rule_name, detail, ..
        } = found;
        let excerpt = sources.excerpt(&found.location);
        format!("\nWARNING: {rule_name}{url}\n{detail}\n{excerpt}")
    };
    warnings.iter().map(one).collect()
}
