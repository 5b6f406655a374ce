//! What apt and apk say when there is no such package.

use microb::prelude::*;
use microb::{Inspection, Instruction, Judgment, Spanned};

use super::{LOOKING, between};
use crate::config::Flavor;
use crate::tree::escape;

/// Where it is written down.
const SAID: &str = "/said.txt";

/// A look at what the package manager says when it only plans the installation. `steps` are those of the installation, whose
/// mounts it needs, and `list` is the page that has all names.
pub(crate) fn look(
    flavor: Flavor,
    names: &[Spanned<String>],
    steps: &[Step],
    list: &'static str,
) -> Inspection {
    let plan = match flavor {
        Flavor::Debian => {
            "apt-get update -o APT::Update::Error-Mode=any && \
             apt-get install --simulate --yes --no-install-recommends \"$@\""
        }
        // apk 3 fetches no lists for what it only simulates.
        Flavor::Alpine => {
            "apk update --cache-dir /var/cache/apk && apk add --simulate --cache-dir /var/cache/apk \"$@\""
        }
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
        Judgment::Findings(judge(&names, &String::from_utf8_lossy(said), list))
    })
}

/// How a package manager says that it did not get its lists: then it knows no package, and says so of each.
const NOT_FETCHED: &[&str] = &[
    "Failed to fetch ",
    "Could not resolve ",
    "Temporary failure ",
    "WARNING: updating ",
    "WARNING: opening from cache ",
    "temporary error",
    "transient error",
];

fn judge(names: &[Spanned<String>], said: &str, list: &str) -> Vec<Diagnostic> {
    let is_unfetched = |line: &&str| NOT_FETCHED.iter().any(|words| line.contains(words));
    if let Some(line) = said.lines().find(is_unfetched) {
        let why = ["E: ", "W: ", "WARNING: "]
            .into_iter()
            .fold(line.trim(), |why, start| why.trim_start_matches(start));
        let error = "the distribution's lists of packages were not fetched";
        let error = Diagnostic::error(format!("{error}: {}", escape(why)));
        return vec![error.help(
            "check the network, a proxy, and the mirror of the base image; the names may be right",
        )];
    }
    let missing = |name| missing(name, said, list);
    names.iter().filter_map(missing).collect()
}

/// What is wrong with this package, if it is said that it, or the version that is asked for, is not there.
fn missing(name: &Spanned<String>, said: &str, list: &str) -> Option<Diagnostic> {
    let end = name.value.find(['=', '<', '>', '~', '/']);
    let package = &name.value[..end.unwrap_or(name.value.len())];
    let shown = escape(package);
    let no_version = format!(" for '{package}' was not found");
    let no_package = [
        format!("E: Unable to locate package {package}"),
        format!("E: Package '{package}' has no installation candidate"),
        format!("{package} (no such package):"),
    ];
    let finding = said.lines().map(str::trim).find_map(|line| {
        if no_package.iter().any(|words| line == words) {
            let error = Diagnostic::error(format!("the distribution has no package `{shown}`"));
            return Some(error.help(format!("correct the name: {list} has those that there are")));
        }
        let version = between(line.strip_suffix(&no_version)?, "E: Version '", "'")?;
        let version = escape(version);
        let error = format!("the distribution has no version `{version}` of `{shown}`");
        let help = format!("write `{shown}`, which takes the version that there is");
        Some(Diagnostic::error(error).help(help))
    });
    finding.map(|finding| finding.at(&name.span))
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    #[track_caller]
    fn check(names: &str, said: &str, expected: &[&str]) {
        let file = SourceFile::new("pyproject.toml", names);
        let of = |name: &str| Spanned::new(name.to_owned(), file.find(name).unwrap());
        let names: Vec<_> = names.split(' ').map(of).collect();
        let found = judge(&names, said, "LIST").into_iter();
        let found = found.map(|found| found.message);
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    /// What apt 2.6 and 3.0 and apk 3.0 say without network, and apk 2.14.
    #[test]
    fn without_lists_no_name_is_wrong() {
        for (said, why) in [
            (
                include_str!("../../tests/said/lists.apt-2"),
                "Temporary failure resolving 'deb.debian.org'",
            ),
            (
                include_str!("../../tests/said/lists.apt-3"),
                "Temporary failure resolving 'deb.debian.org'",
            ),
            (
                include_str!("../../tests/said/lists.apk-3"),
                "updating and opening https://dl-cdn.alpinelinux.org/alpine/v3.23/main/x86_64/APKINDEX.tar.gz: DNS: transient error (try again later)",
            ),
            (
                "WARNING: updating and opening https://cdn/main: temporary error (try again later)\n  curl (no such package):\n",
                "updating and opening https://cdn/main: temporary error (try again later)",
            ),
        ] {
            check(
                "curl",
                said,
                &[&format!(
                    "the distribution's lists of packages were not fetched: {why}"
                )],
            );
        }
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
