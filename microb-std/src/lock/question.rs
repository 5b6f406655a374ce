//! What a lock is asked, and by which project.

use std::collections::BTreeSet;

use microb::{Context, Diagnostic, Span, Spanned};

use super::environment::Environment;
use super::{Lock, missing};
use crate::config::{Project, Python};
use crate::dependencies::Listed;
use crate::extras;
use crate::groups::{self, Groups};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::python::Requires;
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::specifier::Constraint;

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

    /// The target's extras by their normal names, which the lock must know.
    pub(super) fn chosen_extras(&self, known: &[String]) -> Result<BTreeSet<String>, Diagnostic> {
        for extra in self.extras {
            if !known.contains(&normalized(&extra.value)) {
                let known = known.iter().map(|name| (name.clone(), Vec::new()));
                return Err(extras::unknown(extra, &known.collect()));
            }
        }
        let all = self.extras.iter();
        Ok(all.map(|extra| normalized(&extra.value)).collect())
    }

    /// The target's groups by their normal names, which the lock must know.
    pub(super) fn chosen_groups(&self, known: &[String]) -> Result<BTreeSet<String>, Diagnostic> {
        for group in self.wanted_groups {
            if !known.contains(&normalized(&group.value)) {
                return Err(groups::unknown(group, known.iter()));
            }
        }
        let all = self.wanted_groups.iter();
        Ok(all.map(|group| normalized(&group.value)).collect())
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

    /// What the project lists and the lock, which has these versions of a package, cannot have been made for.
    pub(super) fn missing_requirement(
        &self,
        has: impl Fn(&str) -> Vec<String>,
    ) -> Option<(String, Span)> {
        let listed = self.listed_requirements()?;
        let is_other =
            |one: &&Requirement| self.project.normalized_name.as_ref() != Some(&one.name);
        let mut listed = listed
            .iter()
            .map(|(requirement, _)| requirement)
            .filter(is_other);
        listed.find_map(|requirement| {
            let VersionOrUrl::Version(specifiers) = &requirement.version else {
                return None;
            };
            let constraint = Constraint::pep440(specifiers).ok()?;
            let text = requirement.text.value.trim();
            let what = missing(text, &constraint, &has(&requirement.name))?;
            Some((what, requirement.text.span.clone()))
        })
    }

    /// The names in `tool.uv.sources`.
    pub(super) fn uv_sources(&self) -> Vec<String> {
        let sources = self
            .tables
            .tool("uv")
            .and_then(|uv| uv.table_if_any("sources"));
        let keys = sources.map(|sources| sources.keys()).unwrap_or_default();
        keys.iter().map(|key| normalized(&key.value)).collect()
    }
}
