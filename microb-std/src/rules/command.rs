//! Rules about what the container runs.

use microb::{Diagnostic, Rule, Span, Spanned, nearest};

use super::rule;
use crate::builder::VENV;
use crate::config::{Config, Dependencies, Packaging};
use crate::mistake::Findings;
use crate::requirement::normalized;
use crate::tree::escape;

pub(super) static ONE_WORD_COMMAND: Rule = rule(
    "OneWordCommand",
    "A whole command line in one string is taken for the name of a program",
);

pub(super) static UNEXPANDED_VARIABLE: Rule = rule(
    "UnexpandedVariable",
    "Without a shell, nobody replaces a variable by its value",
);

pub(crate) static LOOPBACK_SERVER: Rule = rule(
    "LoopbackServer",
    "A server on the loopback address cannot be reached from outside of its container",
);

pub(super) static DEVELOPMENT_SERVER: Rule = rule(
    "DevelopmentServer",
    "Servers for development are slow, and some run code that a visitor sends",
);

pub(crate) static UNKNOWN_ENTRYPOINT: Rule = rule(
    "UnknownEntrypoint",
    "The program that the container starts should be in the image",
);

pub(crate) static AMBIGUOUS_PROGRAM: Rule = rule(
    "AmbiguousProgram",
    "Where more than one program could be meant, the image has none",
);

pub(crate) static MISSING_PROGRAM: Rule = rule(
    "MissingProgram",
    "An image without a program starts Python's prompt and ends",
);

pub(crate) static MISSING_SERVER: Rule = rule(
    "MissingServer",
    "An app without a server among the dependencies cannot be started, so the image has no program",
);

pub(super) static OVERRIDDEN_VARIABLE: Rule = rule(
    "OverriddenVariable",
    "The image finds its own Python and its packages by these variables",
);

/// Servers whose options are known. Clients have a `--host` too, and mean another one.
const SERVERS: &[&str] = &[
    "daphne",
    "fastapi",
    "flask",
    "granian",
    "gunicorn",
    "http.server",
    "hypercorn",
    "litestar",
    "sanic",
    "streamlit",
    "uvicorn",
    "waitress-serve",
];

/// Options that name the address that a server listens on.
const ADDRESS_OPTIONS: &[&str] = &[
    "--host",
    "-h",
    "--bind",
    "-b",
    "--listen",
    "--address",
    "--server.address",
];

/// Servers that listen on the loopback address unless told otherwise: program, first argument, variable, other options.
const LOOPBACK_BY_DEFAULT: &[(&str, &str, &str, &[&str])] = &[
    ("uvicorn", "", "UVICORN_HOST", &["--uds", "--fd"]),
    ("flask", "run", "FLASK_RUN_HOST", &[]),
    ("fastapi", "dev", "UVICORN_HOST", &[]),
    ("hypercorn", "", "", &["--config", "-c"]),
];

pub(super) fn check(config: &Config, findings: &Findings) {
    for (name, value) in &config.env {
        overridden(name, value, findings);
    }
    for argv in [&config.entrypoint, &config.command].into_iter().flatten() {
        unexpanded(argv, findings);
    }
    let Some((argv, span)) = command_line(config) else {
        inferred(config, findings);
        return;
    };
    let Some(program) = argv.first() else {
        return;
    };
    if program.contains(' ') && !program.contains('/') {
        let words: Vec<_> = program
            .split_whitespace()
            .map(|word| format!("{word:?}"))
            .collect();
        let finding = ONE_WORD_COMMAND
            .finding(format!("there is no program `{}`", escape(program)))
            .help(format!(
                "write each word as a string of its own: `[{}]`",
                words.join(", ")
            ));
        findings.add(finding.at(&span));
        return;
    }
    for finding in [
        development_server(&argv)
            .map(|(finding, instead)| finding.help(format!("write {instead}"))),
        loopback(&argv, config),
        unknown(program, config),
    ]
    .into_iter()
    .flatten()
    {
        findings.add(finding.at(&span));
    }
}

/// A program that was found in the project has no mistakes of the user, but may be all that the dependencies offer.
fn inferred(config: &Config, findings: &Findings) {
    let argv = config.program.as_ref().map(|program| &program.argv);
    if let Some(argv) = argv
        && let Some((finding, _)) = development_server(&argv.value)
    {
        let help = "add `gunicorn` to the dependencies, which runs it then";
        findings.add(finding.help(help).at(&argv.span));
    }
}

/// What runs when nobody says otherwise: the entry point and the command after it.
fn command_line(config: &Config) -> Option<(Vec<String>, Span)> {
    let first = config.entrypoint.as_ref().or(config.command.as_ref())?;
    let mut argv = first.value.clone();
    if let (Some(_), Some(command)) = (&config.entrypoint, &config.command) {
        argv.extend(command.value.iter().cloned());
    }
    Some((argv, first.span.clone()))
}

fn overridden(name: &str, value: &Spanned<String>, findings: &Findings) {
    let is_wrong = match name {
        "PATH" => !value
            .value
            .split(':')
            .any(|folder| folder == format!("{VENV}/bin")),
        "VIRTUAL_ENV" => value.value != VENV,
        "PYTHONHOME" => true,
        _ => false,
    };
    if is_wrong {
        let finding = OVERRIDDEN_VARIABLE
            .finding(format!("`{name}` hides the image's own Python environment"))
            .help(match name {
                "PATH" => format!("put `{VENV}/bin` in front"),
                _ => "remove it".to_owned(),
            });
        findings.add(finding.at(&value.span));
    }
}

