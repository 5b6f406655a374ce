//! The standard Python image with one stage replaced: the final stage starts from the company's own base image.
//!
//! ```sh
//! cargo run --example fork -- dockerfile --build-arg BASE=python:3.14-slim examples/01-minimal
//! cargo run --example fork -- build --build-arg BASE=python:3.14-slim -t try examples/01-minimal
//! ```

use std::process::ExitCode;

use microb::prelude::*;
use microb::std::builder::{VENV, builder};
use microb::std::runtime::{NONROOT, environment, labels, project};
use microb::std::{Config, READS, rules, targets};
use microb_frontend::Recipe;

fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let config = Config::resolve(cx)?;
    rules::check(cx, &config);
    let built = builder(&config, ());
    let base = cx.build_arg("BASE").unwrap_or("python:3.14-slim");
    let base: ImageRef = base.parse().map_err(Diagnostic::error)?;
    Ok(from(base)
        .named("final")
        .then(copy(VENV, VENV).from(&built.builder))
        .then(project(&config, &built))
        .then(environment(&config))
        .then(labels(&config))
        .then(label("com.example.base", "ours"))
        .then(user(NONROOT)))
}

fn main() -> ExitCode {
    microb_frontend::main(
        Recipe::new("fork", recipe)
            .reads(READS.iter().copied())
            .targets(targets)
            .rules(rules::RULES.iter().copied()),
    )
}
