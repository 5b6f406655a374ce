//! One requirement, PEP 508.
//!
//! Of our own, because `pep508_rs` 0.9.2 panics on names such as `foo-.` and reads environment variables.

use std::collections::BTreeSet;
use std::fmt;

use microb::{Diagnostic, Spanned};

use crate::marker;
use crate::mistake::Mistake;
use crate::specifier;

/// A dependency as PEP 508 writes it, with the place where the user did.
///
/// [`Display`](fmt::Display) writes the normal form: `name[extra]>=1,<2 ; marker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The text as written.
    pub text: Spanned<String>,
    /// The name in PEP 503's normal form.
    pub name: String,
    /// The extras in PEP 685's normal form, sorted.
    pub extras: Vec<String>,
    /// The version specifiers without white space, or the URL after `@`.
    pub version: VersionOrUrl,
    /// The environment marker, as written, without the `;`.
    pub marker: Option<String>,
}

/// Which version of a package is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionOrUrl {
    /// Specifiers of PEP 440 with commas between; empty if any version will do.
    Version(String),
    /// The place of this very one.
    Url(String),
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    ///
    /// Where the text leaves PEP 508's grammar.
    pub(crate) fn parse(text: Spanned<String>) -> Result<Self, Diagnostic> {
        match Parts::of(&text.value) {
            Ok(parts) => Ok(Self {
                name: normalized(parts.name),
                extras: parts.extras,
                version: parts.version,
                marker: parts.marker.map(str::to_owned),
                text,
            }),
            Err(mistake) => Err(mistake.at(&text)),
        }
    }

    /// Whether it is fetched over ssh.
    pub fn needs_ssh(&self) -> bool {
        matches!(&self.version, VersionOrUrl::Url(url) if is_ssh(url))
    }

    /// Whether it is fetched with git.
    pub fn needs_git(&self) -> bool {
        matches!(&self.version, VersionOrUrl::Url(url) if is_git(url))
    }

    /// The same under further markers, which must all hold too.
    #[must_use]
    pub(crate) fn only_if(mut self, mut conditions: BTreeSet<String>) -> Self {
        conditions.extend(self.marker.take());
        self.marker = match conditions.len() {
            0 | 1 => conditions.pop_first(),
            _ => {
                let each: Vec<_> = conditions.iter().map(|one| format!("({one})")).collect();
                Some(each.join(" and "))
            }
        };
        self
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.extras.is_empty() {
            write!(f, "[{}]", self.extras.join(","))?;
        }
        match &self.version {
            VersionOrUrl::Version(specifiers) => f.write_str(specifiers)?,
            VersionOrUrl::Url(url) => write!(f, " @ {url}")?,
        }
        match &self.marker {
            Some(marker) => write!(f, " ; {marker}"),
            None => Ok(()),
        }
    }
}

/// A requirements file of these: normalized, sorted, one a line, each once.
pub(crate) fn requirements_txt(requirements: &[Requirement]) -> String {
    let lines: BTreeSet<String> = requirements.iter().map(ToString::to_string).collect();
    lines
        .into_iter()
        .flat_map(|line| [line, "\n".to_owned()])
        .collect()
}

/// PEP 503's normal form of a name: lower case, and one dash for each run of `-`, `_` and `.`.
pub(crate) fn normalized(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words: Vec<_> = lower
        .split(['-', '_', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-")
}

/// `[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]`, case ignored: PEP 508's identifiers.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(is_name_char)
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// Whether a URL, or a `git@host:path`, is fetched over ssh.
pub(crate) fn is_ssh(url: &str) -> bool {
    let url = url.strip_prefix("git+").unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, _)) => scheme == "ssh" || scheme.ends_with("+ssh"),
        None => is_scp(url),
    }
}

/// Whether a URL is fetched with git.
pub(crate) fn is_git(url: &str) -> bool {
    url.starts_with("git+") || url.starts_with("git://") || is_scp(url)
}

/// `git@github.com:owner/name.git`
fn is_scp(url: &str) -> bool {
    url.split_once(':').is_some_and(|(host, path)| {
        host.contains('@') && !host.contains(['/', ' ']) && !path.starts_with("//")
    })
}

