//! Which packages of a lock have no wheel for the image: they are compiled, for minutes or in vain.

use microb::Spanned;

use super::Facts;
use super::dependency::{NO_ALPINE_WHEELS, NO_WHEEL};
use super::lists::NO_MUSL;
use crate::config::Flavor;
use crate::lock;
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSet};
use crate::python;
use crate::wheel_tags::Target;

/// Names them before anything is compiled, unless it is known what that needs. Who lists `build_deps` knows that something is.
pub(super) fn check(facts: &Facts<'_>, set: &PinnedSet, findings: &Findings) {
    let config = facts.config;
    let compiled = config
        .system_needs
        .iter()
        .filter(|need| !need.build.is_empty());
    let compiled: Vec<_> = compiled.collect();
    let is_automatic = |package: &Spanned<String>| {
        let mut packages = compiled.iter().flat_map(|need| &need.build);
        packages.any(|name| *name == package.value)
    };
    if !config.build_deps.iter().all(is_automatic) {
        return;
    }
    let on = Target {
        minor: config.python.version.minor,
        flavor: config.flavor,
        machine: lock::machine(facts.cx.platform()),
    };
    for pin in set.compiled(on) {
        let is_told = config.flavor == Flavor::Alpine && NO_MUSL.contains(&pin.name.as_str())
            || compiled
                .iter()
                .any(|need| need.dependency.value == pin.name);
        if is_told {
            continue;
        }
        let finding = match config.flavor {
            Flavor::Alpine => Some(
                NO_ALPINE_WHEELS
                    .finding(format!(
                        "`{}` has no wheel for Alpine and this Python",
                        pin.shown()
                    ))
                    .help("write `flavor = \"debian\"`, or list in `build_deps` what compiles it"),
            ),
            Flavor::Debian => another_has_one(pin, on).map(|other| {
                NO_WHEEL
                    .finding(format!(
                        "`{}` has no wheel for Python 3.{}, and one for 3.{other}",
                        pin.shown(),
                        on.minor
                    ))
                    .help(format!(
                        "choose Python 3.{other}, lock a newer version of it, or list in `build_deps` what compiles it"
                    ))
            }),
        };
        findings.extend(finding.map(|finding| finding.at(&pin.span)));
    }
}

/// The newest Python that the package has a wheel for. What has none for any is compiled by everybody.
fn another_has_one(pin: &Pinned, on: Target<'_>) -> Option<u32> {
    let takes = |minor: &u32| {
        let other = Target {
            minor: *minor,
            ..on
        };
        pin.wheels.iter().any(|wheel| other.takes(wheel))
    };
    python::minors().filter(takes).max()
}
