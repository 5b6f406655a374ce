//! What pip says when it cannot install, as 23 to 26 say it.

use std::str::FromStr;

use pep440_rs::Version;

use super::{
    CORRECT_VERSION, Cause, EXCLUDED, HASH, NO_FILE, NOT_BUILT, NOT_FETCHED, OTHER_PYTHON,
    another_hash, between, excluded, name_of, not_answered, not_built, not_fetched, not_trusted,
    project_of,
};
use crate::requirement::normalized;
use crate::specifier::Constraint;

/// So many versions are named of those that there are.
const NEWEST: usize = 3;

pub(super) fn causes(said: &str) -> Vec<Cause> {
    if let Some((_, after)) = said.split_once("DO NOT MATCH THE HASHES") {
        return hashes(after);
    }
    if let Some(requirement) = between(said, "No matching distribution found for ", "\n") {
        let requirement = requirement.split(" (from ").next().unwrap_or(requirement);
        return vec![unfound(said, requirement.trim())];
    }
    if let Some(reasons) = between(said, "The conflict is caused by:\n", "\n\n") {
        let lines = reasons
            .lines()
            .map(|line| line.trim().replace("The user requested ", "you require "));
        return vec![impossible(&lines.collect::<Vec<_>>())];
    }
    if let Some(cause) = untrusted_file(said) {
        return vec![cause];
    }
    for start in [
        "Failed to build '",
        "Failed building wheel for ",
        "Could not build wheels for ",
    ] {
        let Some(line) = between(said, start, "\n") else {
            continue;
        };
        let name = name_of(line);
        let git = line
            .contains(" when git ")
            .then(|| between(said, "fatal: ", "\n"));
        return vec![match git {
            Some(why) => Cause::new(
                [name],
                &not_fetched(name, why.unwrap_or("read above why")),
                NOT_FETCHED,
            ),
            None => Cause::new([name], &not_built(name), NOT_BUILT),
        }];
    }
    Vec::new()
}

/// What the lines of a conflict mean: `you require idna<3`, `requests 2.32.3 depends on idna<4`.
fn impossible(lines: &[String]) -> Cause {
    let asked = lines
        .iter()
        .filter_map(|line| line.strip_prefix("you require "))
        .map(name_of);
    let needed: Vec<(&str, &str)> = lines
        .iter()
        .filter_map(|line| line.split_once(" depends on "))
        .map(|(package, wanted)| (name_of(package), wanted))
        .collect();
    let packages = needed.iter().map(|(package, _)| *package);
    // What all versions of one package need, and nothing else, is excluded by nothing: it is not there.
    if let [first, rest @ ..] = needed.as_slice()
        && needed.len() == lines.len()
        && rest.iter().all(|other| other == first)
    {
        let names = std::iter::once(name_of(first.1)).chain(packages);
        return Cause::new(names, &no_file(first.1), NO_FILE);
    }
    Cause::new(
        asked.chain(packages),
        &excluded(&lines.join(", ")),
        EXCLUDED,
    )
}

fn no_file(requirement: &str) -> String {
    format!("no index has a file of `{requirement}` for this Python and platform")
}

/// Why nothing was found for a requirement.
fn unfound(said: &str, requirement: &str) -> Cause {
    let name = name_of(requirement);
    let line = between(said, "that satisfies the requirement ", "\n").unwrap_or_default();
    let versions = between(line, "(from versions: ", ")").filter(|versions| *versions != "none");
    let unasked = || versions.is_none().then(|| unasked(said, name)).flatten();
    let cause = unasked().or_else(|| other_python(said, requirement));
    let mut cause = cause.unwrap_or_else(|| match versions {
        Some(versions) => absent(requirement, versions),
        None => Cause::new([name], &no_file(requirement), NO_FILE),
    });
    cause.names.extend(needing(line));
    cause
}

fn absent(requirement: &str, versions: &str) -> Cause {
    let versions: Vec<&str> = versions.split(", ").collect();
    let newest = &versions[versions.len().saturating_sub(NEWEST)..];
    let message = format!(
        "there is no version of `{requirement}`: the newest are {}",
        newest.join(", ")
    );
    Cause::new([name_of(requirement)], &message, CORRECT_VERSION)
}

