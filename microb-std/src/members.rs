//! Projects in folders of the build context that a lock installs beside the project itself: members of its
//! workspace, and dependencies by their paths.

use microb::{Context, Diagnostic};

use crate::backend;
use crate::config::{BuildSystem, Dependencies, Member};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSource};
use crate::project_dir::{PYPROJECT, within};
use crate::text;
use crate::tree::{self, Table, escape};
use crate::uv_sources::Folder;

/// The folders that the lock installs for this target, or those of `tool.uv.sources`, with how each is built.
pub(crate) fn resolve(
    cx: &dyn Context,
    dependencies: &Dependencies,
    folders: &[Folder],
    findings: &Findings,
) -> Vec<Member> {
    let of_lock = |pin: &Pinned| match &pin.source {
        PinnedSource::Folder(path) if is_member(pin) => Some(Folder {
            name: pin.name.clone(),
            path: microb::Spanned::new(path.clone(), pin.span.clone()),
        }),
        _ => None,
    };
    let folders: Vec<Folder> = match dependencies {
        Dependencies::Locked(set) => set.pins.iter().filter_map(of_lock).collect(),
        _ => folders.to_vec(),
    };
    let member = |folder: Folder| {
        Some(Member {
            build_system: build_system(cx, &folder, findings)?,
            name: folder.name,
            path: folder.path,
        })
    };
    folders.into_iter().filter_map(member).collect()
}

/// Whether a package is built into a wheel of its own. What depends on the machine, the installer has to decide.
pub(crate) fn is_member(pin: &Pinned) -> bool {
    matches!(pin.source, PinnedSource::Folder(_)) && pin.marker.is_none()
}

/// Folders below the project's own that the lock knows projects in: they are no part of it.
pub(crate) fn other_projects(dependencies: &Dependencies, project_dir: &str) -> Vec<String> {
    let Dependencies::Locked(set) = dependencies else {
        return Vec::new();
    };
    let below = |folder: &String| {
        let inside = match project_dir {
            "" => Some(folder.as_str()),
            project => folder.strip_prefix(project)?.strip_prefix('/'),
        };
        // A name that is a pattern itself would leave out something else.
        let is_plain =
            |inside: &&str| !inside.is_empty() && !inside.contains(['*', '?', '[', '\\']);
        inside.filter(is_plain).map(str::to_owned)
    };
    set.folders.iter().filter_map(below).collect()
}

/// `[build-system]` of a folder. `None` after an error.
fn build_system(cx: &dyn Context, member: &Folder, findings: &Findings) -> Option<BuildSystem> {
    let folder = member.path.value.as_str();
    if !matches!(cx.read(&within(folder, PYPROJECT)), Ok(None)) {
        return with_tables(cx, folder, findings, |tables| {
            let mut system = backend::build_system(tables);
            system.may_ask = backend::may_ask(&system, Some(tables), cx, folder);
            system
        });
    }
    if backend::has_setup(cx, folder) {
        let mut system = backend::undeclared_setuptools();
        system.may_ask = backend::may_ask(&system, None, cx, folder);
        return Some(system);
    }
    let message = format!(
        "`{}` is locked in the folder `{}`, which has no `pyproject.toml` in the build context",
        member.name,
        escape(folder)
    );
    findings.add(
        Diagnostic::error(message)
            .at(&member.path.span)
            .help("build with a context that has it, for instance `docker build -f app/pyproject.toml .`, and check `.dockerignore`"),
    );
    None
}

/// Reads the `pyproject.toml` of a folder. `None` if there is none, or after an error.
pub(crate) fn with_tables<T>(
    cx: &dyn Context,
    folder: &str,
    findings: &Findings,
    use_tables: impl FnOnce(&Tables<'_>) -> T,
) -> Option<T> {
    let file = findings.keep(text::read(cx, &within(folder, PYPROJECT)))??;
    let tree = tree::parse(&file, findings)?;
    Some(use_tables(&Tables::of(Table::root(&tree, &file, findings))))
}
