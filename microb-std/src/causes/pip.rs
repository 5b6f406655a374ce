//! What pip says when it cannot install, as 23 to 26 say it.

use super::{
    CORRECT_NAME, CORRECT_VERSION, Cause, EXCLUDED, HASH, NOT_BUILT, NOT_FETCHED, another_hash,
    between, excluded, name_of, not_built, not_fetched,
};

/// So many versions are named of those that there are.
const NEWEST: usize = 3;

pub(super) fn causes(said: &str) -> Vec<Cause> {
    if let Some((_, after)) = said.split_once("DO NOT MATCH THE HASHES") {
        return hashes(after);
    }
    if let Some(requirement) = between(said, "No matching distribution found for ", "\n") {
        let requirement = requirement.split(" (from ").next().unwrap_or(requirement);
        return vec![absent(said, requirement.trim())];
    }
    if let Some(reasons) = between(said, "The conflict is caused by:\n", "\n\n") {
        let lines = reasons
            .lines()
            .map(|line| line.trim().replace("The user requested ", "you require "));
        let lines: Vec<String> = lines.collect();
        let asked = lines
            .iter()
            .filter_map(|line| line.strip_prefix("you require "))
            .map(name_of);
        return vec![Cause::new(asked, &excluded(&lines.join(", ")), EXCLUDED)];
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

fn absent(said: &str, requirement: &str) -> Cause {
    let name = name_of(requirement);
    let versions = between(said, "(from versions: ", ")").unwrap_or("none");
    if versions == "none" {
        return Cause::new([name], &format!("no index has `{name}`"), CORRECT_NAME);
    }
    let versions: Vec<&str> = versions.split(", ").collect();
    let newest = &versions[versions.len().saturating_sub(NEWEST)..];
    let message = format!(
        "there is no version of `{requirement}`: the newest are {}",
        newest.join(", ")
    );
    Cause::new([name], &message, CORRECT_VERSION)
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
