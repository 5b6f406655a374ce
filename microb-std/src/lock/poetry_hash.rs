//! Whether a `poetry.lock` was made for the project as it is: it holds a digest of what Poetry thinks relevant.
//!
//! What that is: `Locker._get_content_hash` in <https://github.com/python-poetry/poetry/blob/2.5.1/src/poetry/packages/locker.py>.

use microb::Diagnostic;
use microb::digest::sha256;

use super::fields::string;
use super::json::{Json, Separators};
use super::poetry_project::Wants;
use super::{Question, other_digest};
use crate::tree::Table;

/// Keys of `[tool.poetry]` that Poetry writes as `null` if they are absent, in a project without `[project]`.
const LEGACY: &[&str] = &["dependencies", "source", "extras", "dev-dependencies"];

const PROJECT: &[&str] = &["requires-python", "dependencies", "optional-dependencies"];

/// Compares the digest; `has` says which versions of a package the lock has.
pub(super) fn check(
    metadata: &Table<'_>,
    question: &Question<'_>,
    wants: &[Wants],
    has: impl Fn(&str) -> Vec<String>,
) -> Result<(), Diagnostic> {
    let known = string(metadata, "content-hash")?;
    // Before Poetry 2.3, dependency groups were left out.
    if [true, false]
        .iter()
        .any(|groups| digest(question, *groups) == known.value)
    {
        return Ok(());
    }
    let changed = wants
        .iter()
        .find_map(|wanted| wanted.is_missing(&has))
        .or_else(|| question.missing_requirement(&has));
    Err(other_digest(question.file_name(), &known.span, changed))
}

fn digest(question: &Question<'_>, with_groups: bool) -> String {
    let tables = question.tables;
    let project = tables.project.as_ref();
    let of_project = PROJECT.iter().filter_map(|&key| {
        let value = project?.raw(key)?;
        Some((key, Json::Toml(value)))
    });
    let of_project: Vec<_> = of_project.collect();
    let groups = tables
        .root
        .raw("dependency-groups")
        .filter(|groups| with_groups && groups.as_table().is_some_and(|table| !table.is_empty()));
    let is_legacy = of_project.is_empty() && groups.is_none();
    let of_poetry = LEGACY.iter().chain(&["group"]).filter_map(|&key| {
        let value = tables.poetry.as_ref().and_then(|poetry| poetry.raw(key));
        match value {
            Some(value) => Some((key, Json::Toml(value))),
            None if is_legacy && key != "group" => Some((key, Json::Null)),
            None => None,
        }
    });
    let of_poetry = Json::table(of_poetry);
    let relevant = if is_legacy {
        of_poetry
    } else {
        let mut all = vec![("tool", Json::table([("poetry", of_poetry)]))];
        if !of_project.is_empty() {
            all.push(("project", Json::table(of_project)));
        }
        all.extend(groups.map(|groups| ("dependency-groups", Json::Toml(groups))));
        Json::table(all)
    };
    sha256(relevant.text(Separators::SPACED).as_bytes())
}
