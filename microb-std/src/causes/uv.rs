//! What uv says when it cannot install, as 0.5 to 0.13 say it.

use super::{
    CORRECT_NAME, CORRECT_VERSION, Cause, EXCLUDED, HASH, NOT_BUILT, NOT_FETCHED, another_hash,
    between, excluded, name_of, not_built, not_fetched,
};

/// What it says of a name that no index has.
const ABSENT: &str = " was not found in the package registry";

/// How its explanations end.
const CONCLUSION: &str = ", we can conclude that your requirements are unsatisfiable";

pub(super) fn causes(said: &str) -> Vec<Cause> {
    // Long lines are broken, and some versions draw a line beside them.
    let words = said.split(|c: char| c.is_whitespace() || c == '│');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    let text = text.as_str();
    if let Some(pinned) = between(text, "Hash mismatch for `", "`") {
        let computed = between(text, "Computed: sha256:", " ").unwrap_or_default();
        return vec![Cause::new(
            [name_of(pinned)],
            &another_hash(pinned, computed),
            HASH,
        )];
    }
    if let Some(reason) = between(
        text,
        "No solution found when resolving dependencies",
        CONCLUSION,
    ) && let Some((_, reason)) = reason.split_once("Because ")
    {
        return unsatisfiable(reason);
    }
    if let Some(pinned) = between(text, "Failed to build `", "`") {
        // One from a folder or a repository is `NAME @ URL`.
        let pinned = pinned.split(" @ ").next().unwrap_or(pinned);
        return vec![Cause::new([name_of(pinned)], &not_built(pinned), NOT_BUILT)];
    }
    let fetched = [
        "Failed to download and build `",
        "Failed to download `",
        "Failed to fetch `",
    ];
    let of = fetched
        .into_iter()
        .find_map(|start| between(text, start, "`"));
    let Some(name) = of.map(name_of) else {
        return Vec::new();
    };
    let last = said.lines().rev().find_map(|line| {
        let line = line.trim();
        ["fatal: ", "cause: ", "╰─▶ "]
            .into_iter()
            .find_map(|start| line.strip_prefix(start))
    });
    vec![Cause::new(
        [name],
        &not_fetched(name, last.unwrap_or("read above why")),
        NOT_FETCHED,
    )]
}

/// What a resolution that failed means.
fn unsatisfiable(reason: &str) -> Vec<Cause> {
    let asked = reason.split("you require ").skip(1).map(name_of);
    let asked: Vec<&str> = asked.collect();
    let mut absent: Vec<&str> = reason
        .split(ABSENT)
        .filter_map(|part| part.rsplit(' ').next())
        .collect();
    absent.pop();
    if !absent.is_empty() {
        let cause = |name: &str| {
            let names = std::iter::once(name).chain(asked.iter().copied());
            Cause::new(names, &format!("no index has `{name}`"), CORRECT_NAME)
        };
        let mut causes: Vec<Cause> = absent.into_iter().map(cause).collect();
        causes.dedup();
        return causes;
    }
    // One sentence is about one package.
    if !reason.contains(", we can conclude")
        && let Some((what, of)) = reason.split_once(" and you require ")
    {
        let version = match (
            what.strip_prefix("there is no version of "),
            what.strip_prefix("only "),
        ) {
            (Some(pinned), _) => Some(format!("there is no version of `{pinned}`")),
            (_, Some(rest)) => rest
                .strip_suffix(" is available")
                .map(|there| format!("only `{there}` is available")),
            _ => what
                .split_once(" has no wheels ")
                .map(|(pinned, why)| format!("`{pinned}` has no wheels {why}")),
        };
        if let Some(message) = version {
            return vec![Cause::new([name_of(of)], &message, CORRECT_VERSION)];
        }
    }
    vec![Cause::new(asked, &excluded(reason), EXCLUDED)]
}
