//! The table that a project without one would be built with, written out.

use microb::{Context, Diagnostic, Diagnostics};

use crate::config::{Config, Dependencies, PythonOrigin};
use crate::mistake::Findings;
use crate::program::Program;
use crate::python_version_file;
use crate::resolve::with_tables;
use crate::tree;
use crate::words::quoted;

/// The line that makes `docker build` fetch the frontend, without the image's name.
const SYNTAX: &str = "#syntax=";

/// The definition file with a `[tool.microb.target.default]` at its end that says what is decided without one, and why.
///
/// `frontend` is the image that the first line names, unless the file names one already.
///
/// # Errors
///
/// When the file has such a table, is a script, or has mistakes.
pub fn init(cx: &dyn Context, frontend: &str) -> Result<String, Diagnostics> {
    refuse(cx)?;
    let config = Config::resolve(cx)?;
    let file = cx.definition().text();
    let end = if file.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = String::new();
    if !has_syntax(file) {
        text.extend([SYNTAX, frontend, end]);
    }
    text.push_str(file);
    if !file.is_empty() && !file.ends_with('\n') {
        text.push_str(end);
    }
    text.push_str(end);
    for line in table(&config) {
        text.extend([&line, end]);
    }
    // A `tool` that is written in one line cannot have another table.
    let findings = Findings::default();
    match tree::parse(
        &microb::SourceFile::new(cx.definition().name(), text.as_str()),
        &findings,
    ) {
        Some(_) => Ok(text),
        None => Err(Diagnostic::error(
            "no table can be added to this file, since `tool` is written in one line",
        )
        .at(&cx.definition().whole())
        .help("write its tables with headers, `[tool.NAME]`")
        .into()),
    }
}

/// Says why there is nothing to write.
fn refuse(cx: &dyn Context) -> Result<(), Diagnostics> {
    let findings = Findings::default();
    let refused = with_tables(cx, &findings, |tables| {
        if tables.is_script {
            let error = Diagnostic::error("a script has its table in the block of its metadata");
            let error = error.at(tables.root.span());
            return Some(error.help("write `# [tool.microb]` and its keys there"));
        }
        let tool = tables.tool.as_ref().filter(|tool| tool.has("microb"))?;
        let error = Diagnostic::error("the file has `[tool.microb]` already");
        let error = error.at(&tool.key_span("microb"));
        Some(error.help("edit it, or remove it first; `microb explain` says what it means"))
    });
    match refused {
        Some(Some(error)) => Err(error.into()),
        Some(None) => Ok(()),
        None => findings.into_result(None),
    }
}

/// Whether one of the comments at the beginning is the line for `docker build`.
fn has_syntax(file: &str) -> bool {
    let comments = file.lines().take_while(|line| line.starts_with('#'));
    let mut names = comments.filter_map(|line| line[1..].trim_start().split_once('='));
    names.any(|(name, _)| name.trim_end().eq_ignore_ascii_case("syntax"))
}

/// The lines of the table.
fn table(config: &Config) -> Vec<String> {
    let mut lines = vec!["[tool.microb.target.default]".to_owned()];
    let mut say = |comment: String, line: String| {
        lines.push(format!("# {comment}"));
        lines.push(line);
    };
    say(
        format!("The interpreter, {}.", why_python(config)),
        format!(
            "python_version = {}",
            quoted(&config.python.version.to_string())
        ),
    );
    if let Dependencies::Locked(set) = &config.dependencies {
        let name = set.path.value.as_str();
        let inside = name.strip_prefix(&config.project_dir);
        let name = inside.map_or(name, |name| name.trim_start_matches('/'));
        say(
            "What it pins is installed, and nothing else.".to_owned(),
            format!("lock = {}", quoted(name)),
        );
    }
    if let Some(program) = &config.program {
        say(
            format!("The program: {}.", program.why),
            format!("entrypoint = {}", list(&program.argv.value)),
        );
        if !program.env.is_empty() {
            let pairs = program.env.iter();
            let pairs = pairs.map(|(name, value)| format!("{name} = {}", quoted(value)));
            let pairs: Vec<_> = pairs.collect();
            say(
                why_env(program),
                format!("env = {{ {} }}", pairs.join(", ")),
            );
        }
        if let Some(port) = program.port {
            say("Where it listens.".to_owned(), format!("expose = [{port}]"));
        }
        if let Some(signal) = program.stop_signal {
            say(
                "Python as the first process ignores SIGTERM.".to_owned(),
                format!("stop_signal = {}", quoted(signal)),
            );
        }
    } else {
        say(
            "No program was chosen: say what runs.".to_owned(),
            "# entrypoint = [\"python\", \"-m\", \"app\"]".to_owned(),
        );
    }
    say(
        format!("Who it runs as; {}.", crate::NONROOT),
        format!("user = {}", quoted(&config.user.name)),
    );
    system_packages(config, &mut lines);
    lines
}

fn system_packages(config: &Config, lines: &mut Vec<String>) {
    let needs = &config.system_needs;
    let names: Vec<_> = needs
        .iter()
        .map(|need| need.dependency.value.as_str())
        .collect();
    let why = match names.as_slice() {
        [] => String::new(),
        [name] => format!("; {name} needs those that are listed"),
        many => format!("; {} need those that are listed", many.join(", ")),
    };
    lines.push(format!(
        "# Packages of the distribution that it needs when it runs, and that building needs{why}."
    ));
    for (key, packages, example) in [
        ("system_deps", &config.system_deps, "libpq5"),
        ("build_deps", &config.build_deps, "libpq-dev"),
    ] {
        let packages: Vec<_> = packages.iter().map(|name| name.value.clone()).collect();
        lines.push(if packages.is_empty() {
            format!("# {key} = [{}]  # for example", quoted(example))
        } else {
            format!("{key} = {}", list(&packages))
        });
    }
}

/// What the variables of a program are for.
fn why_env(program: &Program) -> String {
    let is_path = |name: &&String| *name == "PYTHONPATH";
    let (paths, servers): (Vec<_>, Vec<_>) = program.env.keys().partition(is_path);
    let why = [
        (!paths.is_empty()).then_some("its modules are found"),
        (!servers.is_empty()).then_some("its server is reached from outside of the container"),
    ];
    let why: Vec<_> = why.into_iter().flatten().collect();
    format!("So that {}.", why.join(", and "))
}

fn why_python(config: &Config) -> String {
    let python = &config.python;
    match (python.origin, &python.requires) {
        (PythonOrigin::VersionFile, _) => {
            let file = python.span.as_ref().map(|span| span.file().name());
            format!("from {}", file.unwrap_or(python_version_file::NAME))
        }
        _ if python.passed_over.is_some() => "the best that the lock has wheels for".to_owned(),
        (PythonOrigin::Requires, Some(requires)) => {
            format!("the best that {} allows", requires.value)
        }
        _ => "since the project says nothing".to_owned(),
    }
}

fn list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}
