//! Shared libraries that nobody provides.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Severity};

use super::Subject;
use super::packages::{self, Owners};
use super::report::{MissingLibrary, Report};
use crate::config::Config;
use crate::mistake::Findings;
use crate::rules::MISSING_LIBRARY;
use crate::tree::escape;

/// Packages that have the same modules with the libraries in them.
const WITH_LIBRARIES: &[(&str, &str)] = &[
    ("opencv-contrib-python", "opencv-contrib-python-headless"),
    ("opencv-python", "opencv-python-headless"),
    ("psycopg2", "psycopg2-binary"),
];

/// What the driver of a graphics card brings when the container starts (`nvidia-container-cli`).
const OF_DRIVERS: &[&str] = &[
    "libcuda.so",
    "libnvidia-",
    "libnvcuvid.so",
    "libcudadebugger.so",
];

/// The libraries that one distribution, or one file that belongs to none, does not find.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lacking<'a> {
    /// The folder with the metadata of the distribution, or the path of the file.
    key: &'a str,
    pub(super) libraries: BTreeSet<&'a str>,
    is_needed: bool,
}

/// What lacks libraries that it may be expected to have.
pub(super) fn lacking(report: &Report) -> Vec<Lacking<'_>> {
    let mut by_owner: BTreeMap<&str, Lacking<'_>> = BTreeMap::new();
    for missing in report.libraries.iter().filter(|one| is_expected(one)) {
        let key = match missing.owner.as_str() {
            "" => missing.path.as_str(),
            owner => owner,
        };
        let lacking = by_owner.entry(key).or_insert_with(|| Lacking {
            key,
            libraries: BTreeSet::new(),
            is_needed: false,
        });
        // Of what is needed anyway, what else might be loaded says nothing new.
        if missing.is_needed && !lacking.is_needed {
            lacking.is_needed = true;
            lacking.libraries.clear();
        }
        if missing.is_needed || !lacking.is_needed {
            lacking.libraries.insert(&missing.library);
        }
    }
    by_owner.into_values().collect()
}

fn is_expected(missing: &MissingLibrary) -> bool {
    let of_driver = |name: &&str| missing.library.starts_with(*name);
    !OF_DRIVERS.iter().any(of_driver)
}

/// Tells what lacks libraries, with the packages that have them.
pub(super) fn check(subject: &Subject, report: &Report, owners: &Owners, findings: &Findings) {
    for lacking in lacking(report) {
        findings.add(finding(subject, report, owners, &lacking));
    }
}

fn finding(
    subject: &Subject,
    report: &Report,
    owners: &Owners,
    lacking: &Lacking<'_>,
) -> Diagnostic {
    let distribution = report
        .distributions
        .iter()
        .find(|one| one.folder == lacking.key);
    let name = distribution.map_or(lacking.key, |one| one.name.as_str());
    let libraries: Vec<String> = lacking
        .libraries
        .iter()
        .map(|library| format!("`{}`", escape(library)))
        .collect();
    let message = format!(
        "`{}` needs {}, which the image does not have",
        escape(name),
        libraries.join(", ")
    );
    let finding = match distribution {
        None => MISSING_LIBRARY.finding(message).at(&subject.project()),
        Some(distribution) if subject.is_project(distribution) => {
            MISSING_LIBRARY.finding(message).at(&subject.project())
        }
        Some(distribution) => {
            let place = subject.place(&distribution.name, report);
            let through = place.through.map_or_else(String::new, |root| {
                format!(" (`{}` brings it)", escape(&root))
            });
            MISSING_LIBRARY
                .finding(format!("{message}{through}"))
                .at(&place.span)
        }
    };
    Diagnostic {
        severity: if lacking.is_needed {
            Severity::Error
        } else {
            Severity::Warning
        },
        ..finding.help(help(&subject.config, owners, lacking, name))
    }
}

/// The line to add.
fn help(config: &Config, owners: &Owners, lacking: &Lacking<'_>, name: &str) -> String {
    let (mut packages, mut unknown) = (BTreeSet::new(), Vec::new());
    for &library in &lacking.libraries {
        match packages::of(config.flavor, owners, library) {
            Some(package) => drop(packages.insert(package)),
            None => unknown.push(format!("`{}`", escape(library))),
        }
    }
    let listed: Vec<String> = packages.iter().map(|name| format!("\"{name}\"")).collect();
    let listed = listed.join(", ");
    let packages = match (packages.is_empty(), config.system_deps.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("write `system_deps = [{listed}]`"),
        (false, false) => format!("add `{listed}` to `system_deps`"),
    };
    let search = if unknown.is_empty() {
        String::new()
    } else {
        let unknown = unknown.join(", ");
        format!("add the packages that have {unknown} to `system_deps`")
    };
    let instead = WITH_LIBRARIES
        .iter()
        .find(|(known, _)| *known == crate::requirement::normalized(name))
        .map_or_else(String::new, |(_, other)| format!("depend on `{other}`"));
    let first = [packages, search]
        .into_iter()
        .filter(|part| !part.is_empty());
    let first: Vec<String> = first.collect();
    let all = [first.join(" and "), instead];
    let all = all.into_iter().filter(|part| !part.is_empty());
    let help = all.collect::<Vec<_>>().join(", or ");
    match &config.target {
        Some(_) => help,
        None => format!("{help}, in `[tool.microb.target.default]`"),
    }
}
