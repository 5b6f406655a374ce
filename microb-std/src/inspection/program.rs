//! The program that the image starts.

use microb::{Diagnostic, Severity, Span, nearest};

use super::Subject;
use super::report::Report;
use crate::config::Config;
use crate::mistake::Findings;
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
    let error = |message: String| UNKNOWN_ENTRYPOINT.finding(message);
    let finding = match problem.kind.as_str() {
        "missing" => error(format!("the image has no program `{shown}`"))
            .help(match near(&subject.config, about) {
            Some(name) => format!("write `{name}`"),
            None => {
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
        "module" => error(format!("the image has no module `{shown}` for its program"))
            .help("add the package that has it to `dependencies`, or write its right name"),
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
            .help(format!("add the file, or run a module: `{shown}.MODULE`")),
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

fn near<'a>(config: &'a Config, program: &str) -> Option<&'a str> {
    nearest(program, config.project.scripts.keys().map(String::as_str))
}
