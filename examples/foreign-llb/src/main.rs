//! A stage that another LLB library describes, here the crate `buildkit-llb` of 2020, and a microb stage on top of it.
//!
//! ```sh
//! cargo run -- build -t words
//! docker run --rm words
//! ```

use std::process::ExitCode;

use buildkit_llb::prelude::*;
use microb::{
    Context, Diagnostic, Diagnostics, ForeignDefinition, ImageRef, Stage, copy, entrypoint, from,
    run,
};
use microb_frontend::Recipe;

fn recipe(_: &dyn Context) -> Result<Stage, Diagnostics> {
    let theirs = from(foreign()?).named("foreign");
    let counted = from(&theirs)
        .named("counted")
        .then(run("wc -w < /words > /count"));
    Ok(from(ImageRef::official("alpine", "3.23"))
        .named("final")
        .then(copy(["/words", "/count"], "/").from(&counted))
        .then(entrypoint(["cat", "/words", "/count"])))
}

/// Their definition as bytes. microb neither reads nor changes its operations, so their digests and caches stay.
fn foreign() -> Result<ForeignDefinition, Diagnostic> {
    let alpine = Source::image("docker.io/library/alpine:3.23");
    let words = Command::run("/bin/sh")
        .args(["-c", "echo made by another library > /words"])
        .mount(Mount::Layer(OutputIdx(0), alpine.output(), "/"));
    let mut bytes = Vec::new();
    Terminal::with(words.output(0))
        .write_definition(&mut bytes)
        .map_err(|error| Diagnostic::error(format!("buildkit-llb wrote no definition: {error}")))?;
    Ok(ForeignDefinition(bytes.into()))
}

fn main() -> ExitCode {
    let recipe = Recipe::new("foreign-llb", recipe)
        .without_definition()
        .about("Builds an image on top of a stage that another LLB library describes");
    microb_frontend::main(recipe)
}
