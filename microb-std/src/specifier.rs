//! Which versions a constraint allows: PEP 440's specifiers, and Poetry's dialect.

use std::str::FromStr;

use pep440_rs::{Operator, Version, VersionSpecifier};

use crate::mistake::Mistake;

/// Alternatives, of which one must hold; each is a list, of which all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constraint(Vec<Vec<VersionSpecifier>>);

impl Constraint {
    /// The constraint that everything fulfills.
    pub(crate) fn any() -> Self {
        Self(vec![Vec::new()])
    }

    pub(crate) fn allows(&self, version: &Version) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|one| one.contains(version)))
    }

    /// What both allow.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let with = |one: &Vec<VersionSpecifier>| {
            let one = one.clone();
            other
                .0
                .iter()
                .map(move |another| [one.as_slice(), another].concat())
        };
        Self(self.0.iter().flat_map(with).collect())
    }

    /// The versions that it compares with.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.0.iter().flatten().map(VersionSpecifier::version)
    }

    /// Whether both allow the same versions, however they say it: `~=3.4` and `>=3.4,<4.0`.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let mut versions = self.versions().chain(other.versions()).flat_map(around);
        versions.all(|version| self.allows(&version) == other.allows(&version))
    }

    /// Whether the first and the last release that both allow are the same.
    pub(crate) fn has_same_bounds(&self, other: &Self) -> bool {
        let versions = self.versions().chain(other.versions()).flat_map(around);
        let mut releases: Vec<Version> = versions
            .filter(|version| !version.any_prerelease())
            .collect();
        releases.sort();
        let bounds = |constraint: &Self| {
            let mut allowed = releases.iter().filter(|version| constraint.allows(version));
            let first = allowed.next();
            (first, allowed.next_back().or(first))
        };
        bounds(self) == bounds(other)
    }

    /// The version of an `==3.12` or `===3.12`, which rarely means what it says.
    pub(crate) fn exact(&self) -> Option<&Version> {
        self.0
            .iter()
            .flatten()
            .find(|one| {
                let operator = one.operator();
                (*operator == Operator::Equal || operator.to_string() == "===")
                    && one.version().release().len() < 3
            })
            .map(VersionSpecifier::version)
    }

    /// Reads PEP 440's specifiers, separated by commas.
    pub(crate) fn pep440(text: &str) -> Result<Self, Mistake> {
        Ok(Self(vec![specifiers(text)?]))
    }

    /// Reads Poetry's dialect, which adds `^`, `~`, `||`, and bare versions with wildcards.
    ///
    /// <https://python-poetry.org/docs/dependency-specification/>
    pub(crate) fn poetry(text: &str) -> Result<Self, Mistake> {
        let mut alternatives = Vec::new();
        for alternative in pieces(text, |c| c == '|').filter(|(_, part)| !part.is_empty()) {
            alternatives.push(poetry_all(alternative)?);
        }
        if alternatives.is_empty() {
            Ok(Self::any())
        } else {
            Ok(Self(alternatives))
        }
    }
}

/// Versions at and beside one that a specifier names: between all of them no answer changes.
fn around(version: &Version) -> Vec<Version> {
    let release = version.release();
    let mut bases = vec![Version::new([0]), version.clone(), Version::new(release)];
    bases.extend((0..release.len()).filter_map(|part| next(&release[..=part], part)));
    bases
        .into_iter()
        .flat_map(|base| {
            let beside = [".dev0", "a0", "rc9", ".post0", ".0.0.1", ""];
            let text = base.to_string();
            beside.map(|end| Version::from_str(&format!("{text}{end}")))
        })
        .flatten()
        .collect()
}

/// Reads PEP 440's specifiers, separated by commas. As in `packaging`, a comma too many is fine.
pub(crate) fn specifiers(text: &str) -> Result<Vec<VersionSpecifier>, Mistake> {
    pieces(text, |c| c == ',')
        .map(|(at, piece)| (at + piece.len() - piece.trim_start().len(), piece.trim()))
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(at, piece)| {
            VersionSpecifier::from_str(piece).map_err(|_| wrong_specifier(piece).shift(at))
        })
        .collect()
}

