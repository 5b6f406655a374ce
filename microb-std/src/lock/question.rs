//! What a lock is asked, and by which project.

use std::collections::BTreeSet;

use microb::{Context, Diagnostic, Span, Spanned};

use super::environment::Environment;
use super::{Lock, missing, other_digest};
use crate::config::{Project, Python};
use crate::dependencies::Listed;
use crate::extras;
use crate::groups::{self, Groups};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::python::Requires;
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::specifier::Constraint;
use crate::tree::escape;

/// The extras and groups that a target asks for, by their normal names.
pub(super) struct Chosen {
    pub(super) extras: BTreeSet<String>,
    pub(super) groups: BTreeSet<String>,
}

/// All that a lock is read for.
pub(crate) struct Question<'a> {
    pub(crate) cx: &'a dyn Context,
    pub(crate) tables: &'a Tables<'a>,
    pub(crate) project_dir: &'a str,
    pub(crate) project: &'a Project,
    /// Whether it is a script, which is no package of the lock.
    pub(crate) is_script: bool,
    pub(crate) requires: Option<&'a Requires>,
    pub(crate) listed: &'a Listed,
    pub(crate) groups: &'a Groups,
    pub(crate) python: &'a Python,
    /// `extras` of the target.
    pub(crate) extras: &'a [Spanned<String>],
    /// `groups` of the target.
    pub(crate) wanted_groups: &'a [Spanned<String>],
    pub(crate) lock: &'a Lock,
    /// The folder of the lock in the build context, without slashes at its ends.
    pub(crate) folder: &'a str,
    /// Whether the project's own lists have no mistake, which the lock would be said to be made without.
    pub(crate) is_sound: bool,
    pub(crate) findings: &'a Findings,
}

