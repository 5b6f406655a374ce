//! Stage names, and the names under which instructions refer to sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar;
use crate::reference::ImageRef;
use crate::source::Source;
use crate::stage::{Base, Stage, StageKey};

/// A name for every stage: its own where that is possible, and no name twice.
pub(super) struct Names {
    names: BTreeMap<StageKey, String>,
    /// The last stage if it has no name of its own: nothing refers to it, so `FROM` declares none.
    unnamed: Option<StageKey>,
}

impl Names {
    /// Names the stages; the last one is the image and has the first choice.
    pub(super) fn new(stages: &[Stage]) -> Self {
        let mut taken = context_names(stages);
        let mut names = BTreeMap::new();
        let (last, others) = match stages.split_last() {
            Some((last, others)) => (Some(last), others),
            None => (None, stages),
        };
        let unnamed = last.filter(|last| last.name().is_none()).map(Stage::key);
        for stage in last.into_iter().chain(others) {
            if Some(stage.key()) != unnamed {
                let wanted = valid(stage.name().unwrap_or("stage"));
                names.insert(stage.key(), unique(&wanted, &mut taken));
            }
        }
        Self { names, unnamed }
    }

    /// The name by which instructions refer to a stage.
    pub(super) fn stage(&self, stage: &Stage) -> String {
        self.names.get(&stage.key()).cloned().unwrap_or_default()
    }

    /// The name that the stage's own `FROM` line declares.
    pub(super) fn declared(&self, stage: &Stage) -> Option<String> {
        (Some(stage.key()) != self.unnamed).then(|| self.stage(stage))
    }

    /// What stands after `--from=` or `from=`; `None` for the build context, which needs none.
    pub(super) fn source(&self, source: &Source) -> Result<Option<String>, String> {
        match source {
            Source::Context => Ok(None),
            Source::NamedContext(name) => named_context(name).map(Some),
            Source::Stage(stage) => Ok(Some(self.stage(stage))),
            Source::Image(reference) => Ok(Some(image(reference))),
            Source::Scratch => Ok(Some("scratch".to_owned())),
            Source::Http(_) => Err("`from` takes no URL".to_owned()),
            Source::Git(_) => Err("`from` takes no git repository".to_owned()),
            Source::Local(_) => Err("a local source has no name there".to_owned()),
            Source::Definition(_) => Err("LLB has no name there".to_owned()),
        }
    }
}

/// The shortest name that the frontend reads as this image.
pub(super) fn image(image: &ImageRef) -> String {
    let short = image.familiar();
    if short.parse().as_ref() == Ok(image) {
        short
    } else {
        image.to_string()
    }
}

/// A named context, in the only spelling under which the frontend finds it: that of an image without `:latest`.
pub(super) fn named_context(name: &str) -> Result<String, String> {
    let found = name.parse::<ImageRef>().is_ok_and(|image| {
        let familiar = image.familiar();
        familiar.strip_suffix(":latest").unwrap_or(&familiar) == name
    });
    let index = name.chars().all(|c| c.is_ascii_digit());
    if found && !index && !grammar::RESERVED_STAGE_NAMES.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "the frontend finds no build context under the name `{}`",
            name.escape_debug()
        ))
    }
}

/// A stage that is called like a named context would be replaced by it.
fn context_names(stages: &[Stage]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = grammar::RESERVED_STAGE_NAMES
        .iter()
        .map(|&name| name.to_owned())
        .collect();
    for stage in stages {
        if let Base::NamedContext(name) = stage.base() {
            names.insert(name.to_lowercase());
        }
        for source in stage.sources() {
            if let Source::NamedContext(name) = source {
                names.insert(name.to_lowercase());
            }
        }
    }
    names
}

/// The nearest valid stage name: `^[a-z][a-z0-9-_.]*$`, as `instructions/parse.go` has it.
fn valid(name: &str) -> String {
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '-' | '_' | '.' => c,
            _ => '-',
        })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name
    } else {
        format!("stage-{name}")
    }
}

fn unique(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut n = 1;
    while !taken.insert(name.clone()) {
        n += 1;
        name = format!("{wanted}-{n}");
    }
    name
}
