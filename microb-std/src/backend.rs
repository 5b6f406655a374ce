//! `[build-system]`, and whether there is a package to build.

use microb::{Context, Diagnostic, SourceFile, Span, Spanned};

use crate::config::{BuildSystem, Packaging};
use crate::discovery::Nothing;
use crate::metadata::Tables;
use crate::requirement::Requirement;
use crate::tree::Table;

/// What PEP 518 says when there is no `[build-system]`.
const DEFAULT_REQUIRES: &str = "setuptools>=40.8.0";

/// What PEP 517 says when there is no `build-backend`.
const DEFAULT_BACKEND: &str = "setuptools.build_meta:__legacy__";

/// How a file says what it means without `[build-system]`, for who takes a project without it for none.
pub(crate) const DECLARED: &str = "`[build-system]` with `requires = [\"setuptools>=61\"]` and `build-backend = \"setuptools.build_meta\"`";

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

/// How the project gets into the image, and why.
#[derive(Default)]
pub(crate) struct Choice {
    pub(crate) packaging: Packaging,
    /// Why its files are copied as they are, where it does not say so itself.
    pub(crate) no_package: Option<String>,
    /// What its backend does not find, though the project wants to be a package.
    pub(crate) missing: Option<Nothing>,
}

/// Keys by which a project asks to be installed: what they name is there only then.
const INSTALLED: [&str; 3] = ["scripts", "gui-scripts", "entry-points"];

/// Whether the project is built into a wheel, or only copied.
///
/// `is_uv` is whether there is a lock of uv, which takes a project without `[build-system]` for a set of files.
/// `finds_nothing` asks what the backend would find.
pub(crate) fn packaging(
    tables: &Tables<'_>,
    has_setup: bool,
    is_uv: bool,
    finds_nothing: impl FnOnce() -> Option<Nothing>,
) -> Choice {
    let says = |tool: &str, key: &str| tables.tool(tool)?.boolean_if_any(key);
    let files = |no_package| Choice {
        packaging: Packaging::Sources,
        no_package,
        ..Choice::default()
    };
    if says("poetry", "package-mode") == Some(false)
        || says("uv", "package") == Some(false)
        || says("pdm", "distribution") == Some(false)
        || says("rye", "virtual") == Some(true)
    {
        return files(None);
    }
    let is_asked = says("uv", "package") == Some(true);
    let is_installed = is_installed(tables);
    let is_declared =
        tables.build_system.is_some() || has_setup || tables.tool("setuptools").is_some();
    // What uv leaves alone without `[build-system]`, pip builds with setuptools, and Poetry with its own backend.
    let is_uv = is_uv || tables.tool("uv").is_some();
    let is_package = !is_uv && (tables.poetry.is_some() || is_installed);
    if !is_asked && !is_declared && !is_package {
        let why = "there is no [build-system] to make a package with";
        return files(Some(why.to_owned()));
    }
    match finds_nothing() {
        Some(nothing) if !is_asked && !is_installed => files(Some(nothing.why)),
        missing => Choice {
            missing,
            ..Choice::default()
        },
    }
}

/// Whether the project has programs or plugins, which somebody else finds when it is installed.
fn is_installed(tables: &Tables<'_>) -> bool {
    let of_project = tables.project.as_ref();
    of_project.is_some_and(|project| INSTALLED.iter().any(|key| project.has(key)))
        || tables
            .poetry
            .as_ref()
            .is_some_and(|poetry| poetry.has("scripts") || poetry.has("plugins"))
}

/// Where the project says that it wants to be a package.
pub(crate) fn place_of_installed(tables: &Tables<'_>) -> Span {
    let of_project = tables
        .project
        .iter()
        .flat_map(|table| INSTALLED.map(|key| (table, key)));
    let of_poetry = tables
        .poetry
        .iter()
        .flat_map(|table| ["scripts", "plugins"].map(|key| (table, key)));
    let mut all = of_project.chain(of_poetry);
    let found = all.find(|(table, key)| table.has(key));
    match (found, tables.tool("uv")) {
        (Some((table, key)), _) => table.key_span(key),
        (None, Some(uv)) => uv.key_span("package"),
        (None, None) => tables.root.span().clone(),
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
