//! What a project says of its dependencies and microb does not read: told, since silence would install something else.

use microb::Diagnostic;

use crate::config::Dependencies;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{VersionOrUrl, normalized};
use crate::rules::UNREAD_SOURCE;
use crate::tree::escape;

/// Tells what is not read of the project's own lists. A requirements file or a lock takes their place, so nothing is
/// missed then.
pub(crate) fn tell(tables: &Tables<'_>, dependencies: &Dependencies, findings: &Findings) {
    if matches!(
        dependencies,
        Dependencies::File(_) | Dependencies::Locked(_)
    ) {
        return;
    }
    sources(tables, dependencies, findings);
    local_urls(dependencies, findings);
}

/// Places of single packages that only uv or Poetry know. Another package of the name must not be taken for them.
fn sources(tables: &Tables<'_>, dependencies: &Dependencies, findings: &Findings) {
    let uv = tables.tool("uv").and_then(|uv| uv.table_if_any("sources"));
    if let (Some(sources), Dependencies::Listed(listed)) = (uv, dependencies) {
        for key in sources.keys() {
            let name = normalized(&key.value);
            if listed.iter().any(|requirement| requirement.name == name) {
                findings.add(
                    Diagnostic::error(format!(
                        "`tool.uv.sources` is not read, and `{}` would come from an index",
                        escape(&key.value)
                    ))
                    .at(&key.span)
                    .help("write its place in `dependencies`, as `NAME @ git+https://…`, or lock the project with `uv lock`"),
                );
            }
        }
    }
    let poetry = tables.tool("poetry");
    if let Some(poetry) = poetry.filter(|poetry| poetry.has("source")) {
        findings.add(
            UNREAD_SOURCE
                .finding("`tool.poetry.source` is not read")
                .at(&poetry.key_span("source"))
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