/// The parts between separators, each with the offset where it begins.
fn pieces(text: &str, separator: fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    text.split(separator)
        .map(move |piece| (piece.as_ptr() as usize - text.as_ptr() as usize, piece))
}

fn wrong_specifier(piece: &str) -> Mistake {
    let mistake = Mistake::new(
        0..piece.len(),
        format!("`{piece}` is no version specifier of PEP 440"),
    );
    let first = piece.split_whitespace().next().unwrap_or(piece);
    if piece.starts_with('^') || (piece.starts_with('~') && !piece.starts_with("~=")) {
        return match poetry_one(piece) {
            Ok(specifiers) => mistake.help(format!(
                "that is Poetry's syntax; write `{}`",
                joined(&specifiers)
            )),
            Err(_) => mistake.help("write for instance `>=3.9,<4`"),
        };
    }
    if first != piece && specifiers(&piece.split_whitespace().collect::<Vec<_>>().join(",")).is_ok()
    {
        let with_commas: Vec<_> = piece.split_whitespace().collect();
        return mistake.help(format!(
            "separate specifiers with commas: `{}`",
            with_commas.join(",")
        ));
    }
    if piece.starts_with(|c: char| c.is_ascii_digit()) {
        let wanted = match piece.matches('.').count() {
            1 if !piece.ends_with('*') => format!("=={piece}.*"),
            _ => format!("=={piece}"),
        };
        if VersionSpecifier::from_str(&wanted).is_ok() {
            return mistake.help(format!("put an operator before the version: `{wanted}`"));
        }
    }
    let version = piece.trim_start_matches(['=', '<', '>', '!', '~', ' ']);
    let operator = piece[..piece.len() - version.len()].trim();
    let version = version.trim_matches(['\'', '"']);
    let swapped = match operator {
        "=>" => ">=",
        "=<" => "<=",
        "=" => "==",
        "!" | "<>" => "!=",
        _ => "",
    };
    match VersionSpecifier::from_str(&format!("{swapped}{version}")) {
        Ok(meant) if !swapped.is_empty() => mistake.help(format!("write `{meant}`")),
        _ => mistake.help("write for instance `>=3.9,<4`"),
    }
}

fn joined(specifiers: &[VersionSpecifier]) -> String {
    let texts: Vec<_> = specifiers.iter().map(ToString::to_string).collect();
    texts.join(",")
}

/// Specifiers of Poetry's dialect that must all hold, separated by commas or white space.
fn poetry_all((offset, text): (usize, &str)) -> Result<Vec<VersionSpecifier>, Mistake> {
    let mut specifiers = Vec::new();
    let mut operator: Option<(usize, &str)> = None;
    for (at, word) in pieces(text, |c| c == ',' || c.is_whitespace()) {
        if word.is_empty() {
            continue;
        }
        // `>= 3.9` is one specifier, `>=3.8 <3.12` are two.
        if !word.contains(|c: char| c.is_ascii_alphanumeric() || c == '*') && operator.is_none() {
            operator = Some((at, word));
            continue;
        }
        let (at, whole) = match operator.take() {
            Some((start, operator)) => (start, format!("{operator}{word}")),
            None => (at, word.to_owned()),
        };
        let length = (word.as_ptr() as usize - text.as_ptr() as usize) + word.len() - at;
        specifiers.extend(poetry_one(&whole).map_err(|why| {
            Mistake::new(at..at + length, why)
                .help("write for instance `^3.10` or `>=3.10,<4`")
                .shift(offset)
        })?);
    }
    match operator {
        Some((at, alone)) => Err(Mistake::new(
            at..at + alone.len(),
            format!("`{alone}` lacks a version"),
        )
        .shift(offset)),
        None => Ok(specifiers),
    }
}

