//! The standard Python image with one stage replaced: the final image starts from the company's own base.
//!
//! ```sh
//! cargo run --example fork -- dockerfile --build-arg BASE=python:3.14-slim examples/01-minimal
//! cargo run --example fork -- build --build-arg BASE=python:3.14-slim -t try examples/01-minimal
//! ```

use std::process::ExitCode;

use microb::prelude::*;
use microb::std::flavor::packages;
use microb::std::{Bases, Config, PYPROJECT, image, rules};
use microb_frontend::Recipe;

fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let config = Config::resolve(cx)?;
    rules::check(cx, &config);
    let base = cx.build_arg("BASE").unwrap_or("acme/python:3.14");
    let base: ImageRef = base.parse()?;
    image(cx, config, &|config| {
        Ok(Bases {
            system: system(config, &base),
            ..Bases::of(config)
        })
    })
}

/// The company's base image with the packages that the project asks for.
fn system(config: &Config, base: &ImageRef) -> Stage {
    from(base.clone())
        .named("system")
        .then(label("com.example.base", base.to_string()))
        .then(packages(config, &config.system_deps))
}

fn main() -> ExitCode {
    microb_frontend::main(Recipe::new("fork", recipe).format(PYPROJECT))
}
