//! Requirements of PEP 508: `name[extra]>=1,<2 ; marker` or `name @ url ; marker`.

use std::ops::Range;

use super::{Mistake, marker, version};

/// A parsed requirement. The parts are as written, without white space around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The package's name; [`normalized_name`] makes two spellings of one name equal.
    pub name: &'a str,
    /// The extras in brackets.
    pub extras: Vec<&'a str>,
    /// The version specifiers, without the parentheses that may be around them; empty if there are none.
    pub specifiers: &'a str,
    /// The URL after `@`.
    pub url: Option<&'a str>,
    /// The environment marker, without the `;`.
    pub marker: Option<&'a str>,
}

/// A requirement as `pip install` takes it: the grammar of PEP 508 with the specifiers of PEP 440.
///
/// ```
/// # use microb_dsl::grammar::requirement;
/// let numpy = requirement("NumPy[dev] >=1.26; python_version < '3.13'").unwrap();
/// assert_eq!((numpy.name, numpy.specifiers), ("NumPy", ">=1.26"));
/// assert_eq!(requirement("numpy=1.26").unwrap_err().help.as_deref(), Some("write `numpy==1.26`"));
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn requirement(text: &str) -> Result<Requirement<'_>, Mistake> {
    let requirement = Requirement::parse(text)?;
    version::specifiers(requirement.specifiers).map_err(|(range, help)| {
        let at = offset(text, requirement.specifiers);
        let wrong = &requirement.specifiers[range.clone()];
        let message = format!("`{wrong}` is no version specifier of PEP 440");
        let mistake = Mistake::at(range, message).shift(at);
        mistake.help(match help {
            Some(meant) => format!("write `{}{meant}`", requirement.name),
            None => format!("write for instance `{}>=1.2,<2`", requirement.name),
        })
    })?;
    Ok(requirement)
}

/// PEP 503's normal form of a name: lower case, and one dash for each run of `-`, `_` and `.`.
///
/// ```
/// assert_eq!(microb_dsl::grammar::normalized_name("Zope__Interface"), "zope-interface");
/// ```
pub fn normalized_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words: Vec<_> = lower
        .split(['-', '_', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-")
}

/// Whether a text is a name of a package or an extra.
///
/// `[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]`, case ignored: PEP 508's identifiers.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(is_name_char)
}

/// Whether a text is git's short form of an ssh URL: `git@github.com:owner/name.git`.
pub fn is_scp(url: &str) -> bool {
    url.split_once(':').is_some_and(|(host, path)| {
        host.contains('@') && !host.contains(['/', ' ']) && !path.starts_with("//")
    })
}

