//! URLs, paths of the build context, and what files are copied from where.

use microb::{Context, Diagnostic, Spanned};

use crate::config::{AddFile, AddSource, CopyFile, CopyFrom, Credential, Index};
use crate::mistake::{Findings, part};
use crate::requirement::is_git;
use crate::tree::{self, Table};

const COPY_KEYS: &[&str] = &["src", "dst", "from"];
const ADD_KEYS: &[&str] = &["src", "dst", "checksum"];
const INDEX_KEYS: &[&str] = &[
    "url",
    "username",
    "username_secret",
    "password",
    "password_secret",
    "trust",
];

/// A path of the build context without `.`, `..` and slashes at its ends; `None` if it leaves the context.
pub(crate) fn within_context(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

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
    if is_git(text) || text.starts_with("ssh://") || (is_http && path.ends_with(".git")) {
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

/// Checks that a URL is http or https, has a host, and no character that would need an escape.
fn check_url(url: &Spanned<String>) -> Result<(), Diagnostic> {
    let error = |message: String| Diagnostic::error(message).at(&url.span);
    let text = url.value.as_str();
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(error(format!("`{}` is no URL", tree::escape(text)))
            .help("write for instance `https://pypi.example/simple`"));
    };
    if scheme != "http" && scheme != "https" {
        return Err(error(format!(
            "`{}` is neither http nor https",
            tree::escape(scheme)
        ))
        .help("begin it with `https://`"));
    }
    let is_wrong = |c: char| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c);
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_wrong(*c)) {
        return Err(
            Diagnostic::error(format!("`{}` cannot stand in a URL", c.escape_debug()))
                .at(&part(url, at..at + c.len_utf8()))
                .help("write it percent-encoded, for instance `%20` for a space"),
        );
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    if name.is_empty() {
        return Err(error(format!("`{text}` has no host"))
            .help("write for instance `https://pypi.example/simple`"));
    }
    match port {
        Some(port) if port.parse::<u16>().is_err() => {
            Err(error(format!("`{port}` is no port number")))
        }
        _ => Ok(()),
    }
}

/// The entries of `indices`.
pub(crate) fn indices(target: &Table<'_>) -> Vec<Index> {
    let tables = target.tables("indices");
    let index = |(n, table): (usize, &Table<'_>)| {
        let findings = table.findings();
        table.only(INDEX_KEYS);
        if !table.has("url") {
            findings.add(
                Diagnostic::error(format!("`{}` has no `url`", table.path()))
                    .at(table.span())
                    .help("add `url = \"https://…\"`"),
            );
        }
        let username = credential(table, "username");
        let mut password = credential(table, "password");
        if let (None, Some(_)) = (&username, &password) {
            let key = if table.has("password_secret") {
                "password_secret"
            } else {
                "password"
            };
            findings.add(
                Diagnostic::warning(format!("`{key}` without a username is ignored"))
                    .at(&table.key_span(key))
                    .help("add `username`, or give the token as `username`"),
            );
            password = None;
        }
        let trust = table.boolean("trust").unwrap_or(false);
        let url = table.string("url")?;
        findings.keep(check_url(&url))?;
        advise(&url, &password, findings);
        Some(Index {
            name: format!("index-{}", n + 1),
            url,
            username,
            password,
            trust,
        })
    };
    tables.iter().enumerate().filter_map(index).collect()
}

/// The value of `NAME_secret`, else of `NAME`.
fn credential(table: &Table<'_>, name: &str) -> Option<Credential> {
    let findings = table.findings();
    let secret_key = format!("{name}_secret");
    let plain = table.string(name);
    let Some(secret) = table.string(&secret_key) else {
        return plain.map(Credential::Plain);
    };
    if plain.is_some() {
        findings.add(
            Diagnostic::warning(format!(
                "`{name}` is ignored, since `{secret_key}` is given"
            ))
            .at(&table.key_span(name))
            .help("remove it"),
        );
    }
    // `docker build --secret id=…,env=…` is a list with commas.
    let is_id = |c: char| !c.is_whitespace() && !c.is_control() && c != ',' && c != '"';
    if secret.value.is_empty() || !secret.value.chars().all(is_id) {
        findings.add(
            Diagnostic::error(format!(
                "`{}` is no id of a secret",
                tree::escape(&secret.value)
            ))
            .at(&secret.span)
            .help("write the `ID` of `docker build --secret id=ID,…`"),
        );
        return None;
    }
    Some(Credential::Secret(secret))
}

/// Warns of credentials that stand in the file.
fn advise(url: &Spanned<String>, password: &Option<Credential>, findings: &Findings) {
    let authority = url.value.split('/').nth(2).unwrap_or_default();
    if authority.contains('@') {
        findings.add(
            Diagnostic::warning(
                "the URL contains credentials, which everybody with the image's history can read",
            )
            .at(&url.span)
            .help("use `username_secret` and `password_secret`"),
        );
    }
    if let Some(Credential::Plain(password)) = password {
        findings.add(
            Diagnostic::warning("the password stands in the file, where everybody can read it")
                .at(&password.span)
                .help("use `password_secret`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside_the_context_or_is_none() {
        for (folder, path, expected) in [
            ("", "a/b", Some("a/b")),
            ("", "./a//b/", Some("a/b")),
            ("x", "../a", Some("a")),
            ("x/y", "../../a", Some("a")),
            ("x", "../../a", None),
            ("", "..", None),
            ("", "a/../..", None),
            ("", "/a", Some("a")),
            ("", "...", Some("...")),
        ] {
            assert_eq!(
                within_context(folder, path).as_deref(),
                expected,
                "{folder} {path}"
            );
        }
    }
}