struct Parts<'a> {
    name: &'a str,
    extras: Vec<String>,
    version: VersionOrUrl,
    marker: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, Mistake> {
        let rest = text.trim_start();
        let name_end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(name_end);
        let at = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        let is_location = rest.starts_with("://") || rest.starts_with('+') || is_scp(text.trim());
        if !is_name(name) || is_location {
            return Err(no_name(text, name));
        }
        let (extras, rest) = extras(text, rest.trim_start())?;
        let rest = rest.trim_start();
        if let Some(url) = rest.strip_prefix('@') {
            let (url, marker) = url_and_marker(url.trim_start());
            check_url(url).map_err(|mistake| mistake.shift(at(url)))?;
            let marker = check_marker(text, marker)?;
            let version = VersionOrUrl::Url(url.to_owned());
            return Ok(Self {
                name,
                extras,
                version,
                marker,
            });
        }
        let (specifiers, marker) = match rest.split_once(';') {
            Some((specifiers, marker)) => (specifiers, Some(marker)),
            None => (rest, None),
        };
        let version = VersionOrUrl::Version(check_specifiers(text, name, specifiers)?);
        let marker = check_marker(text, marker)?;
        Ok(Self {
            name,
            extras,
            version,
            marker,
        })
    }
}

fn no_name(text: &str, name: &str) -> Mistake {
    let whole = text.trim();
    let start = text.len() - text.trim_start().len();
    if whole.is_empty() {
        return Mistake::new(0..text.len(), "the requirement is empty")
            .help("write a name, or remove it");
    }
    let is_location = whole.contains("://") || whole.starts_with(['.', '/']) || is_scp(whole);
    let mistake = Mistake::new(
        start
            ..start
                + if is_location {
                    whole.len()
                } else {
                    name.len()
                        .max(whole.chars().next().map_or(1, char::len_utf8))
                },
        if is_location {
            format!("`{whole}` has no package name")
        } else {
            format!("`{whole}` does not begin with a package name")
        },
    );
    if is_location {
        mistake.help(format!("write `NAME @ {whole}`"))
    } else {
        mistake.help("a name is letters and digits with `.`, `_` and `-` between them")
    }
}

/// Reads `[a, b]` at the start of `rest`, a part of `text`, and returns what follows.
fn extras<'a>(text: &str, rest: &'a str) -> Result<(Vec<String>, &'a str), Mistake> {
    let Some(list) = rest.strip_prefix('[') else {
        return Ok((Vec::new(), rest));
    };
    let at = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let Some((list, rest)) = list.split_once(']') else {
        return Err(
            Mistake::new(at(rest)..text.len(), "the list of extras has no end")
                .help("close it with `]`"),
        );
    };
    let mut extras = BTreeSet::new();
    for extra in list.split(',') {
        let name = extra.trim();
        if is_name(name) {
            extras.insert(normalized(name));
        } else if !(name.is_empty() && list.trim().is_empty()) {
            let start = at(extra) + extra.len() - extra.trim_start().len();
            return Err(Mistake::new(
                start..(start + name.len()).max(start + 1),
                format!("`{name}` is no name of an extra"),
            ));
        }
    }
    Ok((extras.into_iter().collect(), rest))
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
        return Err(Mistake::new(whole, "the URL after `@` is missing"));
    }
    if let Some(space) = url.find(char::is_whitespace) {
        return Err(Mistake::new(space..url.len(), "a URL has no white space")
            .help("put ` ; ` before an environment marker"));
    }
    if let Some(marker) = url.strip_suffix(';') {
        return Err(
            Mistake::new(marker.len()..url.len(), "the URL ends with `;`")
                .help("put a space before the `;` of an environment marker"),
        );
    }
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    if is_scp(url) {
        let https = url.replacen(':', "/", 1);
        return Err(Mistake::new(whole, format!("`{url}` is no URL"))
            .help(format!("write `git+ssh://{https}`")));
    }
    if is_scheme {
        Ok(())
    } else {
        Err(Mistake::new(whole, format!("`{url}` is no URL"))
            .help("begin it with `https://`, `git+https://` or `git+ssh://`"))
    }
}

fn check_specifiers(text: &str, name: &str, written: &str) -> Result<String, Mistake> {
    let at = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let mut inner = written.trim();
    if let Some(open) = inner.strip_prefix('(') {
        inner = open.strip_suffix(')').ok_or_else(|| {
            Mistake::new(at(inner)..at(inner) + inner.len(), "the `(` has no `)`")
        })?;
    }
    // `===` compares texts, so that anything without white space may follow it.
    let is_arbitrary = inner.starts_with("===") && !inner[3..].trim().contains(char::is_whitespace);
    if !is_arbitrary {
        specifier::specifiers(inner).map_err(|mistake| {
            let mistake = mistake.shift(at(inner));
            if inner.starts_with(|c: char| c.is_ascii_digit()) {
                mistake.help(format!("write `{name}=={}`", inner.trim()))
            } else {
                mistake
            }
        })?;
    }
    let pieces: Vec<String> = inner
        .split(',')
        .map(|piece| piece.split_whitespace().collect())
        .filter(|piece: &String| !piece.is_empty())
        .collect();
    Ok(pieces.join(","))
}

