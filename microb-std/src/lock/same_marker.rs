//! Whether two environment markers mean the same.
//!
//! Tools write markers anew: `python_version < '3.12'` becomes `python_full_version < '3.12'`, and what
//! `requires-python` says already is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use microb::grammar::marker::{Marker, Operand, marker};
use pep440_rs::{Version, VersionSpecifier};

use crate::requirement::normalized;
use crate::specifier::Constraint;

/// So many environments are tried; markers of more are taken to be the same.
const MAX_ENVIRONMENTS: usize = 20_000;

/// The variable that stands for all versions of the interpreter.
const PYTHON: &str = "python_full_version";

/// Whether two markers hold in the same environments, among those that `requires` allows.
pub(super) fn same(left: Option<&str>, right: Option<&str>, requires: &Constraint) -> bool {
    if left == right {
        return true;
    }
    let (left, right) = match (left.map(marker), right.map(marker)) {
        (Some(Err(_)), _) | (_, Some(Err(_))) => return false,
        (left, right) => (left.and_then(Result::ok), right.and_then(Result::ok)),
    };
    let mut values = BTreeMap::new();
    for marker in [&left, &right].into_iter().flatten() {
        collect(marker, &mut values);
    }
    if let Some(python) = values.get_mut(PYTHON) {
        let of_requires = requires.versions().map(ToString::to_string);
        python.extend(of_requires.flat_map(|text| around(&text)));
        let allowed = python
            .iter()
            .filter(|text| Version::from_str(text).is_ok_and(|version| requires.allows(&version)));
        let allowed: BTreeSet<String> = allowed.cloned().collect();
        // Without any interpreter, all markers would be the same.
        if !allowed.is_empty() {
            *python = allowed;
        }
    }
    let holds = |marker: &Option<Marker<'_>>, environment: &Environment<'_>| {
        marker
            .as_ref()
            .is_none_or(|marker| holds(marker, environment))
    };
    let Some(environments) = environments(&values) else {
        return true;
    };
    environments
        .iter()
        .all(|environment| holds(&left, environment) == holds(&right, environment))
}

/// Variables whose values belong together, and the values that there are.
///
/// `sys_platform`: <https://docs.python.org/3/library/sys.html#sys.platform>.
const TOGETHER: &[(&[&str], &[&[&str]])] = &[
    (
        &["sys_platform", "os_name", "platform_system"],
        &[
            &["linux", "posix", "Linux"],
            &["darwin", "posix", "Darwin"],
            &["win32", "nt", "Windows"],
            &["cygwin", "posix", "CYGWIN_NT-10.0"],
            &["android", "posix", "Android"],
            &["emscripten", "posix", "Emscripten"],
            &["freebsd14", "posix", "FreeBSD"],
            &["ios", "posix", "iOS"],
            &["sunos5", "posix", "SunOS"],
            &["wasi", "posix", ""],
        ],
    ),
    (
        &["implementation_name", "platform_python_implementation"],
        &[
            &["cpython", "CPython"],
            &["pypy", "PyPy"],
            &["graalpy", "GraalVM"],
            &["micropython", "MicroPython"],
        ],
    ),
];

type Values = BTreeMap<String, BTreeSet<String>>;
type Environment<'a> = BTreeMap<&'a str, &'a str>;

/// Values between which a comparison of the marker can change.
fn collect(marker: &Marker<'_>, values: &mut Values) {
    match marker {
        Marker::And(all) | Marker::Or(all) => all.iter().for_each(|one| collect(one, values)),
        Marker::Compare { left, right, .. } => {
            let ((Operand::Variable(variable), Operand::Text(text))
            | (Operand::Text(text), Operand::Variable(variable))) = (*left, *right)
            else {
                return;
            };
            if is_version(variable) {
                let known = values.entry(PYTHON.to_owned()).or_default();
                known.extend(text.split([' ', ',']).flat_map(around));
                return;
            }
            let known = values.entry(variable.to_owned()).or_default();
            // A value that no marker names.
            known.insert("?".to_owned());
            known.extend(text.split([' ', ',']).map(str::to_owned));
            known.insert(text.to_owned());
        }
    }
}

fn is_version(variable: &str) -> bool {
    matches!(
        variable,
        "python_version" | PYTHON | "implementation_version"
    )
}

/// Releases at and beside a version.
fn around(text: &str) -> Vec<String> {
    let Ok(version) = Version::from_str(text.trim_end_matches(".*")) else {
        return Vec::new();
    };
    let part = |n: usize| version.release().get(n).copied().unwrap_or(0);
    let (major, minor, patch) = (part(0), part(1), part(2));
    [
        (minor.saturating_sub(1), 200),
        (minor, 0),
        (minor, patch.saturating_sub(1)),
        (minor, patch),
        (minor, patch + 1),
        (minor + 1, 0),
        (minor + 2, 0),
    ]
    .map(|(minor, patch)| format!("{major}.{minor}.{patch}"))
    .to_vec()
}

/// Every combination of the values that there can be; `None` if there are too many.
fn environments<'a>(values: &'a Values) -> Option<Vec<Environment<'a>>> {
    let mut all: Vec<Environment<'a>> = vec![Environment::new()];
    for (variables, rows) in TOGETHER {
        if variables
            .iter()
            .any(|variable| values.contains_key(*variable))
        {
            let row = |row: &&[&'static str]| {
                variables.iter().copied().zip(row.iter().copied()).collect()
            };
            all = combined(&all, &rows.iter().map(row).collect::<Vec<_>>())?;
        }
    }
    for (variable, values) in values {
        let is_done = |(variables, _): &(&[&str], _)| variables.contains(&variable.as_str());
        if !TOGETHER.iter().any(is_done) {
            let one = |value: &'a String| Environment::from([(variable.as_str(), value.as_str())]);
            all = combined(&all, &values.iter().map(one).collect::<Vec<_>>())?;
        }
    }
    Some(all)
}

