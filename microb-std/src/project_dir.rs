//! Which folder of the build context is the project.
//!
//! A client sends the file that `-f` names without its folder, so the folder is known by the file's content.

use microb::patterns::Patterns;
use microb::{Context, Diagnostic, Span};

use crate::ignored;
use crate::location::within_context;
use crate::mistake::Findings;
use crate::rules::MISSING_PYPROJECT;
use crate::tree::{escape, list};

/// The build arguments that name the folder.
const ARGS: &[&str] = &["microb_project", "MICROB_PROJECT"];

pub(crate) const PYPROJECT: &str = "pyproject.toml";

/// The project's folder in the build context, without slashes at its ends; empty for the root.
///
/// `None` after an error. `place` is for mistakes that are not in the file.
pub(crate) fn of(cx: &dyn Context, place: &Span, findings: &Findings) -> Option<String> {
    if let Some(named) = named(cx) {
        return findings.keep(named.map_err(|error| error.at(place)));
    }
    let (folder, name) = split(cx.definition().name());
    if !folder.is_empty() || is_same(cx, name) {
        return Some(folder);
    }
    let found = findings.keep(same_files(cx, name, place))?;
    match found.as_slice() {
        [only] => Some(split(only).0),
        // A definition of another name may stand anywhere, and the project in the root.
        [] if name != PYPROJECT || is_ignored(cx, name) => Some(String::new()),
        [] => {
            let message = format!("no folder of the build context has this `{PYPROJECT}`");
            findings.add(Diagnostic::error(message).at(place).help(
                "give the project's folder as the build context, `docker build -f app/pyproject.toml app`, \
                 or name it with `--build-arg microb_project=DIR`",
            ));
            None
        }
        [first, ..] => {
            let folders: Vec<_> = found.iter().map(|path| shown(&split(path).0)).collect();
            let message = format!("several folders have this `{name}`: {}", list(&folders));
            findings.add(Diagnostic::error(message).at(place).help(format!(
                "say which one is the project, `--build-arg microb_project={}`",
                shown(&split(first).0)
            )));
            None
        }
    }
}

/// The text to build with, unless the build context has the very same bytes as the project's `pyproject.toml`.
///
/// `docker build -f` may name another file, and build backends do not read one that starts with a byte order mark.
pub(crate) fn definition(
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Option<String> {
    let file = cx.definition();
    let path = within(project_dir, PYPROJECT);
    match cx.read(&path) {
        Ok(Some(known)) if known == file.text().as_bytes() => return None,
        Ok(None) => findings.add(
            MISSING_PYPROJECT
                .finding(format!("the build context has no `{path}`"))
                .help("if the project is in a folder of its own, give that folder as the build context: `docker build -f app/prod.toml app`"),
        ),
        Ok(Some(_)) | Err(_) => {}
    }
    Some(file.text().to_owned())
}

/// The folder that a build argument names.
fn named(cx: &dyn Context) -> Option<Result<String, Diagnostic>> {
    let argument = |name: &&str| {
        let value = cx.build_arg(name).filter(|value| !value.is_empty())?;
        Some((name.to_string(), value.to_owned()))
    };
    let (argument, value) = ARGS.iter().find_map(argument)?;
    let shown = format!("{argument}={}", escape(&value));
    let Some(folder) = within_context("", &value) else {
        let message = format!("the build argument `{shown}` leads out of the build context");
        return Some(Err(Diagnostic::error(message)
            .help("name a folder of the build context, relative to its root")));
    };
    let (_, name) = split(cx.definition().name());
    let is_there = |name: &str| !matches!(cx.read(&within(&folder, name)), Ok(None));
    if is_there(PYPROJECT) || is_there(name) {
        return Some(Ok(folder));
    }
    let message = format!(
        "the build argument `{shown}`: there is no `{}` in the build context",
        within(&folder, name)
    );
    Some(Err(
        Diagnostic::error(message).help("name the folder that has it, relative to the root")
    ))
}

/// The files of this name with the content of the definition.
fn same_files(cx: &dyn Context, name: &str, place: &Span) -> Result<Vec<String>, Diagnostic> {
    let found = cx.find(name).map_err(|error| {
        Diagnostic::error(error.to_string())
            .at(place)
            .help("name the project's folder with `--build-arg microb_project=DIR`")
    })?;
    Ok(found.into_iter().filter(|path| is_same(cx, path)).collect())
}

fn is_same(cx: &dyn Context, path: &str) -> bool {
    let Ok(Some(content)) = cx.read(path) else {
        return false;
    };
    let mark = "\u{feff}".as_bytes();
    content.strip_prefix(mark).unwrap_or(&content) == cx.definition().text().as_bytes()
}

/// Whether the user keeps the definition itself out of the build context, so that nobody can know where it is.
fn is_ignored(cx: &dyn Context, name: &str) -> bool {
    let file = ignored::file(cx, "");
    let patterns = file.and_then(|file| Patterns::read(&file).ok());
    patterns.is_some_and(|patterns| patterns.leave_out(name))
}

/// The folder of a path, without slashes at its ends, and the name in it.
fn split(path: &str) -> (String, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.trim_start_matches("./").trim_matches('/');
    (folder.to_owned(), name)
}

/// The path in the build context of a file of a folder.
pub(crate) fn within(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// A folder as a person writes it.
fn shown(folder: &str) -> String {
    match folder {
        "" => ".".to_owned(),
        folder => folder.to_owned(),
    }
}
