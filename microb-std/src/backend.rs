//! `[build-system]`, and whether there is a package to build.

use microb::{Context, Diagnostic, SourceFile, Spanned};

use crate::config::{BuildSystem, Packaging};
use crate::metadata::Tables;
use crate::requirement::{Requirement, normalized};
use crate::tree::Table;

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
        may_ask: false,
        within: None,
    }
}

/// What PEP 517 says of a project with a `setup.py` and no `pyproject.toml`.
pub(crate) fn undeclared_setuptools() -> BuildSystem {
    undeclared(DEFAULT_REQUIRES, DEFAULT_BACKEND)
}

fn undeclared(requirement: &str, backend: &str) -> BuildSystem {
    let file = SourceFile::new("PEP 518", requirement);
    let text = Spanned::new(requirement.to_owned(), file.whole());
    BuildSystem {
        requires: Requirement::parse(text).into_iter().collect(),
        backend: backend.to_owned(),
        backend_path: Vec::new(),
        declared: false,
        may_ask: false,
        within: None,
    }
}

/// Backends that need nothing but what `requires` says.
const NEVER_ASK: [&str; 3] = ["flit_core", "poetry", "uv_build"];

/// Tables and keys below `[tool.hatch.build]` by which hatchling asks for more.
const HATCH_ASKS: [&str; 4] = [
    "hooks",
    "dependencies",
    "require-runtime-dependencies",
    "require-runtime-features",
];

/// Whether the backend may ask for more than `requires` when it sees the project in this folder.
///
/// Asking takes a step after every edit, so those that are known not to ask are not.
pub(crate) fn may_ask(
    system: &BuildSystem,
    tables: Option<&Tables<'_>>,
    cx: &dyn Context,
    folder: &str,
) -> bool {
    let module = system.backend.split(['.', ':']).next();
    let tool = |name: &str| tables.and_then(|tables| tables.tool(name)?.table_if_any("build"));
    match module.unwrap_or_default() {
        _ if !system.backend_path.is_empty() => true,
        module if NEVER_ASK.contains(&module) => false,
        "pdm" => tool("pdm").is_some_and(|build| build.has("run-setuptools")),
        "hatchling" => tool("hatch").is_some_and(|build| hatch_asks(&build)),
        // Before version 70.1 it asks for `wheel`.
        "setuptools" => has_setup(cx, folder) || system.requires.iter().any(may_be_old),
        _ => true,
    }
}

fn hatch_asks(build: &Table<'_>) -> bool {
    build.keys().iter().any(|key| {
        let below = build.table_if_any(&key.value);
        HATCH_ASKS.contains(&key.value.as_str()) || below.is_some_and(|below| hatch_asks(&below))
    })
}

/// A setuptools that an upper bound or a pin may hold back.
fn may_be_old(requirement: &Requirement) -> bool {
    let text = requirement.text.value.split(';').next().unwrap_or_default();
    let is_bound = text.contains(['<', '~', '@']) || text.contains("==");
    requirement.name == "setuptools" && is_bound
}

/// Whether the project is built into a wheel, or only copied.
///
/// `has_package` is whether there is something that setuptools would find without being told.
///
/// `is_uv` is whether there is a lock of uv, which takes a project without `[build-system]` for a set of files.
pub(crate) fn packaging(
    tables: &Tables<'_>,
    has_setup: bool,
    has_package: bool,
    is_uv: bool,
) -> Packaging {
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
    if has_setup || tables.tool("setuptools").is_some() {
        return Packaging::Wheel;
    }
    let is_uv = is_uv || tables.tool("uv").is_some();
    let has_scripts = tables
        .project
        .as_ref()
        .is_some_and(|project| project.has("scripts"));
    let is_package = tables.poetry.is_some() || has_scripts || has_package;
    if !is_uv && is_package {
        Packaging::Wheel
    } else {
        Packaging::Sources
    }
}

/// Whether a package called like the project, or a folder `src`, stands beside the `pyproject.toml`.
pub(crate) fn has_package(cx: &dyn Context, project_dir: &str, tables: &Tables<'_>) -> bool {
    let name = tables
        .project
        .as_ref()
        .and_then(|project| project.string_if_any("name"));
    let Some(name) = name else { return false };
    let folder = if project_dir.is_empty() {
        "."
    } else {
        project_dir
    };
    let own = normalized(&name.value).replace('-', "_");
    let beside = cx.list(folder).unwrap_or_default();
    beside.iter().any(|found| *found == own || found == "src")
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
