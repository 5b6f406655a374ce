//! What files are copied and added, and from where.

use microb::{Context, Diagnostic, Spanned};

use crate::config::{AddFile, AddSource, CopyFile, CopyFrom};
use crate::location::{check_url, within_context};
use crate::mistake::{Findings, part};
use crate::requirement::is_git;
use crate::tree::{self, Table};

const COPY_KEYS: &[&str] = &["src", "dst", "from"];
const ADD_KEYS: &[&str] = &["src", "dst", "checksum"];
/// The entries of `copy_files` or `copy_files_before_build`.
pub(crate) fn copies(
    target: &Table<'_>,
    key: &str,
    targets: &[Spanned<String>],
    cx: &dyn Context,
) -> Vec<CopyFile> {
    let copy = |table: &Table<'_>| {
        table.only(COPY_KEYS);
        let src = required(table, "src");
        let dst = required(table, "dst");
        let from = table
            .string("from")
            .and_then(|from| table.findings().keep(copy_from(from, targets, cx)));
        let src = src?;
        if from.is_none() && !table.has("from") {
            stay_inside(&src, table.findings());
        }
        Some(CopyFile {
            src,
            dst: dst?,
            from,
        })
    };
    target.tables(key).iter().filter_map(copy).collect()
}

/// The entries of `add_files` or `add_files_before_build`.
pub(crate) fn adds(target: &Table<'_>, key: &str) -> Vec<AddFile> {
    let add = |table: &Table<'_>| {
        table.only(ADD_KEYS);
        let src = required(table, "src");
        let dst = required(table, "dst");
        let checksum = table.string("checksum");
        let src = src?;
        let source = add_source(&src, table.findings())?;
        if let Some(checksum) = &checksum {
            check_checksum(checksum, &source, table.findings());
        }
        Some(AddFile {
            src: Spanned::new(source, src.span),
            dst: dst?,
            checksum,
        })
    };
    target.tables(key).iter().filter_map(add).collect()
}

/// A string that must be there and must not be empty.
fn required(table: &Table<'_>, key: &str) -> Option<Spanned<String>> {
    if !table.has(key) {
        table.findings().add(
            Diagnostic::error(format!("`{}` has no `{key}`", table.path()))
                .at(table.span())
                .help(format!("add `{key} = \"…\"`")),
        );
    }
    let value = table.string(key)?;
    if value.value.trim().is_empty() {
        let what = match key {
            "src" => "the source path is empty",
            "dst" => "the destination path is empty",
            _ => "the value is empty",
        };
        table.findings().add(
            Diagnostic::error(what)
                .at(&value.span)
                .help("write a path, for instance `/app/`"),
        );
        return None;
    }
    Some(value)
}

fn stay_inside(src: &Spanned<String>, findings: &Findings) {
    if within_context("", &src.value).is_none() {
        findings.add(
            Diagnostic::error(format!("`{}` is outside the build context", tree::escape(&src.value)))
                .at(&src.span)
                .help("move it into the build context, or pass its folder with `--build-context NAME=FOLDER` and say `from = \"NAME\"`"),
        );
    }
}

fn copy_from(
    from: Spanned<String>,
    targets: &[Spanned<String>],
    cx: &dyn Context,
) -> Result<Spanned<CopyFrom>, Diagnostic> {
    let name = from.value.as_str();
    if name == "builder" {
        return Ok(from.map(|_| CopyFrom::Builder));
    }
    if targets.iter().any(|target| target.value == name) {
        return Ok(from.map(CopyFrom::Target));
    }
    if cx.has_named_context(name) {
        return Ok(from.map(CopyFrom::NamedContext));
    }
    match name.parse() {
        Ok(image) => Ok(from.map(|_| CopyFrom::Image(image))),
        Err(reason) => Err(Diagnostic::error(reason)
            .at(&from.span)
            .help("write `builder`, another target, a named context or an image")),
    }
}

fn add_source(src: &Spanned<String>, findings: &Findings) -> Option<AddSource> {
    let text = src.value.as_str();
    let path = text.split('#').next().unwrap_or(text);
    let is_http = text.starts_with("http://") || text.starts_with("https://");
    if is_git(text) || text.starts_with("ssh://") || (is_http && is_repository(path)) {
        return Some(AddSource::Git(text.to_owned()));
    }
    if is_http {
        return match check_url(src) {
            Ok(()) => Some(AddSource::Http(text.to_owned())),
            Err(error) => {
                findings.add(error);
                None
            }
        };
    }
    if let Some((scheme, _)) = text.split_once("://") {
        findings.add(
            Diagnostic::error(format!(
                "files cannot be added over `{}`",
                tree::escape(scheme)
            ))
            .at(&part(src, 0..scheme.len()))
            .help("write a path of the build context, an `https://` URL or a git repository"),
        );
        return None;
    }
    stay_inside(src, findings);
    Some(AddSource::Context(text.to_owned()))
}

/// BuildKit takes such a URL for a repository, in lower case only.
fn is_repository(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end == "git")
}

fn check_checksum(checksum: &Spanned<String>, source: &AddSource, findings: &Findings) {
    let error = |message: String, help: &str| {
        findings.add(Diagnostic::error(message).at(&checksum.span).help(help));
    };
    match source {
        AddSource::Http(_) => {}
        AddSource::Git(_) => {
            error(
                "a git repository has no `checksum`".to_owned(),
                "pin the commit in the URL: `….git#COMMIT`",
            );
            return;
        }
        AddSource::Context(_) => {
            error(
                "a file of the build context has no `checksum`".to_owned(),
                "remove it; it is for URLs",
            );
            return;
        }
    }
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let Some(digest) = checksum.value.strip_prefix("sha256:") else {
        error(
            format!("`{}` is no checksum", tree::escape(&checksum.value)),
            "write `sha256:` and 64 hexadecimal digits",
        );
        return;
    };
    if !digest.chars().all(is_hex) {
        error(
            "the checksum has characters that are no hexadecimal digits in lower case".to_owned(),
            "write `sha256:` and 64 digits of 0-9 and a-f",
        );
    } else if digest.len() != 64 {
        error(
            format!("the checksum has {} digits", digest.len()),
            "write `sha256:` and 64 hexadecimal digits",
        );
    }
}
