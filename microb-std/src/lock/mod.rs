//! Lock files: whichever tool wrote it, a lock becomes the same [`PinnedSet`].

use std::collections::BTreeSet;

use microb::grammar::secret_login;
use microb::{Context, Diagnostic, SourceFile, Span, Spanned};
use toml::de::DeTable;

use crate::location::within_context;
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSet, PinnedSource};
use crate::rules::UNVERIFIED_PACKAGE;
use crate::specifier::Constraint;
use crate::text;
use crate::tree::{self, Table, escape};
use crate::uv_workspace::{self, within};

mod condition;
mod environment;
mod fields;
mod format;
mod json;
mod json_tree;
mod pdm;
mod pipfile;
mod poetry;
mod poetry_hash;
mod poetry_project;
mod pylock;
mod question;
mod requirements_lock;
mod same_marker;
mod uv;
mod uv_metadata;
mod uv_origin;
mod walk;

pub(crate) use environment::{machine, may_hold, mirrored};
pub(crate) use fields::checked_hash;
pub(crate) use format::Format;
pub(crate) use question::Question;

/// The lock to install from: named with `lock = "…"`, else the only one that is there.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    /// The path in the build context.
    pub(crate) path: String,
    format: Format,
    /// What asks for it.
    span: Span,
}

/// What a lock may stand beside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The project's folder in the build context.
    pub(crate) folder: &'a str,
    /// The file name of a script.
    pub(crate) script: Option<&'a str>,
}

/// The lock that a target installs from, if there is one.
///
/// # Errors
///
/// When there are several, or the one that is named is none.
pub(crate) fn find(
    cx: &dyn Context,
    beside: Beside<'_>,
    named: Option<&Spanned<String>>,
    default_place: &Span,
) -> Result<Option<Lock>, Diagnostic> {
    let project_dir = beside.folder;
    let Some(named) = named else {
        return match beside.script {
            Some(script) => Ok(of_script(cx, project_dir, script, default_place)),
            None => only(cx, project_dir, default_place),
        };
    };
    let wrong = |what: &str| {
        Diagnostic::error(format!("`{}` {what}", escape(&named.value))).at(&named.span)
    };
    let Some(path) =
        within_context(project_dir, &named.value).filter(|_| !named.value.starts_with('/'))
    else {
        return Err(wrong("is outside the build context")
            .help("write a path inside the build context, relative to `pyproject.toml`"));
    };
    match Format::of(&path) {
        Some(format) => Ok(Some(Lock {
            path,
            format,
            span: named.span.clone(),
        })),
        None => Err(wrong("is no lock file that is known here").help(format!(
            "name one of {}, or a requirements file `….txt`",
            tree::list(Format::NAMES)
        ))),
    }
}

/// The lock that uv keeps beside a script, if it is there.
fn of_script(cx: &dyn Context, folder: &str, script: &str, place: &Span) -> Option<Lock> {
    let path = within(folder, &format!("{script}.lock"));
    let is_there = matches!(cx.read(&path), Ok(Some(_)));
    is_there.then(|| Lock {
        path,
        format: Format::Uv,
        span: place.clone(),
    })
}

/// The only lock beside the `pyproject.toml`; or the `uv.lock` of the workspace that it is a member of.
fn only(cx: &dyn Context, project_dir: &str, place: &Span) -> Result<Option<Lock>, Diagnostic> {
    let is_there = |path: &str| matches!(cx.read(path), Ok(Some(_)));
    let lock = |path: String, format| Lock {
        path,
        format,
        span: place.clone(),
    };
    let beside = |name: &&&str| is_there(&within(project_dir, name));
    let names: Vec<&str> = Format::NAMES.iter().filter(beside).copied().collect();
    match names.as_slice() {
        [] => {}
        [name] => {
            let path = within(project_dir, name);
            return Ok(Format::of(&path).map(|format| lock(path, format)));
        }
        [first, ..] => {
            let message = format!("there are several lock files: {}", tree::list(&names));
            return Err(Diagnostic::error(message).at(place).help(format!(
                "choose one in `[tool.microb.target.NAME]`: `lock = \"{first}\"`"
            )));
        }
    }
    Ok(of_workspace(cx, project_dir).map(|path| lock(path, Format::Uv)))
}

