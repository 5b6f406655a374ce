//! The interpreter that compares two recipes, step by step.

mod common;
mod words;

use std::fmt;

use crate::dockerfile::{StageTexts, texts};
use crate::stage::Stage;

use common::{Aligned, aligned};
pub use words::Word;

/// What two recipes do differently. `Display` writes it for people.
///
/// ```
/// # use microb_dsl::{difference, prelude::*};
/// let python = |tag: &str| from(ImageRef::official("python", tag)).named("app");
/// let a = python("3.13").then((workdir("/app"), copy("app", "/app"), label("version", "1.0")));
/// let b = python("3.14").then((copy("app", "/app"), label("version", "1.1"), user(1000)));
/// assert_eq!(difference::between(&a, &b).to_string(), "\
/// stage app
///   ~ FROM python:[-3.13-]{+3.14+}
///   - WORKDIR /app
///   ~ LABEL version=[-1.0-]{+1.1+}
///   + USER 1000:1000
/// ");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The stages that differ, those that others need first.
    pub stages: Vec<StageDifference>,
}

/// A stage that only one recipe has, or that both have and that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageDifference {
    /// Its name.
    pub name: String,
    /// Whether it is there before and after.
    pub presence: Presence,
    /// The lines that differ, or all lines of a stage that only one recipe has.
    pub lines: Vec<LineDifference>,
}

/// Which of two recipes has a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Both.
    Both,
    /// Only the second.
    Added,
    /// Only the first.
    Removed,
}

/// A base or a step that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineDifference {
    /// Only the second recipe has it.
    Added(String),
    /// Only the first recipe has it.
    Removed(String),
    /// Both have it, with different words. For a text of several lines: the first line and those that differ.
    Changed(Vec<Vec<Word>>),
}

/// Compares two recipes. Stages are compared by name, and the images that come out whatever they are called.
pub fn between(before: &Stage, after: &Stage) -> Difference {
    let image = match (before.name(), after.name()) {
        (Some(before), Some(after)) if before == after => before,
        _ => "of the image",
    };
    let (before, after) = (named(before, image), named(after, image));
    let partner =
        |name: &str, of: &[(String, StageTexts)]| of.iter().position(|(other, _)| other == name);
    let removed = before
        .iter()
        .filter(|(name, _)| partner(name, &after).is_none())
        .map(|(name, stage)| StageDifference {
            name: name.clone(),
            presence: Presence::Removed,
            lines: stage
                .texts
                .iter()
                .cloned()
                .map(LineDifference::Removed)
                .collect(),
        });
    let others = after.iter().filter_map(|(name, stage)| {
        let earlier = partner(name, &before).and_then(|place| before.get(place));
        let (presence, lines) = if let Some((_, earlier)) = earlier {
            (Presence::Both, lines(&earlier.texts, &stage.texts))
        } else {
            let lines = stage.texts.iter().cloned().map(LineDifference::Added);
            (Presence::Added, lines.collect())
        };
        (!lines.is_empty()).then(|| StageDifference {
            name: name.clone(),
            presence,
            lines,
        })
    });
    Difference {
        stages: removed.chain(others).collect(),
    }
}

/// The stages by name. The last one is called the same in both recipes.
fn named(stage: &Stage, image: &str) -> Vec<(String, StageTexts)> {
    let stages = texts(stage);
    let last = stages.len().saturating_sub(1);
    let name = |(n, mut stage): (usize, StageTexts)| {
        if n < last {
            return (stage.name.clone().unwrap_or_default(), stage);
        }
        if let (Some(name), Some(from)) = (&stage.name, stage.texts.first_mut()) {
            let suffix = format!(" AS {name}");
            *from = from.replacen(&suffix, "", 1);
        }
        (image.to_owned(), stage)
    };
    stages.into_iter().enumerate().map(name).collect()
}

fn lines(before: &[String], after: &[String]) -> Vec<LineDifference> {
    let mut found = Vec::new();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for part in aligned(before, after) {
        match part {
            Aligned::Removed(line) => removed.push(line),
            Aligned::Added(line) => added.push(line),
            Aligned::Both(_) => {
                found.extend(paired(&removed, &added));
                removed.clear();
                added.clear();
            }
        }
    }
    found.extend(paired(&removed, &added));
    found
}

/// Lines between two that are the same: those that are alike are one changed line.
fn paired(removed: &[&String], added: &[&String]) -> Vec<LineDifference> {
    let mut found = Vec::new();
    let mut added = added;
    for line in removed {
        match added.iter().position(|other| words::are_alike(line, other)) {
            Some(place) => {
                let (before, rest) = added.split_at(place);
                found.extend(
                    before
                        .iter()
                        .map(|line| LineDifference::Added((*line).clone())),
                );
                if let Some((partner, rest)) = rest.split_first() {
                    found.push(LineDifference::Changed(words::changed(line, partner)));
                    added = rest;
                }
            }
            None => found.push(LineDifference::Removed((*line).clone())),
        }
    }
    found.extend(
        added
            .iter()
            .map(|line| LineDifference::Added((*line).clone())),
    );
    found
}

impl Difference {
    /// Whether both recipes are the same.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, stage) in self.stages.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            let mark = match stage.presence {
                Presence::Both => "",
                Presence::Added => "+ ",
                Presence::Removed => "- ",
            };
            writeln!(f, "{mark}stage {}", stage.name)?;
            for line in &stage.lines {
                match line {
                    LineDifference::Added(text) => indented(f, '+', text)?,
                    LineDifference::Removed(text) => indented(f, '-', text)?,
                    LineDifference::Changed(lines) => {
                        let lines: Vec<String> =
                            lines.iter().map(|line| words::marked(line)).collect();
                        indented(f, '~', &lines.join("\n"))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn indented(f: &mut fmt::Formatter<'_>, mark: char, text: &str) -> fmt::Result {
    writeln!(f, "  {mark} {}", text.replace('\n', "\n      "))
}