/// The packages that need a requirement: `(from requests->-r requirements.txt (line 3))`.
fn needing(line: &str) -> impl Iterator<Item = String> {
    let parts = line.split(" (from ").skip(1);
    let chains = parts.filter(|part| !part.starts_with("versions: "));
    let names = chains.flat_map(|chain| chain.split("->")).map(name_of);
    names
        .filter(|name| !name.is_empty() && !name.starts_with('-'))
        .map(normalized)
}

/// Why the index did not say what it has of a project.
fn unasked(said: &str, name: &str) -> Option<Cause> {
    let is_of_project = |url: &str| normalized(project_of(url)) == normalized(name);
    let mut causes = said.lines().filter_map(|line| {
        let skipped = between(line, "Could not fetch URL ", " - skipping");
        if let Some((url, why)) = skipped.and_then(|said| said.split_once(": ")) {
            let cause =
                || not_trusted(&[name], url, why).unwrap_or_else(|| not_answered(name, why));
            return is_of_project(url).then(cause);
        }
        let (_, broken) = line.split_once(" after connection broken by ")?;
        let (why, path) = broken.rsplit_once(": ")?;
        let why = why.trim_matches(['\'', ')', '"']);
        let why = [": ", ", '"].into_iter().fold(why, |why, start| {
            why.rsplit_once(start).map_or(why, |(_, last)| last)
        });
        is_of_project(path).then(|| not_answered(name, why))
    });
    // What is tried again is told each time, and the last word comes last.
    causes.next_back()
}

/// A file or a repository whose server has a certificate that is not trusted. It is that of what was collected last.
fn untrusted_file(said: &str) -> Option<Cause> {
    let (_, collected) = said.rsplit_once("Collecting ")?;
    let url = if let Some((_, after)) = collected.split_once("fatal: unable to access '") {
        after
            .split_once('\'')
            .map(|(url, why)| (url.to_owned(), why))
    } else if let Some((_, after)) = collected.split_once(" while fetching ") {
        after
            .split_once('\n')
            .map(|(url, why)| (url.to_owned(), why))
    } else {
        let (_, why) = collected.split_once("due to an OSError: HTTPSConnectionPool(")?;
        let part = |start, end| between(why, start, end);
        let (host, port, path) = (
            part("host='", "'")?,
            part("port=", ")")?,
            part("with url: ", " ")?,
        );
        Some((format!("https://{host}:{port}{path}"), why))
    };
    let (url, why) = url?;
    let why = why.lines().take(2).collect::<Vec<_>>().join("\n");
    not_trusted(&[name_of(collected)], &url, &why)
}

/// A version that would do, and that wants another Python. pip lists those of all packages, without their names.
fn other_python(said: &str, requirement: &str) -> Option<Cause> {
    const LINE: &str = "Ignored the following versions that require a different python version: ";
    let name = name_of(requirement);
    let constraint = Constraint::pep440(&requirement[name.len()..]).ok()?;
    let fitting = |one: &'_ str| -> Option<String> {
        let (version, wanted) = one.trim().split_once(" Requires-Python ")?;
        let fits = constraint.allows(&Version::from_str(version).ok()?);
        fits.then(|| format!("{version} needs Python{wanted}"))
    };
    let why = between(said, LINE, "\n")?.rsplit("; ").find_map(fitting)?;
    let message = format!("`{requirement}` has no version for this Python: {why}");
    Some(Cause::new([name], &message, OTHER_PYTHON))
}

/// Each package is a line `NAME==VERSION from URL`, and what was got a line below it.
fn hashes(said: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut pinned = None;
    for line in said.lines().map(str::trim) {
        if let Some((requirement, _)) = line.split_once(" from ") {
            pinned = Some(requirement);
        }
        if let (Some(of), Some(computed)) = (pinned, line.strip_prefix("Got ")) {
            pinned = None;
            causes.push(Cause::new(
                [name_of(of)],
                &another_hash(of, computed.trim()),
                HASH,
            ));
        }
    }
    causes
}
