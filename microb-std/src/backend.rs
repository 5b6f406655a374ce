//! `[build-system]`, and whether there is a package to build.

use microb::{Context, Diagnostic, SourceFile, Spanned};

use crate::config::{BuildSystem, Packaging};
use crate::metadata::Tables;
use crate::requirement::Requirement;

/// What PEP 518 says when there is no `[build-system]`.
const DEFAULT_REQUIRES: &str = "setuptools>=40.8.0";

/// What PEP 517 says when there is no `build-backend`.
const DEFAULT_BACKEND: &str = "setuptools.build_meta:__legacy__";

pub(crate) fn build_system(tables: &Tables<'_>) -> BuildSystem {
    let Some(table) = &tables.build_system else {
        // Poetry itself builds such a project with its own backend.
        return if tables.project.is_none() && tables.poetry.is_some() {
            undeclared("poetry-core", "poetry.core.masonry.api")
        } else {
            undeclared(DEFAULT_REQUIRES, DEFAULT_BACKEND)
        };
    };
    let findings = table.findings();
    table.only(&["requires", "build-backend", "backend-path"]);
    if !table.has("requires") {
        findings.add(
            Diagnostic::error("`build-system.requires` is required")
                .at(table.span())
                .help("add `requires = [\"hatchling\"]`, or the backend that you use"),
        );
    }
    let requires = table
        .strings("requires")
        .map_or_else(Vec::new, |list| list.value);
    let backend_path = table
        .strings("backend-path")
        .map_or_else(Vec::new, |list| list.value);
    BuildSystem {
        requires: requires
            .into_iter()
            .filter_map(|text| findings.keep(Requirement::parse(text)))
            .collect(),
        backend: table
            .string("build-backend")
            .map_or_else(|| DEFAULT_BACKEND.to_owned(), |backend| backend.value),
        backend_path: backend_path.into_iter().map(|path| path.value).collect(),
        declared: true,
    }
}

fn undeclared(requirement: &str, backend: &str) -> BuildSystem {
    let file = SourceFile::new("PEP 518", requirement);
    let text = Spanned::new(requirement.to_owned(), file.whole());
    BuildSystem {
        requires: Requirement::parse(text).into_iter().collect(),
        backend: backend.to_owned(),
        backend_path: Vec::new(),
        declared: false,
    }
}

/// Whether the project is built into a wheel, or only copied.
pub(crate) fn packaging(tables: &Tables<'_>, has_setup: bool) -> Packaging {
    let says = |tool: &str, key: &str| tables.tool(tool)?.boolean_if_any(key);
    if says("poetry", "package-mode") == Some(false)
        || says("uv", "package") == Some(false)
        || says("pdm", "distribution") == Some(false)
        || says("rye", "virtual") == Some(true)
    {
        return Packaging::Sources;
    }
    if says("uv", "package") == Some(true) || tables.build_system.is_some() {
        return Packaging::Wheel;
    }
    // uv takes a project without `[build-system]` for a set of files.
    let is_uv = tables.tool("uv").is_some();
    let has_metadata = tables.project.is_some() || tables.poetry.is_some();
    if has_metadata && !is_uv || has_setup {
        Packaging::Wheel
    } else {
        Packaging::Sources
    }
}

/// Whether a `setup.py` or `setup.cfg` stands beside the `pyproject.toml`.
pub(crate) fn has_setup(cx: &dyn Context, project_dir: &str) -> bool {
    ["setup.py", "setup.cfg"].iter().any(|name| {
        let path = match project_dir {
            "" => (*name).to_owned(),
            folder => format!("{folder}/{name}"),
        };
        matches!(cx.read(&path), Ok(Some(_)))
    })
}
