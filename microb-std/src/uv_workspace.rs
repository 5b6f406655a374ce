//! Members of a workspace of uv, found by their names: <https://docs.astral.sh/uv/concepts/projects/workspaces/>.

use microb::patterns::Patterns;
use microb::{Context, Diagnostic, SourceFile, Spanned};

use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::normalized;
use crate::text;
use crate::tree::{self, Table, escape};

/// The path of a file in a folder of the build context.
pub(crate) fn within(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The folder of the member that is called like this, in the workspace that a folder belongs to.
pub(crate) fn member(
    cx: &dyn Context,
    folder: &str,
    name: &Spanned<String>,
) -> Result<String, Diagnostic> {
    let error = |message: String| Diagnostic::error(message).at(&name.span);
    let Some((root, members)) = workspace(cx, folder) else {
        return Err(error("the project is in no workspace".to_owned())
            .help("build with the workspace's root as the build context, `docker build -f member/pyproject.toml .`"));
    };
    let wanted = normalized(&name.value);
    let is_it = |folder: &String| name_of(cx, folder).is_some_and(|name| name == wanted);
    let mut folders = vec![root.clone()];
    folders.extend(
        members
            .iter()
            .flat_map(|pattern| folders_of(cx, &root, pattern)),
    );
    folders.into_iter().find(is_it).ok_or_else(|| {
        error(format!(
            "no member of the workspace is called `{}`",
            escape(&name.value)
        ))
        .help("check `[tool.uv.workspace]` in the workspace's root, and `.dockerignore`")
    })
}

/// The nearest folder above with `[tool.uv.workspace]`, and its patterns of members.
fn workspace(cx: &dyn Context, folder: &str) -> Option<(String, Vec<String>)> {
    let mut folder = folder;
    loop {
        let members = with_tables(cx, folder, |tables| {
            let workspace = tables.tool("uv")?.table_if_any("workspace")?;
            let members = workspace.strings_if_any("members").into_iter();
            Some(members.map(|pattern| pattern.value).collect())
        });
        if let Some(members) = members {
            return Some((folder.to_owned(), members));
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

fn name_of(cx: &dyn Context, folder: &str) -> Option<String> {
    with_tables(cx, folder, |tables| {
        let name = tables.project.as_ref()?.string_if_any("name")?;
        Some(normalized(&name.value))
    })
}

/// What is in the `pyproject.toml` of a folder. What is wrong with it is told by who needs it.
fn with_tables<T>(
    cx: &dyn Context,
    folder: &str,
    read: impl FnOnce(&Tables<'_>) -> Option<T>,
) -> Option<T> {
    let quiet = Findings::default();
    let file: SourceFile = text::read(cx, &within(folder, "pyproject.toml")).ok()??;
    let tree = tree::parse(&file, &quiet)?;
    read(&Tables::of(Table::root(&tree, &file, &quiet)))
}

/// The folders that a pattern means, part by part.
fn folders_of(cx: &dyn Context, root: &str, pattern: &str) -> Vec<String> {
    let mut folders = vec![root.to_owned()];
    for part in pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        let below = |folder: &String| {
            if !part.contains(['*', '?', '[']) {
                return vec![within(folder, part)];
            }
            let known = Patterns::of([part]);
            let listed = if folder.is_empty() { "." } else { folder };
            let names = cx.list(listed).unwrap_or_default().into_iter();
            let matching = names.filter(|name| known.leave_out(name));
            matching.map(|name| within(folder, &name)).collect()
        };
        folders = folders.iter().flat_map(below).collect();
    }
    folders
}
