//! What the recipe decided, as lines of the build's progress.

use microb_dsl::llb::{self, Inputs};
use microb_dsl::{Decision, Platform, mkfile, scratch};

use crate::gateway::{Failure, Gateway, Graph};

/// Shows each decision as the line of a vertex that makes nothing but a file of these words.
///
/// A frontend has no other way to say something that is no warning.
pub(crate) async fn show(
    gateway: &Gateway,
    platform: &Platform,
    recipe: &str,
    decisions: &[Decision],
) -> Result<(), Failure> {
    let lines: Vec<String> = decisions.iter().map(Decision::to_string).collect();
    let steps = lines.iter().map(|line| mkfile("/decision", line.as_str()));
    let mut inputs = Inputs::offline(platform.clone());
    inputs.capabilities = gateway.llb_capabilities();
    let stage = scratch().then(steps.collect::<Vec<_>>());
    let Some(definition) = llb::lower(&stage, &inputs)?.definition else {
        return Ok(());
    };
    let names = lines.iter().map(|line| format!("[{recipe}] {line}"));
    let graph = Graph::new(&definition)?.with_names(names);
    gateway.build(graph, &[]).await.map(drop)
}
