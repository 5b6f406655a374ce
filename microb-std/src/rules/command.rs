//! Rules about what the container runs.

use microb::{Diagnostic, Rule, Severity, Span, Spanned, nearest};

use super::{Facts, rule};
use crate::backend;
use crate::builder::VENV;
use crate::config::{Config, Dependencies, Packaging};
use crate::listening;
use crate::mistake::Findings;
use crate::project_dir::within;
use crate::requirement::normalized;
use crate::tree::escape;
use crate::words;

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

pub(super) static UNEXPOSED_PORT: Rule = rule(
    "UnexposedPort",
    "The port that a server listens on should be one that `expose` names",
);

pub(super) static DEVELOPMENT_SERVER: Rule = rule(
    "DevelopmentServer",
    "Servers for development are slow, and some run code that a visitor sends",
);

pub(crate) static UNKNOWN_ENTRYPOINT: Rule = rule(
    "UnknownEntrypoint",
    "The program that the container starts should be in the image",
)
.error();

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

pub(super) static UNINSTALLED_SCRIPTS: Rule = rule(
    "UninstalledScripts",
    "The scripts of a project that is no package are not in its image",
);

pub(super) static UNINSTALLED_TOOL: Rule = rule(
    "UninstalledTool",
    "What runs a project on a developer's machine is not in its image",
);

pub(super) static OVERRIDDEN_VARIABLE: Rule = rule(
    "OverriddenVariable",
    "The image finds its own Python and its packages by these variables",
);

/// The `PATH` of the official images of Python.
const SYSTEM_PATH: &[&str] = &[
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Tools of which `run` starts a program in the environment that they made.
const RUNNERS: &[&str] = &["hatch", "pdm", "pipenv", "poetry", "rye", "uv"];

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

/// A server that listens on the loopback address unless told otherwise.
struct Loopback {
    program: &'static str,
    /// The word that starts the server, where the program does other things too.
    subcommand: &'static str,
    /// Variables by which it is told.
    variables: &'static [&'static str],
    /// What its options begin with by which it is told, besides [`listening::ADDRESS_OPTIONS`].
    options: &'static [&'static str],
    /// A file of the project by which it is told.
    file: &'static str,
}

const fn loopback_server(
    program: &'static str,
    subcommand: &'static str,
    variables: &'static [&'static str],
    options: &'static [&'static str],
) -> Loopback {
    Loopback {
        program,
        subcommand,
        variables,
        options,
        file: "",
    }
}

/// Each one's documentation of its options says so.
const LOOPBACK_BY_DEFAULT: &[Loopback] = &[
    loopback_server("uvicorn", "", &["UVICORN_HOST"], &["--uds", "--fd"]),
    loopback_server("flask", "run", &["FLASK_RUN_HOST"], &[]),
    loopback_server("fastapi", "dev", &["UVICORN_HOST"], &[]),
    loopback_server("hypercorn", "", &[], &["--config", "-c"]),
    loopback_server("granian", "", &["GRANIAN_HOST"], &["--uds"]),
    loopback_server(
        "daphne",
        "",
        &[],
        &["-u", "--unix-socket", "--fd", "-e", "--endpoint"],
    ),
    Loopback {
        file: "gunicorn.conf.py",
        ..loopback_server(
            "gunicorn",
            "",
            &["GUNICORN_CMD_ARGS", "PORT"],
            &["-b", "-c", "--config"],
        )
    },
];

/// What runs Django's server for development.
const DJANGO: &[&str] = &["python", "python3", "django-admin", "django", "manage.py"];
const RUNSERVER: &str = "runserver";

pub(super) fn check(facts: &Facts<'_>, findings: &Findings) {
    let config = facts.config;
    for (name, value) in &config.env {
        overridden(name, value, findings);
    }
    unexpanded(config, findings);
    uninstalled_scripts(facts, findings);
    for Spanned { value: argv, span } in config.run.iter().map(|step| &step.command) {
        if let Some(finding) = argv.first().and_then(|program| one_word(program)) {
            findings.add(finding.at(span));
        }
    }
    let Some((argv, span)) = command_line(config) else {
        inferred(config, findings);
        return;
    };
    unexposed(&ports(&argv), config, findings);
    let Some(program) = argv.first() else {
        return;
    };
    if let Some(finding) = one_word(program) {
        findings.add(finding.at(&span));
        return;
    }
    for finding in [
        development_server(&argv)
            .map(|(finding, instead)| finding.help(format!("write {instead}"))),
        loopback(&argv, facts),
        uninstalled_tool(&argv, config),
        unknown(program, config),
    ]
    .into_iter()
    .flatten()
    {
        findings.add(finding.at(&span));
    }
}

/// A program whose name is a whole line.
fn one_word(program: &str) -> Option<Diagnostic> {
    if !program.contains(' ') || program.contains('/') {
        return None;
    }
    let finding = ONE_WORD_COMMAND.finding(format!("there is no program `{}`", escape(program)));
    Some(finding.help(format!(
        "write a list of its words: `{}`",
        words::list(program)
    )))
}

