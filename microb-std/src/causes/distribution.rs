//! What apt and apk say when there is no such package.

use microb::prelude::*;
use microb::{Inspection, Instruction, Judgment, Spanned};

use super::{LOOKING, between};
use crate::config::Flavor;
use crate::tree::escape;

/// Where it is written down.
const SAID: &str = "/said.txt";

/// A look at what the package manager says when it only plans the installation. `steps` are those of the installation, whose
/// mounts it needs.
pub(crate) fn look(flavor: Flavor, names: &[Spanned<String>], steps: &[Step]) -> Inspection {
    let plan = match flavor {
        Flavor::Debian => {
            "apt-get update && apt-get install --simulate --yes --no-install-recommends \"$@\""
        }
        Flavor::Alpine => "apk add --simulate --update-cache --cache-dir /var/cache/apk \"$@\"",
    };
    let script = format!("{{ {plan}; }} > {SAID} 2>&1 || true");
    let words = ["sh", "-c", &script, "sh"].map(str::to_owned);
    let names = names.to_vec();
    let packages = names.iter().map(|name| name.value.clone());
    let mounts = steps.iter().filter_map(|step| match &step.instruction {
        Instruction::Run(run) => Some(run.mounted().to_vec()),
        _ => None,
    });
    let again = run(words.into_iter().chain(packages).collect::<Vec<_>>());
    let again = again.mounts(mounts.flatten().collect::<Vec<_>>());
    Inspection::new(again.called(LOOKING), SAID, move |said| {
        let said = String::from_utf8_lossy(said);
        Judgment::Findings(
            names
                .iter()
                .filter_map(|name| missing(name, &said))
                .collect(),
        )
    })
}

/// Whether it is said that this package is not there.
fn missing(name: &Spanned<String>, said: &str) -> Option<Diagnostic> {
    let package = name
        .value
        .split(['=', '<', '>', '~', '/'])
        .next()
        .unwrap_or_default();
    let error = |message: String| Some(Diagnostic::error(message).at(&name.span));
    let version = said
        .lines()
        .find(|line| line.ends_with(&format!(" for '{package}' was not found")));
    if let Some(version) = version.and_then(|line| between(line, "E: Version '", "'")) {
        let error = error(format!(
            "the distribution has no version `{}` of `{}`",
            escape(version),
            escape(package)
        ));
        return error.map(|error| {
            error.help(format!(
                "write `{}`, which takes the version that there is",
                escape(package)
            ))
        });
    }
    let says = [
        format!("E: Unable to locate package {package}"),
        format!("E: Package '{package}' has no installation candidate"),
        format!("{package} (no such package):"),
    ];
    if !said
        .lines()
        .any(|line| says.iter().any(|says| line.trim() == says))
    {
        return None;
    }
    let list = if said.contains("(no such package)") {
        "https://pkgs.alpinelinux.org"
    } else {
        "https://packages.debian.org"
    };
    let error = error(format!(
        "the distribution has no package `{}`",
        escape(package)
    ));
    error.map(|error| error.help(format!("correct the name: {list} has those that there are")))
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    #[track_caller]
    fn check(names: &str, said: &str, expected: &[&str]) {
        let file = SourceFile::new("pyproject.toml", names);
        let of = |name: &str| {
            missing(
                &Spanned::new(name.to_owned(), file.find(name).unwrap()),
                said,
            )
        };
        let found = names.split(' ').filter_map(of).map(|found| found.message);
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_package_that_is_not_there_is_named() {
        let apt = "Reading package lists...\nE: Unable to locate package gettextt\nE: Package 'mysql-server' has no installation candidate\n\
                   E: Version '1.0' for 'curl' was not found\n";
        check(
            "curl=1.0 gettextt libpq5 mysql-server",
            apt,
            &[
                "the distribution has no version `1.0` of `curl`",
                "the distribution has no package `gettextt`",
                "the distribution has no package `mysql-server`",
            ],
        );
        let apk = "ERROR: unable to select packages:\n  gettextt (no such package):\n    required by: world[gettextt]\n";
        check(
            "gettextt curl",
            apk,
            &["the distribution has no package `gettextt`"],
        );
        check("curl", "E: Unable to fetch some archives\n", &[]);
    }
}
