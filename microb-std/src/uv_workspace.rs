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
    let Some(workspace) = Workspace::around(cx, folder) else {
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
    let mut folders = folders.filter(|folder: &String| workspace.has(folder));
    folders.find(is_it).ok_or_else(|| {
        error(format!(
            "no member of the workspace is called `{}`",
            escape(&name.value)
        ))
        .help("check `[tool.uv.workspace]` in the workspace's root, and `.dockerignore`")
    })
}

/// Whether a folder is a member of the workspace that another one is the root of.
pub(crate) fn is_member(cx: &dyn Context, root: &str, folder: &str) -> bool {
    Workspace::of(cx, root).is_some_and(|workspace| workspace.has(folder))
}

/// `[tool.uv.workspace]`
struct Workspace {
    root: String,
    /// Patterns of the members' folders.
    members: Vec<String>,
    /// Patterns of folders that are none all the same.
    exclude: Vec<String>,
}

impl Workspace {
    /// That of a folder, if it is the root of one.
    fn of(cx: &dyn Context, root: &str) -> Option<Self> {
        with_tables(cx, root, |tables| {
            let workspace = tables.tool("uv")?.table_if_any("workspace")?;
            let patterns = |key| {
                let patterns = workspace.strings_if_any(key).into_iter();
                patterns.map(|pattern| pattern.value).collect()
            };
            Some(Self {
                root: root.to_owned(),
                members: patterns("members"),
                exclude: patterns("exclude"),
            })
        })
    }

    /// The nearest one above.
    fn around(cx: &dyn Context, folder: &str) -> Option<Self> {
        let mut folder = folder;
        loop {
            let workspace = Self::of(cx, folder);
            if workspace.is_some() || folder.is_empty() {
                return workspace;
            }
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }

    fn has(&self, folder: &str) -> bool {
        let is_meant = |pattern: &String| is_meant(folder, &self.root, pattern);
        folder == self.root
            || (self.members.iter().any(is_meant) && !self.exclude.iter().any(is_meant))
    }
}

fn name_of(cx: &dyn Context, folder: &str) -> Option<String> {
    with_tables(cx, folder, |tables| {
        let name = tables.project.as_ref()?.string_if_any("name")?;
        Some(normalized(&name.value))
    })
}

/// What is in the `pyproject.toml` of a folder. What is wrong with it is told by who needs it.
pub(crate) fn with_tables<T>(
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
    are_meant(&inside, &parts(pattern))
}

/// The same for the parts of both; `**` stands for any number of folders.
fn are_meant(names: &[String], pattern: &[String]) -> bool {
    match (names, pattern) {
        ([], []) => true,
        (_, [any, rest @ ..]) if any == "**" => {
            (0..=names.len()).any(|skipped| are_meant(&names[skipped..], rest))
        }
        ([name, names @ ..], [part, rest @ ..]) => {
            (name == part || Patterns::of([part]).leave_out(name)) && are_meant(names, rest)
        }
        _ => false,
    }
}
