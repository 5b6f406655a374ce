//! What the user is told when no program was found, or more than one.

use microb::{Diagnostic, Span};

use super::candidate::Candidate;
use super::code::{App, Code};
use super::framework::{self, Kind};
use super::run::Runner;
use crate::config::{Config, Dependencies, Packaging};
use crate::rules::{AMBIGUOUS_PROGRAM, MISSING_PROGRAM, MISSING_SERVER};
use crate::tree::escape;

/// More than these are not named.
const MAX_NAMES: usize = 4;

/// The table to write `entrypoint` in.
fn table(config: &Config) -> String {
    let name = config.target.as_ref();
    let name = name.map_or("default", |target| target.value.as_str());
    format!("`[tool.microb.target.{name}]`")
}

/// `a`, `b` or `c`; and how many more.
fn listed(names: &[String], word: &str) -> String {
    let (shown, left) = names.split_at(names.len().min(MAX_NAMES));
    match (shown, left.len()) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} {word} {last}", first.join(", ")),
        (shown, more) => format!("{} {word} {more} more", shown.join(", ")),
    }
}

/// There are several, and nothing says which.
pub(crate) fn ambiguous(
    candidates: &[Candidate],
    runner: &Runner<'_>,
    config: &Config,
) -> Option<Diagnostic> {
    let names: Vec<_> = candidates
        .iter()
        .map(|candidate| runner.describe(candidate))
        .collect();
    let first = candidates.first()?;
    let example = candidates.iter().find_map(|candidate| {
        let program = runner.program(candidate, None).ok()?;
        let mut keys = vec![format!("entrypoint = {:?}", program.argv.value)];
        if !program.env.is_empty() {
            let pairs = program.env.iter();
            let pairs: Vec<_> = pairs
                .map(|(name, value)| format!("{name} = {value:?}"))
                .collect();
            keys.push(format!("env = {{ {} }}", pairs.join(", ")));
        }
        Some(keys.join("` and `"))
    });
    let example = example.unwrap_or_else(|| "entrypoint = [\"PROGRAM\"]".to_owned());
    Some(
        AMBIGUOUS_PROGRAM
            .finding(format!(
                "the image has no program: it could be {}",
                listed(&names, "or")
            ))
            .at(&first.span)
            .help(format!(
                "write for instance `{example}` in {}",
                table(config)
            )),
    )
}

/// The app has no server, as far as the lists of dependencies say.
pub(crate) fn no_server(app: &App, config: &Config) -> Diagnostic {
    let server = match app.framework.kind {
        Kind::Wsgi => "gunicorn",
        _ => "uvicorn",
    };
    let the_app = format!("the {} app `{}`", app.framework.name, app.name);
    let is_known = !matches!(
        config.dependencies,
        Dependencies::FromBackend { listed: None, .. }
    );
    let (why, help) = if is_known {
        (
            format!("no server for {the_app} is among the dependencies"),
            format!("add `{server}` to `dependencies`, or set `entrypoint`"),
        )
    } else {
        (
            format!(
                "only the build backend knows the dependencies, and whether a server for {the_app} is among them"
            ),
            format!(
                "say how it is served, with `entrypoint` in {}",
                table(config)
            ),
        )
    };
    MISSING_SERVER
        .finding(format!("the image has no program: {why}"))
        .at(&app.span)
        .help(help)
}

/// What was looked at when nothing was found.
pub(crate) struct Nothing<'a> {
    pub(crate) code: &'a Code<'a>,
    pub(crate) config: &'a Config,
    /// Files that the project's wheel leaves out.
    pub(crate) left_out: &'a [String],
    pub(crate) installed: &'a dyn Fn(&str) -> bool,
    /// Where it is told that has no better place.
    pub(crate) place: Span,
}

impl Nothing<'_> {
    /// There is no program.
    pub(crate) fn told(&self) -> Diagnostic {
        if let Some((place, error)) = self.code.broken.first() {
            return MISSING_PROGRAM
                .finding(format!(
                    "the image has no program: `{}` is no Python: {}",
                    escape(&place.path),
                    error.message
                ))
                .at(&error.span)
                .help("correct the file, so that microb can read what it runs");
        }
        if let Some(app) = self.code.apps().first() {
            return self.not_started(app);
        }
        let (what, words) = match framework::worker(self.installed) {
            Some((what, words)) => (format!(", as for {what}"), words),
            None => (String::new(), &["python", "-m", "MODULE"][..]),
        };
        let words: Vec<String> = words.iter().map(|word| self.with_module(word)).collect();
        let table = table(self.config);
        MISSING_PROGRAM
            .finding(format!("the image has no program: {}", self.looked_at()))
            .at(&self.place)
            .help(format!(
                "write what it runs in {table}, for instance `entrypoint = {words:?}`{what}; `entrypoint = []` if it runs nothing"
            ))
    }

    /// An example's word, with the module in it that has the name which follows, if there is one: `worker.WorkerSettings`
    /// for `MODULE.WorkerSettings`.
    fn with_module(&self, word: &str) -> String {
        let name = word.strip_prefix("MODULE").and_then(|rest| rest.get(1..));
        let modules = self.code.modules.iter();
        let mut having = modules.filter(|(place, module)| {
            let defines = |name| module.object(name).is_some() || module.defines_class(name);
            place.is_importable() && name.is_some_and(defines)
        });
        match (having.next(), having.next()) {
            (Some((place, _)), None) => word.replacen("MODULE", &place.module, 1),
            _ => word.to_owned(),
        }
    }

    fn looked_at(&self) -> String {
        let files = self.code.modules.iter();
        let files: Vec<_> = files
            .map(|(place, _)| format!("`{}`", escape(&place.path)))
            .collect();
        let is_wheel = self.code.packaging == Packaging::Wheel;
        let left_out: Vec<_> = self
            .left_out
            .iter()
            .map(|file| format!("`{file}`"))
            .collect();
        let mut said = match (files.as_slice(), is_wheel) {
            ([], true) => "the project's wheel holds no module that could be one".to_owned(),
            ([], false) => "the project has no Python file that could be one".to_owned(),
            (files, _) => format!(
                "no script, app or main module was found in {}",
                listed(files, "and")
            ),
        };
        if !left_out.is_empty() {
            let are = if left_out.len() == 1 { "is" } else { "are" };
            said = format!(
                "{said}, and {} {are} no part of the wheel",
                listed(&left_out, "and")
            );
        }
        let scripts = self.config.project.scripts.keys();
        let scripts: Vec<_> = scripts.map(|name| format!("`{name}`")).collect();
        if !is_wheel && !scripts.is_empty() {
            said = format!(
                "{said}, and of what is no package no script is installed, such as {}",
                listed(&scripts, "and")
            );
        }
        said
    }

    fn not_started(&self, app: &App) -> Diagnostic {
        let (place, _) = &self.code.modules[app.at];
        let start = match app.framework.name {
            "Gradio" => format!("{}.launch()", app.name),
            "aiohttp" => format!("web.run_app({})", app.name),
            _ => format!("{}.run()", app.name),
        };
        MISSING_PROGRAM
            .finding(format!(
                "the image has no program: nothing starts the {} app `{}` of `{}`",
                app.framework.name, app.name, place.path
            ))
            .at(&app.span)
            .help(format!(
                "call `{start}` below `if __name__ == \"__main__\":`, or write what runs it as `entrypoint` in {}",
                table(self.config)
            ))
    }
}
