//! One requirement, PEP 508.
//!
//! The grammar is the language's own, because `pep508_rs` 0.9.2 panics on names such as `foo-.` and reads environment variables.

use std::collections::BTreeSet;
use std::fmt;

pub(crate) use microb::grammar::normalized_name as normalized;
pub(crate) use microb::grammar::requirement::is_name;
use microb::grammar::requirement::is_scp;
use microb::{Diagnostic, Spanned, grammar};

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
        match parts(&text.value) {
            Ok((parts, version)) => Ok(Self {
                name: normalized(parts.name),
                extras: extras(&parts.extras),
                version,
                marker: parts.marker.map(str::to_owned),
                text,
            }),
            Err(mistake) => Err(mistake.at(&text)),
        }
    }

    /// Whether it says where it comes from, so that no index is asked for it.
    pub fn is_url(&self) -> bool {
        matches!(&self.version, VersionOrUrl::Url(_))
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

/// Extras in PEP 685's normal form, sorted, each once.
fn extras(names: &[&str]) -> Vec<String> {
    let names: BTreeSet<_> = names.iter().map(|name| normalized(name)).collect();
    names.into_iter().collect()
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

fn parts(text: &str) -> Result<(grammar::requirement::Requirement<'_>, VersionOrUrl), Mistake> {
    let parts = grammar::requirement::Requirement::parse(text)?;
    let version = match parts.url {
        Some(url) => VersionOrUrl::Url(url.to_owned()),
        None => VersionOrUrl::Version(check_specifiers(text, parts.name, parts.specifiers)?),
    };
    Ok((parts, version))
}

/// The specifiers without white space.
fn check_specifiers(text: &str, name: &str, written: &str) -> Result<String, Mistake> {
    let at = written.as_ptr() as usize - text.as_ptr() as usize;
    // `===` compares texts, so that anything without white space may follow it.
    let is_arbitrary =
        written.starts_with("===") && !written[3..].trim().contains(char::is_whitespace);
    if !is_arbitrary {
        specifier::specifiers(written).map_err(|mistake| {
            let mistake = mistake.shift(at);
            if written.starts_with(|c: char| c.is_ascii_digit()) {
                mistake.help(format!("write `{name}=={}`", written.trim()))
            } else {
                mistake
            }
        })?;
    }
    let pieces: Vec<String> = written
        .split(',')
        .map(|piece| piece.split_whitespace().collect())
        .filter(|piece: &String| !piece.is_empty())
        .collect();
    Ok(pieces.join(","))
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
