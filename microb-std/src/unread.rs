//! What a project says of its dependencies and microb does not read: told, since silence would install something else.

use microb::{Context, Diagnostic};

use crate::config::Dependencies;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{VersionOrUrl, normalized};
use crate::rules::{UNREAD_LOCK, UNREAD_SOURCE};
use crate::tree::escape;

/// Lock files, and the command that makes a requirements file of each.
const LOCKS: &[(&str, &str)] = &[
    ("uv.lock", "uv export --no-dev -o requirements.txt"),
    ("poetry.lock", "poetry export -o requirements.txt"),
    ("pdm.lock", "pdm export --prod -o requirements.txt"),
    (
        "Pipfile.lock",
        "pipenv requirements --hash > requirements.txt",
    ),
    (
        "pylock.toml",
        "uv pip compile pyproject.toml -o requirements.txt",
    ),
];

/// The command that makes a requirements file of a lock file, if the path is that of one.
pub(crate) fn export_command(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let known = |(lock, _): &&(&str, &str)| {
        *lock == name || (name.starts_with("pylock.") && *lock == "pylock.toml")
    };
    LOCKS.iter().find(known).map(|(_, command)| *command)
}

/// Tells what is not read of the project's own lists. A requirements file takes their place, so nothing is missed then.
pub(crate) fn tell(
    cx: &dyn Context,
    project_dir: &str,
    tables: &Tables<'_>,
    dependencies: &Dependencies,
    findings: &Findings,
) {
    if matches!(dependencies, Dependencies::File(_)) {
        return;
    }
    locks(cx, project_dir, findings);
    sources(tables, dependencies, findings);
    local_urls(dependencies, findings);
}

fn locks(cx: &dyn Context, project_dir: &str, findings: &Findings) {
    for (lock, command) in LOCKS {
        let path = match project_dir {
            "" => (*lock).to_owned(),
            folder => format!("{folder}/{lock}"),
        };
        if let Ok(Some(_)) = cx.read(&path) {
            findings.add(
                UNREAD_LOCK
                    .finding(format!(
                        "`{path}` is not read: the versions are chosen anew"
                    ))
                    .help(format!(
                        "run `{command}`, and write `requirements = \"requirements.txt\"`"
                    )),
            );
        }
    }
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
                    .help("write its place in `dependencies`, as `NAME @ git+https://…`, or name an exported requirements file in `requirements`"),
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
