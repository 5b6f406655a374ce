//! Which interpreter the image gets.

use microb::{Diagnostic, Rule, Span, Spanned};
use pep440_rs::Version;

use crate::config::{Python, PythonOrigin, PythonVersion};
use crate::mistake::Findings;
use crate::rules::{END_OF_LIFE_PYTHON, PINNED_PYTHON_PATCH, UNRELEASED_PYTHON};
use crate::specifier::Constraint;

/// A minor version of `CPython` 3 and its newest patch known here.
struct Known {
    minor: u32,
    patch: u32,
    /// The day or the month since which nobody repairs it: <https://devguide.python.org/versions/>.
    end_of_life: Option<&'static str>,
}

/// The versions in the order of preference: 3.14 before 3.15, for which many packages have no wheels yet.
const KNOWN: &[Known] = &[
    supported(14, 10),
    supported(13, 18),
    supported(12, 16),
    supported(11, 18),
    supported(15, 2),
    end_of_life(10, 22, "2026-10"),
    end_of_life(9, 25, "2025-10-31"),
    end_of_life(8, 20, "2024-10-07"),
];

/// The minor versions that are known.
pub(crate) fn minors() -> impl Iterator<Item = u32> {
    KNOWN.iter().map(|known| known.minor)
}

const fn supported(minor: u32, patch: u32) -> Known {
    Known {
        minor,
        patch,
        end_of_life: None,
    }
}

const fn end_of_life(minor: u32, patch: u32, since: &'static str) -> Known {
    Known {
        minor,
        patch,
        end_of_life: Some(since),
    }
}

/// So many patch releases may still come to be: 3.8 to 3.14 had up to 26 each.
const FUTURE_PATCHES: u32 = 200;

/// What the user said about the version, in `python_version` or `.python-version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `3`
    Any,
    /// `3.9`
    Minor(u32),
    /// `3.9.1`
    Patch(u32, u32),
    /// `>=3.12,<3.13`
    Range(Constraint),
}

/// What is known about the interpreter before one is chosen.
pub(crate) struct Question<'a> {
    /// `python_version` of the target.
    pub(crate) explicit: Option<&'a Spanned<Wanted>>,
    /// The Python that the name of `base_image` or `build_image` says.
    pub(crate) image: Option<&'a Spanned<Wanted>>,
    /// The first usable line of `.python-version`.
    pub(crate) version_file: Option<&'a Spanned<Wanted>>,
    /// `requires-python`, or Poetry's `python`.
    pub(crate) requires: Option<&'a Requires>,
}

/// `requires-python`, or Poetry's `python`.
#[derive(Debug, Clone)]
pub(crate) struct Requires {
    pub(crate) text: Spanned<String>,
    pub(crate) constraint: Constraint,
}

impl Requires {
    /// What both allow, told where the second stands.
    pub(crate) fn and(self, other: Self) -> Self {
        let text = format!("{},{}", self.text.value, other.text.value);
        Self {
            constraint: self.constraint.and(&other.constraint),
            text: Spanned::new(text, other.text.span),
        }
    }
}

/// Reads the forms of `python_version`: `3`, `3.9`, `3.9.1`.
pub(crate) fn wanted(text: &Spanned<String>) -> Result<Wanted, Diagnostic> {
    let error = |message: String| Diagnostic::error(message).at(&text.span);
    let parts: Option<Vec<u32>> = text.value.split('.').map(number).collect();
    match parts.as_deref() {
        Some([3]) => Ok(Wanted::Any),
        Some([3, minor]) if *minor >= 8 => Ok(Wanted::Minor(*minor)),
        Some([3, minor, patch]) if *minor >= 8 => Ok(Wanted::Patch(*minor, *patch)),
        Some([_] | [_, _] | [_, _, _]) => {
            Err(error(format!("Python `{}` is not supported", text.value))
                .help("write 3.8 or newer, for instance `3.14`"))
        }
        _ => Err(error(format!("`{}` is no Python version", text.value))
            .help("write `3`, `3.14` or `3.14.1`")),
    }
}

