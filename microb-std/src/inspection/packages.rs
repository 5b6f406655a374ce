//! Which package of the distribution has a shared library.

use std::collections::{BTreeMap, BTreeSet};

use microb::prelude::*;
use microb::{Inspection, Judgment};

use crate::builder;
use crate::config::{Config, Flavor};
use crate::flavor;

/// Asks the package manager of the image that builds.
const PACKAGES_PY: &str = include_str!("packages.py");

const SCRIPT: &str = "/inspection/packages.py";
const REPORT: &str = "/inspection/packages.tsv";

/// The packages of libraries, as far as the image that builds has them.
pub(super) type Owners = BTreeMap<String, String>;

/// The packages of Debian, in all of its releases since 2023, for libraries that wheels of PyPI need and no image that
/// builds has for that: first those that PEP 600 lets a manylinux wheel need, then those that auditwheel is told to leave out.
/// A line is a library, a tab, and its package.
///
/// Since trixie some have a `t64` at the end; apt knows them by these names too.
const OF_DEBIAN: &str = include_str!("debian.tsv");

/// Asks which packages of the image that builds have these libraries; `judge` says what that means.
pub(super) fn inspection<'a>(
    config: &Config,
    libraries: impl Iterator<Item = &'a str>,
    judge: impl Fn(&Owners) -> Vec<Diagnostic> + Send + Sync + 'static,
) -> Inspection {
    let libraries: BTreeSet<&str> = libraries.collect();
    let argv = [flavor::python(config), "-I", SCRIPT, REPORT].into_iter();
    let argv: Vec<&str> = argv.chain(libraries).collect();
    let steps = (
        mkfile(SCRIPT, PACKAGES_PY),
        run(argv)
            .network(Network::None)
            .called("look up the packages of missing libraries"),
    );
    let judge = move |report: &[u8]| Judgment::Findings(judge(&read(report)));
    Inspection::new(steps, REPORT, judge).of(&builder::packages(config))
}

fn read(report: &[u8]) -> Owners {
    let mut owners = Owners::new();
    for line in String::from_utf8_lossy(report).lines() {
        let Some((library, package)) = line.split_once('\t') else {
            continue;
        };
        let known = owners.entry(library.to_owned());
        let known = known.or_insert_with(|| package.to_owned());
        // A package of headers may link the library too.
        if package.len() < known.len() {
            package.clone_into(known);
        }
    }
    owners
}

/// The package that has a library, in the words of `system_deps`.
pub(super) fn of(flavor: Flavor, owners: &Owners, library: &str) -> Option<String> {
    if let Some(package) = owners.get(library) {
        return Some(package.clone());
    }
    match flavor {
        Flavor::Debian => OF_DEBIAN
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(known, _)| *known == library)
            .map(|(_, package)| package.to_owned()),
        // apk takes the name of a library for that of its package.
        Flavor::Alpine => Some(format!("so:{library}")),
    }
}
