//! What a project says of its dependencies and microb does not read: told, since silence would install something else.

use microb::Diagnostic;

use crate::config::Dependencies;
use crate::lock::Format;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::pinned::PinnedSet;
use crate::requirement::VersionOrUrl;
use crate::rules::UNREAD_SOURCE;
use crate::tree::{Table, escape};

/// Tells what is not read of the project's own lists. A requirements file takes their place, and so does a lock that
/// names its indices.
pub(crate) fn tell(tables: &Tables<'_>, dependencies: &Dependencies, findings: &Findings) {
    let is_unread = |source: Source| match dependencies {
        Dependencies::File(_) => false,
        Dependencies::Locked(set) => source.is_unread_with(set, tables),
        Dependencies::Listed(_) | Dependencies::FromBackend { .. } => true,
    };
    for source in [Source::Pdm, Source::Rye] {
        if is_unread(source) {
            tell_source(source, tables, findings);
        }
    }
    local_urls(dependencies, findings);
}

/// Indices that only one tool knows.
#[derive(Clone, Copy)]
enum Source {
    Pdm,
    Rye,
}

impl Source {
    /// The tool's table and the key in it.
    fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::Pdm => ("pdm", "source"),
            Self::Rye => ("rye", "sources"),
        }
    }

    /// Whether the packages of a lock may be from an index that the lock does not name.
    fn is_unread_with(self, set: &PinnedSet, tables: &Tables<'_>) -> bool {
        match (self, Format::of(&set.path.value)) {
            (Self::Pdm, Some(Format::Pdm)) => {
                let sources = tables.tool("pdm").map(|pdm| pdm.tables("source"));
                // Others are asked for the packages that they name.
                let is_read = |source: &Table<'_>| {
                    let name = source.string_if_any("name");
                    source.has("include_packages") || name.is_some_and(|name| name.value == "pypi")
                };
                !sources.unwrap_or_default().iter().all(is_read)
            }
            (Self::Rye, Some(Format::Requirements)) => !set
                .options
                .iter()
                .any(|option| option.contains("index-url")),
            _ => false,
        }
    }
}

fn tell_source(source: Source, tables: &Tables<'_>, findings: &Findings) {
    let (tool, key) = source.key();
    if let Some(table) = tables.tool(tool).filter(|table| table.has(key)) {
        findings.add(
            UNREAD_SOURCE
                .finding(format!("`tool.{tool}.{key}` is not read"))
                .at(&table.key_span(key))
                .help("write its URL into `indices`"),
        );
    }
}

fn local_urls(dependencies: &Dependencies, findings: &Findings) {
    let Dependencies::Listed(listed) = dependencies else {
        return;
    };
    for requirement in listed {
        if let VersionOrUrl::Url(url) = &requirement.version
            && url.starts_with("file:")
        {
            findings.add(
                Diagnostic::error(format!("`{}` is not in the image", escape(url)))
                    .at(&requirement.text.span)
                    .help("list local packages in a requirements file, as `./folder`, and name that in `requirements`"),
            );
        }
    }
}
