//! The interpreter that says what each step reads, and which steps a change runs again.
//!
//! BuildKit knows a step by its own text and by its inputs: the file system that it starts from by its history, what it
//! copies or mounts by its content. So a step runs again after any step above it in its stage, but what copies `/dist`
//! of another stage only when other files are there.
//!
//! What a program makes is not known without running it; the answer then is that a step *may* run, and on which.
//!
//! ```
//! # use microb_dsl::{explain::{Entry, EntryKind, Planned, Tree, reruns}, llb::Inputs, prelude::*};
//! let build = scratch().named("build").then((copy("src", "/src"), run(["make"])));
//! let stage = scratch().named("final").then((copy("docs", "/docs"), copy("/out", "/").from(&build)));
//! let mut tree = Tree::default();
//! for path in ["src/main.c", "docs/index.md"] {
//!     tree.insert(path, Entry { kind: EntryKind::File("1".to_owned()), mode: 0o644 });
//! }
//! let inputs = Inputs::offline("linux/amd64".parse().unwrap());
//! let before = Planned::new(&stage, &inputs).tree("context", tree.clone());
//! let after = Planned::new(&stage, &inputs).tree("context", tree.with_changed("src/main.c"));
//! assert_eq!(reruns(&before, &after)?.to_string(), "\
//! 2 of 4 steps run again, 1 more may run again:
//!
//!   runs     [build 1/2] COPY src /src
//!            copies src/main.c
//!   runs     [build 2/2] RUN make
//!            after [build 1/2]
//!   may run  [final 2/2] COPY --from=build /out /
//!            if [build 2/2] makes other files: /out
//! ");
//! # Ok::<(), Diagnostics>(())
//! ```

mod files;
mod reads;
mod rerun;
mod text;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostics;
use crate::llb::cache::{Effect, Vertex};
use crate::llb::{self, Inputs, Lowered};
use crate::stage::Stage;

pub use reads::{ExplainedStage, ExplainedStep, Explanation, explain};
pub use tree::{Entry, EntryKind, Tree};

use rerun::{Build, Fate, Reason};

/// A stage with its inputs and files: one side of a comparison.
#[derive(Debug, Clone)]
#[must_use]
pub struct Planned<'a> {
    stage: &'a Stage,
    inputs: &'a Inputs,
    trees: BTreeMap<String, Tree>,
}

impl<'a> Planned<'a> {
    /// A stage, and what lowering needs to know.
    pub fn new(stage: &'a Stage, inputs: &'a Inputs) -> Self {
        Self {
            stage,
            inputs,
            trees: BTreeMap::new(),
        }
    }

    /// Gives the files of a local source; `context` is the build context. Those of other sources count as unchanged.
    pub fn tree(mut self, source: impl Into<String>, tree: Tree) -> Self {
        self.trees.insert(source.into(), tree);
        self
    }

    fn build(&self, lowered: &Lowered) -> Build<'_> {
        let definition = lowered.definition.as_ref();
        let vertices = definition
            .map(|definition| llb::cache::vertices(definition, &lowered.vertices))
            .unwrap_or_default();
        let trees = self.trees.iter();
        Build {
            vertices,
            trees: trees.map(|(name, tree)| (name.as_str(), tree)).collect(),
        }
    }
}

/// Which steps of a build run again after another build. `Display` writes it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reruns {
    /// The steps that run or may run, in the order of the stages.
    pub steps: Vec<Rerun>,
    /// How many steps the build has.
    pub n_steps: usize,
    /// What changes of the image config, which runs nothing: `label team`, `variable HOME`, `entrypoint` …
    pub config: Vec<String>,
}

/// A step that runs again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerun {
    /// The line that progress shows for it.
    pub name: String,
    /// Whether it certainly runs; otherwise it runs if one of the reasons applies.
    pub is_certain: bool,
    /// Why, or when, it runs; each reason in words.
    pub reasons: Vec<String>,
}

/// Which steps of `after` run when `before` was built last and is in the cache.
///
/// Images, URLs and git references are assumed to be unchanged.
///
/// # Errors
///
/// When one of the two cannot be lowered.
pub fn reruns(before: &Planned<'_>, after: &Planned<'_>) -> Result<Reruns, Diagnostics> {
    let lowered_before = llb::lower(before.stage, before.inputs)?;
    let lowered = llb::lower(after.stage, after.inputs)?;
    let (before, after) = (before.build(&lowered_before), after.build(&lowered));
    let fates = rerun::fates(&before, &after);
    let is_step = |vertex: &&Vertex| matches!(vertex.step, Some((_, Some(_))));
    let told = after
        .vertices
        .iter()
        .zip(&fates)
        .filter(|(vertex, _)| vertex.step.is_some());
    let steps = told.filter_map(|(vertex, fate)| {
        let (is_certain, reasons) = match fate {
            Fate::Cached(_) => return None,
            Fate::Runs(reasons) => (true, reasons),
            Fate::MayRun(_, reasons) => (false, reasons),
        };
        let reasons: BTreeSet<&Reason> = reasons.iter().collect();
        let words = |reason: &Reason| in_words(reason, is_certain, &after.vertices);
        Some(Rerun {
            name: vertex.name.clone(),
            is_certain,
            reasons: reasons.into_iter().map(words).collect(),
        })
    });
    Ok(Reruns {
        steps: steps.collect(),
        n_steps: after.vertices.iter().filter(is_step).count(),
        config: llb::config_differences(&lowered_before.config, &lowered.config),
    })
}

fn in_words(reason: &Reason, is_certain: bool, vertices: &[Vertex]) -> String {
    let at = |place: &usize| vertices.get(*place);
    match reason {
        Reason::Changed => "is new or has changed".to_owned(),
        Reason::After(vertex) => {
            let vertex = at(vertex).map_or("", place);
            if is_certain {
                format!("after {vertex}")
            } else {
                format!("if {vertex} runs")
            }
        }
        Reason::Made { by, path } => {
            let by = at(by).map_or("", place);
            format!("if {by} makes other files: {path}")
        }
        Reason::Files { from, path, differ } => {
            let Some(vertex) = at(from) else {
                return String::new();
            };
            let path = path.trim_end_matches('/');
            let joined = |rest: &String| match rest.as_str() {
                "" => path.to_owned(),
                rest => format!("{path}/{rest}"),
            };
            let files: Vec<String> = differ.iter().map(joined).collect();
            match &vertex.effect {
                Effect::Local(_) => format!(
                    "copies {}",
                    text::short_list(&files, |path| { path.trim_start_matches('/').to_owned() })
                ),
                // A file that the recipe itself writes.
                Effect::Files(None, _) if vertex.step.is_none() => {
                    "its content has changed".to_owned()
                }
                Effect::Files(..) | Effect::Unknown => {
                    let files = text::short_list(&files, Clone::clone);
                    format!("{} has other files: {files}", place(vertex))
                }
            }
        }
    }
}

/// The part of a line of progress that says where it is, or all of it.
fn place(vertex: &Vertex) -> &str {
    let end = vertex.name.find("] ").filter(|_| vertex.step.is_some());
    end.map_or(&vertex.name, |end| &vertex.name[..=end])
}
