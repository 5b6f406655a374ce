//! The program `microb`: the standard Python recipe as a frontend and as a command line.

use std::process::ExitCode;

use microb_dsl::{Context, Diagnostic, Diagnostics, Stage};
use microb_frontend::Recipe;

fn main() -> ExitCode {
    microb_frontend::main(Recipe::new("microb", recipe))
}

fn recipe(_: &dyn Context) -> Result<Stage, Diagnostics> {
    Err(Diagnostic::error("the standard recipe is not there yet").into())
}
