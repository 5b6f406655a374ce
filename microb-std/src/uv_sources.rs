//! `[tool.uv.sources]` where there is no lock: where single packages come from.
//!
//! <https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources>

use microb::{Diagnostic, Spanned};

use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::tree::{Table, escape};

/// Keys that make a source hold for a part of the builds only.
const CONDITIONS: &[&str] = &["marker", "extra", "group"];

/// The requirements, each with the URL that its source says. One from an index of its own stays as it is.
pub(crate) fn apply(
    requirements: Vec<Requirement>,
    tables: &Tables<'_>,
    findings: &Findings,
) -> Vec<Requirement> {
    let uv = tables.tool("uv");
    let Some(sources) = uv.and_then(|uv| uv.table_if_any("sources")) else {
        return requirements;
    };
    let keys = sources.keys();
    let applied = requirements.into_iter().map(|mut requirement| {
        let is_it = |key: &&Spanned<String>| normalized(&key.value) == requirement.name;
        let key = keys.iter().find(is_it).filter(|_| !requirement.is_url());
        let Some(key) = key else {
            return requirement;
        };
        if let Some(url) = findings.keep(url(&sources, key)).flatten() {
            requirement.version = VersionOrUrl::Url(url);
        }
        requirement
    });
    applied.collect()
}

/// The sources of one package: a table, or a list of them.
pub(crate) fn entries<'a>(sources: &Table<'a>, name: &str) -> Vec<Table<'a>> {
    match sources.table_if_any(name) {
        Some(only) => vec![only],
        None => sources.tables(name),
    }
}

/// The URL that PEP 508 has for the source; `None` for an index.
fn url(sources: &Table<'_>, key: &Spanned<String>) -> Result<Option<String>, Diagnostic> {
    let entries = entries(sources, &key.value);
    let is_index = |entry: &Table<'_>| entry.has("index");
    if entries.iter().all(is_index) {
        return Ok(None);
    }
    let [entry] = entries.as_slice() else {
        return Err(needs_lock(key, "has several sources"));
    };
    if CONDITIONS.iter().any(|condition| entry.has(condition)) {
        return Err(needs_lock(key, "has a source for some builds only"));
    }
    let of = |key: &str| entry.string_if_any(key).map(|text| text.value);
    let subdirectory = of("subdirectory").map(|path| format!("#subdirectory={path}"));
    let subdirectory = subdirectory.unwrap_or_default();
    if let Some(repository) = of("git") {
        let reference = ["rev", "tag", "branch"].iter().find_map(|key| of(key));
        let reference = reference.map_or_else(String::new, |reference| format!("@{reference}"));
        let repository = repository
            .strip_prefix("git+")
            .unwrap_or(&repository)
            .to_owned();
        return Ok(Some(format!("git+{repository}{reference}{subdirectory}")));
    }
    match of("url") {
        Some(url) => Ok(Some(format!("{url}{subdirectory}"))),
        None => Err(needs_lock(key, "comes from a folder of the build context")),
    }
}

/// What only a lock can say.
fn needs_lock(key: &Spanned<String>, why: &str) -> Diagnostic {
    let message = format!(
        "`{}` {why}, which is not read without a lock",
        escape(&key.value)
    );
    Diagnostic::error(message)
        .at(&key.span)
        .help("run `uv lock`")
}