/// The marker without white space at its ends.
fn check_marker<'a>(text: &str, marker: Option<&'a str>) -> Result<Option<&'a str>, Mistake> {
    let Some(marker) = marker else {
        return Ok(None);
    };
    let at = marker.as_ptr() as usize - text.as_ptr() as usize;
    if marker.trim().is_empty() {
        return Err(Mistake::new(
            at - 1..text.len(),
            "the environment marker after `;` is missing",
        ));
    }
    marker::check(marker).map_err(|mistake| mistake.shift(at))?;
    Ok(Some(marker.trim()))
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    fn parse(text: &str) -> Result<Requirement, Diagnostic> {
        let file = SourceFile::new("r", text);
        Requirement::parse(Spanned::new(text.to_owned(), file.whole()))
    }

    #[test]
    fn a_requirement_has_one_normal_form() {
        for (written, normal) in [
            ("numpy", "numpy"),
            (" NumPy >= 1.20, <2 ", "numpy>=1.20,<2"),
            ("zope.interface", "zope-interface"),
            ("a__b--c", "a-b-c"),
            ("x[Z_a, b ]>=1", "x[b,z-a]>=1"),
            ("x[]", "x"),
            ("x (>=1)", "x>=1"),
            ("x==1.*", "x==1.*"),
            ("x===1.0-weird", "x===1.0-weird"),
            ("x>=1,", "x>=1"),
            (
                "tomli>=1.1; python_version < '3.11'",
                "tomli>=1.1 ; python_version < '3.11'",
            ),
            (
                "nats-micro@git+ssh://git@github.com/charbonats/nats-micro.git",
                "nats-micro @ git+ssh://git@github.com/charbonats/nats-micro.git",
            ),
            (
                "p @ https://h/x.whl#sha256=a&y=1 ; sys_platform == 'win32'",
                "p @ https://h/x.whl#sha256=a&y=1 ; sys_platform == 'win32'",
            ),
        ] {
            let once = parse(written).unwrap().to_string();
            assert_eq!(once, normal);
            assert_eq!(parse(&once).unwrap().to_string(), once);
        }
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        for (written, message, shown) in [
            ("", "the requirement is empty", ""),
            ("  ", "the requirement is empty", "  "),
            (
                "foo-.>=1",
                "`foo-.>=1` does not begin with a package name",
                "foo-.",
            ),
            ("é", "`é` does not begin with a package name", "é"),
            ("x[a-]", "`a-` is no name of an extra", "a-"),
            ("x[a", "the list of extras has no end", "[a"),
            ("x[a,,b]", "`` is no name of an extra", ","),
            (
                "foo >=1 <2",
                "`>=1 <2` is no version specifier of PEP 440",
                ">=1 <2",
            ),
            ("foo 1.0", "`1.0` is no version specifier of PEP 440", "1.0"),
            (
                "foo ^1.0",
                "`^1.0` is no version specifier of PEP 440",
                "^1.0",
            ),
            ("foo (>=1", "the `(` has no `)`", "(>=1"),
            ("x @", "the URL after `@` is missing", "@"),
            ("x @ ./y", "`./y` is no URL", "./y"),
            ("x @ git@h:p", "`git@h:p` is no URL", "git@h:p"),
            (
                "x @ https://h/a; extra == 'b'",
                "a URL has no white space",
                " extra == 'b'",
            ),
            ("x;", "the environment marker after `;` is missing", ";"),
            (
                "https://h/x.whl",
                "`https://h/x.whl` has no package name",
                "https://h/x.whl",
            ),
            ("./x", "`./x` has no package name", "./x"),
            (
                "idna>=3 ; python_version > 3",
                "`3` is neither a marker variable nor a quoted string",
                "3",
            ),
        ] {
            let error = parse(written).unwrap_err();
            assert_eq!(error.message, message);
            assert_eq!(error.span.unwrap().text(), shown, "{written}");
        }
    }

    #[test]
    fn ssh_and_git_are_seen_in_urls_only() {
        for (written, ssh, git) in [
            ("x @ git+ssh://git@h/p.git", true, true),
            ("x @ git+https://h/p.git@main", false, true),
            ("x @ https://h/git+ssh/x.whl", false, false),
            ("x @ ssh://h/p", true, false),
            ("git-ssh", false, false),
        ] {
            let requirement = parse(written).unwrap();
            assert_eq!(requirement.needs_ssh(), ssh, "{written}");
            assert_eq!(requirement.needs_git(), git, "{written}");
        }
    }
}
