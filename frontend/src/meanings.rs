//! What a recipe says that the failure of its steps means.

use std::collections::BTreeMap;

use microb_dsl::Stage;
use microb_dsl::llb::StepVertex;
use microb_dsl::step::Meaning;

use crate::gateway::Failure;

/// The meanings of failures, by the digest of the vertex that fails.
pub(crate) type Meanings = BTreeMap<String, Vec<Meaning>>;

/// What the steps of a stage, and of all stages that it needs, say of their failures.
pub(crate) fn of(stage: &Stage, vertices: &[StepVertex]) -> Meanings {
    let stages = stage.stages();
    let mut meanings = Meanings::new();
    for vertex in vertices {
        let step = vertex
            .step
            .and_then(|step| stages.get(vertex.stage)?.steps().get(step));
        if let Some(step) = step.filter(|step| !step.origin.failures.is_empty()) {
            // Equal steps are one vertex: the first says what its failure means.
            let known = meanings.entry(vertex.digest.clone());
            known.or_insert_with(|| step.origin.failures.clone());
        }
    }
    meanings
}

/// Tells the failure of a step in the recipe's words, when it has some for it.
pub(crate) fn explain(failure: Failure, meanings: &Meanings) -> Failure {
    let of_vertex = failure.vertex().and_then(|digest| meanings.get(&digest));
    let Some((code, of_vertex)) = exit_code(failure.message()).zip(of_vertex) else {
        return failure;
    };
    let with = |wanted: Option<u8>| of_vertex.iter().find(|one| one.exit_code == wanted);
    match with(Some(code)).or_else(|| with(None)) {
        Some(meaning) => failure.told_at_its_place(meaning.finding.clone()),
        None => failure,
    }
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
    use microb_dsl::{Platform, SourceFile};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_is_told_in_the_words_of_its_step_and_exit_code() {
        let file = SourceFile::new("pyproject.toml", "wheel\nindex\n");
        let at = |text: &str, word: &str| Diagnostic::error(text).at(&file.find(word).unwrap());
        let step = run(["build"])
            .on_failure(at("no wheel", "wheel"))
            .on_exit_code(65, at("refused", "index"));
        let stage = scratch().then(step).then(run(["other"]));
        let lowered = lower(&stage, &Inputs::offline(Platform::host())).unwrap();
        let meanings = of(&stage, &lowered.vertices);
        let digests: Vec<_> = meanings.keys().cloned().collect();
        assert_eq!(digests.len(), 1);
        for (digest, message, expected) in [
            (
                &*digests[0],
                "process \"build\" did not complete successfully: exit code: 1",
                "no wheel",
            ),
            (&digests[0], "exit code: 65", "refused"),
            (
                &digests[0],
                "no space left on device",
                "no space left on device",
            ),
            ("sha256:0", "exit code: 65", "exit code: 65"),
        ] {
            let mut failure = Failure::new(message);
            failure.detail("errdefs.Vertex", &json!({ "digest": digest }));
            let told = explain(failure, &meanings);
            assert!(told.message().contains(expected), "{}", told.message());
            let is_index = told.message().contains("--> pyproject.toml:2:1");
            assert_eq!(is_index, expected == "refused");
        }
    }
}