/// The `uv.lock` of the workspace around a project.
fn of_workspace(cx: &dyn Context, project_dir: &str) -> Option<String> {
    let is_there = |path: &str| matches!(cx.read(path), Ok(Some(_)));
    let mut folder = project_dir;
    while !folder.is_empty() {
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        let path = within(folder, "uv.lock");
        // That of another project says nothing of this one.
        if is_there(&path) && uv_workspace::is_member(cx, folder, project_dir) {
            return Some(path);
        }
    }
    None
}

/// Whether Pipenv's is the only lock beside the project.
pub(crate) fn is_of_pipenv(cx: &dyn Context, project_dir: &str) -> bool {
    let is_there = |name: &&&str| matches!(cx.read(&within(project_dir, name)), Ok(Some(_)));
    let mut names = Format::NAMES.iter().filter(is_there);
    names.next() == Some(&"Pipfile.lock") && names.next().is_none()
}

/// Whether uv locks the project, alone or with its workspace.
pub(crate) fn is_of_uv(cx: &dyn Context, project_dir: &str) -> bool {
    let beside = matches!(cx.read(&within(project_dir, "uv.lock")), Ok(Some(_)));
    beside || of_workspace(cx, project_dir).is_some()
}

impl Lock {
    /// The folder of the lock in the build context.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether it may have a folder of the build context among its packages, besides the project itself.
    pub(crate) fn may_have_folders(&self, cx: &dyn Context) -> bool {
        let file = text::read(cx, &self.path).ok().flatten();
        file.is_some_and(|file| self.format.may_have_folders(file.text()))
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Reads the lock. A lock has one mistake, the first: the command that writes it anew mends all.
pub(crate) fn read(question: &Question<'_>) -> Result<PinnedSet, Diagnostic> {
    let lock = question.lock;
    let Some(file) = text::read(question.cx, &lock.path)? else {
        let message = format!("`{}` is not in the build context", lock.path);
        return Err(Diagnostic::error(message)
            .at(&lock.span)
            .help("check the path, and `.dockerignore`"));
    };
    let set = match text::conflict(&file) {
        Some(error) => Err(error),
        None => parse(&file, question),
    };
    set.map_err(|error| match error.help {
        Some(_) => error,
        None => error.help(format!("run `{}`", lock.format.command(&lock.path))),
    })
}

fn parse(file: &SourceFile, question: &Question<'_>) -> Result<PinnedSet, Diagnostic> {
    let lock = question.lock;
    let (mut folders, mut logins) = (Vec::new(), None);
    let (mut pins, options) = match lock.format {
        Format::Requirements => {
            let read = requirements_lock::read(question)?;
            logins = Some(read.logins);
            (read.pins, read.options)
        }
        Format::Pipenv => {
            let root = json_tree::parse(file)?;
            (packages(&root, file, question, pipfile::read)?, Vec::new())
        }
        Format::Uv => {
            folders = from_toml(file, question, uv::folders)?;
            (from_toml(file, question, uv::read)?, Vec::new())
        }
        Format::Poetry => (from_toml(file, question, poetry::read)?, Vec::new()),
        Format::Pdm => (from_toml(file, question, pdm::read)?, Vec::new()),
        Format::Pylock => (from_toml(file, question, pylock::read)?, Vec::new()),
    };
    tell_unverified(&pins, question);
    pins.sort_by(|a, b| (&a.name, &a.version, &a.source).cmp(&(&b.name, &b.version, &b.source)));
    for pair in pins.windows(2) {
        if let [one, other] = pair
            && one.name == other.name
            && (one.marker.is_none() || other.marker.is_none())
        {
            return Err(twice(one, other));
        }
    }
    Ok(PinnedSet {
        path: Spanned::new(lock.path.clone(), lock.span.clone()),
        logins: logins.unwrap_or_else(|| logins_of(&pins)),
        pins,
        folders,
        options,
    })
}

/// The first package of each URL with a password or a token.
fn logins_of(pins: &[Pinned]) -> Vec<Span> {
    let mut seen = BTreeSet::new();
    let login = |pin: &&Pinned| match &pin.source {
        PinnedSource::OnlyIndex(url) | PinnedSource::Url(url) | PinnedSource::Git { url, .. } => {
            secret_login(url).is_some_and(|_| seen.insert(url.clone()))
        }
        PinnedSource::Index | PinnedSource::File { .. } | PinnedSource::Folder(_) => false,
    };
    let pins = pins.iter().filter(login);
    pins.map(|pin| pin.span.clone()).collect()
}

/// Tells which packages are installed without hashes, of those that are downloaded. A requirements file may have none.
fn tell_unverified(pins: &[Pinned], question: &Question<'_>) {
    let is_download = |pin: &&Pinned| {
        matches!(
            pin.source,
            PinnedSource::OnlyIndex(_) | PinnedSource::Url(_)
        )
    };
    let open: Vec<_> = pins.iter().filter(is_download).collect();
    let open = open.iter().filter(|pin| pin.hashes.is_empty());
    let names: Vec<&str> = open.clone().map(|pin| pin.name.as_str()).collect();
    if question.lock.format != Format::Requirements
        && let Some(first) = open.clone().next()
    {
        let message = format!("the lock has no hash of {}", tree::list(&names));
        question.findings.add(
            UNVERIFIED_PACKAGE
                .finding(message)
                .at(&first.span)
                .help("take it from an index that has hashes"),
        );
    }
}

/// The reader of a format.
type Reader<T> = fn(&Table<'_>, &Question<'_>) -> Result<Vec<T>, Diagnostic>;

fn from_toml<T>(
    file: &SourceFile,
    question: &Question<'_>,
    reader: Reader<T>,
) -> Result<Vec<T>, Diagnostic> {
    let findings = Findings::default();
    match tree::parse(file, &findings) {
        Some(root) => packages(&root, file, question, reader),
        None => Err(findings.first_error().unwrap_or_else(|| {
            let message = format!("`{}` is broken", file.name());
            Diagnostic::error(message).at(&file.whole())
        })),
    }
}

fn packages<T>(
    root: &toml::Spanned<DeTable<'_>>,
    file: &SourceFile,
    question: &Question<'_>,
    reader: Reader<T>,
) -> Result<Vec<T>, Diagnostic> {
    let findings = Findings::default();
    let pins = reader(&Table::root(root, file, &findings), question);
    // A reader that found nothing in a field of the wrong type goes on with less than there is.
    match findings.first_error() {
        Some(error) => Err(error),
        None => pins,
    }
}

fn twice(one: &Pinned, other: &Pinned) -> Diagnostic {
    let version = |pin: &Pinned| pin.version.clone().unwrap_or_default();
    Diagnostic::error(format!(
        "the lock has two versions of `{}` for this target, `{}` and `{}`",
        one.name,
        version(one),
        version(other)
    ))
    .at(&other.span)
    .help("choose `extras` and `groups` that are not in conflict with one another")
}

/// Why a lock with these versions of a package was not made for `text`, if it was not.
fn missing(text: &str, constraint: &Constraint, versions: &[String]) -> Option<String> {
    let fits = |version: &String| {
        // A package from elsewhere may have none in the lock.
        let parsed = version.parse();
        version.is_empty() || parsed.is_ok_and(|version| constraint.allows(&version))
    };
    match versions {
        [] => Some(format!("`{text}` is not in it")),
        all if all.iter().any(fits) => None,
        [version, ..] => Some(format!("it has {version} for `{text}`")),
    }
}

fn unknown_version(root: &Table<'_>, key: &str) -> Diagnostic {
    let span = root.key_span(key);
    if !root.has(key) {
        return Diagnostic::error(format!("the lock has no `{key}`")).at(&span);
    }
    let line = span.file().line(span.start().line).unwrap_or(span);
    let message = format!(
        "this format of the lock is not known here: `{}`",
        escape(line.text())
    );
    Diagnostic::error(message)
        .at(&line)
        .help("use a newer microb, or lock again with an older release of the tool")
}

/// The project itself is not in the lock.
fn absent(project: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(format!("the lock does not have the project `{project}`")).at(span)
}

/// The lock is for other images than this one.
fn not_for_image(place: &Span) -> Diagnostic {
    let message = "the lock is for other platforms or interpreters than the image's";
    Diagnostic::error(message).at(place)
}

fn edge_to_nowhere(from: &str, name: &Spanned<String>) -> Diagnostic {
    let message = format!("`{from}` needs `{}`, which is not in the lock", name.value);
    Diagnostic::error(message).at(&name.span)
}

/// The digest that a lock has of its project is not the project's: `changed` is what can be seen to have changed.
fn other_digest(lock: &str, place: &Span, changed: Option<(String, Span)>) -> Diagnostic {
    let message = format!("`{lock}` was made for another state of the project");
    match changed {
        Some((what, span)) => Diagnostic::error(format!("{message}: {what}")).at(&span),
        None => Diagnostic::error(format!("{message}, whose digest it has here")).at(place),
    }
}

/// The lock was made for another state of the project; `what` says for which.
fn stale(what: String, span: &Span) -> Diagnostic {
    Diagnostic::error(what).at(span)
}