/// A program that was found in the project has no mistakes of the user, but may be all that the dependencies offer.
fn inferred(config: &Config, findings: &Findings) {
    let Some(program) = &config.program else {
        return;
    };
    let argv = &program.argv;
    unexposed(&ports(&argv.value), config, findings);
    if let Some((finding, _)) = development_server(&argv.value) {
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
                "PATH" => format!("write `{:?}`", path_with_environment(&value.value)),
                _ => "remove it".to_owned(),
            });
        findings.add(finding.at(&value.span));
    }
}

/// The `PATH` that was meant: with the environment in front of the folders of the system, which are written out where
/// there was `$PATH`, since nobody knows that of the base image before it is there.
fn path_with_environment(value: &str) -> String {
    let environment = format!("{VENV}/bin");
    let (of_system, of_user): (Vec<_>, Vec<_>) = value
        .split(':')
        .filter(|folder| !folder.is_empty() && *folder != environment)
        .partition(|folder| SYSTEM_PATH.contains(folder));
    // A variable without a value left nothing between two colons.
    let is_extended = value.split(':').any(str::is_empty);
    let of_system = if is_extended {
        SYSTEM_PATH.to_vec()
    } else {
        of_system
    };
    [of_user, vec![&environment], of_system].concat().join(":")
}

/// What follows a shell, it reads; also `command` behind an `entrypoint` that ends with one.
fn unexpanded(config: &Config, findings: &Findings) {
    let mut has_shell = false;
    for argv in [&config.entrypoint, &config.command].into_iter().flatten() {
        // A script of the user's own may do anything.
        let first = argv.value.first();
        let is_script = first.is_some_and(|word| word.strip_suffix(".sh").is_some());
        let mut unread = argv.value.iter().take_while(|word| {
            has_shell |= is_shell(word);
            !has_shell
        });
        let variable = unread.find_map(|word| variable(word));
        if let Some(variable) = variable.filter(|_| !is_script) {
            let finding = UNEXPANDED_VARIABLE
                .finding(format!(
                    "`{}` stays as it is, since no shell reads it",
                    escape(variable)
                ))
                .help("write the value, or `[\"sh\", \"-c\", \"exec PROGRAM …\"]`");
            findings.add(finding.at(&argv.span));
        }
    }
}

fn is_shell(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    ["ash", "bash", "dash", "sh", "zsh"].contains(&name)
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
        "flask" if has("run") => {
            "a server such as `gunicorn`: `[\"gunicorn\", \"--bind=0.0.0.0:8000\", \"app:app\"]`"
        }
        "fastapi" if has("dev") => "`[\"fastapi\", \"run\", …]`",
        "uvicorn" if has("--reload") => "the command without `--reload`",
        name if DJANGO.contains(&name) && has(RUNSERVER) => {
            "a server such as `gunicorn`: `[\"gunicorn\", \"--bind=0.0.0.0:8000\", \"PROJECT.wsgi\"]`"
        }
        _ => return None,
    };
    let shown = argv.join(" ");
    let message = format!("`{}` is a server for development", escape(&shown));
    Some((DEVELOPMENT_SERVER.finding(message), instead))
}

fn loopback(argv: &[String], facts: &Facts<'_>) -> Option<Diagnostic> {
    let (name, rest) = program(argv)?;
    let finding =
        |message: String, name: &str| LOOPBACK_SERVER.finding(message).help(how_to_listen(name));
    let by_default = |name: &str| {
        let message = format!("`{name}` listens on `127.0.0.1` unless told otherwise");
        finding(message, name)
    };
    let by_address = |address: &str, name: &str| {
        let message = format!("the server listens on `{}` only", escape(address));
        is_loopback(address).then(|| finding(message, name))
    };
    if DJANGO.contains(&name) {
        let mut words = rest.iter().skip_while(|word| *word != RUNSERVER);
        words.next()?;
        // `8000` is a port of the loopback address.
        let address = words.find(|word| !word.starts_with('-') && word.contains(':'));
        return match address {
            Some(address) => by_address(address, RUNSERVER),
            None => Some(by_default(RUNSERVER)),
        };
    }
    if !SERVERS.contains(&name) {
        return None;
    }
    if let Some(address) = listening::address(rest) {
        return by_address(address, name);
    }
    let has_word = |word: &str| word.is_empty() || rest.iter().any(|other| other == word);
    let known = LOOPBACK_BY_DEFAULT
        .iter()
        .find(|known| known.program == name && has_word(known.subcommand))?;
    let config = facts.config;
    let has_file = || {
        let path = within(&config.project_dir, known.file);
        !known.file.is_empty() && matches!(facts.cx.read(&path), Ok(Some(_)))
    };
    let is_told = known
        .variables
        .iter()
        .any(|name| config.env.contains_key(*name))
        || rest
            .iter()
            .any(|word| known.options.iter().any(|option| word.starts_with(option)))
        || has_file();
    (!is_told).then(|| by_default(name))
}

