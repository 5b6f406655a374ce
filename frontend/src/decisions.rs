//! What the recipe decided, as lines of the build's progress.

use microb_dsl::llb::{self, Inputs};
use microb_dsl::{Decision, Platform, mkdir, scratch};

use crate::gateway::{Failure, Gateway, Graph};

/// The longest name of a folder, in bytes, with room to spare.
const LONGEST: usize = 200;

/// Shows each decision as the line of a vertex that makes nothing but a folder with these words as its name.
///
/// A frontend has no other way to say something that is no warning.
pub(crate) async fn show(
    gateway: &Gateway,
    platform: &Platform,
    recipe: &str,
    decisions: &[Decision],
) -> Result<(), Failure> {
    let lines: Vec<String> = decisions.iter().map(Decision::to_string).collect();
    let steps = lines.iter().map(|line| mkdir(folder(recipe, line)));
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

/// Another one for each line: builds that share a vertex show one name for it.
fn folder(recipe: &str, line: &str) -> String {
    let name = format!("{recipe} {line}").replace('/', "-");
    format!("/{}", &name[..name.floor_char_boundary(LONGEST)])
}
