//! Environment markers, evaluated for the image that is to be.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use microb::grammar::marker::{Marker, Operand, marker};
use microb::{Diagnostic, Platform, Spanned};
use pep440_rs::{Version, VersionSpecifier};

use super::condition::Condition;
use crate::config::PythonVersion;
use crate::mistake::Mistake;
use crate::requirement::normalized;
use crate::specifier::Constraint;

/// A patch release that no minor version ever reaches.
const LAST_PATCH: u64 = 200;

/// What is known of the image's interpreter and platform before there is an image, and what was chosen of the lock.
///
/// The patch release is not known where the image's tag names the minor version only, nor is the kernel, nor what an
/// ARM processor calls itself: comparisons with those stay for the installer.
#[derive(Debug)]
pub(super) struct Environment {
    python: PythonVersion,
    machine: Option<&'static str>,
    /// Chosen extras by their normal names, and what `uv` calls them in its markers.
    pub(super) extras: BTreeSet<String>,
    /// Chosen dependency groups by their normal names.
    pub(super) groups: BTreeSet<String>,
    /// A lock repeats its markers.
    known: RefCell<BTreeMap<String, Condition>>,
}

impl Environment {
    pub(super) fn new(
        python: PythonVersion,
        platform: &Platform,
        extras: BTreeSet<String>,
        groups: BTreeSet<String>,
    ) -> Self {
        Self {
            python,
            machine: machine(platform),
            extras,
            groups,
            known: RefCell::default(),
        }
    }

    /// What a marker of the lock comes to; without one, it always holds.
    pub(super) fn holds(&self, text: Option<&Spanned<String>>) -> Result<Condition, Diagnostic> {
        let Some(text) = text else {
            return Ok(Condition::always());
        };
        if let Some(known) = self.known.borrow().get(&text.value) {
            return Ok(known.clone());
        }
        let condition = self.holds_for(text, &self.extras)?;
        self.known
            .borrow_mut()
            .insert(text.value.clone(), condition.clone());
        Ok(condition)
    }

    /// The same for a package that was asked for with other extras than the project's.
    pub(super) fn holds_for(
        &self,
        text: &Spanned<String>,
        extras: &BTreeSet<String>,
    ) -> Result<Condition, Diagnostic> {
        match marker(&text.value) {
            Ok(marker) => Ok(self.evaluate(&marker, extras)),
            Err(mistake) => Err(Mistake::from(mistake).at(text)),
        }
    }

    /// Whether a constraint such as `>=3.9` allows the interpreter, or some patch release of it.
    pub(super) fn allows(&self, constraint: &Constraint) -> bool {
        match self.python.patch {
            Some(patch) => constraint.allows(&self.release(patch.into())),
            None => constraint
                .versions()
                .flat_map(|version| self.samples(version))
                .chain([self.release(LAST_PATCH)])
                .any(|version| constraint.allows(&version)),
        }
    }

    /// Whether the image may be one that a marker is about; a marker that cannot be read is about all.
    fn may_be(&self, text: &str) -> bool {
        marker(text).map_or(true, |marker| {
            !self.evaluate(&marker, &self.extras).is_never()
        })
    }

    fn evaluate(&self, marker: &Marker<'_>, extras: &BTreeSet<String>) -> Condition {
        match marker {
            Marker::And(all) => all.iter().fold(Condition::always(), |sum, one| {
                if sum.is_never() {
                    return sum;
                }
                sum.and(&self.evaluate(one, extras))
            }),
            Marker::Or(any) => any.iter().fold(Condition::never(), |sum, one| {
                sum.or(&self.evaluate(one, extras))
            }),
            Marker::Compare {
                left,
                operator,
                right,
            } => self.compare(*left, operator, *right, extras),
        }
    }

