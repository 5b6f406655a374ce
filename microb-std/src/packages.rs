//! `build_deps` and `system_deps`: packages of the distribution.

use microb::Spanned;

use crate::config::Flavor;
use crate::mistake::{Findings, Mistake};
use crate::rules::DUPLICATE_PACKAGE;

/// The packages of a list, each checked and each once, in the order of the list.
pub(crate) fn resolve(
    list: Vec<Spanned<String>>,
    flavor: Flavor,
    findings: &Findings,
) -> Vec<Spanned<String>> {
    let mut packages: Vec<Spanned<String>> = Vec::new();
    for package in list {
        let checked = match flavor {
            Flavor::Debian => debian(&package.value),
            Flavor::Alpine => alpine(&package.value),
        };
        if let Err(mistake) = checked {
            findings.add(mistake.at(&package));
        } else if packages.iter().any(|known| known.value == package.value) {
            findings.add(
                DUPLICATE_PACKAGE
                    .finding(format!("`{}` is listed twice", package.value))
                    .at(&package.span)
                    .help("remove one"),
            );
        } else {
            packages.push(package);
        }
    }
    packages
}

/// These packages, and those of the others that are not among them.
pub(crate) fn with(
    mut packages: Vec<Spanned<String>>,
    others: impl Iterator<Item = Spanned<String>>,
) -> Vec<Spanned<String>> {
    for other in others {
        if !packages
            .iter()
            .any(|known| name(&known.value) == other.value)
        {
            packages.push(other);
        }
    }
    packages
}

/// The name of a package without version, architecture, suite or repository.
fn name(package: &str) -> &str {
    let end = package.find([':', '=', '/', '<', '>', '~', '@']);
    &package[..end.unwrap_or(package.len())]
}

/// `name[:architecture][=version][/suite]`, as `apt-get install` reads it.
///
/// Names and versions: Debian Policy 5.6.1 and 5.6.12. A trailing `-` or `+` would mean removal or
/// installation to apt, so that the former is refused and the latter can only be part of a name.
fn debian(text: &str) -> Result<(), Mistake> {
    let is_name_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    let name_end = text.find(|c| !is_name_char(c)).unwrap_or(text.len());
    let name = &text[..name_end];
    if name.len() < 2
        || !name.starts_with(|c: char| c.is_ascii_alphanumeric())
        || name.ends_with('-')
    {
        return Err(no_name(text, name_end, "Debian"));
    }
    let mut at = name_end;
    let mut rest = &text[at..];
    for (mark, part, is_part) in [
        (':', "architecture", is_lower as fn(char) -> bool),
        ('=', "version", is_debian_version),
        ('/', "suite", is_suite),
    ] {
        let Some(value) = rest.strip_prefix(mark) else {
            continue;
        };
        let end = value.find(|c| !is_part(c)).unwrap_or(value.len());
        if end == 0 {
            return Err(Mistake::new(
                at..at + 1,
                format!("the {part} after `{mark}` is missing"),
            ));
        }
        at += mark.len_utf8() + end;
        rest = &value[end..];
    }
    unexpected(
        text,
        at,
        "write `NAME`, `NAME=VERSION`, `NAME:ARCHITECTURE` or `NAME/SUITE`",
    )
}

fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

fn is_debian_version(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".+-:~*".contains(c)
}

fn is_suite(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// `name`, `name=1.2`, `name~1.2`, `name>1`, `name@tag`, as apk's world file has it.
fn alpine(text: &str) -> Result<(), Mistake> {
    let is_name_char = |c: char| c.is_ascii_alphanumeric() || "+-._:".contains(c);
    let mut at = text.find(|c| !is_name_char(c)).unwrap_or(text.len());
    let name = &text[..at];
    // A first dot marks a virtual package that `apk add` would replace.
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') || name.ends_with('-') {
        return Err(no_name(text, at, "Alpine"));
    }
    let version = text[at..].trim_start_matches(['=', '<', '>', '~']);
    let operator = &text[at..text.len() - version.len()];
    if !operator.is_empty() {
        if !["=", "<", ">", "~", "~=", "=~", "<=", ">=", "><"].contains(&operator) {
            return Err(Mistake::new(
                at..at + operator.len(),
                format!("`{operator}` is no comparison"),
            )
            .help("write `=`, `~`, `<`, `<=`, `>` or `>=`"));
        }
        let is_version = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let length = version.find(|c| !is_version(c)).unwrap_or(version.len());
        if length == 0 {
            return Err(Mistake::new(
                at..at + operator.len(),
                format!("the version after `{operator}` is missing"),
            ));
        }
        at = text.len() - version.len() + length;
    }
    if let Some(tag) = text[at..].strip_prefix('@') {
        let length = tag.find(|c| !is_suite(c)).unwrap_or(tag.len());
        if length == 0 {
            return Err(Mistake::new(
                at..at + 1,
                "the repository tag after `@` is missing",
            ));
        }
        at += 1 + length;
    }
    unexpected(
        text,
        at,
        "write `NAME`, `NAME=VERSION`, `NAME~VERSION` or `NAME@TAG`",
    )
}

