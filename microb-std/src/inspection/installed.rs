//! The interpreter, and what is installed: as `pip check`, with the places.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use microb::grammar::requirement::Requirement;
use microb::{Diagnostic, Severity};
use pep440_rs::Version;

use super::report::{Distribution, Report};
use super::{Subject, environment};
use crate::config::Dependencies;
use crate::mistake::Findings;
use crate::requirement::normalized;
use crate::rules::{MISSING_DEPENDENCY, UNMET_VERSION, UNSUPPORTED_PYTHON};
use crate::specifier::{Constraint, specifiers};
use crate::tree::escape;

/// Whether packages were installed for the interpreter; tells it if not, and what the project wants of it.
pub(super) fn interpreter(subject: &Subject, report: &Report, findings: &Findings) -> bool {
    let version = report.marker("python_full_version");
    if !report.environments.contains(&report.interpreter) {
        let built = report.environments.iter().map(|name| in_words(name));
        let error = format!(
            "the image has {}, and the packages were installed for {}",
            in_words(&report.interpreter),
            built.collect::<Vec<_>>().join(", ")
        );
        findings.add(
            Diagnostic::error(error)
                .at(&subject.image())
                .help("let `base_image` and `build_image` have the same Python"),
        );
        return false;
    }
    let minor = report.marker("python_version");
    let planned = subject.config.python.version;
    if let Dependencies::Locked(set) = &subject.config.dependencies
        && minor != format!("3.{}", planned.minor)
    {
        let error = format!(
            "the image has Python {}, and `{}` was read for Python {planned}",
            escape(minor),
            escape(&set.path.value)
        );
        findings.add(
            Diagnostic::error(error)
                .at(&subject.image())
                .help(format!("write `python_version = \"{}\"`", escape(minor))),
        );
        return false;
    }
    if let Some(requires) = &subject.config.python.requires
        && let Ok(version) = Version::from_str(version)
        // Poetry's dialect is a superset, but for what only PEP 440 has.
        && let Ok(constraint) =
            Constraint::pep440(&requires.value).or_else(|_| Constraint::poetry(&requires.value))
        && !constraint.allows(&version)
    {
        findings.add(
            UNSUPPORTED_PYTHON
                .finding(format!(
                    "the image has Python {version}, which `{}` does not allow",
                    escape(&requires.value)
                ))
                .at(&requires.span)
                .help("allow it, or choose another `python_version` or `base_image`"),
        );
    }
    true
}

/// An interpreter by the name of its folder: `Python 3.14` for `python3.14`.
fn in_words(folder: &str) -> String {
    let (name, version) = match folder.strip_prefix("pypy") {
        Some(version) => ("PyPy", version),
        None => ("Python", folder.strip_prefix("python").unwrap_or(folder)),
    };
    match version.strip_suffix('t') {
        Some(version) => format!("free-threaded {name} {}", escape(version)),
        None => format!("{name} {}", escape(version)),
    }
}

/// Whether all that is required is installed, in a version that is allowed.
pub(super) fn requirements(subject: &Subject, report: &Report, findings: &Findings) {
    let installed: BTreeMap<String, &Distribution> = report
        .distributions
        .iter()
        .map(|one| (normalized(&one.name), one))
        .collect();
    for distribution in &report.distributions {
        for text in &distribution.requires {
            // What an old package says wrong, no installer heeds.
            let Ok(requirement) = Requirement::parse(text) else {
                continue;
            };
            let holds = |marker| environment::holds(marker, report);
            if requirement.marker.map(holds) == Some(Some(false)) {
                continue;
            }
            let finding = match installed.get(&normalized(requirement.name)) {
                None => missing(subject, report, distribution, text),
                Some(found) if unmet(&requirement, found) => {
                    conflict(subject, report, distribution, text, found)
                }
                Some(_) => continue,
            };
            findings.add(finding);
        }
    }
}

/// Whether the installed version is one that the requirement excludes.
fn unmet(requirement: &Requirement<'_>, found: &Distribution) -> bool {
    let Ok(version) = Version::from_str(&found.version) else {
        return false;
    };
    let wanted = requirement.specifiers.trim();
    let wanted = wanted.trim_start_matches('(').trim_end_matches(')');
    specifiers(wanted).is_ok_and(|all| !all.iter().all(|one| one.contains(&version)))
}

fn missing(
    subject: &Subject,
    report: &Report,
    distribution: &Distribution,
    text: &str,
) -> Diagnostic {
    let shown = shown(text);
    let place = subject.place(&distribution.name, report);
    let finding = MISSING_DEPENDENCY
        .finding(format!(
            "`{}` needs `{shown}`, which is not installed",
            escape(&distribution.name)
        ))
        .at(&place.span);
    match &subject.config.dependencies {
        // Whoever resolved it left it out on purpose, as `override-dependencies` do.
        Dependencies::Locked(set) if is_of_a_resolver(&set.path.value) => Diagnostic {
            severity: Severity::Warning,
            ..finding.help(format!("if that is no override, lock again with `{shown}`"))
        },
        Dependencies::Locked(_) | Dependencies::File(_) => finding.help(format!(
            "add `{shown}` to {}",
            subject.list_of_dependencies()
        )),
        Dependencies::Listed(_) | Dependencies::FromBackend { .. } => finding.help(format!(
            "add `\"{shown}\"` to {}",
            subject.list_of_dependencies()
        )),
    }
}

impl Subject {
    /// What people write dependencies into.
    pub(super) fn list_of_dependencies(&self) -> String {
        let file = match &self.config.dependencies {
            Dependencies::Locked(set) if !is_of_a_resolver(&set.path.value) => &set.path.value,
            Dependencies::File(file) => &file.path.value,
            _ => return "`dependencies`".to_owned(),
        };
        format!("`{}`", escape(file))
    }
}

/// Whether a tool chose all that is in a lock; a requirements file may have been written by hand.
fn is_of_a_resolver(lock: &str) -> bool {
    Path::new(lock)
        .extension()
        .is_none_or(|extension| extension != "txt" && extension != "in")
}

fn conflict(
    subject: &Subject,
    report: &Report,
    distribution: &Distribution,
    text: &str,
    found: &Distribution,
) -> Diagnostic {
    let (name, version) = (escape(&found.name), escape(&found.version));
    // The line of what has the wrong version, unless it has none of its own.
    let mut place = subject.place(&found.name, report);
    if place.through.is_some() {
        place = subject.place(&distribution.name, report);
    }
    UNMET_VERSION
        .finding(format!(
            "`{}` needs `{}`, and `{name}` {version} is installed",
            escape(&distribution.name),
            shown(text)
        ))
        .at(&place.span)
        .help(format!(
            "choose versions of `{name}` and `{}` that fit",
            escape(&distribution.name)
        ))
}

/// A requirement without its marker.
fn shown(text: &str) -> String {
    let plain = text.split(';').next().unwrap_or(text).trim();
    escape(plain)
}
