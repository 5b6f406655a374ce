//! The command line.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::recipe::Recipe;

/// Runs the command line with the arguments after the program's name.
pub(crate) fn main(_recipe: &Recipe, _args: Vec<OsString>) -> ExitCode {
    ExitCode::FAILURE
}
