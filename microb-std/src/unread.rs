//! What a project says of its dependencies and microb does not read: told, since silence would install something else.

use microb::Diagnostic;

use crate::config::Dependencies;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::VersionOrUrl;
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
    sources(tables, findings);
    local_urls(dependencies, findings);
}

/// Indices that only PDM or rye know.
fn sources(tables: &Tables<'_>, findings: &Findings) {
    for (tool, key) in [("pdm", "source"), ("rye", "sources")] {
        let Some(table) = tables.tool(tool).filter(|table| table.has(key)) else {
            continue;
        };
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
