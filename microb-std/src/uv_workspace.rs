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
    // A listing of a folder has only what was sent of it.
    let files = cx.find("pyproject.toml").unwrap_or_default();
    let folders = files.iter().map(|file| {
        let folder = file.rsplit_once('/');
        folder.map_or("", |(folder, _)| folder).to_owned()
    });
    let is_member = |folder: &String| {
        let is_meant = |pattern: &String| is_meant(folder, &root, pattern);
        *folder == root || members.iter().any(is_meant)
    };
    let mut folders = folders.filter(is_member);
    folders.find(is_it).ok_or_else(|| {
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

/// Whether a folder of the build context is one that a pattern of the workspace means, part by part.
fn is_meant(folder: &str, root: &str, pattern: &str) -> bool {
    let inside = match root {
        "" => Some(folder),
        root => folder
            .strip_prefix(root)
            .and_then(|rest| rest.strip_prefix('/')),
    };
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.map(str::to_owned).collect()
    };
    let Some(inside) = inside.map(parts) else {
        return false;
    };
    let pattern = parts(pattern);
    let mut pairs = inside.iter().zip(&pattern);
    inside.len() == pattern.len()
        && pairs.all(|(name, part)| name == part || Patterns::of([part]).leave_out(name))
}
