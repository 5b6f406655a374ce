//! What a recipe says that the failure of its steps means.

use std::collections::BTreeMap;
use std::sync::Arc;

use microb_dsl::llb::StepVertex;
use microb_dsl::step::{Meaning, Step};
use microb_dsl::{Diagnostics, Inspection, Stage};

use crate::build::Build;
use crate::gateway::Failure;
use crate::plan::Plan;

/// What is known of steps that may fail, by the digest of the vertex that fails.
pub(crate) type Meanings = BTreeMap<String, Known>;

/// What the recipe says of a step that may fail.
#[derive(Debug)]
pub(crate) struct Known {
    meanings: Vec<Meaning>,
    /// What looks for the cause.
    look: Option<Arc<Inspection>>,
    /// The stage of the step, and the step's place in it.
    stage: Stage,
    step: usize,
}

/// What the steps of a stage, and of all stages that it needs, say of their failures.
pub(crate) fn of(stage: &Stage, vertices: &[StepVertex]) -> Meanings {
    let stages = stage.stages();
    let mut known = Meanings::new();
    for vertex in vertices {
        let Some((stage, n)) = stages.get(vertex.stage).zip(vertex.step) else {
            continue;
        };
        let step = stage.steps().get(n);
        let says = |step: &&Step| !step.origin.failures.is_empty() || step.origin.look.is_some();
        if let Some(step) = step.filter(says) {
            // Equal steps are one vertex: the first says what its failure means.
            known.entry(vertex.digest.clone()).or_insert_with(|| Known {
                meanings: placed(step),
                look: step.origin.look.clone(),
                stage: (*stage).clone(),
                step: n,
            });
        }
    }
    known
}

/// The meanings of a step's failures. One without a place of its own is told at that of the step.
fn placed(step: &Step) -> Vec<Meaning> {
    let mut meanings = step.origin.failures.clone();
    for Meaning { finding, .. } in &mut meanings {
        if finding.span.is_none() {
            finding.span.clone_from(&step.origin.span);
        }
    }
    meanings
}

impl Build {
    /// Tells the failure of a step in the recipe's words, when it has some for it: those for its exit code, else what a look
    /// finds, else those for any failure.
    pub(crate) async fn explain(
        &self,
        failure: Failure,
        meanings: &Meanings,
        plan: &Plan,
    ) -> Failure {
        let Some((code, known)) = known(&failure, meanings) else {
            return failure;
        };
        if let Some(meant) = known.meaning(Some(code)) {
            return failure.told_at_its_place(meant.finding.clone());
        }
        if let Some(look) = &known.look {
            let before = known.stage.clone().before(known.step);
            // One that fails itself has nothing to add to the failure that it is about.
            let found = self.look_before(look, &before, plan).await;
            if let Err(causes) = Diagnostics::or(found.unwrap_or_default(), ()) {
                return failure.told_at_its_place(causes);
            }
        }
        match known.meaning(None) {
            Some(meant) => failure.told_at_its_place(meant.finding.clone()),
            None => failure,
        }
    }
}

impl Known {
    fn meaning(&self, exit_code: Option<u8>) -> Option<&Meaning> {
        self.meanings.iter().find(|one| one.exit_code == exit_code)
    }
}

/// What is known of the program that failed, and its exit code.
fn known<'a>(failure: &Failure, meanings: &'a Meanings) -> Option<(u8, &'a Known)> {
    let code = exit_code(failure.message())?;
    Some((code, meanings.get(&failure.vertex()?)?))
}

/// The exit code of a program that failed, in the words of `frontend/gateway/pb/exit.go` in moby/buildkit.
fn exit_code(message: &str) -> Option<u8> {
    let (_, code) = message.rsplit_once("exit code: ")?;
    code.parse().ok()
}

#[cfg(test)]
mod tests {
    use microb_dsl::llb::{Inputs, lower};
    use microb_dsl::prelude::*;
    use microb_dsl::{Judgment, Platform, SourceFile};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_of_a_failure_is_found_by_its_vertex_and_exit_code() {
        let file = SourceFile::new("pyproject.toml", "wheel\nindex\n");
        let at = |text: &str, word: &str| Diagnostic::error(text).at(&file.find(word).unwrap());
        let step = run(["build"])
            .on_failure(at("no wheel", "wheel"))
            .on_exit_code(65, at("refused", "index"))
            .on_failure_look(Inspection::new((), "/said", |_| {
                Judgment::Findings(Vec::new())
            }));
        let stage = scratch()
            .then(run(["first"]))
            .then(step)
            .then(run(["other"]));
        let lowered = lower(&stage, &Inputs::offline(Platform::host())).unwrap();
        let meanings = of(&stage, &lowered.vertices);
        let digests: Vec<_> = meanings.keys().cloned().collect();
        assert_eq!(digests.len(), 1);
        for (digest, message, expected) in [
            (
                &*digests[0],
                "process \"build\" did not complete successfully: exit code: 1",
                Some((1, None)),
            ),
            (&digests[0], "exit code: 65", Some((65, Some("refused")))),
            (&digests[0], "no space left on device", None),
            ("sha256:0", "exit code: 65", None),
        ] {
            let mut failure = Failure::new(message);
            failure.detail("errdefs.Vertex", &json!({ "digest": digest }));
            let found = known(&failure, &meanings).map(|(code, known)| {
                let meant = known.meaning(Some(code));
                (code, meant.map(|meant| &*meant.finding.message))
            });
            assert_eq!(found, expected);
        }
        let known = &meanings[&digests[0]];
        assert_eq!(known.meaning(None).unwrap().finding.message, "no wheel");
        assert_eq!(known.look.as_ref().unwrap().report(), "/said");
        assert_eq!(known.stage.clone().before(known.step).steps().len(), 1);
    }

    #[test]
    fn what_has_no_place_is_told_at_that_of_the_step() {
        let file = SourceFile::new("pyproject.toml", "list\n");
        let place = file.find("list");
        let step = run(["install"]).on_failure(Diagnostic::error("not installed"));
        let step = step.at(place.as_ref());
        assert_eq!(placed(&step[0])[0].finding.span, place);
    }
}
