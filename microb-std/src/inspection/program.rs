//! The program that the image starts.

use microb::{Diagnostic, Severity, Span, nearest};

use super::Subject;
use super::report::Report;
use crate::config::Config;
use crate::mistake::Findings;
use crate::program::stem_rank;
use crate::rules::UNKNOWN_ENTRYPOINT;
use crate::tree::escape;

/// What the image starts when nobody says otherwise; empty if that is what its base does.
pub(super) fn argv(config: &Config) -> Vec<String> {
    let found = config.program.as_ref().map(|program| &program.argv);
    let entrypoint = config.entrypoint.as_ref().or(found);
    let words = entrypoint.into_iter().chain(&config.command);
    words
        .flat_map(|words| words.value.iter().cloned())
        .collect()
}

fn place(config: &Config) -> Option<&Span> {
    let found = config.program.as_ref().map(|program| &program.argv);
    let argv = config.entrypoint.as_ref().or(found);
    argv.or(config.command.as_ref()).map(|argv| &argv.span)
}

pub(super) fn check(subject: &Subject, report: &Report, findings: &Findings) {
    let (Some(problem), Some(span)) = (&report.program, place(&subject.config)) else {
        return;
    };
    let about = problem.about.first().map_or("", String::as_str);
    let shown = escape(about);
    let known = problem.about.get(1..).unwrap_or_default();
    let error = |message: String| UNKNOWN_ENTRYPOINT.finding(message);
    let finding = match problem.kind.as_str() {
        "missing" => error(format!("the image has no program `{shown}`"))
            .help(match (near(&subject.config, about), own_program(about, known)) {
            (Some(name), _) => format!("write `{name}`"),
            (None, Some(module)) => format!(
                "run the module: `[\"python\", \"-m\", {module:?}]`; or add the package that has the program to `dependencies` or `system_deps`"
            ),
            (None, None) => {
                "add the package that has it to `dependencies` or `system_deps`, or write its path"
                    .to_owned()
            }
        }),
        "forbidden" => error(format!(
            "`{shown}` is no program that the image's user may run"
        ))
        .help(format!("make it one: `chmod 755 {shown}`")),
        "interpreter" => {
            let interpreter = problem.about.get(1).map_or("", String::as_str);
            error(format!(
                "`{shown}` is run by `{}`, which the image does not have",
                escape(interpreter)
            ))
            .help("add the package that has it to `system_deps`, or name another in the first line of the file")
        }
        "module" => error(format!("the image has no module `{shown}` for its program")).help(
            match meant(&argv(&subject.config), about, known) {
                Some(words) => format!(
                    "write `{}`; or add the package that has `{shown}` to `dependencies`",
                    escape(&words)
                ),
                None => {
                    "add the package that has it to `dependencies`, or write its right name"
                        .to_owned()
                }
            },
        ),
        "function" => {
            let [_, function, known @ ..] = problem.about.as_slice() else {
                return;
            };
            let near = nearest(function, known.iter().map(String::as_str));
            error(format!(
                "the module `{shown}` has no `{}` for the script that the program is",
                escape(function)
            ))
            .help(format!(
                "write `{shown}:{}`, with a function of the module",
                near.map_or("FUNCTION".into(), escape)
            ))
        }
        "main" => error(format!("the package `{shown}` has no `__main__.py` to run"))
            .help(format!(
                "add the file, or run a module: `python -m {}`",
                escape(own_program(about, known).map_or(&format!("{about}.MODULE"), |name| name))
            )),
        "file" => error(format!("the image has no file `{shown}` for its program"))
            .help("copy it with `copy_files`, or write its path from `workdir`"),
        _ => return,
    };
    // What has a path of its own may come with a volume.
    let is_certain =
        !(about.starts_with('/') && ["missing", "file"].contains(&problem.kind.as_str()));
    findings.add(Diagnostic {
        severity: if is_certain {
            Severity::Error
        } else {
            Severity::Warning
        },
        ..finding.at(span)
    });
}

