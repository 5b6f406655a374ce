//! `init`: writes what the recipe decides without configuration into the definition file.

use std::fs;

use clap::ArgMatches;
use microb_dsl::{Context, Diagnostic, Diagnostics};

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
    let text = init(&*cx, frontend)?;
    let Some(file) = inputs.file.filter(|_| !matches.get_flag("print")) else {
        return print(text.as_bytes());
    };
    let old = cx.definition().text();
    fs::write(&file, &text).map_err(|error| {
        Diagnostic::error(format!("cannot write `{}`: {error}", file.display()))
    })?;
    let added = text.split_once(old).map_or("", |(_, added)| added);
    print(
        format!(
            "wrote into {0}:\n{added}\n  docker build -f {0} .\n",
            file.display()
        )
        .as_bytes(),
    )
}
