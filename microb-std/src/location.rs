//! Paths of the build context, and URLs.

use microb::{Diagnostic, Spanned};

use crate::mistake::part;
use crate::tree;

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

/// Checks that a URL is http or https, has a host, and no character that would need an escape.
pub(crate) fn check_url(url: &Spanned<String>) -> Result<(), Diagnostic> {
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