/// What of the project may be meant by a program of this name: a package that is called so, and the module in it that is run.
fn own_program<'a>(program: &str, known: &'a [String]) -> Option<&'a String> {
    let package = program.replace('-', "_");
    let modules = known.iter().filter(|name| first(name) == package);
    // A package stands for its `__main__.py`.
    let likely = modules.filter(|name| **name == package || rank(name) != usize::MAX);
    likely.min_by_key(|name| (**name != package, rank(name)))
}

/// The words of the program that name a module, with one of the project in place of what is not there: one that is called so
/// elsewhere, or nearly so, or, of an app, one that is called as programs are.
fn meant(words: &[String], wrong: &str, known: &[String]) -> Option<String> {
    let object = words.iter().find_map(|word| {
        let object = word.rsplit('=').next()?.strip_prefix(wrong)?;
        object.starts_with(':').then_some(object)
    });
    let same = known.iter().filter(|name| last(name) == last(wrong));
    let same = same.min_by_key(|name| name.matches('.').count());
    let near = || nearest(wrong, known.iter().map(String::as_str));
    let usual = || {
        let usual = known.iter().filter(|name| rank(name) != usize::MAX);
        let usual = usual.min_by_key(|name| rank(name)).map(String::as_str);
        usual.filter(|_| object.is_some())
    };
    let right = same.map(String::as_str).or_else(near).or_else(usual)?;
    let is_run = words
        .windows(2)
        .any(|pair| pair[0] == "-m" && pair[1] == wrong);
    Some(match object {
        Some(object) => format!("{right}{object}"),
        None if is_run => format!("python -m {right}"),
        None => right.to_owned(),
    })
}

fn first(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

fn last(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}

fn rank(module: &str) -> usize {
    stem_rank(last(module))
}

fn near<'a>(config: &'a Config, program: &str) -> Option<&'a str> {
    nearest(program, config.project.scripts.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(known: &[&str]) -> Vec<String> {
        known.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_projects_own_module_is_named_where_one_may_be_meant() {
        let known = names(&["orders", "orders.cli", "orders.main", "orders.models"]);
        for (words, wrong, expected) in [
            (
                &["uvicorn", "main:app"][..],
                "main",
                Some("orders.main:app"),
            ),
            (
                &["uvicorn", "order.main:app"],
                "order.main",
                Some("orders.main:app"),
            ),
            (&["gunicorn", "wsgi:app"], "wsgi", Some("orders.main:app")),
            (
                &["flask", "--app=wsgi:app", "run"],
                "wsgi",
                Some("orders.main:app"),
            ),
            (
                &["python", "-m", "main"],
                "main",
                Some("python -m orders.main"),
            ),
            (
                &["flask", "--app", "main", "run"],
                "main",
                Some("orders.main"),
            ),
            // The script of a package calls it.
            (&["orders"], "orders.clii", Some("orders.cli")),
            // Of others.
            (
                &["python", "-m", "gunicorn", "orders.main:app"],
                "gunicorn",
                None,
            ),
        ] {
            assert_eq!(
                meant(&names(words), wrong, &known).as_deref(),
                expected,
                "{words:?}"
            );
        }
        assert_eq!(meant(&names(&["uvicorn", "main:app"]), "main", &[]), None);
    }

    #[test]
    fn a_program_that_is_called_like_a_package_may_be_its_module() {
        let program = |program, known| own_program(program, &names(known)).cloned();
        let run = Some("orders_api.main".to_owned());
        assert_eq!(
            program("orders-api", &["orders_api.main", "orders_api.cli"]),
            run
        );
        let package = Some("orders".to_owned());
        assert_eq!(program("orders", &["orders", "orders.main"]), package);
        assert_eq!(program("orders", &["orders.models", "other.main"]), None);
    }
}
