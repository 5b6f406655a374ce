//! Which images the file describes (`frontend/subrequests/targets/targets.go` in moby/buildkit).

use microb_dsl::{Base, Target};
use serde::Serialize;

use super::places::{Location, Sources};
use super::table::{cell, table};
use super::{VERSION, list, result};
use crate::build::Build;
use crate::gateway::{Failure, Outcome};
use crate::recipe::Recipe;

#[derive(Debug, Serialize)]
struct List {
    targets: Vec<Entry>,
    sources: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Entry {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    default: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

pub(super) async fn answer(build: &Build, recipe: &Recipe) -> Result<Outcome, Failure> {
    let targets = match list(build, recipe).await? {
        Some(targets) => targets,
        None => vec![only(build, recipe).await?],
    };
    let mut sources = Sources::new(&build.files.definition);
    let entries = targets.into_iter().map(|target| Entry {
        name: target.name,
        default: target.is_default,
        description: target.description,
        base: target.base,
        location: target.span.map(|span| sources.locate(&span)),
    });
    let targets = entries.collect::<Vec<_>>();
    let text = text(&targets);
    let sources = sources.contents();
    result(&List { targets, sources }, text, VERSION)
}

/// The one image of a recipe that lists none.
async fn only(build: &Build, recipe: &Recipe) -> Result<Target, Failure> {
    let stage = build.run_once(recipe).await.result?;
    Ok(Target {
        name: stage.name().unwrap_or_default().to_owned(),
        description: None,
        is_default: true,
        base: match stage.base() {
            Base::Image(image) => Some(image.familiar()),
            Base::NamedContext(name) => Some(name.clone()),
            Base::Stage(below) => below.name().map(str::to_owned),
            Base::Scratch => Some("scratch".to_owned()),
            Base::Merge(_) | Base::Diff { .. } | Base::Definition(_) => None,
        },
        span: stage.span().cloned(),
    })
}

fn text(targets: &[Entry]) -> String {
    let cells: Vec<[String; 2]> = targets
        .iter()
        .map(|target| {
            let name = match (target.name.as_str(), target.default) {
                ("", true) => "(default)".to_owned(),
                (name, true) => format!("{name} (default)"),
                (name, false) => name.to_owned(),
            };
            [
                name,
                cell(target.description.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let mut lines = vec![["TARGET", "DESCRIPTION"]];
    lines.extend(
        cells
            .iter()
            .map(|[name, text]| [name.as_str(), text.as_str()]),
    );
    table(&lines, 1)
}
