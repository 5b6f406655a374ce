//! The interpreter of a target, and what is installed for it.

use crate::config::{Dependencies, PassedOver, Python, PythonVersion};
use crate::dependencies::Wanted;
use crate::mistake::Findings;
use crate::named_image;
use crate::pinned::{Pinned, PinnedSet};
use crate::python::{self, Question};
use crate::resolve::Shared;
use crate::target_table::TargetTable;
use crate::wheel_tags;

/// Chooses the interpreter, and reads with `wanted` what is installed for it.
///
/// Where nobody says a version and the lock is older than the newest one, it is the newest that the lock has wheels for:
/// to compile takes minutes, where it works at all.
pub(crate) fn choose(
    shared: &Shared,
    target: &TargetTable,
    has_explicit: bool,
    findings: &Findings,
    wanted: impl Fn(Option<&Python>, &Findings) -> Wanted,
) -> (Option<Python>, Wanted) {
    let Some(said) = said(shared, target, has_explicit, findings) else {
        return (None, wanted(None, findings));
    };
    let told = Findings::default();
    let newest = wanted(Some(&said), &told);
    let older = locked(&newest).and_then(|set| older(&said, set, shared, target, &wanted));
    let (python, wanted, told) = older.unwrap_or((said, newest, told));
    findings.take(told, true);
    (Some(python), wanted)
}

/// What the target, its images, the version file and the project say.
fn said(
    shared: &Shared,
    target: &TargetTable,
    has_explicit: bool,
    findings: &Findings,
) -> Option<Python> {
    let explicit = target.python_version.as_ref();
    // After a wrong version, another choice would only lead to errors about that.
    if has_explicit && explicit.is_none() {
        return None;
    }
    let images = [&target.base_image, &target.build_image].into_iter();
    let image = images.flatten().find_map(named_image::python);
    let question = Question {
        explicit,
        image: image.as_ref(),
        version_file: shared.version_file.as_ref(),
        requires: shared.metadata.requires.as_ref(),
    };
    python::choose(&question, findings)
}

/// The version for which the fewest packages of the lock are compiled, if that is not the newest; with what is installed for it,
/// and what was found on the way.
fn older(
    newest: &Python,
    set: &PinnedSet,
    shared: &Shared,
    target: &TargetTable,
    wanted: impl Fn(Option<&Python>, &Findings) -> Wanted,
) -> Option<(Python, Wanted, Findings)> {
    // What another image has is not chosen here.
    if target.base_image.is_some() || target.build_image.is_some() {
        return None;
    }
    let compiled = |set: &PinnedSet, version: PythonVersion| -> Vec<String> {
        let on = wheel_tags::Target {
            minor: version.minor,
            flavor: target.flavor,
            // All platforms of a build get the same version.
            machine: None,
        };
        set.compiled(on).map(Pinned::shown).collect()
    };
    let missing = compiled(set, newest.version);
    let (mut fewest, mut best) = (missing.len(), None);
    for version in python::others(newest, shared.metadata.requires.as_ref()) {
        if fewest == 0 {
            break;
        }
        let other = Python {
            version,
            ..newest.clone()
        };
        let told = Findings::default();
        let wanted = wanted(Some(&other), &told);
        // A lock need not be for all that the project allows.
        let Some(set) = locked(&wanted).filter(|_| !told.has_mistake()) else {
            continue;
        };
        let still = compiled(set, version);
        if still.len() < fewest {
            fewest = still.len();
            let package = missing.iter().find(|one| !still.contains(one));
            best = package.map(|package| (other, package.clone(), wanted, told));
        }
    }
    best.map(|(other, package, wanted, told)| {
        let passed_over = PassedOver {
            version: newest.version,
            package,
            lock: set.path.value.clone(),
        };
        let python = Python {
            passed_over: Some(passed_over),
            ..other
        };
        (python, wanted, told)
    })
}

fn locked(wanted: &Wanted) -> Option<&PinnedSet> {
    match &wanted.dependencies {
        Dependencies::Locked(set) => Some(set),
        Dependencies::File(_) | Dependencies::FromBackend { .. } | Dependencies::Listed(_) => None,
    }
}
