//! `pylock.toml`: a list of packages with markers.
//!
//! The format is PEP 751's: <https://packaging.python.org/en/latest/specifications/pylock-toml/>.

use microb::{Diagnostic, Spanned};

use super::condition::Condition;
use super::environment::Environment;
use super::fields::{
    checked_url, checked_version, git, hashes, index, local, name, required, string, wheels,
};
use super::{Question, unknown_version};
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::normalized;
use crate::specifier::Constraint;
use crate::tree::{Table, escape};

/// Where `PyPI` keeps its files.
const PYPI_FILES: &str = "https://files.pythonhosted.org/";

/// The packages that the target gets.
pub(super) fn read(root: &Table<'_>, question: &Question<'_>) -> Result<Vec<Pinned>, Diagnostic> {
    // 1.1 would only add to it, says the specification.
    let version = root.string_if_any("lock-version").map(|text| text.value);
    if !version.is_some_and(|version| version == "1" || version.starts_with("1.")) {
        return Err(unknown_version(root, "lock-version"));
    }
    let known = |key| -> Vec<String> {
        let names = root.strings_if_any(key);
        names.iter().map(|name| normalized(&name.value)).collect()
    };
    let mut environment = question.environment(question.chosen_extras(&known("extras"))?);
    environment.groups = question.chosen_groups(&known("dependency-groups"))?;
    environment.groups.extend(known("default-groups"));
    check_environment(root, &environment)?;
    let mut pins = Vec::new();
    for table in root.tables("packages") {
        let condition = environment.holds(table.string_if_any("marker").as_ref())?;
        if !condition.is_never() {
            pins.extend(pin(&table, &condition, question)?);
        }
    }
    Ok(pins)
}

/// Whether the lock is for the interpreter and the platform.
fn check_environment(root: &Table<'_>, environment: &Environment) -> Result<(), Diagnostic> {
    if let Some(python) = root.string_if_any("requires-python") {
        let constraint =
            Constraint::pep440(&python.value).map_err(|mistake| mistake.at(&python))?;
        if !environment.allows(&constraint) {
            let message = format!("the lock is for Python `{}`", escape(&python.value));
            return Err(Diagnostic::error(message)
                .at(&python.span)
                .help("choose another `python_version`, or lock again"));
        }
    }
    let all = root.strings_if_any("environments");
    let mut fits = all.is_empty();
    for marker in &all {
        fits = fits || !environment.holds(Some(marker))?.is_never();
    }
    if fits {
        return Ok(());
    }
    let message = "the lock is for other platforms or interpreters than the image's";
    Err(Diagnostic::error(message).at(&root.key_span("environments")))
}

/// A package for the installer; `None` if it is the project itself.
fn pin(
    table: &Table<'_>,
    condition: &Condition,
    question: &Question<'_>,
) -> Result<Option<Pinned>, Diagnostic> {
    let name = name(table)?;
    let Some(source) = source(table, &name, question)? else {
        return Ok(None);
    };
    let hashes = required(of_files(table)?, &source, &name.value, table.span())?;
    let version = table.string_if_any("version");
    Ok(Some(Pinned {
        version: version.as_ref().map(checked_version).transpose()?,
        source,
        hashes,
        wheels: wheels(&table.tables("wheels")),
        marker: condition.marker(),
        span: name.span,
        name: name.value,
    }))
}

fn of_files(table: &Table<'_>) -> Result<Vec<String>, Diagnostic> {
    let mut files = table.tables("wheels");
    files.extend(
        ["sdist", "archive"]
            .iter()
            .filter_map(|key| table.table_if_any(key)),
    );
    let mut all = Vec::new();
    for file in files {
        let of_file = file
            .table_if_any("hashes")
            .map(|hashes| hashes.string_map_if_any());
        for (algorithm, digest) in of_file.unwrap_or_default() {
            all.push(digest.map(|digest| format!("{}:{digest}", algorithm.value)));
        }
    }
    hashes(&all)
}

fn source(
    table: &Table<'_>,
    name: &Spanned<String>,
    question: &Question<'_>,
) -> Result<Option<PinnedSource>, Diagnostic> {
    if let Some(vcs) = table.table_if_any("vcs") {
        let kind = string(&vcs, "type")?;
        if kind.value != "git" {
            let message = format!(
                "`{}` is no repository that is known here",
                escape(&kind.value)
            );
            return Err(Diagnostic::error(message).at(&kind.span));
        }
        let subdirectory = vcs.string_if_any("subdirectory");
        let commit = string(&vcs, "commit-id")?;
        return git(&string(&vcs, "url")?, &commit, subdirectory.as_ref()).map(Some);
    }
    if let Some(directory) = table.table_if_any("directory") {
        let mut path = string(&directory, "path")?;
        if let Some(part) = directory.string_if_any("subdirectory") {
            path = path.map(|path| format!("{path}/{}", part.value));
        }
        let inside = local(question.folder, &path)?;
        // `pip lock .` lists the project itself.
        return Ok((inside != question.project_dir).then_some(PinnedSource::Folder(inside)));
    }
    if let Some(archive) = table.table_if_any("archive") {
        return file(&archive, question).map(Some);
    }
    of_index(table, name, question).map(Some)
}

/// A package of an index. Where the lock names none, `PyPI`'s files are from `PyPI`, and a single file is its own source.
fn of_index(
    table: &Table<'_>,
    name: &Spanned<String>,
    question: &Question<'_>,
) -> Result<PinnedSource, Diagnostic> {
    if let Some(named) = table.string_if_any("index") {
        string(table, "version")?;
        return index(&name.value, &named);
    }
    let mut files = table.tables("wheels");
    files.extend(table.table_if_any("sdist"));
    let is_of_pypi = |file: &Table<'_>| {
        let url = file.string_if_any("url");
        url.is_some_and(|url| url.value.starts_with(PYPI_FILES))
    };
    match files.as_slice() {
        [] => Err(
            Diagnostic::error(format!("the lock has no file of `{}`", name.value)).at(&name.span),
        ),
        all if all.iter().all(is_of_pypi) && table.has("version") => Ok(PinnedSource::Index),
        [only] => file(only, question),
        _ => {
            let message = format!("the lock does not say which index `{}` is from", name.value);
            Err(Diagnostic::error(message).at(&name.span).help(
                "add `index = \"https://…\"` to the package, or lock again with a tool that does",
            ))
        }
    }
}

fn file(table: &Table<'_>, question: &Question<'_>) -> Result<PinnedSource, Diagnostic> {
    if let Some(path) = table.string_if_any("path") {
        return Ok(PinnedSource::File(local(question.folder, &path)?));
    }
    let url = checked_url(&string(table, "url")?)?;
    Ok(match table.string_if_any("subdirectory") {
        Some(part) => PinnedSource::Url(format!("{url}#subdirectory={}", part.value)),
        None => PinnedSource::Url(url),
    })
}
