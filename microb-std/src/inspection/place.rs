//! Where in the user's files a finding stands.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use microb::Span;

use super::Subject;
use super::report::{Distribution, Report};
use crate::config::Dependencies;
use crate::flavor;
use crate::requirement::normalized;

/// Where an installed package stands: its own line, or that of the package that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) span: Span,
    /// The package of the line, when it is another one.
    pub(super) through: Option<String>,
}

impl Subject {
    /// The lines of the packages that are listed, by their normal names.
    fn lines(&self) -> BTreeMap<&str, &Span> {
        match &self.config.dependencies {
            Dependencies::Listed(listed) => listed
                .iter()
                .map(|one| (one.name.as_str(), &one.text.span))
                .collect(),
            Dependencies::Locked(set) => set
                .pins
                .iter()
                .map(|one| (one.name.as_str(), &one.span))
                .collect(),
            Dependencies::File(_) | Dependencies::FromBackend { .. } => BTreeMap::new(),
        }
    }

    /// Where all dependencies come from, if nothing says more.
    pub(super) fn list(&self) -> Span {
        let config = &self.config;
        let list = match &config.dependencies {
            Dependencies::File(file) => Some(file.path.span.clone()),
            Dependencies::Locked(set) => Some(set.path.span.clone()),
            Dependencies::FromBackend { span, .. } => span.clone(),
            Dependencies::Listed(_) => None,
        };
        list.unwrap_or_else(|| self.project())
    }

    /// The project, or the target, or the file.
    pub(super) fn project(&self) -> Span {
        let config = &self.config;
        let name = config.project.name.as_ref().or(config.target.as_ref());
        name.map_or_else(|| self.definition.clone(), |name| name.span.clone())
    }

    /// The image that runs, or the file.
    pub(super) fn image(&self) -> Span {
        let place = flavor::image_span(&self.config, None);
        place.unwrap_or(&self.definition).clone()
    }

    pub(super) fn is_project(&self, distribution: &Distribution) -> bool {
        let own = self.config.project.normalized_name.as_deref();
        own == Some(normalized(&distribution.name).as_str())
    }

    /// The place of a package.
    pub(super) fn place(&self, name: &str, report: &Report) -> Place {
        let name = normalized(name);
        let own = self.config.project.normalized_name.as_deref();
        if own == Some(name.as_str()) {
            return Place {
                span: self.project(),
                through: None,
            };
        }
        let lines = self.lines();
        match through(&name, &lines, report) {
            Some(root) => Place {
                span: lines[root.as_str()].clone(),
                through: (root != name).then_some(root),
            },
            None => Place {
                span: self.list(),
                through: None,
            },
        }
    }
}

/// The nearest package with a line that needs this one, directly or not.
fn through(name: &str, lines: &BTreeMap<&str, &Span>, report: &Report) -> Option<String> {
    let mut queue = VecDeque::from([name.to_owned()]);
    let mut seen = BTreeSet::from([name.to_owned()]);
    while let Some(name) = queue.pop_front() {
        if lines.contains_key(name.as_str()) {
            return Some(name);
        }
        for distribution in &report.distributions {
            let other = normalized(&distribution.name);
            let needs = |requirement: &String| required(requirement) == name;
            if distribution.requires.iter().any(needs) && seen.insert(other.clone()) {
                queue.push_back(other);
            }
        }
    }
    None
}

/// The normal name of what a requirement is about.
fn required(requirement: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = requirement.find(|c| !is_name(c));
    normalized(&requirement[..end.unwrap_or(requirement.len())])
}
