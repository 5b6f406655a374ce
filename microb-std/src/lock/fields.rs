//! The fields that packages have in every lock.

use std::str::FromStr;

use microb::{Diagnostic, Span, Spanned};
use pep440_rs::Version;

use microb::grammar::requirement::is_scp;
use microb::grammar::without_login;

use crate::location::{check_url, within_context};
use crate::pinned::PinnedSource;
use crate::requirement::{is_name, normalized};
use crate::requirement_line::ARCHIVES;
use crate::tool_indices::{PYPI, is_same};
use crate::tree::{Table, escape};

/// Algorithms of hashes that the installer knows, with the length of a digest in hexadecimal digits.
const ALGORITHMS: &[(&str, usize)] = &[
    ("md5", 32),
    ("sha256", 64),
    ("sha384", 96),
    ("sha512", 128),
    ("blake2b", 128),
];

/// Whether the installer knows an algorithm of hashes.
pub(super) fn is_algorithm(name: &str) -> bool {
    ALGORITHMS.iter().any(|(known, _)| *known == name)
}

/// A string that must be there.
pub(super) fn string(table: &Table<'_>, key: &str) -> Result<Spanned<String>, Diagnostic> {
    table.string_if_any(key).ok_or_else(|| {
        let what = if table.has(key) {
            format!("`{}.{key}` is no string", table.path())
        } else {
            format!("`{}` has no `{key}`", table.path())
        };
        Diagnostic::error(what).at(&table.key_span(key))
    })
}

/// `name`, in PEP 503's normal form.
pub(super) fn name(table: &Table<'_>) -> Result<Spanned<String>, Diagnostic> {
    let written = string(table, "name")?;
    checked_name(written)
}

pub(super) fn checked_name(written: Spanned<String>) -> Result<Spanned<String>, Diagnostic> {
    if is_name(&written.value) {
        return Ok(written.map(|name| normalized(&name)));
    }
    let message = format!("`{}` is no name of a package", escape(&written.value));
    Err(Diagnostic::error(message).at(&written.span))
}

/// A version of PEP 440, in its normal form.
pub(super) fn checked_version(written: &Spanned<String>) -> Result<String, Diagnostic> {
    let version = Version::from_str(&written.value).map_err(|_| {
        let message = format!("`{}` is no version of PEP 440", escape(&written.value));
        Diagnostic::error(message).at(&written.span)
    })?;
    Ok(version.to_string())
}

/// `sha256:…` as the installer takes it.
pub(crate) fn checked_hash(written: &Spanned<String>) -> Result<String, Diagnostic> {
    let (algorithm, digest) = written
        .value
        .split_once(':')
        .unwrap_or(("", &written.value));
    let is_hex = digest.chars().all(|c| c.is_ascii_hexdigit());
    let known = ALGORITHMS.iter().find(|(name, _)| *name == algorithm);
    match known {
        Some((_, length)) if is_hex && digest.len() == *length => {
            Ok(written.value.to_ascii_lowercase())
        }
        _ => {
            let message = format!("`{}` is no hash", escape(&written.value));
            Err(Diagnostic::error(message).at(&written.span))
        }
    }
}

/// Sorted, each once.
pub(super) fn hashes<'a>(
    written: impl IntoIterator<Item = &'a Spanned<String>>,
) -> Result<Vec<String>, Diagnostic> {
    let mut hashes = Vec::new();
    for hash in written {
        hashes.push(checked_hash(hash)?);
    }
    hashes.sort();
    hashes.dedup();
    Ok(hashes)
}

/// A path that is relative to the lock's folder, as a path of the build context.
pub(super) fn local(folder: &str, path: &Spanned<String>) -> Result<String, Diagnostic> {
    let written = path.value.strip_prefix("file:").unwrap_or(&path.value);
    let is_absolute = written.starts_with('/') || written.get(1..2) == Some(":");
    let inside = within_context(folder, &written.replace('\\', "/"));
    let wrong =
        |what: &str| Diagnostic::error(format!("`{}` {what}", escape(&path.value))).at(&path.span);
    match inside {
        _ if is_absolute => Err(wrong("is an absolute path, which the build context does not have")
            .help("depend on it by a path that is relative to `pyproject.toml`, and lock again")),
        Some(inside) => Ok(inside),
        None => Err(wrong("is outside the build context")
            .help("build from a folder that holds both, for instance `docker build -f app/pyproject.toml .`")),
    }
}