/// A number without sign and without a zero in front.
fn number(text: &str) -> Option<u32> {
    let plain = text.chars().all(|c| c.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// Chooses the interpreter; `None` after an error.
pub(crate) fn choose(question: &Question<'_>, findings: &Findings) -> Option<Python> {
    let any = Constraint::any();
    let requires = question
        .requires
        .map_or(&any, |requires| &requires.constraint);
    let said = [
        (PythonOrigin::Explicit, question.explicit),
        (PythonOrigin::Image, question.image),
        (PythonOrigin::VersionFile, question.version_file),
    ];
    let mut said = said.into_iter();
    let said = said.find_map(|(origin, wanted)| Some((origin, wanted?)));
    let (origin, wanted) = match (said, question.requires) {
        (Some((origin, wanted)), _) => (origin, Some(wanted)),
        (None, Some(_)) => (PythonOrigin::Requires, None),
        (None, None) => (PythonOrigin::Default, None),
    };
    let span = match wanted {
        Some(wanted) => Some(wanted.span.clone()),
        None => question.requires.map(|requires| requires.text.span.clone()),
    };
    let Some(choice) = version(
        wanted.map_or(&Wanted::Any, |wanted| &wanted.value),
        requires,
    ) else {
        findings.add(impossible(wanted, question.requires));
        return None;
    };
    warn(&choice, span.as_ref(), question, findings);
    Some(Python {
        version: choice.version,
        origin,
        span,
        requires: question.requires.map(|requires| requires.text.clone()),
        passed_over: None,
    })
}

/// The other supported versions that the project allows, where nobody said which, the most preferred first.
pub(crate) fn others(chosen: &Python, requires: Option<&Requires>) -> Vec<PythonVersion> {
    if !matches!(
        chosen.origin,
        PythonOrigin::Requires | PythonOrigin::Default
    ) {
        return Vec::new();
    }
    let any = Constraint::any();
    let requires = requires.map_or(&any, |requires| &requires.constraint);
    let minors = KNOWN
        .iter()
        .filter(|known| known.end_of_life.is_none() && known.minor != chosen.version.minor)
        .map(|known| known.minor);
    let choice = |minor| version(&Wanted::Minor(minor), requires);
    minors
        .filter_map(choice)
        .map(|choice| choice.version)
        .collect()
}

struct Choice {
    version: PythonVersion,
    known: Option<&'static Known>,
    /// No release that is known here satisfies the constraint.
    is_future: bool,
}

/// The version that fulfills both, the most preferred first.
fn version(wanted: &Wanted, requires: &Constraint) -> Option<Choice> {
    let allows = |minor: u32, patch: u32| {
        let version = Version::new([3, u64::from(minor), u64::from(patch)]);
        let as_wanted = match wanted {
            Wanted::Any => true,
            Wanted::Minor(wanted) => minor == *wanted,
            Wanted::Patch(wanted, wanted_patch) => (minor, patch) == (*wanted, *wanted_patch),
            Wanted::Range(range) => range.allows(&version),
        };
        as_wanted && requires.allows(&version)
    };
    if let Wanted::Patch(minor, patch) = *wanted {
        let known = KNOWN.iter().find(|known| known.minor == minor);
        return allows(minor, patch).then(|| Choice {
            version: PythonVersion {
                minor,
                patch: Some(patch),
            },
            known,
            is_future: known.is_none_or(|known| patch > known.patch),
        });
    }
    let choice = |minor, patch, known, is_future| Choice {
        version: PythonVersion { minor, patch },
        known,
        is_future,
    };
    let newest = |known: &&Known| allows(known.minor, known.patch);
    if let Some(known) = KNOWN.iter().find(newest) {
        return Some(choice(known.minor, None, Some(known), false));
    }
    let future = |known: &&Known| {
        (known.patch + 1..=known.patch + FUTURE_PATCHES).any(|patch| allows(known.minor, patch))
    };
    if let Some(known) = KNOWN.iter().find(future) {
        return Some(choice(known.minor, None, Some(known), true));
    }
    for known in KNOWN {
        if let Some(patch) = (0..known.patch)
            .rev()
            .find(|patch| allows(known.minor, *patch))
        {
            return Some(choice(known.minor, Some(patch), Some(known), false));
        }
    }
    match *wanted {
        Wanted::Minor(minor) if KNOWN.iter().all(|known| known.minor != minor) => (0
            ..=FUTURE_PATCHES)
            .any(|patch| allows(minor, patch))
            .then(|| choice(minor, None, None, true)),
        _ => None,
    }
}

fn warn(choice: &Choice, span: Option<&Span>, question: &Question<'_>, findings: &Findings) {
    let version = choice.version;
    let warning = |rule: &'static Rule, message: String, help: &str| {
        let warning = rule.finding(message).help(help);
        findings.add(match span {
            Some(span) => warning.at(span),
            None => warning,
        });
    };
    if let Some(since) = choice.known.and_then(|known| known.end_of_life) {
        warning(
            &END_OF_LIFE_PYTHON,
            format!(
                "Python 3.{} gets no security fixes since {since}",
                version.minor
            ),
            "move to a newer one, for instance 3.14",
        );
    }
    if choice.is_future {
        warning(
            &UNRELEASED_PYTHON,
            format!("this version of microb does not know a Python {version} that fits"),
            "the build fails if there is no such image",
        );
    }
    let is_said = [question.explicit, question.image, question.version_file]
        .iter()
        .any(Option::is_some);
    if let (false, Some(requires), Some(patch)) = (is_said, question.requires, version.patch) {
        let exact = requires.constraint.exact();
        let help = match exact {
            Some(exact) => format!("write `=={exact}.*` for the newest {exact}"),
            None => format!("allow later patches of 3.{}", version.minor),
        };
        warning(
            &PINNED_PYTHON_PATCH,
            format!(
                "`{}` leaves only Python 3.{}.{patch}, which gets no updates",
                requires.text.value, version.minor
            ),
            &help,
        );
    }
}

/// Whether a version is one of a range; for a minor version, whether any of its releases is.
pub(crate) fn fits(range: &Constraint, version: &PythonVersion) -> bool {
    let allows = |patch: u32| {
        range.allows(&Version::new([
            3,
            u64::from(version.minor),
            u64::from(patch),
        ]))
    };
    match version.patch {
        Some(patch) => allows(patch),
        None => (0..FUTURE_PATCHES).any(allows),
    }
}

/// Whether specifiers of PEP 440, or Poetry's, exclude all versions from some one on.
pub(crate) fn has_upper_bound(specifiers: &str) -> bool {
    specifiers.split(',').any(|one| {
        ["<", "==", "~", "^"]
            .iter()
            .any(|bound| one.trim().starts_with(bound))
    })
}

fn impossible(wanted: Option<&Spanned<Wanted>>, requires: Option<&Requires>) -> Diagnostic {
    match (wanted, requires) {
        (Some(wanted), Some(requires)) => Diagnostic::error(format!(
            "Python {} contradicts `{}` at {}",
            wanted.span.text().trim_matches(['"', '\'']),
            requires.text.value,
            requires.text.span
        ))
        .at(&wanted.span)
        .help("change one of the two"),
        (None, Some(requires)) => Diagnostic::error(format!(
            "no Python that is known here satisfies `{}`",
            requires.text.value
        ))
        .at(&requires.text.span)
        .help(match requires.constraint.exact() {
            Some(exact) => format!("write `=={exact}.*`"),
            None => "allow one of 3.8 to 3.15".to_owned(),
        }),
        (wanted, None) => {
            let error = Diagnostic::error("no Python that is known here fits")
                .help("allow one of 3.8 to 3.15");
            match wanted {
                Some(wanted) => error.at(&wanted.span),
                None => error,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use microb::{Severity, SourceFile};

    use super::*;

    /// Chooses by texts: (the tag or the first error, the warnings).
    fn answer(explicit: &str, requires: &str) -> (String, Vec<String>) {
        let value = |name: &str, text: &str| {
            let file = SourceFile::new(name, text);
            Spanned::new(text.to_owned(), file.whole())
        };
        let explicit_text = value("explicit", explicit);
        let explicit = (!explicit.is_empty()).then(|| match wanted(&explicit_text) {
            Ok(wanted) => Spanned::new(wanted, explicit_text.span.clone()),
            Err(error) => panic!("{error}"),
        });
        let constraint = match Constraint::pep440(requires) {
            Ok(constraint) => constraint,
            Err(mistake) => return (mistake.message().to_owned(), Vec::new()),
        };
        let requires = Requires {
            text: value("requires", requires),
            constraint,
        };
        let findings = Findings::default();
        let python = choose(
            &Question {
                explicit: explicit.as_ref(),
                image: None,
                version_file: None,
                requires: Some(&requires),
            },
            &findings,
        );
        let (errors, warnings): (Vec<_>, Vec<_>) = findings
            .into_all()
            .into_iter()
            .partition(|finding| finding.severity == Severity::Error);
        let answer = match python {
            Some(python) => python.version.to_string(),
            None => errors[0].message.clone(),
        };
        (answer, warnings.into_iter().map(|w| w.message).collect())
    }

    /// The oracle is PyPA's `packaging`.
    #[test]
    fn requires_python_chooses_as_packaging_allows() {
        for (requires, tag) in [
            ("", "3.14"),
            (">=3.9", "3.14"),
            (">=3.8,<3.12", "3.11"),
            ("~=3.10", "3.14"),
            ("~=3.12.4", "3.12"),
            ("==3.11.*", "3.11"),
            ("!=3.14.*,>=3.9", "3.13"),
            (">=3.10,<4.0", "3.14"),
            (">3.11", "3.14"),
            (">=3.12.1", "3.14"),
            (">=3.14.50", "3.15"),
            (">=3.10,<3.13.0a0", "3.12"),
            (">=3.9,", "3.14"),
            (">=3.15", "3.15"),
            (">=2.7,!=3.0.*,!=3.1.*,<4", "3.14"),
            (">=3.15.0rc1", "3.15"),
        ] {
            assert_eq!(answer("", requires), (tag.to_owned(), vec![]), "{requires}");
        }
    }

    #[test]
    fn an_end_of_life_and_a_pinned_patch_are_said() {
        for (requires, tag, warning) in [
            (
                "~=3.10.0",
                "3.10",
                "Python 3.10 gets no security fixes since 2026-10",
            ),
            (
                "<=3.11,>=3.8",
                "3.10",
                "Python 3.10 gets no security fixes since 2026-10",
            ),
            (
                "==3.12",
                "3.12.0",
                "`==3.12` leaves only Python 3.12.0, which gets no updates",
            ),
            (
                "==3.11.4",
                "3.11.4",
                "`==3.11.4` leaves only Python 3.11.4, which gets no updates",
            ),
            (
                "<3.12.4,>=3.12",
                "3.12.3",
                "`<3.12.4,>=3.12` leaves only Python 3.12.3, which gets no updates",
            ),
            (
                ">=3.13.60,<3.14",
                "3.13",
                "this version of microb does not know a Python 3.13 that fits",
            ),
        ] {
            let (chosen, warnings) = answer("", requires);
            assert_eq!(chosen, tag, "{requires}");
            assert_eq!(warnings, [warning]);
        }
    }

    #[test]
    fn a_version_without_a_patch_is_told_the_range_that_was_meant() {
        let findings = Findings::default();
        let text = "==3.12";
        let requires = Requires {
            text: Spanned::new(text.to_owned(), SourceFile::new("requires", text).whole()),
            constraint: Constraint::pep440(text).unwrap(),
        };
        let question = Question {
            explicit: None,
            image: None,
            version_file: None,
            requires: Some(&requires),
        };
        assert!(choose(&question, &findings).is_some());
        let help = findings.into_all()[0].help.clone();
        assert_eq!(help.unwrap(), "write `==3.12.*` for the newest 3.12");
    }

    #[test]
    fn what_no_python_satisfies_is_an_error() {
        for requires in ["===3.12", ">=3.16", "<3.8"] {
            let (message, _) = answer("", requires);
            assert_eq!(
                message,
                format!("no Python that is known here satisfies `{requires}`")
            );
        }
        for (requires, wrong) in [
            ("^3.9", "^3.9"),
            ("3.9", "3.9"),
            (">=3.9 <4", ">=3.9 <4"),
            ("~3.11", "~3.11"),
            ("=>3.9", "=>3.9"),
            (">=3.x", ">=3.x"),
        ] {
            let (message, _) = answer("", requires);
            assert_eq!(
                message,
                format!("`{wrong}` is no version specifier of PEP 440")
            );
        }
    }

    #[test]
    fn an_explicit_version_wins_within_requires_python() {
        for (explicit, requires, tag) in [
            ("3", "", "3.14"),
            ("3", ">=3.8,<3.12", "3.11"),
            ("3.11", ">=3.9", "3.11"),
            ("3.11.4", ">=3.9", "3.11.4"),
            ("3.12", ">=3.12,<3.12.4", "3.12.3"),
            ("3.99", ">=3.9", "3.99"),
            (
                "3.9",
                ">=3.10",
                "Python 3.9 contradicts `>=3.10` at requires:1:1",
            ),
            (
                "3.11.4",
                "<3.11",
                "Python 3.11.4 contradicts `<3.11` at requires:1:1",
            ),
            (
                "3.99",
                "<3.20",
                "Python 3.99 contradicts `<3.20` at requires:1:1",
            ),
        ] {
            assert_eq!(answer(explicit, requires).0, tag, "{explicit} {requires}");
        }
    }

    #[test]
    fn only_the_documented_forms_are_versions() {
        for (text, message) in [
            ("3.9.1.2", "`3.9.1.2` is no Python version"),
            ("", "`` is no Python version"),
            ("3.", "`3.` is no Python version"),
            ("v3.9", "`v3.9` is no Python version"),
            (">=3.9", "`>=3.9` is no Python version"),
            ("3.09", "`3.09` is no Python version"),
            ("+3", "`+3` is no Python version"),
            ("2.7", "Python `2.7` is not supported"),
            ("4", "Python `4` is not supported"),
            ("3.7", "Python `3.7` is not supported"),
            ("3.99999999999", "`3.99999999999` is no Python version"),
        ] {
            let file = SourceFile::new("a", text);
            let error = wanted(&Spanned::new(text.to_owned(), file.whole())).unwrap_err();
            assert_eq!(error.message, message);
        }
    }
}