fn unexpanded(argv: &Spanned<Vec<String>>, findings: &Findings) {
    let is_shell = |word: &String| ["sh", "bash"].iter().any(|shell| word.ends_with(shell));
    if argv.value.first().is_some_and(is_shell) {
        return;
    }
    let Some(variable) = argv.value.iter().find_map(|word| variable(word)) else {
        return;
    };
    let finding = UNEXPANDED_VARIABLE
        .finding(format!(
            "`{}` stays as it is, since no shell reads it",
            escape(variable)
        ))
        .help("write the value, or `[\"sh\", \"-c\", \"exec PROGRAM …\"]`");
    findings.add(finding.at(&argv.span));
}

/// The first `$NAME` or `${NAME` of a text.
fn variable(text: &str) -> Option<&str> {
    let (at, _) = text.match_indices('$').find(|(at, _)| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
    })?;
    let rest = &text[at + 1..];
    if rest.starts_with('{') {
        let end = rest.find('}').map_or(text.len(), |end| at + 2 + end);
        return Some(&text[at..end]);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = rest
        .find(|c| !is_name(c))
        .map_or(text.len(), |end| at + 1 + end);
    Some(&text[at..end])
}

/// The program behind `python -m`, and its arguments.
fn program(argv: &[String]) -> Option<(&str, &[String])> {
    match argv {
        [python, flag, module, rest @ ..] if python.starts_with("python") && flag == "-m" => {
            Some((module, rest))
        }
        [program, rest @ ..] => Some((program.rsplit('/').next().unwrap_or(program), rest)),
        [] => None,
    }
}

/// With what to write instead.
fn development_server(argv: &[String]) -> Option<(Diagnostic, &'static str)> {
    let (name, rest) = program(argv)?;
    let has = |word: &str| rest.iter().any(|other| other == word);
    let instead = match name {
        "flask" if has("run") => "a server such as `gunicorn`: `[\"gunicorn\", \"app:app\"]`",
        "fastapi" if has("dev") => "`[\"fastapi\", \"run\", …]`",
        "uvicorn" if has("--reload") => "the command without `--reload`",
        "python" | "python3" | "django-admin" | "manage.py" if has("runserver") => {
            "a server such as `gunicorn`: `[\"gunicorn\", \"PROJECT.wsgi\"]`"
        }
        _ => return None,
    };
    let shown = argv.join(" ");
    let message = format!("`{}` is a server for development", escape(&shown));
    Some((DEVELOPMENT_SERVER.finding(message), instead))
}

fn loopback(argv: &[String], config: &Config) -> Option<Diagnostic> {
    let (name, rest) = program(argv)?;
    if !SERVERS.contains(&name) {
        return None;
    }
    let has_variable = |variable: &str| config.env.contains_key(variable);
    let help = "write `--host 0.0.0.0`, or `--bind 0.0.0.0:PORT` where the program has that";
    if let Some(address) = address(rest) {
        return is_loopback(address).then(|| {
            LOOPBACK_SERVER
                .finding(format!("the server listens on `{}` only", escape(address)))
                .help(help)
        });
    }
    let known = LOOPBACK_BY_DEFAULT.iter().find(|(program, first, ..)| {
        *program == name && (first.is_empty() || rest.iter().any(|word| word == first))
    });
    let (_, _, variable, others) = known?;
    let is_elsewhere = rest
        .iter()
        .any(|word| others.iter().any(|other| word.starts_with(other)));
    (!has_variable(variable) && !is_elsewhere).then(|| {
        LOOPBACK_SERVER
            .finding(format!(
                "`{name}` listens on `127.0.0.1` unless told otherwise"
            ))
            .help(help)
    })
}

/// The value of the first option that names an address.
fn address(words: &[String]) -> Option<&str> {
    words.iter().enumerate().find_map(|(n, word)| {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), words.get(n + 1).map(String::as_str)),
        };
        value.filter(|_| ADDRESS_OPTIONS.contains(&option))
    })
}

fn is_loopback(address: &str) -> bool {
    let host = address.strip_prefix("http://").unwrap_or(address);
    ["127.0.0.1", "localhost", "[::1]", "::1"]
        .iter()
        .any(|local| {
            host == *local
                || host
                    .strip_prefix(local)
                    .is_some_and(|rest| rest.starts_with(':'))
        })
}

/// A program that can only be the project's own, and is not installed.
fn unknown(program: &str, config: &Config) -> Option<Diagnostic> {
    let scripts = &config.project.scripts;
    if program.contains('/') {
        return None;
    }
    if config.project.packaging == Packaging::Sources && scripts.contains_key(program) {
        return Some(
            UNKNOWN_ENTRYPOINT
                .finding(format!(
                    "the script `{program}` is not installed, since the project is no package"
                ))
                .help("run the module: `[\"python\", \"-m\", \"MODULE\"]`, or make the project a package with `[build-system]`"),
        );
    }
    let Dependencies::Listed(listed) = &config.dependencies else {
        return None;
    };
    let is_package = listed.iter().any(|one| one.name == normalized(program));
    if scripts.contains_key(program) || is_package {
        return None;
    }
    let near = nearest(program, scripts.keys().map(String::as_str))?;
    Some(
        UNKNOWN_ENTRYPOINT
            .finding(format!("the project has no script `{}`", escape(program)))
            .help(format!("write `{near}`")),
    )
}
