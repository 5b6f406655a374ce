//! Merge and diff of stages, and what stands in for them on engines that have neither.

use std::collections::BTreeSet;

use bollard_buildkit_proto::pb;

use super::exec;
use super::file::{self, Root};
use super::graph::{Node, Notes};
use super::image::ImageConfig;
use super::lowering::{Lowering, StageContext, State};
use crate::diagnostic::Diagnostic;
use crate::stage::{Base, Stage};
use crate::step::{Copy, Instruction, Owner, Step};

impl Lowering<'_> {
    /// Lays file systems on top of each other: by a merge op, or by copies where the engine has none.
    pub(super) fn merge(&mut self, stages: &[Stage], cx: &mut StageContext) -> Option<Node> {
        let root = |stage: &Stage| self.done.get(&stage.key())?.root.clone();
        let mut nodes: Vec<Node> = stages.iter().filter_map(root).collect();
        if nodes.len() < 2 {
            return nodes.pop();
        }
        let notes = Notes {
            name: cx.numbering.line("MERGE"),
            ..Notes::default()
        };
        if self.inputs.capabilities.has("mergeop") {
            Some(self.merge_op(&nodes, &notes))
        } else {
            self.merge_by_copies(&nodes, &notes)
        }
    }

    /// A linked copy: made on nothing, and laid on top of what is there.
    ///
    /// Without merge op, and with a mode, it is an ordinary copy, as `dispatchCopy` of the Dockerfile frontend does it.
    pub(super) fn link(
        &mut self,
        copy: &Copy,
        source: Option<&Node>,
        root: &Root<'_>,
        notes: &Notes<'_>,
    ) -> Node {
        if copy.owner.as_ref().is_some_and(Owner::has_name) {
            let mistake =
                Diagnostic::error("a linked copy has no passwd file to find its owner in")
                    .help("write the owner as a number, or leave out `.link()`");
            self.mistakes.push(mistake.at(notes.span));
        }
        let requires_paths = self.inputs.capabilities.has(file::REQUIRED_PATHS);
        let links = copy.mode.is_none() && self.inputs.capabilities.has("mergeop");
        let lower = root.node.filter(|_| links);
        let on = Root {
            node: root.node.filter(|_| !links),
            ..*root
        };
        let file = file::copy(copy, source, &on, requires_paths);
        let upper = self.add_file(file, notes);
        let Some(lower) = lower else {
            return upper;
        };
        let notes = Notes {
            name: notes.name.replacen("] ", "] LINK ", 1),
            span: notes.span,
            ignore_cache: notes.ignore_cache,
            group: notes.group.clone(),
        };
        self.merge_op(&[lower.clone(), upper], &notes)
    }

    fn merge_op(&mut self, nodes: &[Node], notes: &Notes<'_>) -> Node {
        let mut inputs = Vec::new();
        let merge = pb::MergeOp {
            inputs: nodes
                .iter()
                .map(|node| pb::MergeInput {
                    input: exec::input_index(&mut inputs, node),
                })
                .collect(),
        };
        let capabilities = BTreeSet::from(["mergeop"]);
        let op = pb::op::Op::Merge(merge);
        self.graph.add(inputs, None, op, &capabilities, notes)
    }

    fn merge_by_copies(&mut self, nodes: &[Node], notes: &Notes<'_>) -> Option<Node> {
        let all = crate::copy("/", "/");
        nodes.iter().cloned().reduce(|lower, upper| {
            let root = Root {
                node: Some(&lower),
                working_dir: "/",
                epoch: None,
            };
            let file = file::copy(&all, Some(&upper), &root, false);
            self.add_file(file, notes)
        })
    }

    pub(super) fn diff(
        &mut self,
        lower: &Stage,
        upper: &Stage,
        cx: &mut StageContext,
    ) -> Option<Node> {
        let node = |stage: &Stage| self.done.get(&stage.key())?.root.clone();
        let (below, above) = (node(lower), node(upper));
        if !self.inputs.capabilities.has("diffop") {
            return self.diff_by_replay(lower, upper, cx);
        }
        let mut inputs = Vec::new();
        // BuildKit's `pb.Empty` is -1.
        let mut index = |node: &Option<Node>| {
            node.as_ref()
                .map_or(-1, |node| exec::input_index(&mut inputs, node))
        };
        let diff = pb::DiffOp {
            lower: Some(pb::LowerDiffInput {
                input: index(&below),
            }),
            upper: Some(pb::UpperDiffInput {
                input: index(&above),
            }),
        };
        let notes = Notes {
            name: cx.numbering.line("DIFF"),
            ..Notes::default()
        };
        let capabilities = BTreeSet::from(["diffop"]);
        let op = pb::op::Op::Diff(diff);
        Some(self.graph.add(inputs, None, op, &capabilities, &notes))
    }

    /// What `upper` adds to `lower`, made anew on nothing: exact where only files were copied or written.
    fn diff_by_replay(
        &mut self,
        lower: &Stage,
        upper: &Stage,
        cx: &mut StageContext,
    ) -> Option<Node> {
        let Some(steps) = replayable(lower, upper) else {
            self.mistakes.push(
                Diagnostic::error("the engine lacks `diffop`, which a `diff` of stages needs")
                    .help("use an engine with the containerd image store, or copy files instead"),
            );
            return None;
        };
        let mut state = State::new(None, ImageConfig::empty(&cx.platform));
        if let Some(lower) = self.done.get(&lower.key()) {
            state.image = lower.image.clone();
        }
        for step in steps {
            self.step(&mut state, step, cx);
        }
        state.root
    }
}

/// The steps that `upper` has on top of `lower`, if they only copy and write files.
fn replayable<'a>(lower: &Stage, upper: &'a Stage) -> Option<&'a [Step]> {
    let steps = match upper.base() {
        Base::Stage(base) if base == lower => upper.steps(),
        base if base == lower.base() => upper.steps().strip_prefix(lower.steps())?,
        _ => return None,
    };
    let replays = |step: &Step| match &step.instruction {
        Instruction::Copy(Copy { owner, .. }) => !owner.as_ref().is_some_and(Owner::has_name),
        Instruction::Mkdir(made) => !made.owner.as_ref().is_some_and(Owner::has_name),
        Instruction::Mkfile(made) => !made.owner.as_ref().is_some_and(Owner::has_name),
        Instruction::Symlink(made) => !made.owner.as_ref().is_some_and(Owner::has_name),
        Instruction::Run(_) | Instruction::Remove(_) | Instruction::Workdir(_) => false,
        Instruction::Config(_) => true,
    };
    steps.iter().all(replays).then_some(steps)
}