fn combined<'a>(
    all: &[Environment<'a>],
    choices: &[Environment<'a>],
) -> Option<Vec<Environment<'a>>> {
    if all.len() * choices.len() > MAX_ENVIRONMENTS {
        return None;
    }
    let with = |one: &Environment<'a>| {
        let one = one.clone();
        choices.iter().map(move |choice| {
            let mut one = one.clone();
            one.extend(choice);
            one
        })
    };
    Some(all.iter().flat_map(with).collect())
}

fn holds(marker: &Marker<'_>, environment: &Environment<'_>) -> bool {
    match marker {
        Marker::And(all) => all.iter().all(|one| holds(one, environment)),
        Marker::Or(any) => any.iter().any(|one| holds(one, environment)),
        Marker::Compare {
            left,
            operator,
            right,
        } => match (*left, *right) {
            (Operand::Variable(variable), Operand::Text(text)) => {
                let value = value(variable, environment);
                match *operator {
                    "in" => text.contains(&value),
                    "not in" => !text.contains(&value),
                    operator => compare(variable, &value, operator, text),
                }
            }
            (Operand::Text(text), Operand::Variable(variable)) => {
                let value = value(variable, environment);
                match super::environment::mirrored(operator) {
                    Some(operator) => compare(variable, &value, operator, text),
                    None => value.contains(text) == (*operator == "in"),
                }
            }
            _ => false,
        },
    }
}

fn value(variable: &str, environment: &Environment<'_>) -> String {
    let key = if is_version(variable) {
        PYTHON
    } else {
        variable
    };
    let value = environment.get(key).copied().unwrap_or_default();
    match variable {
        "python_version" => {
            let parts: Vec<_> = value.split('.').take(2).collect();
            parts.join(".")
        }
        _ => value.to_owned(),
    }
}

fn compare(variable: &str, value: &str, operator: &str, text: &str) -> bool {
    if is_version(variable)
        && let Ok(wanted) = VersionSpecifier::from_str(&format!("{operator}{text}"))
        && let Ok(version) = Version::from_str(value)
    {
        return wanted.contains(&version);
    }
    let (value, text) = match variable {
        "extra" => (normalized(value), normalized(text)),
        _ => (value.to_owned(), text.to_owned()),
    };
    match operator {
        "==" | "===" => value == text,
        "!=" => value != text,
        "<" => value < text,
        "<=" => value <= text,
        ">" => value > text,
        ">=" => value >= text,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_compared_by_what_they_mean() {
        for (requires, left, right, expected) in [
            (
                "",
                "python_version < '3.12'",
                "python_full_version < '3.12'",
                true,
            ),
            (
                "",
                "python_version < '3.12'",
                "python_full_version < '3.13'",
                false,
            ),
            (
                ">=3.9",
                "python_version >= '3.8' and os_name == 'nt'",
                "os_name == 'nt'",
                true,
            ),
            (
                ">=3.7",
                "python_version >= '3.8' and os_name == 'nt'",
                "os_name == 'nt'",
                false,
            ),
            (
                "",
                "'win' in sys_platform",
                "sys_platform == 'win32'",
                false,
            ),
            (
                "",
                "sys_platform != 'win32'",
                "sys_platform == 'linux'",
                false,
            ),
            (
                "",
                "os_name == \"nt\" or extra == 'A_b'",
                "extra == 'a-b' or os_name == 'nt'",
                true,
            ),
            (
                "",
                "python_version > '3.11'",
                "python_full_version >= '3.12'",
                true,
            ),
            (
                "",
                "python_version <= '3.11'",
                "python_full_version < '3.12'",
                true,
            ),
            (
                "",
                "python_full_version >= '3.11.4'",
                "python_full_version >= '3.11.3'",
                false,
            ),
            (
                "",
                "python_version == '3.11.*'",
                "python_version == '3.11'",
                true,
            ),
            (
                "",
                "os_name == 'nt' or platform_system == 'Windows'",
                "sys_platform == 'win32'",
                true,
            ),
            ("", "os_name == 'posix'", "sys_platform == 'linux'", false),
            (
                "",
                "implementation_name == 'pypy'",
                "platform_python_implementation == 'PyPy'",
                true,
            ),
            ("", "x", "y", false),
        ] {
            let requires = Constraint::pep440(requires).unwrap();
            assert_eq!(
                same(Some(left), Some(right), &requires),
                expected,
                "{left} {right}"
            );
        }
        let requires = Constraint::pep440(">=3.9").unwrap();
        assert!(same(Some("python_version > '3.8'"), None, &requires));
        assert!(!same(Some("python_version > '3.9'"), None, &requires));
    }

    /// No version that a marker names is allowed.
    #[test]
    fn markers_differ_without_an_interpreter_that_they_name() {
        let requires = Constraint::pep440("==3.12.*").unwrap();
        let old = Some("python_version < '3.8'");
        assert!(!same(old, None, &requires));
        assert!(same(old, Some("python_version < '3.9'"), &requires));
        let (nt, posix) = (
            Some("os_name == 'nt' and python_version > '3.8'"),
            Some("os_name == 'posix'"),
        );
        assert!(!same(nt, posix, &requires));
    }
}
