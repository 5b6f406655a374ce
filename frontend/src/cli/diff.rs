//! `diff`: what two recipes do differently.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use microb_dsl::{Diagnostic, Diagnostics, Stage, difference};

use super::arguments::{self, Inputs, many};
use super::explain::Project;
use super::{USAGE, print, tell};
use crate::recipe::Recipe;

/// Prints the differences. The exit status is that of diff(1).
pub(super) fn diff(recipe: &Recipe, matches: &ArgMatches) -> ExitCode {
    let compared = stages(recipe, matches).and_then(|(before, after)| {
        let difference = difference::between(&before, &after);
        print(difference.to_string().as_bytes())?;
        Ok(difference.is_empty())
    });
    match compared {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(mistakes) => {
            tell(&mistakes);
            ExitCode::from(USAGE)
        }
    }
}

fn stages(recipe: &Recipe, matches: &ArgMatches) -> Result<(Stage, Stage), Diagnostics> {
    let a = inputs(recipe, matches, "DIR");
    if let Some(since) = matches.get_one::<String>("since") {
        let now = Project::open(recipe, &a)?;
        let before = now.since(recipe, since)?;
        return Ok((before.project.stage, now.stage));
    }
    let mut b = if matches.contains_id("B") {
        inputs(recipe, matches, "B")
    } else {
        a.clone()
    };
    let targets: Vec<&String> = many(matches, "target").collect();
    let mut a = a;
    match targets.as_slice() {
        [] | [_] if !matches.contains_id("B") => {
            return Err(Diagnostic::error("there is only one project to compare")
                .help("name a second one, `--target` twice, or `--since REV`")
                .into());
        }
        [] | [_] => {}
        [first, second] => {
            a.target = Some((*first).clone());
            b.target = Some((*second).clone());
        }
        _ => {
            return Err(Diagnostic::error("more than two targets cannot be compared").into());
        }
    }
    Ok((
        Project::open(recipe, &a)?.stage,
        Project::open(recipe, &b)?.stage,
    ))
}

/// The project that an argument names: a folder, or a definition file in its folder.
fn inputs(recipe: &Recipe, matches: &ArgMatches, argument: &str) -> Inputs {
    let mut inputs = Inputs::new(recipe, matches);
    if let Some(path) = matches.get_one::<PathBuf>(argument) {
        if path.is_file() {
            inputs.folder = arguments::folder_of(Some(path));
            inputs.file = Some(path.clone());
        } else {
            inputs.file = arguments::default_file(path, recipe);
            inputs.folder.clone_from(path);
        }
    }
    inputs
}
