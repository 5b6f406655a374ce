//! Packages of the distribution that dependencies are known to need.
//!
//! Wheels bring the libraries that they need. What is compiled does not, nor what loads a library by its name or runs a
//! program: its metadata says nothing of these, so they stand in a table.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Context, Span, Spanned};

use crate::config::{Dependencies, Flavor, PythonVersion};
use crate::lock;
use crate::mistake::Findings;
use crate::pipfile;
use crate::requirement::{Requirement, normalized};
use crate::resolve::Shared;

/// A line is a distribution; the columns are said at its beginning.
const TABLE: &str = include_str!("system_needs.tsv");

/// What one dependency needs of the distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemNeed {
    /// The dependency, in PEP 503's normal form, and where it is asked for.
    pub dependency: Spanned<String>,
    /// Packages to build it, not in the image.
    pub build: Vec<&'static str>,
    /// Packages in the image.
    pub runtime: Vec<&'static str>,
}

impl SystemNeed {
    /// The packages of all, each with the place of what needs it.
    pub(crate) fn packages(
        needs: &[Self],
        of: fn(&Self) -> &[&'static str],
    ) -> impl Iterator<Item = Spanned<String>> {
        needs.iter().flat_map(move |need| {
            let package =
                |name: &&str| Spanned::new((*name).to_owned(), need.dependency.span.clone());
            of(need).iter().map(package)
        })
    }
}

/// One line of the table.
struct Row {
    name: &'static str,
    /// Whether it matters only where the project lists it itself.
    only_listed: bool,
    /// Distributions that bring what it needs.
    unless: Vec<&'static str>,
    build: [Vec<&'static str>; 2],
    runtime: [Vec<&'static str>; 2],
}

fn rows() -> impl Iterator<Item = Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let columns: Vec<Vec<&str>> = line
            .split('\t')
            .map(|column| column.split(' ').filter(|word| *word != "-").collect())
            .collect();
        let [
            name,
            when,
            unless,
            build,
            runtime,
            build_alpine,
            runtime_alpine,
        ] = columns.try_into().ok()?;
        Some(Row {
            name: name.first()?,
            only_listed: when == ["listed"],
            unless,
            build: [build, build_alpine],
            runtime: [runtime, runtime_alpine],
        })
    })
}

/// What the dependencies of a target need, in the order of the table.
pub(crate) fn of(asked: &Asked, flavor: Flavor) -> Vec<SystemNeed> {
    let place = match flavor {
        Flavor::Debian => 0,
        Flavor::Alpine => 1,
    };
    let need = |row: Row| {
        let span = asked.names.get(row.name)?;
        let is_brought = row
            .unless
            .iter()
            .any(|name| asked.names.contains_key(*name));
        if is_brought || row.only_listed && !asked.listed.contains(row.name) {
            return None;
        }
        let [build, runtime] = [row.build, row.runtime].map(|columns| columns[place].clone());
        let dependency = Spanned::new(row.name.to_owned(), span.clone());
        let is_needed = !build.is_empty() || !runtime.is_empty();
        is_needed.then_some(SystemNeed {
            dependency,
            build,
            runtime,
        })
    };
    rows().filter_map(need).collect()
}

/// What is installed, as far as it is known before.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// By its normal name, where it stands. `psycopg[binary]` is `psycopg-binary` too: extras of this kind are called so.
    names: BTreeMap<String, Span>,
    /// The names that the project lists itself.
    listed: BTreeSet<String>,
}

impl Asked {
    /// Of a target with these dependencies, and what its project lists.
    pub(crate) fn of(
        dependencies: &Dependencies,
        shared: &Shared,
        groups: &[Spanned<String>],
        python: Option<PythonVersion>,
        cx: &dyn Context,
    ) -> Self {
        let mut asked = Self::default();
        let may_hold = |requirement: &&Requirement| {
            let marker = requirement.marker.as_deref();
            let (Some(marker), Some(python)) = (marker, python) else {
                return true;
            };
            lock::may_hold(marker, python, cx.platform())
        };
        match dependencies {
            Dependencies::Listed(listed) => {
                listed
                    .iter()
                    .filter(may_hold)
                    .for_each(|one| asked.list(one));
            }
            Dependencies::File(file) => {
                for requirement in file.listed.iter().filter(may_hold) {
                    asked.add(requirement);
                    if !file.is_compiled {
                        asked.listed.insert(requirement.name.clone());
                    }
                }
            }
            Dependencies::Locked(set) => {
                let pins = set.pins.iter();
                asked.names = pins
                    .map(|pin| (pin.name.clone(), pin.span.clone()))
                    .collect();
                let own = &shared.listed;
                let of_extras = own.extras.values().flatten();
                let of_groups = groups.iter().map(|group| normalized(&group.value));
                let of_groups: Vec<_> = of_groups
                    .flat_map(|group| shared.groups.requirements(&group))
                    .collect();
                let of_pipfile = own.is_silent.then(|| {
                    // Its mistakes are those of the lock's own tool.
                    pipfile::packages(cx, &shared.project_dir, &Findings::default())
                });
                let of_pipfile = of_pipfile.flatten().unwrap_or_default();
                let all = own.dependencies.iter().chain(of_extras);
                let all = all.chain(&of_groups).chain(&of_pipfile);
                asked.listed = all.map(|one| one.name.clone()).collect();
            }
            Dependencies::FromBackend { listed, .. } => {
                let listed = listed.iter().flatten().filter(may_hold);
                listed.for_each(|one| asked.list(one));
            }
        }
        asked
    }

    fn list(&mut self, requirement: &Requirement) {
        self.add(requirement);
        self.listed.insert(requirement.name.clone());
    }

    fn add(&mut self, requirement: &Requirement) {
        let name = &requirement.name;
        let extras = requirement.extras.iter();
        let with_extras = extras.map(|extra| format!("{name}-{}", normalized(extra)));
        for name in with_extras.chain([name.clone()]) {
            let span = || requirement.text.span.clone();
            self.names.entry(name).or_insert_with(span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages;

    #[test]
    fn every_line_is_read_and_has_names_of_its_distributions() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let rows: Vec<_> = rows().collect();
        assert_eq!(rows.len(), lines.count());
        assert!(rows.is_sorted_by(|one, next| one.name < next.name));
        for row in rows {
            assert_eq!(row.name, normalized(row.name));
            assert!(row.unless.iter().all(|name| *name == normalized(name)));
            for (place, flavor) in [Flavor::Debian, Flavor::Alpine].into_iter().enumerate() {
                let span = microb::SourceFile::new("table", TABLE).whole();
                let names = row.build[place].iter().chain(&row.runtime[place]);
                let names = names.map(|name| Spanned::new((*name).to_owned(), span.clone()));
                let names: Vec<_> = names.collect();
                let findings = Findings::default();
                assert_eq!(packages::resolve(names.clone(), flavor, &findings), names);
                assert!(findings.into_all().is_empty(), "{}", row.name);
            }
        }
    }
}