fn no_name(text: &str, end: usize, distribution: &str) -> Mistake {
    let first = text[end..].chars().next().map_or(0, char::len_utf8);
    let range = if end == 0 { 0..first } else { 0..end };
    let mistake = Mistake::new(
        range,
        format!("`{text}` is no name of a {distribution} package"),
    );
    let lower = text.to_ascii_lowercase();
    let is_case = lower != text && distribution == "Debian" && debian(&lower).is_ok();
    if is_case {
        mistake.help(format!("write `{lower}`"))
    } else {
        mistake.help("remove it, or write the package's name")
    }
}

fn unexpected(text: &str, at: usize, help: &str) -> Result<(), Mistake> {
    let Some(c) = text[at..].chars().next() else {
        return Ok(());
    };
    let mistake = Mistake::new(
        at..at + c.len_utf8(),
        format!(
            "`{}` does not belong into the package `{text}`",
            c.escape_debug()
        ),
    );
    if c.is_ascii_uppercase() && debian(&text.to_ascii_lowercase()).is_ok() {
        return Err(mistake.help(format!("write `{}`", text.to_ascii_lowercase())));
    }
    if c.is_whitespace() || c == ',' {
        return Err(mistake.help("write each package as a string of its own"));
    }
    Err(mistake.help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_apt_knows_are_fine() {
        for name in [
            "build-essential",
            "libffi-dev",
            "g++",
            "libstdc++6",
            "libpq5=15.8-0+deb12u1",
            "libc6:arm64",
            "git=1:2.39.*",
            "curl/bookworm-backports",
            "libc6:arm64=2.36-9",
            "0ad",
        ] {
            assert_eq!(debian(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_apk_knows_are_fine() {
        for name in [
            "gcc",
            "python3-dev",
            "musl-dev",
            "so:libpq.so.5",
            "cmd:git",
            "curl=8.5.0-r0",
            "curl~8.5",
            "curl>8",
            "curl>=8",
            "nginx@edge",
            "nginx=1.2@edge",
            "py3-yaml",
            "R",
        ] {
            assert_eq!(alpine(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_is_no_package_is_shown_where_it_stands() {
        type Check = fn(&str) -> Result<(), Mistake>;
        for (check, text, shown) in [
            (debian as Check, "gettext; rm -rf /", ";"),
            (debian, "gettext rm", " "),
            (debian, "a,b", "a"),
            (debian, "ab,cd", ","),
            (debian, "", ""),
            (debian, "-y", "-y"),
            (debian, "vim-", "vim-"),
            (debian, "LibPQ5", "L"),
            (debian, "libPQ5", "P"),
            (debian, "vim=", "="),
            (debian, "vim=1 2", " "),
            (debian, "vim:", ":"),
            (debian, "vim/", "/"),
            (debian, "vim$(id)", "$"),
            (debian, "é", "é"),
            (debian, "vim\n", "\n"),
            (alpine, "gcc; id", ";"),
            (alpine, "--root=/x", "--root"),
            (alpine, ".virtual", ".virtual"),
            (alpine, "gcc==1", "=="),
            (alpine, "gcc=", "="),
            (alpine, "gcc@", "@"),
            (alpine, "gcc=1 2", " "),
            (alpine, "!gcc", "!"),
        ] {
            assert_eq!(check(text).unwrap_err().of(text), shown, "{text}");
        }
    }
}