/// One specifier of Poetry's dialect as specifiers of PEP 440.
fn poetry_one(text: &str) -> Result<Vec<VersionSpecifier>, String> {
    let wrong = || format!("`{text}` is no version constraint");
    if matches!(text, "*" | "*.*" | "x" | "X") {
        return Ok(Vec::new());
    }
    if let Some(version) = text.strip_prefix('^') {
        let version = Version::from_str(version.trim()).map_err(|_| wrong())?;
        let release = version.release();
        // Up to the next change of the first part that is not zero.
        let fixed = release
            .iter()
            .position(|part| *part != 0)
            .unwrap_or(release.len().saturating_sub(1));
        let above = next(release, fixed).ok_or_else(wrong)?;
        return Ok(between(version, above));
    }
    if let Some(version) = text.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        let version = Version::from_str(version.trim()).map_err(|_| wrong())?;
        let fixed = usize::from(version.release().len() > 1);
        let above = next(version.release(), fixed).ok_or_else(wrong)?;
        return Ok(between(version, above));
    }
    let start = text.find(|c| !"<>=!~".contains(c)).unwrap_or(text.len());
    let (operator, version) = text.split_at(start);
    // As poetry-core takes them: `<>` is no `!=` to it.
    let operator = match operator {
        "" | "=" | "<>" => "==",
        other => other,
    };
    let mut version = version.trim().trim_start_matches('v');
    while let Some(shorter) = version.strip_suffix(".*.*") {
        version = &version[..shorter.len() + ".*".len()];
    }
    if matches!(operator, "<" | "<=" | ">" | ">=") {
        version = version.trim_end_matches(".*");
    }
    match VersionSpecifier::from_str(&format!("{operator}{version}")) {
        Ok(one) => Ok(vec![one]),
        Err(_) => Err(wrong()),
    }
}

fn between(from: Version, below: Version) -> Vec<VersionSpecifier> {
    vec![
        VersionSpecifier::greater_than_equal_version(from),
        VersionSpecifier::less_than_version(below),
    ]
}