/// A URL that can stand in a line of a requirements file.
pub(super) fn checked_url(url: &Spanned<String>) -> Result<String, Diagnostic> {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    if url.value.contains("://") && url.value.chars().all(is_plain) {
        return Ok(url.value.clone());
    }
    Err(Diagnostic::error(format!("`{}` is no URL", escape(&url.value))).at(&url.span))
}

/// A commit of a repository. Git's short form of ssh URLs becomes a URL.
pub(super) fn git(
    url: &Spanned<String>,
    commit: &Spanned<String>,
    subdirectory: Option<&Spanned<String>>,
) -> Result<PinnedSource, Diagnostic> {
    let plain = url.value.strip_prefix("git+").unwrap_or(&url.value);
    let plain = if is_scp(plain) {
        format!("ssh://{}", plain.replacen(':', "/", 1))
    } else {
        plain.to_owned()
    };
    let is_commit = commit.value.len() >= 40 && commit.value.chars().all(|c| c.is_ascii_hexdigit());
    if !is_commit {
        let message = format!("`{}` is no commit", escape(&commit.value));
        return Err(Diagnostic::error(message).at(&commit.span));
    }
    Ok(PinnedSource::Git {
        url: checked_url(&Spanned::new(plain, url.span.clone()))?,
        commit: commit.value.clone(),
        subdirectory: subdirectory
            .map(|path| path.value.clone())
            .unwrap_or_default(),
    })
}

/// Whether a path is that of a wheel or a source archive.
pub(super) fn is_archive(path: &str) -> bool {
    ARCHIVES.iter().any(|end| path.ends_with(end))
}

/// A file of the build context, by its path there.
pub(super) fn file(inside: String) -> PinnedSource {
    PinnedSource::File {
        path: inside,
        subdirectory: String::new(),
    }
}

/// A file or a folder of the build context, by its path there.
pub(super) fn at_path(inside: String) -> PinnedSource {
    if is_archive(&inside) {
        file(inside)
    } else {
        PinnedSource::Folder(inside)
    }
}

/// The hashes that a package is installed with: a repository and a folder have none, and what is downloaded must have,
/// unless the tool itself `may_lack` them.
pub(super) fn required(
    hashes: Vec<String>,
    source: &PinnedSource,
    may_lack: bool,
    (package, place): (&str, &Span),
) -> Result<Vec<String>, Diagnostic> {
    match source {
        PinnedSource::Git { .. } | PinnedSource::Folder(_) => Ok(Vec::new()),
        PinnedSource::Index | PinnedSource::OnlyIndex(_) | PinnedSource::Url(_)
            if hashes.is_empty() && !may_lack =>
        {
            Err(no_hash(package, place))
        }
        PinnedSource::Index
        | PinnedSource::OnlyIndex(_)
        | PinnedSource::Url(_)
        | PinnedSource::File { .. } => Ok(hashes),
    }
}

/// What is downloaded must be known by a hash.
pub(super) fn no_hash(package: &str, place: &Span) -> Diagnostic {
    Diagnostic::error(format!("the lock has no hash of `{package}`")).at(place)
}

/// An index of the lock. One that is not `PyPI` is asked for nothing but the packages that the lock takes from it.
pub(super) fn index(package: &str, url: &Spanned<String>) -> Result<PinnedSource, Diagnostic> {
    if is_same(&url.value, PYPI) {
        return Ok(PinnedSource::Index);
    }
    if check_url(url).is_ok() {
        return Ok(PinnedSource::OnlyIndex(url.value.clone()));
    }
    if url.value.contains('$') {
        let message = format!(
            "the index of `{package}` is `{}`, whose variables nobody fills in",
            escape(&url.value)
        );
        return Err(Diagnostic::error(message).at(&url.span).help(
            "name the index without its login and lock again; then write it into `indices` with `username` and `password`",
        ));
    }
    let what = if url.value.contains("://") {
        "the index"
    } else {
        "the folder of packages"
    };
    let message = format!(
        "`{package}` comes from {what} `{}`, which is not supported",
        escape(&without_login(&url.value))
    );
    Err(Diagnostic::error(message).at(&url.span).help(
        "name an index by its plain URL, or depend on the file itself by its path, and lock again",
    ))
}

/// The names of the wheels among files, whatever the format calls the name.
pub(super) fn wheels(files: &[Table<'_>]) -> Vec<String> {
    let name = |file: &Table<'_>| {
        let keys = ["file", "name", "filename", "url", "path"];
        let text = keys.iter().find_map(|key| file.string_if_any(key))?.value;
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let stem = name.strip_suffix(".whl")?;
        Some(stem.to_owned())
    };
    let mut names: Vec<String> = files.iter().filter_map(name).collect();
    names.sort();
    names
}
