//! The command line of a recipe's program.

mod arguments;
mod build;
mod client;
mod client_flags;
mod diff;
mod evaluate;
mod explain;
mod folder;
mod init;
mod layout;
mod new;
mod original;
mod pack;
mod revision;
mod schema;
mod show;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use microb_dsl::{Diagnostic, Diagnostics, report};

use crate::pack::Executable;
use crate::recipe::Recipe;

/// The exit status of a command line that makes no sense, which is clap's too, and of a comparison that cannot be made.
const USAGE: u8 = 2;

/// Runs the command line with the arguments after the program's name.
pub(crate) fn main(recipe: &Recipe, args: Vec<OsString>) -> ExitCode {
    let args: Result<Vec<String>, OsString> = args.into_iter().map(OsString::into_string).collect();
    let args = args
        .map_err(|arg| format!("the argument `{}` is not UTF-8", arg.display()))
        .and_then(|args| original::translate(args, io::stdout().is_terminal()));
    match args {
        Ok(args) => run(recipe, args),
        Err(message) => {
            tell(&Diagnostic::error(message).into());
            ExitCode::from(USAGE)
        }
    }
}

fn run(recipe: &Recipe, args: Vec<String>) -> ExitCode {
    let asks_for_help = |arg: &String| arg == "--help" || arg == "-h";
    if args.first().is_some_and(|arg| arg == "build") && !args.iter().any(asks_for_help) {
        return build::build(recipe, args.into_iter().skip(1).collect());
    }
    let command = arguments::command(recipe);
    let matches =
        match command.try_get_matches_from([recipe.name().to_owned()].into_iter().chain(args)) {
            Ok(matches) => matches,
            Err(error) => {
                // Nobody is left to tell when this fails.
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
            }
        };
    let done = match matches.subcommand() {
        Some(("dockerfile", matches)) => show::dockerfile(recipe, matches),
        Some(("llb", matches)) => show::llb(recipe, matches),
        Some(("graph", matches)) => show::graph(recipe, matches),
        Some(("explain", matches)) => explain::explain(recipe, matches),
        Some(("diff", matches)) => return diff::diff(recipe, matches),
        Some(("check", matches)) => show::check(recipe, matches),
        Some(("init", matches)) => init::init(recipe, matches),
        Some(("new", matches)) => new::new(recipe, matches),
        Some(("schema", matches)) => schema::schema(recipe, matches),
        Some(("pack", matches)) => pack::pack(recipe, matches),
        _ => Ok(()),
    };
    exit_code(done)
}

/// Shows the mistakes, if any, and turns them into an exit status.
fn exit_code(done: Result<(), Diagnostics>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistakes) => {
            tell(&mistakes);
            ExitCode::FAILURE
        }
    }
}

fn tell(findings: &Diagnostics) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(io::stderr(), "{}", report::render(findings));
}

/// The recipe's name as an image may have it: lower-case letters, digits and `-`.
fn image_name(recipe: &Recipe) -> String {
    let allowed = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9') => letter,
        _ => '-',
    };
    let name: String = recipe.name().chars().map(allowed).collect();
    match name.trim_matches('-') {
        "" => "recipe".to_owned(),
        name => name.to_owned(),
    }
}

/// The executable to pack: the named one, or this program.
fn executable(named: Option<&Path>) -> Result<Executable, Diagnostic> {
    if let Some(path) = named {
        return Executable::open(path);
    }
    let own = std::env::current_exe().map_err(|error| {
        Diagnostic::error(format!("cannot find this program's own file: {error}"))
    })?;
    Executable::open(&own)
}

/// Writes a result to standard output. A reader that stops early, such as `head`, is no mistake.
fn print(bytes: &[u8]) -> Result<(), Diagnostics> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Diagnostic::error(format!("cannot write to standard output: {error}")).into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_recipe_has_an_image_name() {
        for (name, expected) in [
            ("microb", "microb"),
            ("My Team/Python", "my-team-python"),
            ("_x_", "x"),
            ("été", "t"),
            ("", "recipe"),
        ] {
            let recipe = Recipe::new(name, |_| Ok(microb_dsl::scratch()));
            assert_eq!(image_name(&recipe), expected, "{name}");
        }
    }
}