/// The release whose part `fixed` is one higher, with zeros after it.
fn next(release: &[u64], fixed: usize) -> Option<Version> {
    let mut above = release.to_vec();
    let part = above.get_mut(fixed)?;
    *part = part.checked_add(1)?;
    above.iter_mut().skip(fixed + 1).for_each(|part| *part = 0);
    Some(Version::new(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts are those of poetry-core's own answers.
    #[test]
    fn poetrys_dialect_means_what_poetry_says() {
        for (written, pep440) in [
            ("^3.9", ">=3.9,<4.0"),
            ("^3.9.1", ">=3.9.1,<4.0.0"),
            ("^0.2.3", ">=0.2.3,<0.3.0"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("~3.11", ">=3.11,<3.12"),
            ("~3.11.2", ">=3.11.2,<3.12.0"),
            ("~3", ">=3,<4"),
            (">=3.8 <3.12", ">=3.8,<3.12"),
            (">= 3.8, < 3.12", ">=3.8,<3.12"),
            ("3.11.*", "==3.11.*"),
            ("=1.16.0", "==1.16.0"),
            ("= 1.16.0", "==1.16.0"),
            ("<>1.15", "==1.15"),
            ("v1.16", "==1.16"),
            ("^v1.2", ">=1.2,<2.0"),
            (">=v1.2", ">=1.2"),
            (">1.15.*", ">1.15"),
            (">=1.15.*", ">=1.15"),
            ("<1.15.*", "<1.15"),
            ("<=1.15.*", "<=1.15"),
            ("!=1.15.*", "!=1.15.*"),
            ("1.*.*", "==1.*"),
            ("=1.*", "==1.*"),
            ("<>1.*", "==1.*"),
            ("1.16-alpha", "==1.16a0"),
            ("*.*", ""),
            ("x", ""),
            ("*", ""),
            ("", ""),
        ] {
            let constraint = Constraint::poetry(written).unwrap();
            assert_eq!(constraint.0.len(), 1, "{written}");
            assert_eq!(joined(&constraint.0[0]), pep440, "{written}");
        }
        for either in ["3.9 || 3.11", "3.9||3.11", "3.9|3.11"] {
            let either = Constraint::poetry(either).unwrap();
            let alternatives: Vec<_> = either.0.iter().map(|all| joined(all)).collect();
            assert_eq!(alternatives, ["==3.9", "==3.11"]);
        }
    }

    #[test]
    fn constraints_are_the_same_that_allow_the_same() {
        for (one, other, expected) in [
            ("~=3.4", ">=3.4,<4.0", true),
            ("~=3.4.1", ">=3.4.1,<3.5", true),
            (">=1.16, <3, !=1.16.1", ">=1.16,!=1.16.1,<3", true),
            ("==1.*", ">=1,<2", false),
            (">=8", ">=8.0", true),
            (">=8", ">=8.1", false),
            (">=8", ">8", false),
            (">=8,<9", ">=8,<10", false),
            ("==1.0", "==1.0+local", false),
            ("", ">=1", false),
            (">=1,!=1.5", ">=1", false),
        ] {
            let read = |text| Constraint::pep440(text).unwrap();
            assert_eq!(read(one).is_same(&read(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn bounds_are_the_same_whatever_is_left_out_between() {
        for (one, other, expected) in [
            (">=3.11,<3.13,!=3.11.2", ">=3.11,<3.13", true),
            ("==3.12.*", ">=3.12,<3.13", true),
            (">=3.11,>=3.12", ">=3.12", true),
            (">=3.13.0rc1", ">=3.13", true),
            (">=3.11", ">=3.12", false),
            (">=3.11", ">=3.11,<4", false),
            ("~=3.11", ">=3.11,<4", true),
        ] {
            let read = |text| Constraint::pep440(text).unwrap();
            assert_eq!(
                read(one).has_same_bounds(&read(other)),
                expected,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_wrong_constraint_is_shown_where_it_stands() {
        for (written, shown) in [
            (">=3.9, ^x", "^x"),
            ("^3.9 || >", ">"),
            ("3.9 || α", "α"),
            ("^99999999999999999999", "^99999999999999999999"),
            ("^18446744073709551615", "^18446744073709551615"),
            ("> = 3.9", "> ="),
        ] {
            let mistake = Constraint::poetry(written).unwrap_err();
            assert_eq!(mistake.of(written), shown, "{written}");
        }
    }

    #[test]
    fn what_pep440_refuses_gets_the_right_spelling() {
        for (written, shown, help) in [
            (
                "^3.9",
                "^3.9",
                "that is Poetry's syntax; write `>=3.9,<4.0`",
            ),
            (
                "~3.11",
                "~3.11",
                "that is Poetry's syntax; write `>=3.11,<3.12`",
            ),
            (
                "3.9",
                "3.9",
                "put an operator before the version: `==3.9.*`",
            ),
            (
                "3.9.1",
                "3.9.1",
                "put an operator before the version: `==3.9.1`",
            ),
            (
                ">=3.9 <4",
                ">=3.9 <4",
                "separate specifiers with commas: `>=3.9,<4`",
            ),
            ("=>3.9", "=>3.9", "write `>=3.9`"),
            (">=3.8, =3.9", "=3.9", "write `==3.9`"),
            (">=3.x", ">=3.x", "write for instance `>=3.9,<4`"),
            ("é", "é", "write for instance `>=3.9,<4`"),
        ] {
            let mistake = Constraint::pep440(written).unwrap_err();
            assert_eq!(mistake.of(written), shown, "{written}");
            let file = microb::SourceFile::new("a", written);
            let value = microb::Spanned::new(written.to_owned(), file.whole());
            assert_eq!(mistake.at(&value).help.as_deref(), Some(help), "{written}");
        }
    }
}
