//! `init`: writes what the recipe decides without configuration into the definition file.

use std::fs;
use std::path::Path;

use clap::ArgMatches;
use microb_dsl::{Context, Diagnostic, Diagnostics, shell};

use super::arguments::Inputs;
use super::{print, show};
use crate::recipe::Recipe;

/// Writes the tables, or shows the file with them.
pub(super) fn init(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let (Some(init), Some(frontend)) = (&recipe.init, matches.get_one::<String>("frontend")) else {
        return Ok(());
    };
    let inputs = Inputs::new(recipe, matches);
    let cx = show::context(recipe, &inputs)?;
    let text = init(&*cx, frontend);
    // Why something was not decided, such as which of two programs runs.
    show::tell_warnings(recipe, &inputs, &cx)?;
    let text = text?;
    let Some(file) = inputs.file.as_ref().filter(|_| !matches.get_flag("print")) else {
        return print(text.as_bytes());
    };
    let old = cx.definition().text();
    fs::write(file, &text).map_err(|error| {
        Diagnostic::error(format!("cannot write `{}`: {error}", file.display()))
    })?;
    let added = text.split_once(old).map_or("", |(_, added)| added);
    print(
        format!(
            "wrote into {}:\n{added}\n  docker build -f {} {}\n",
            file.display(),
            word(file),
            word(&inputs.folder)
        )
        .as_bytes(),
    )
}

/// A path as a word of a shell's line; the working directory is `.`.
fn word(path: &Path) -> String {
    match path.to_string_lossy() {
        path if path.is_empty() => ".".to_owned(),
        path => shell::quote(&path).into_owned(),
    }
}
