//! Turns a recipe into a BuildKit frontend, a command line and its own packer.

mod cli;
pub mod gateway;
mod recipe;

use std::process::ExitCode;

pub use recipe::{Recipe, RecipeFunction};

/// What a recipe's `main` calls: a frontend when BuildKit started the program, else its command line.
pub fn main(recipe: Recipe) -> ExitCode {
    if is_started_by_buildkit() {
        serve(recipe)
    } else {
        cli::main(&recipe, std::env::args_os().skip(1).collect())
    }
}

/// Serves one build as a BuildKit frontend, over standard input and output.
pub fn serve(_recipe: Recipe) -> ExitCode {
    ExitCode::FAILURE
}

/// The gateway sets both for every frontend (`frontend/gateway/gateway.go` in moby/buildkit).
fn is_started_by_buildkit() -> bool {
    ["BUILDKIT_SESSION_ID", "BUILDKIT_WORKERS"]
        .iter()
        .all(|name| std::env::var_os(name).is_some())
}