    fn compare(
        &self,
        left: Operand<'_>,
        operator: &str,
        right: Operand<'_>,
        extras: &BTreeSet<String>,
    ) -> Condition {
        let decided = match (left, right) {
            (Operand::Variable(variable), Operand::Text(text)) => {
                self.decide(variable, operator, text, extras)
            }
            (Operand::Text(text), Operand::Variable(variable)) => match mirrored(operator) {
                Some(operator) => self.decide(variable, operator, text, extras),
                None => self.contains(variable, operator, text, extras),
            },
            _ => None,
        };
        match decided {
            Some(holds) => Condition::of(holds),
            None => Condition::open(format!("{} {operator} {}", shown(left), shown(right))),
        }
    }

    /// `VARIABLE OPERATOR 'TEXT'`; `None` if only the installer knows.
    fn decide(
        &self,
        variable: &str,
        operator: &str,
        text: &str,
        extras: &BTreeSet<String>,
    ) -> Option<bool> {
        match variable {
            "extra" => match operator {
                "==" => Some(extras.contains(&normalized(text))),
                "!=" => Some(!extras.contains(&normalized(text))),
                _ => None,
            },
            "python_version" if !operator.ends_with("in") => {
                let version = Version::new([3, u64::from(self.python.minor)]);
                Some(specifier(operator, text)?.contains(&version))
            }
            "python_full_version" | "implementation_version" if !operator.ends_with("in") => {
                self.full_version(&specifier(operator, text)?)
            }
            _ => {
                let value = self.text(variable)?;
                match operator {
                    "==" | "===" => Some(value == text),
                    "!=" => Some(value != text),
                    "in" => Some(text.contains(&*value)),
                    "not in" => Some(!text.contains(&*value)),
                    "<" => Some(*value < *text),
                    "<=" => Some(*value <= *text),
                    ">" => Some(*value > *text),
                    ">=" => Some(*value >= *text),
                    _ => None,
                }
            }
        }
    }

    /// `'TEXT' in VARIABLE`; PEP 751 asks so for extras and groups.
    fn contains(
        &self,
        variable: &str,
        operator: &str,
        text: &str,
        extras: &BTreeSet<String>,
    ) -> Option<bool> {
        let is_in = match variable {
            "extras" | "extra" => extras.contains(&normalized(text)),
            "dependency_groups" => self.groups.contains(&normalized(text)),
            _ => self.text(variable)?.contains(text),
        };
        Some(is_in == (operator == "in"))
    }

    /// What all patch releases that the image may have say together.
    fn full_version(&self, wanted: &VersionSpecifier) -> Option<bool> {
        if let Some(patch) = self.python.patch {
            return Some(wanted.contains(&self.release(patch.into())));
        }
        let mut answers = self
            .samples(wanted.version())
            .map(|version| wanted.contains(&version));
        let first = answers.next()?;
        answers.all(|answer| answer == first).then_some(first)
    }

    /// Patch releases between which the answer of a comparison with `version` can change.
    fn samples(&self, version: &Version) -> impl Iterator<Item = Version> + use<> {
        let patch = version.release().get(2).copied().unwrap_or(0);
        let minor = self.python.minor;
        [0, patch.saturating_sub(1), patch, patch + 1, LAST_PATCH]
            .map(|patch| Version::new([3, u64::from(minor), patch.min(LAST_PATCH)]))
            .into_iter()
    }

    fn release(&self, patch: u64) -> Version {
        Version::new([3, u64::from(self.python.minor), patch])
    }

    /// The value of a variable that is compared as text.
    fn text(&self, variable: &str) -> Option<std::borrow::Cow<'static, str>> {
        Some(match variable {
            "os_name" => "posix".into(),
            "sys_platform" => "linux".into(),
            "platform_system" => "Linux".into(),
            "platform_python_implementation" => "CPython".into(),
            "implementation_name" => "cpython".into(),
            "platform_machine" => self.machine?.into(),
            "python_version" => format!("3.{}", self.python.minor).into(),
            _ => return None,
        })
    }
}

/// Whether a requirement with this marker may be installed in an image of this interpreter and platform.
pub(crate) fn may_hold(marker: &str, python: PythonVersion, platform: &Platform) -> bool {
    Environment::new(python, platform, BTreeSet::new(), BTreeSet::new()).may_be(marker)
}