/// How a server is told to listen on every interface.
fn how_to_listen(name: &str) -> &'static str {
    match name {
        "gunicorn" | "hypercorn" => "write `--bind=0.0.0.0:8000`",
        "daphne" | "http.server" => "write `--bind=0.0.0.0`",
        "waitress-serve" => "write `--listen=*:8000`",
        "streamlit" => "write `--server.address=0.0.0.0`",
        RUNSERVER => "write `0.0.0.0:8000` behind `runserver`",
        _ => "write `--host=0.0.0.0`",
    }
}

/// The ports that a server is told to listen on.
fn ports(argv: &[String]) -> Vec<u16> {
    let known = program(argv).filter(|(name, _)| SERVERS.contains(name));
    known.map_or_else(Vec::new, |(_, rest)| listening::ports(rest).collect())
}

/// Ports of which `expose` names none, though it names others.
fn unexposed(ports: &[u16], config: &Config, findings: &Findings) {
    let (Some(port), Some(first)) = (ports.first(), config.expose.first()) else {
        return;
    };
    let is_exposed = |port: &u16| {
        config
            .expose
            .iter()
            .any(|exposed| exposed.value.number == *port)
    };
    if !ports.iter().any(is_exposed) {
        let finding = UNEXPOSED_PORT.finding(format!(
            "the server listens on port {port}, and `expose` names {}",
            first.value.number
        ));
        findings.add(
            finding
                .at(&first.span)
                .help(format!("write `expose = [{port}]`")),
        );
    }
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

/// What uv does not install either, without `[build-system]`. Who says that the project is no package knows it.
fn uninstalled_scripts(facts: &Facts<'_>, findings: &Findings) {
    let project = &facts.config.project;
    let (Some(_), Some((name, _))) = (&project.no_package, project.scripts.first_key_value())
    else {
        return;
    };
    // Of the one that is started, another rule speaks.
    let line = command_line(facts.config);
    let started = line.as_ref().and_then(|(argv, _)| argv.first());
    if started.is_some_and(|program| project.scripts.contains_key(program)) {
        return;
    }
    let finding = UNINSTALLED_SCRIPTS.finding(format!(
        "`{}` is not installed, since the project is no package",
        escape(name)
    ));
    let place = backend::place_of_installed(facts.tables);
    findings.add(
        finding
            .at(&place)
            .help(format!("add {}", backend::DECLARED)),
    );
}

/// `uv run` and its kind: what they run is in the image, and they are not.
fn uninstalled_tool(argv: &[String], config: &Config) -> Option<Diagnostic> {
    let [tool, run, rest @ ..] = argv else {
        return None;
    };
    let is_runner = RUNNERS.contains(&tool.as_str()) && run == "run";
    if !is_runner || may_have(tool, config) {
        return None;
    }
    let options = rest.iter().take_while(|word| word.starts_with('-'));
    let words = &rest[options.count()..];
    let help = if words.is_empty() {
        "write the words of the program itself".to_owned()
    } else {
        let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
        format!(
            "write `[{}]`: the environment is there already",
            words.join(", ")
        )
    };
    let finding = UNINSTALLED_TOOL.finding(format!(
        "`{tool} run` is for development: there is no `{tool}` in the image"
    ));
    Some(finding.help(help))
}

/// Whether an image may have a tool: as a dependency, copied, or from an image of the user's own.
fn may_have(tool: &str, config: &Config) -> bool {
    let is_copied = |text: &str| text.split('/').any(|part| part == tool);
    let mut copies = config.copy_files.iter();
    config.base_image.is_some()
        || !config.add_files.is_empty()
        || config
            .system_deps
            .iter()
            .any(|package| package.value == tool)
        || copies.any(|copy| is_copied(&copy.src.value) || is_copied(&copy.dst.value))
        || match &config.dependencies {
            Dependencies::Listed(listed) => listed.iter().any(|one| one.name == tool),
            Dependencies::File(file) => file.listed.iter().any(|one| one.name == tool),
            Dependencies::Locked(set) => set.pins.iter().any(|pin| pin.name == tool),
            Dependencies::FromBackend { .. } => false,
        }
}

/// A program that can only be the project's own, and is not installed. A warning, since an image of the user's own may have it: the
/// look at the finished image knows.
fn unknown(program: &str, config: &Config) -> Option<Diagnostic> {
    let finding = not_installed(program, config)?;
    Some(Diagnostic {
        severity: Severity::Warning,
        ..finding
    })
}

fn not_installed(program: &str, config: &Config) -> Option<Diagnostic> {
    let scripts = &config.project.scripts;
    if program.contains('/') {
        return None;
    }
    let script = scripts.get(program);
    if let Some(function) = script.filter(|_| config.project.packaging == Packaging::Sources) {
        let module = function.value.split(':').next().unwrap_or_default().trim();
        return Some(
            UNKNOWN_ENTRYPOINT
                .finding(format!(
                    "the script `{program}` is not installed, since the project is no package"
                ))
                .help(format!(
                    "run the module: `[\"python\", \"-m\", {module:?}]`, or make the project a package with `[build-system]`"
                )),
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
