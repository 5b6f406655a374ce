//! `pylock.toml`: a list of packages with markers.
//!
//! The format is PEP 751's: <https://packaging.python.org/en/latest/specifications/pylock-toml/>.

use std::collections::BTreeSet;

use microb::{Diagnostic, Spanned};

use super::condition::Condition;
use super::fields::{
    checked_url, checked_version, git, hashes, index, is_algorithm, local, name, required, string,
    wheels,
};
use super::{Question, not_for_image, unknown_version};
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
    let chosen = question.chosen(&known("extras"), &known("dependency-groups"))?;
    let mut environment = question.environment(chosen.extras);
    environment.groups = chosen.groups;
    environment.groups.extend(known("default-groups"));
    check_environment(root, question)?;
    let packages = root.tables("packages");
    question.compare(|| {
        question.check_versions(|wanted| {
            let is_it = |table: &&Table<'_>| {
                let name = table.string_if_any("name");
                name.is_some_and(|name| normalized(&name.value) == wanted)
            };
            let version = |table: &Table<'_>| {
                let version = table.string_if_any("version");
                version.map_or_else(String::new, |version| version.value)
            };
            packages.iter().filter(is_it).map(version).collect()
        })
    })?;
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
fn check_environment(root: &Table<'_>, question: &Question<'_>) -> Result<(), Diagnostic> {
    if let Some(python) = root.string_if_any("requires-python") {
        let constraint =
            Constraint::pep440(&python.value).map_err(|mistake| mistake.at(&python))?;
        question.check_python(&python, &constraint)?;
    }
    if question.is_for_image(&root.strings_if_any("environments"))? {
        return Ok(());
    }
    Err(not_for_image(&root.key_span("environments")))
}

/// Whether a package is for the interpreter, if it says for which it is.
fn check_package(
    table: &Table<'_>,
    name: &Spanned<String>,
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let Some(python) = table.string_if_any("requires-python") else {
        return Ok(());
    };
    let constraint = Constraint::pep440(&python.value).map_err(|mistake| mistake.at(&python))?;
    if question.environment(BTreeSet::new()).allows(&constraint) {
        return Ok(());
    }
    let message = format!(
        "`{}` of the lock is for Python `{}`",
        name.value,
        escape(&python.value)
    );
    Err(Diagnostic::error(message)
        .at(&python.span)
        .help("choose another `python_version`, or lock again"))
}

/// A package for the installer; `None` if it is the project itself.
fn pin(
    table: &Table<'_>,
    condition: &Condition,
    question: &Question<'_>,
) -> Result<Option<Pinned>, Diagnostic> {
    let name = name(table)?;
    check_package(table, &name, question)?;
    let Some(source) = source(table, &name, question)? else {
        return Ok(None);
    };
    let may_lack = matches!(source, PinnedSource::OnlyIndex(_));
    let place = (name.value.as_str(), table.span());
    let hashes = required(of_files(table)?, &source, may_lack, place)?;
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
        let of_file = of_file.unwrap_or_default();
        let is_known = |(algorithm, _): &(Spanned<String>, _)| is_algorithm(&algorithm.value);
        let knows_any = of_file.iter().any(is_known);
        // One is enough, and others may come.
        let of_file = of_file
            .into_iter()
            .filter(|one| !knows_any || is_known(one));
        for (algorithm, digest) in of_file {
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
        let subdirectory = table.string_if_any("subdirectory");
        return Ok(PinnedSource::File {
            path: local(question.folder, &path)?,
            subdirectory: subdirectory.map_or_else(String::new, |part| part.value),
        });
    }
    let url = checked_url(&string(table, "url")?)?;
    Ok(match table.string_if_any("subdirectory") {
        Some(part) => PinnedSource::Url(format!("{url}#subdirectory={}", part.value)),
        None => PinnedSource::Url(url),
    })
}
