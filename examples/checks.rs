//! The standard Python image with one more target: `--target test` lints and tests, and fails when either does.
//!
//! ```sh
//! cargo run --example checks -- build --target test --output type=cacheonly examples/checked
//! cargo run --example checks -- build -t sizes examples/checked
//! ```

use std::process::ExitCode;

use microb::prelude::*;
use microb::std::builder::{Built, builder, installer, packages, sources};
use microb::std::runtime::project;
use microb::std::{Config, PYPROJECT};
use microb_frontend::Recipe;

fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    match cx.target() {
        // The tests run against what the default target installs.
        Some("test") => Ok(checks(&Config::resolve_target(cx, "default")?)),
        _ => microb::std::recipe(cx),
    }
}

/// The build image with all dependencies and the project, and the tools on top: an edit of the code installs nothing again.
fn checks(config: &Config) -> Stage {
    let built = builder(config, installer(config), packages(config), ());
    stage! {
        from &built.builder as test;
        install(&built, &["pytest==8.4.2", "ruff==0.14.0"]);
        project(config, &built);
        path("/app/.venv/bin");
        workdir("/src");
        sources(config, "/src");
        run!("ruff check --no-cache .").network(Network::None);
        run!("pytest -p no:cacheprovider").network(Network::None);
    }
}

/// Installs tools into the environment of the project, with the installer that the standard recipe uses.
fn install(built: &Built, tools: &[&str]) -> impl IntoSteps + use<> {
    let uv = bind("/opt/uv/bin/uv")
        .from(&built.installer)
        .path("/opt/uv/bin/uv");
    run!("/opt/uv/bin/uv pip install --python=/app/.venv/bin/python {tools...}")
        .cache("/root/.cache/uv")
        .mount(uv)
}

fn main() -> ExitCode {
    let recipe = Recipe::new("checks", recipe)
        .format(PYPROJECT)
        .about("Builds the standard Python image from pyproject.toml, and with `--target test` lints and tests it");
    microb_frontend::main(recipe)
}