impl Question<'_> {
    pub(super) fn environment(&self, extras: BTreeSet<String>) -> Environment {
        let groups = self.wanted_groups.iter();
        let groups = groups.map(|group| normalized(&group.value)).collect();
        Environment::new(self.python.version, self.cx.platform(), extras, groups)
    }

    pub(super) fn file_name(&self) -> &str {
        self.lock.name()
    }

    /// The project's normal name.
    pub(super) fn project_name(&self) -> Result<&str, Diagnostic> {
        self.project.normalized_name.as_deref().ok_or_else(|| {
            let message = "the project has no name, by which the lock would know it";
            Diagnostic::error(message)
                .at(self.tables.root.span())
                .help("add `name = \"…\"` to `[project]`")
        })
    }

    /// The target's extras and groups by their normal names, which the lock must know.
    pub(super) fn chosen(
        &self,
        extras: &[String],
        groups: &[String],
    ) -> Result<Chosen, Diagnostic> {
        let mut unknown = Vec::new();
        for extra in self.extras {
            if !extras.contains(&normalized(&extra.value)) {
                let known = extras.iter().map(|name| (name.clone(), Vec::new()));
                unknown.push(extras::unknown(extra, &known.collect()));
            }
        }
        for group in self.wanted_groups {
            if !groups.contains(&normalized(&group.value)) {
                unknown.push(groups::unknown(group, groups.iter()));
            }
        }
        if let Some(last) = unknown.pop() {
            for one in unknown {
                self.findings.add(one);
            }
            return Err(last);
        }
        let names = |all: &[Spanned<String>]| {
            let all = all.iter();
            all.map(|name| normalized(&name.value)).collect()
        };
        Ok(Chosen {
            extras: names(self.extras),
            groups: names(self.wanted_groups),
        })
    }

    /// Compares the lock with the project, unless the project's own mistakes are told already.
    pub(super) fn compare(
        &self,
        check: impl FnOnce() -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        if self.is_sound { check() } else { Ok(()) }
    }

    /// Whether the lock, which says of which interpreters it is, is for the image's.
    pub(super) fn check_python(
        &self,
        text: &Spanned<String>,
        constraint: &Constraint,
    ) -> Result<(), Diagnostic> {
        if self.environment(BTreeSet::new()).allows(constraint) {
            return Ok(());
        }
        let message = format!("the lock is for Python `{}`", escape(&text.value));
        Err(Diagnostic::error(message)
            .at(&text.span)
            .help("choose another `python_version`, or lock again"))
    }

    /// Whether one of the environments that the lock is for, if it names any, may be the image's.
    pub(super) fn is_for_image(&self, markers: &[Spanned<String>]) -> Result<bool, Diagnostic> {
        let environment = self.environment(BTreeSet::new());
        let mut fits = markers.is_empty();
        for marker in markers {
            fits = fits || !environment.holds(Some(marker))?.is_never();
        }
        Ok(fits)
    }

    /// What the project lists, each with the extra that it belongs to; `None` if only its build backend knows.
    pub(super) fn listed_requirements(&self) -> Option<Vec<(Requirement, Option<String>)>> {
        if self.listed.is_of_backend() {
            return None;
        }
        let dependencies = self.listed.dependencies.iter();
        let mut all: Vec<_> = dependencies.map(|one| (one.clone(), None)).collect();
        for (extra, requirements) in &self.listed.extras {
            let with_extra = |one: &Requirement| (one.clone(), Some(extra.clone()));
            all.extend(requirements.iter().map(with_extra));
        }
        Some(all)
    }

    /// What the target asks the project for: its requirements, and those of the chosen extras and groups.
    pub(super) fn chosen_requirements(&self) -> Vec<Requirement> {
        let groups = self.wanted_groups.iter();
        let groups = groups.flat_map(|group| self.groups.requirements(&normalized(&group.value)));
        let listed = [self.listed.dependencies.clone(), groups.collect()].concat();
        // Unknown extras are told by who asks the lock for them.
        let findings = Findings::default();
        let name = self.project.normalized_name.as_deref();
        extras::expand(name, &listed, &self.listed.extras, self.extras, &findings)
    }

    /// Whether a lock that says nothing of the project, and has these versions of a package, has what the target asks for.
    pub(super) fn check_versions(
        &self,
        has: impl Fn(&str) -> Vec<String>,
    ) -> Result<(), Diagnostic> {
        let environment = self.environment(BTreeSet::new());
        let overridden = self.overridden();
        for requirement in self.chosen_requirements() {
            let span = &requirement.text.span;
            let marker = requirement.marker.clone();
            let marker = marker.map(|marker| Spanned::new(marker, span.clone()));
            let is_left_out = environment.holds(marker.as_ref())?.is_never();
            if is_left_out || overridden.contains(&requirement.name) {
                continue;
            }
            if let Some(changed) = self.is_missing(&requirement, &has) {
                return Err(other_digest(self.file_name(), span, Some(changed)));
            }
        }
        Ok(())
    }

    /// Packages whose versions uv or PDM were told, whatever anybody asks for.
    pub(super) fn overridden(&self) -> BTreeSet<String> {
        let uv = self.tables.tool("uv");
        let of_uv = uv.map(|uv| uv.strings_if_any("override-dependencies"));
        let of_uv = of_uv.unwrap_or_default().into_iter();
        let of_uv = of_uv.filter_map(|text| Requirement::parse(text).ok());
        let of_pdm = self
            .tables
            .tool("pdm")
            .and_then(|pdm| pdm.table_if_any("resolution"))
            .and_then(|resolution| resolution.table_if_any("overrides"))
            .map(|overrides| overrides.keys());
        let of_pdm = of_pdm.unwrap_or_default().into_iter();
        of_uv
            .map(|requirement| requirement.name)
            .chain(of_pdm.map(|key| normalized(&key.value)))
            .collect()
    }

    /// What the project lists and the lock, which has these versions of a package, cannot have been made for.
    pub(super) fn missing_requirement(
        &self,
        has: impl Fn(&str) -> Vec<String>,
    ) -> Option<(String, Span)> {
        let listed = self.listed_requirements()?;
        let mut listed = listed.iter().map(|(requirement, _)| requirement);
        listed.find_map(|requirement| self.is_missing(requirement, &has))
    }

    /// What is missing of a requirement, if the lock cannot have been made for it.
    fn is_missing(
        &self,
        requirement: &Requirement,
        has: impl Fn(&str) -> Vec<String>,
    ) -> Option<(String, Span)> {
        let VersionOrUrl::Version(specifiers) = &requirement.version else {
            return None;
        };
        if self.project.normalized_name.as_ref() == Some(&requirement.name) {
            return None;
        }
        let constraint = Constraint::pep440(specifiers).ok()?;
        let text = requirement.text.value.trim();
        let what = missing(text, &constraint, &has(&requirement.name))?;
        Some((what, requirement.text.span.clone()))
    }
}