/// What `uname -m` says on a platform, if that is the same on every machine that runs it.
///
/// A 32-bit image on a 64-bit kernel may be told either.
pub(crate) fn machine(platform: &Platform) -> Option<&'static str> {
    match platform.architecture.as_str() {
        "amd64" => Some("x86_64"),
        "arm64" => Some("aarch64"),
        "ppc64le" => Some("ppc64le"),
        "s390x" => Some("s390x"),
        "riscv64" => Some("riscv64"),
        _ => None,
    }
}

fn specifier(operator: &str, version: &str) -> Option<VersionSpecifier> {
    VersionSpecifier::from_str(&format!("{operator}{version}")).ok()
}

/// The operator of the same comparison with its sides exchanged; `None` for `in`.
pub(crate) fn mirrored(operator: &str) -> Option<&str> {
    Some(match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "in" | "not in" => return None,
        other => other,
    })
}

fn shown(operand: Operand<'_>) -> String {
    match operand {
        Operand::Variable(name) => name.to_owned(),
        Operand::Text(text) if text.contains('\'') => format!("\"{text}\""),
        Operand::Text(text) => format!("'{text}'"),
    }
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    fn check(patch: Option<u32>, platform: &str, cases: &[(&str, Option<&str>)]) {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let environment = Environment::new(
            PythonVersion { minor: 12, patch },
            &platform.parse().unwrap(),
            set(&["fast", "extra-3-app-cpu"]),
            set(&["dev"]),
        );
        for (text, expected) in cases {
            let file = SourceFile::new("lock", *text);
            let marker = Spanned::new((*text).to_owned(), file.whole());
            let condition = environment.holds(Some(&marker)).unwrap();
            let shown = if condition.is_never() {
                Some("never".to_owned())
            } else {
                condition.marker()
            };
            assert_eq!(shown.as_deref(), *expected, "{text}");
        }
    }

    /// `None` is "it holds".
    #[test]
    fn what_is_known_of_the_image_is_decided() {
        let never = Some("never");
        check(
            None,
            "linux/amd64",
            &[
                ("python_version >= '3.9'", None),
                ("python_version < '3.12'", never),
                ("'3.12' <= python_version", None),
                ("python_version == '3.12.*'", None),
                ("python_version in '3.11 3.12'", None),
                ("python_full_version < '3.13'", None),
                ("python_full_version >= '3.12'", None),
                ("python_full_version == '3.12.*'", None),
                ("python_full_version < '3.12'", never),
                ("python_full_version <= '3.11.0a6'", never),
                ("sys_platform == 'win32'", never),
                ("sys_platform != 'darwin' and os_name == 'posix'", None),
                ("platform_machine == 'x86_64'", None),
                ("'linux' in sys_platform", None),
                ("platform_python_implementation == 'PyPy'", never),
                ("implementation_name == 'cpython'", None),
                ("extra == 'Fast'", None),
                ("extra == 'extra-3-app-cpu'", None),
                ("extra != 'extra-3-app-gpu'", None),
                ("'fast' in extras or 'x' in extras", None),
                ("'dev' in dependency_groups", None),
                ("'test' in dependency_groups", never),
                ("'test' not in dependency_groups", None),
                ("sys_platform == 'win32' and platform_release > '5'", never),
            ],
        );
    }

    #[test]
    fn what_is_not_known_stays_for_the_installer() {
        check(
            None,
            "linux/arm/v7",
            &[
                (
                    "python_full_version < '3.12.4'",
                    Some("python_full_version < '3.12.4'"),
                ),
                (
                    "sys_platform == 'linux' and platform_machine == \"armv7l\"",
                    Some("platform_machine == 'armv7l'"),
                ),
                (
                    "platform_release >= '5' or python_full_version == '3.12.0'",
                    Some("platform_release >= '5' or python_full_version == '3.12.0'"),
                ),
            ],
        );
        check(
            Some(3),
            "linux/arm64",
            &[
                ("python_full_version < '3.12.4'", None),
                ("platform_machine == 'arm64'", Some("never")),
                ("platform_machine == 'aarch64'", None),
            ],
        );
    }
}