impl<'a> Requirement<'a> {
    /// Parses a requirement. The version specifiers are not checked; [`requirement`] does that.
    ///
    /// # Errors
    ///
    /// Where the text leaves PEP 508's grammar.
    pub fn parse(text: &'a str) -> Result<Self, Mistake> {
        let rest = text.trim_start();
        let name_end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(name_end);
        let is_location = rest.starts_with("://") || rest.starts_with('+') || is_scp(text.trim());
        if !is_name(name) || is_location {
            return Err(no_name(text, name));
        }
        let (extras, rest) = extras(text, rest.trim_start())?;
        let rest = rest.trim_start();
        let requirement = Self {
            name,
            extras,
            specifiers: "",
            url: None,
            marker: None,
        };
        if let Some(url) = rest.strip_prefix('@') {
            let (url, marker) = url_and_marker(url.trim_start());
            check_url(url).map_err(|mistake| mistake.shift(offset(text, url)))?;
            return Ok(Self {
                url: Some(url),
                marker: check_marker(text, marker)?,
                ..requirement
            });
        }
        let (specifiers, marker) = match rest.split_once(';') {
            Some((specifiers, marker)) => (specifiers, Some(marker)),
            None => (rest, None),
        };
        Ok(Self {
            specifiers: without_parentheses(text, specifiers.trim())?,
            marker: check_marker(text, marker)?,
            ..requirement
        })
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// What to write for a path, which PEP 508 has no place for.
const LOCAL: &str =
    "install local packages from a requirements file, which lists them as `./folder`";

/// Where `part` begins in `text`, of which it is a part.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

fn range(text: &str, part: &str) -> Range<usize> {
    offset(text, part)..offset(text, part) + part.len()
}

fn no_name(text: &str, name: &str) -> Mistake {
    let whole = text.trim();
    if whole.is_empty() {
        return Mistake::at(0..text.len(), "the requirement is empty")
            .help("write a name, or remove it");
    }
    if whole.starts_with(['.', '/']) {
        return Mistake::at(range(text, whole), format!("`{whole}` has no package name"))
            .help(LOCAL);
    }
    if whole.contains("://") || is_scp(whole) {
        return Mistake::at(range(text, whole), format!("`{whole}` has no package name"))
            .help(format!("write `NAME @ {whole}`"));
    }
    let first = whole.chars().next().map_or(1, char::len_utf8);
    let start = offset(text, whole);
    Mistake::at(
        start..start + name.len().max(first),
        format!("`{whole}` does not begin with a package name"),
    )
    .help("a name is letters and digits with `.`, `_` and `-` between them")
}

/// Reads `[a, b]` at the start of `rest`, a part of `text`, and returns what follows.
fn extras<'a>(text: &str, rest: &'a str) -> Result<(Vec<&'a str>, &'a str), Mistake> {
    let Some(list) = rest.strip_prefix('[') else {
        return Ok((Vec::new(), rest));
    };
    let Some((list, after)) = list.split_once(']') else {
        let open = offset(text, rest)..text.len();
        return Err(Mistake::at(open, "the list of extras has no end").help("close it with `]`"));
    };
    let mut extras = Vec::new();
    for extra in list.split(',') {
        let name = extra.trim();
        if is_name(name) {
            extras.push(name);
        } else if !(name.is_empty() && list.trim().is_empty()) {
            let start = offset(text, extra) + extra.len() - extra.trim_start().len();
            return Err(Mistake::at(
                start..(start + name.len()).max(start + 1),
                format!("`{name}` is no name of an extra"),
            ));
        }
    }
    Ok((extras, after))
}

/// A URL ends at white space; a marker follows with ` ;`.
fn url_and_marker(text: &str) -> (&str, Option<&str>) {
    let (url, rest) = match text.find(char::is_whitespace) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    match rest.trim_start().strip_prefix(';') {
        Some(marker) => (url, Some(marker)),
        None if rest.trim().is_empty() => (url, None),
        // Let the check of the URL see what does not belong there.
        None => (text.trim_end(), None),
    }
}

fn check_url(url: &str) -> Result<(), Mistake> {
    let whole = 0..url.len().max(1);
    if url.is_empty() {
        return Err(Mistake::at(whole, "the URL after `@` is missing"));
    }
    if let Some(space) = url.find(char::is_whitespace) {
        return Err(Mistake::at(space..url.len(), "a URL has no white space")
            .help("put ` ; ` before an environment marker"));
    }
    if let Some(marker) = url.strip_suffix(';') {
        return Err(
            Mistake::at(marker.len()..url.len(), "the URL ends with `;`")
                .help("put a space before the `;` of an environment marker"),
        );
    }
    if is_scp(url) {
        let https = url.replacen(':', "/", 1);
        return Err(Mistake::at(whole, format!("`{url}` is no URL"))
            .help(format!("write `git+ssh://{https}`")));
    }
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    if is_scheme {
        Ok(())
    } else {
        Err(
            Mistake::at(whole, format!("`{url}` is no URL")).help(if url.starts_with(['.', '/']) {
                LOCAL
            } else {
                "begin it with `https://`, `git+https://` or `git+ssh://`"
            }),
        )
    }
}

fn without_parentheses<'a>(text: &str, specifiers: &'a str) -> Result<&'a str, Mistake> {
    match specifiers.strip_prefix('(') {
        None => Ok(specifiers),
        Some(open) => open
            .strip_suffix(')')
            .ok_or_else(|| Mistake::at(range(text, specifiers), "the `(` has no `)`")),
    }
}

/// The marker without white space at its ends.
fn check_marker<'a>(text: &str, marker: Option<&'a str>) -> Result<Option<&'a str>, Mistake> {
    let Some(marker) = marker else {
        return Ok(None);
    };
    let at = offset(text, marker);
    if marker.trim().is_empty() {
        return Err(Mistake::at(
            at - 1..text.len(),
            "the environment marker after `;` is missing",
        ));
    }
    marker::marker(marker).map_err(|mistake| mistake.shift(at))?;
    Ok(Some(marker.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_taken_apart() {
        let requirement = requirement("x [a, B] (>=1, <2) ; os_name == 'nt'").unwrap();
        assert_eq!(
            requirement,
            Requirement {
                name: "x",
                extras: vec!["a", "B"],
                specifiers: ">=1, <2",
                url: None,
                marker: Some("os_name == 'nt'"),
            }
        );
    }

    #[test]
    fn a_wrong_specifier_is_shown_with_what_was_meant() {
        for (text, shown, help) in [
            ("numpy=1.26", "=1.26", "write `numpy==1.26`"),
            ("numpy 1.26", "1.26", "write `numpy==1.26`"),
            ("numpy=>1", "=>1", "write `numpy>=1`"),
            ("numpy>=1 <2", ">=1 <2", "write `numpy>=1,<2`"),
            ("numpy^1.2", "^1.2", "write `numpy>=1.2,<2`"),
            ("numpy>=1,<x", "<x", "write for instance `numpy>=1.2,<2`"),
            ("numpy~=1", "~=1", "write `numpy~=1.0`"),
        ] {
            let mistake = requirement(text).unwrap_err();
            assert_eq!(&text[mistake.range], shown, "{text}");
            assert_eq!(mistake.help.as_deref(), Some(help), "{text}");
        }
    }
}
