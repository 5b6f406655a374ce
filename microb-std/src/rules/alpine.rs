//! Which packages of a lock have no wheel for Alpine: they are compiled, for minutes or in vain.

use microb::Spanned;

use super::Facts;
use super::dependency::NO_ALPINE_WHEELS;
use super::lists::NO_MUSL;
use crate::config::Flavor;
use crate::lock;
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSet};
use crate::tree::escape;

/// Names them before anything is compiled, unless it is known what that needs. Who lists `build_deps` knows that something is.
pub(super) fn check(facts: &Facts<'_>, set: &PinnedSet, findings: &Findings) {
    let config = facts.config;
    if config.flavor != Flavor::Alpine {
        return;
    }
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
    let machine = lock::machine(facts.cx.platform());
    for pin in &set.pins {
        let fits = |wheel: &String| fits(wheel, config.python.version.minor, machine);
        let is_told = NO_MUSL.contains(&pin.name.as_str())
            || compiled
                .iter()
                .any(|need| need.dependency.value == pin.name);
        if is_told || pin.wheels.is_empty() || pin.wheels.iter().any(fits) {
            continue;
        }
        let finding = NO_ALPINE_WHEELS
            .finding(format!(
                "{} has no wheel for Alpine and this Python",
                shown(pin)
            ))
            .at(&pin.span)
            .help("write `flavor = \"debian\"`, or list in `build_deps` what compiles it");
        findings.add(finding);
    }
}

fn shown(pin: &Pinned) -> String {
    let version = pin.version.as_deref().unwrap_or_default();
    let shown = format!("{} {version}", pin.name);
    format!("`{}`", escape(shown.trim()))
}

/// Whether a wheel is for the interpreter on musl, by the tags at the end of its name
/// (<https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/>).
fn fits(wheel: &str, minor: u32, machine: Option<&str>) -> bool {
    let mut tags = wheel.rsplit('-');
    let (Some(platforms), Some(abi), Some(pythons)) = (tags.next(), tags.next(), tags.next())
    else {
        return true;
    };
    let on_platform = |platform: &str| {
        let is_for = |machine: &str| platform.ends_with(machine);
        platform == "any" || platform.starts_with("musllinux") && machine.is_none_or(is_for)
    };
    let own = format!("cp3{minor}");
    let is_older = |python: &str| {
        let version = python
            .strip_prefix("cp3")
            .and_then(|text| text.parse().ok());
        version.is_some_and(|version: u32| version <= minor)
    };
    let for_python = |python: &str| match abi {
        "abi3" => is_older(python),
        _ => python == "py3" || python == own || python == format!("py3{minor}"),
    };
    let has_abi = |abi: &str| abi == "none" || abi == "abi3" || abi == own;
    platforms.split('.').any(on_platform)
        && pythons.split('.').any(for_python)
        && abi.split('.').any(has_abi)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers are those of `packaging.tags` for `CPython` 3.13 on musl.
    #[test]
    fn a_wheel_is_for_an_interpreter_a_library_and_a_machine() {
        for (wheel, expected) in [
            ("idna-3.11-py3-none-any", true),
            ("six-1.17.0-py2.py3-none-any", true),
            ("numpy-2.3.5-cp313-cp313-musllinux_1_2_x86_64", true),
            ("numpy-2.3.5-cp313-cp313-musllinux_1_2_aarch64", false),
            ("numpy-2.3.5-cp312-cp312-musllinux_1_2_x86_64", false),
            ("numpy-2.3.5-cp313-cp313t-musllinux_1_2_x86_64", false),
            (
                "numpy-2.3.5-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64",
                false,
            ),
            ("cryptography-46.0.3-cp311-abi3-musllinux_1_2_x86_64", true),
            ("cryptography-46.0.3-cp314-abi3-musllinux_1_2_x86_64", false),
            ("ruff-0.14.6-py3-none-musllinux_1_2_x86_64", true),
            ("pywin32-311-cp313-cp313-win_amd64", false),
        ] {
            assert_eq!(fits(wheel, 13, Some("x86_64")), expected, "{wheel}");
        }
    }
}
