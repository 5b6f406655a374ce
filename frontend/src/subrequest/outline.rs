//! What can be given to a build (`frontend/subrequests/outline/outline.go` in moby/buildkit).

use std::collections::BTreeSet;

use microb_dsl::{BuildArg, Instruction, Mount, Span, Stage};
use serde::Serialize;

use super::places::{Location, Sources};
use super::table::{cell, table};
use super::{VERSION, list, result};
use crate::build::Build;
use crate::gateway::{Failure, Outcome};
use crate::recipe::Recipe;

/// The version of the form whose text has caches: an older client prints our text then instead of its own, without them.
const VERSION_WITH_CACHES: &str = "1.1.0";

/// The arguments that every build has, whoever asks for them.
///
/// <https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>
const AUTOMATIC: &[&str] = &[
    "BUILDARCH",
    "BUILDOS",
    "BUILDPLATFORM",
    "BUILDVARIANT",
    "TARGETARCH",
    "TARGETOS",
    "TARGETPLATFORM",
    "TARGETVARIANT",
];

#[derive(Debug, Default, Serialize)]
struct Outline {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Arg>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<Need>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssh: Vec<Need>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cache: Vec<Cache>,
    sources: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Arg {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

/// A secret or an agent.
#[derive(Debug, Serialize)]
struct Need {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

#[derive(Debug, Serialize)]
struct Cache {
    #[serde(rename = "ID")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

pub(super) async fn answer(build: &Build, recipe: &Recipe) -> Result<Outcome, Failure> {
    let targets = list(build, recipe).await?.unwrap_or_default();
    let answer = build.run_once(recipe).await;
    let stage = answer.result?;
    let mut sources = Sources::new(&build.files.definition);
    let name = stage.name().unwrap_or_default();
    let named = targets
        .into_iter()
        .find(|target| target.name == name || target.name.is_empty());
    let (name, description) = match named {
        Some(target) => (target.name, target.description.unwrap_or_default()),
        None => (name.to_owned(), String::new()),
    };
    let mut outline = Outline {
        name,
        description: cell(&description),
        args: args(build, answer.build_args, &mut sources),
        ..Outline::default()
    };
    outline.add_mounts(&stage, &mut sources);
    outline.sources = sources.contents();
    let version = if outline.cache.is_empty() {
        VERSION
    } else {
        VERSION_WITH_CACHES
    };
    let text = outline.text();
    result(&outline, text, version)
}

fn args(build: &Build, asked: Vec<BuildArg>, sources: &mut Sources) -> Vec<Arg> {
    let given = &build.request.build_args;
    let names: BTreeSet<String> = asked.iter().map(|arg| arg.name.clone()).collect();
    // One that the recipe takes in capitals too is one argument.
    let twin = |arg: &BuildArg| {
        let small = arg.name.to_lowercase();
        arg.span.is_none() && small != arg.name && names.contains(&small)
    };
    let (twins, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(twin);
    let value = |name: &str| {
        let mut twins = twins.iter().map(|twin| twin.name.as_str());
        let twin = twins.find(|twin| twin.to_lowercase() == name);
        given.get(name).or_else(|| given.get(twin?))
    };
    let mut args: Vec<Arg> = asked
        .into_iter()
        .filter(|arg| !AUTOMATIC.contains(&arg.name.as_str()))
        .map(|arg| Arg {
            value: value(&arg.name)
                .cloned()
                .or(arg.default)
                .unwrap_or_default(),
            description: arg.description.unwrap_or_default(),
            location: arg.span.map(|span| sources.locate(&span)),
            name: arg.name,
        })
        .collect();
    args.sort_by_key(|arg| place(arg.location.as_ref()));
    args
}

/// In the order of the file; what has no place comes last.
fn place(location: Option<&Location>) -> (bool, i32, usize) {
    let (index, line) = location.map_or((0, 0), |at| (at.source_index, at.line()));
    (location.is_none(), index, line)
}

impl Outline {
    /// Adds what the steps of all stages mount, each once.
    fn add_mounts(&mut self, stage: &Stage, sources: &mut Sources) {
        let mut seen = BTreeSet::new();
        for stage in stage.stages() {
            for step in stage.steps() {
                let Instruction::Run(run) = &step.instruction else {
                    continue;
                };
                for mount in run.mounted() {
                    if let Some(key) = key(mount)
                        && seen.insert(key)
                    {
                        self.add(mount, step.origin.span.as_ref(), sources);
                    }
                }
            }
        }
        self.secrets
            .sort_by_key(|secret| place(secret.location.as_ref()));
        self.ssh.sort_by_key(|agent| place(agent.location.as_ref()));
        self.cache
            .sort_by_key(|cache| place(cache.location.as_ref()));
    }

    fn add(&mut self, mount: &Mount, span: Option<&Span>, sources: &mut Sources) {
        let own = match mount {
            Mount::Secret(secret) => secret.span(),
            _ => None,
        };
        let location = own.or(span).map(|span| sources.locate(span));
        match mount {
            Mount::Secret(secret) => self.secrets.push(Need {
                name: secret.name().to_owned(),
                required: secret.is_required(),
                location,
            }),
            Mount::Ssh(ssh) => self.ssh.push(Need {
                name: ssh.name().to_owned(),
                required: ssh.is_required(),
                location,
            }),
            Mount::Cache(cache) => self.cache.push(Cache {
                id: cache.name().to_owned(),
                location,
            }),
            Mount::Bind(_) | Mount::Tmpfs(_) => {}
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.name.is_empty() || !self.description.is_empty() {
            let name = match self.name.as_str() {
                "" => "(default)",
                name => name,
            };
            let mut lines = vec![["TARGET:", name]];
            if !self.description.is_empty() {
                lines.push(["DESCRIPTION:", &self.description]);
            }
            text = table(&lines, 1) + "\n";
        }
        let args: Vec<[String; 3]> = self
            .args
            .iter()
            .map(|arg| [&arg.name, &arg.value, &arg.description].map(|text| cell(text)))
            .collect();
        text += &section(["BUILD ARG", "VALUE", "DESCRIPTION"], &args);
        text += &section(["SECRET", "REQUIRED"], &needs(&self.secrets));
        text += &section(["SSH", "REQUIRED"], &needs(&self.ssh));
        let caches: Vec<[String; 1]> = self.cache.iter().map(|cache| [cell(&cache.id)]).collect();
        text + &section(["CACHE"], &caches)
    }
}

/// What makes a mount the same as another one.
fn key(mount: &Mount) -> Option<(u8, String)> {
    match mount {
        Mount::Secret(secret) => Some((0, secret.name().to_owned())),
        Mount::Ssh(ssh) => Some((1, ssh.name().to_owned())),
        Mount::Cache(cache) => Some((2, cache.name().to_owned())),
        Mount::Bind(_) | Mount::Tmpfs(_) => None,
    }
}

fn needs(needs: &[Need]) -> Vec<[String; 2]> {
    let line = |need: &Need| {
        let required = if need.required { "true" } else { "" };
        [cell(&need.name), required.to_owned()]
    };
    needs.iter().map(line).collect()
}

/// A table with a title line and an empty line after it; nothing without lines.
fn section<const N: usize>(title: [&str; N], cells: &[[String; N]]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let mut lines = vec![title];
    lines.extend(cells.iter().map(|line| line.each_ref().map(String::as_str)));
    table(&lines, 3) + "\n"
}
