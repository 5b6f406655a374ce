//! What uv says when it cannot install, as 0.5 to 0.13 say it.

use super::{
    CORRECT_NAME, CORRECT_VERSION, Cause, EXCLUDED, HASH, NO_WHEEL, NOT_BUILT, NOT_FETCHED,
    OTHER_PYTHON, another_hash, between, excluded, name_of, not_answered, not_built, not_fetched,
    not_trusted, project_of,
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
    let built = between(text, "Failed to build `", "`").or_else(|| {
        // Until 0.5 downloading and building was one.
        let both = between(text, "Failed to download and build `", "`");
        both.filter(|_| text.contains("Build backend failed"))
    });
    if let Some(pinned) = built {
        // One from a folder or a repository is `NAME @ URL`.
        let pinned = pinned.split(" @ ").next().unwrap_or(pinned);
        return vec![Cause::new([name_of(pinned)], &not_built(pinned), NOT_BUILT)];
    }
    let last = said.lines().rev().find_map(|line| {
        let line = line.trim();
        ["fatal: ", "cause: ", "Caused by: ", "╰─▶ "]
            .into_iter()
            .find_map(|start| line.strip_prefix(start))
    });
    let why = last.unwrap_or("read above why");
    let fetched = [
        "Failed to download and build `",
        "Failed to download `",
        "Failed to fetch `",
    ];
    let of = fetched
        .into_iter()
        .find_map(|start| between(text, start, "`"));
    let page = between(text, "Failed to fetch: ", " ").map(|url| url.trim_matches('`'));
    let url = between(why, "unable to access '", "'").or(page);
    if let Some(url) = url
        && let Some(cause) = not_trusted(&[of.map_or_else(|| project_of(url), name_of)], url, why)
    {
        return vec![cause];
    }
    if let Some(name) = of.map(name_of) {
        let message = not_fetched(name, why);
        return vec![Cause::new([name], &message, NOT_FETCHED)];
    }
    // A page of an index.
    let cause = |url| not_answered(project_of(url), why);
    page.map(cause).into_iter().collect()
}

/// What a resolution that failed means.
fn unsatisfiable(reason: &str) -> Vec<Cause> {
    let asked: Vec<&str> = reason
        .split("you require ")
        .skip(1)
        .flat_map(asked)
        .collect();
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
    if let Some(cause) = no_file(reason, &asked) {
        return vec![cause];
    }
    // One sentence is about one package.
    if !reason.contains(", we can conclude")
        && let Some((what, of)) = reason.split_once(" and you require ")
    {
        let version = match what.strip_prefix("there is no version of ") {
            Some(pinned) => Some(format!("there is no version of `{pinned}`")),
            None => what
                .strip_prefix("only ")
                .and_then(|rest| rest.strip_suffix(" is available"))
                .map(|there| format!("only `{there}` is available")),
        };
        if let Some(message) = version {
            return vec![Cause::new([name_of(of)], &message, CORRECT_VERSION)];
        }
    }
    vec![Cause::new(asked, &excluded(reason), EXCLUDED)]
}

/// The names of `idna<3 and requests, we can conclude that …`.
fn asked(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find([',', '\n']).unwrap_or(text.len());
    text[..end].split(" and ").map(name_of)
}

/// A package that has files, and none for this Python or this platform: what excludes it is no other requirement.
fn no_file(reason: &str, asked: &[&str]) -> Option<Cause> {
    let cause = |package: &str, message: &str, help| {
        let names = std::iter::once(name_of(package)).chain(asked.iter().copied());
        Cause::new(names, message, help)
    };
    for lacks in [" has no wheels ", " has no usable wheels"] {
        if let Some((before, after)) = reason.split_once(lacks) {
            let ends = [" and ", ", we can conclude"];
            let end = ends.into_iter().filter_map(|end| after.find(end)).min();
            let package = last_word(before);
            let why = &after[..end.unwrap_or(after.len())];
            let message = format!("`{package}`{lacks}{why}");
            return Some(cause(package, &message, NO_WHEEL));
        }
    }
    let image = between(reason, "the current Python version (", ")")?;
    let wanted = between(reason, ") does not satisfy ", " ")?.trim_end_matches(',');
    let before = [" depends on ", " depend on "]
        .into_iter()
        .find_map(|verb| Some(reason.split_once(&format!("{verb}{wanted}"))?.0))?;
    let package = last_word(before);
    let message = format!("`{package}` needs {wanted}, and the image has {image}");
    Some(cause(package, &message, OTHER_PYTHON))
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}
