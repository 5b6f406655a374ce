//! What a build backend puts into the wheel when nobody tells it: the package that is called like the project, or the
//! only one that there is.
//!
//! Where it finds nothing it refuses to build, and who works with such a project never builds it: Poetry has
//! `poetry install --no-root` for that, uv `uv sync --no-install-project`.

use std::str::FromStr;

use microb::patterns::Patterns;
use microb::{Context, Diagnostic, Span};
use pep440_rs::{Version, VersionSpecifiers};

use crate::config::{BuildSystem, Project};
use crate::ignored;
use crate::metadata::Tables;
use crate::project_dir::within;
use crate::requirement::{VersionOrUrl, normalized};
use crate::tree::{Table, escape};

/// A backend that finds nothing to build.
pub(crate) struct Nothing {
    backend: Backend,
    /// ``hatchling finds no package `shop` ``, or what else it says.
    pub(crate) why: String,
}

/// The backends whose way to find packages is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    Flit,
    Hatchling,
    Pdm,
    Poetry,
    Setuptools,
    Uv,
}

/// Folders beside a project's package that setuptools does not take for one.
///
/// <https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout>
pub(crate) const NO_PACKAGES: &[&str] = &[
    "benchmark",
    "benchmarks",
    "bin",
    "build",
    "changelog",
    "ci",
    "debian",
    "dist",
    "doc",
    "docs",
    "documentation",
    "env",
    "example",
    "examples",
    "exercise",
    "exercises",
    "fabfile",
    "htmlcov",
    "manpages",
    "news",
    "newsfragments",
    "python",
    "requirements",
    "scripts",
    "site_scons",
    "tasks",
    "test",
    "tests",
    "tools",
    "unit_test",
    "unit_tests",
    "util",
    "utils",
    "venv",
];

/// The same for modules.
pub(crate) const NO_MODULES: &[&str] = &[
    "benchmark",
    "benchmarks",
    "build",
    "conanfile",
    "conftest",
    "dodo",
    "example",
    "examples",
    "exercise",
    "exercises",
    "fabfile",
    "manage",
    "noxfile",
    "pavement",
    "setup",
    "tasks",
    "test",
    "tests",
    "toxfile",
];

/// Since this release hatchling refuses to build where it finds no package. Until then it took every module that there was.
///
/// <https://hatch.pypa.io/latest/history/hatchling/#hatchling-v1.19.0>
const HATCHLING_REFUSES: &str = "1.9999";

/// The files and folders of a project that are known.
struct Root<'a> {
    cx: &'a dyn Context,
    dir: &'a str,
    names: Vec<String>,
    src: Vec<String>,
}

/// Why the backend would refuse to build this project, if it would.
pub(crate) fn finds_nothing(
    system: &BuildSystem,
    tables: &Tables<'_>,
    cx: &dyn Context,
    project_dir: &str,
) -> Option<Nothing> {
    let backend = Backend::of(system)?;
    let own = Backend::own_name(tables)?;
    if backend.is_told(system, tables, cx, project_dir) {
        return None;
    }
    let root = Root::read(cx, project_dir);
    let why = match backend {
        Backend::Setuptools => root.too_many_for_setuptools()?,
        Backend::Pdm if root.has_packages_of_pdm() => return None,
        Backend::Pdm => "pdm-backend finds no folder with an `__init__.py`".to_owned(),
        _ if root.has_own(backend, &own) => return None,
        _ => format!("{} finds no package `{}`", backend.name(), escape(&own)),
    };
    // Where there is no code either, there is nothing else to take.
    root.has_code().then_some(Nothing { backend, why })
}

impl Nothing {
    /// A project that wants to be a package, as one with scripts does, and has none that the backend finds.
    pub(crate) fn error(&self, project: &Project, place: &Span) -> Option<Diagnostic> {
        let error = Diagnostic::error(format!("there is no package to build: {}", self.why));
        let function = project.scripts.values().next();
        let function = function.map(|function| function.value.as_str());
        let module = function.and_then(|function| function.split([':', '.']).next());
        let help = self.backend.instead(module.unwrap_or("PACKAGE").trim())?;
        Some(error.at(place).help(help))
    }
}

impl Backend {
    fn of(system: &BuildSystem) -> Option<Self> {
        if !system.backend_path.is_empty() {
            return None;
        }
        match system.backend.split(['.', ':']).next()? {
            "flit_core" => Some(Self::Flit),
            "hatchling" => Some(Self::Hatchling),
            "pdm" => Some(Self::Pdm),
            "poetry" | "poetry_dynamic_versioning" => Some(Self::Poetry),
            "setuptools" => Some(Self::Setuptools),
            "uv_build" => Some(Self::Uv),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Flit => "flit-core",
            Self::Hatchling => "hatchling",
            Self::Pdm => "pdm-backend",
            Self::Poetry => "poetry-core",
            Self::Setuptools => "setuptools",
            Self::Uv => "uv-build",
        }
    }

    /// The name that the package should have: the project's, as modules are called.
    fn own_name(tables: &Tables<'_>) -> Option<String> {
        let of = |table: &Option<Table<'_>>| table.as_ref()?.string_if_any("name");
        let name = of(&tables.project).or_else(|| of(&tables.poetry))?;
        Some(normalized(&name.value).replace('-', "_"))
    }

    /// Whether the file says what the package is, or may say it in a way that is not known.
    fn is_told(
        self,
        system: &BuildSystem,
        tables: &Tables<'_>,
        cx: &dyn Context,
        project_dir: &str,
    ) -> bool {
        let has_file = |name: &str| !matches!(cx.read(&within(project_dir, name)), Ok(None));
        let has = |tool: &str, keys: &[&str]| {
            let table = tables.tool(tool);
            table.is_some_and(|table| keys.iter().any(|key| table.has(key)))
        };
        match self {
            Self::Flit => has("flit", &["module", "metadata"]),
            Self::Hatchling => {
                has_file("hatch.toml")
                    || has("hatch", &["build"])
                    || system.requires.iter().any(is_old_hatchling)
            }
            Self::Pdm => has("pdm", &["build"]),
            Self::Poetry => has("poetry", &["packages"]),
            Self::Setuptools => {
                let keys = ["packages", "py-modules", "package-dir", "ext-modules"];
                has("setuptools", &keys) || has_file("setup.py") || has_file("setup.cfg")
            }
            Self::Uv => {
                let uv = tables.tool("uv");
                uv.is_some_and(|uv| uv.has("build-backend"))
            }
        }
    }

    /// How a file says what the package is, where that is the module of this name. `None` for a backend that builds an
    /// empty wheel, which has the scripts all the same.
    fn instead(self, module: &str) -> Option<String> {
        let module = escape(module);
        let instead = match self {
            Self::Flit => format!("add `[tool.flit.module]` with `name = \"{module}\"`"),
            Self::Hatchling => {
                format!("add `[tool.hatch.build.targets.wheel]` with `packages = [\"{module}\"]`")
            }
            Self::Poetry => format!(
                "add `packages = [{{ include = \"{module}\" }}]` to `[tool.poetry]`, or `package-mode = false`"
            ),
            Self::Pdm => return None,
            Self::Setuptools => format!(
                "add `[tool.setuptools]` with `packages = [\"{module}\"]`, or `py-modules` for a file"
            ),
            Self::Uv => format!(
                "add `[tool.uv.build-backend]` with `module-name = \"{module}\"` and `module-root = \"\"`"
            ),
        };
        Some(instead)
    }
}

/// Whether the newest hatchling that is allowed may be one that takes whatever there is.
fn is_old_hatchling(requirement: &crate::requirement::Requirement) -> bool {
    let VersionOrUrl::Version(specifiers) = &requirement.version else {
        return true;
    };
    let allows = |specifiers: VersionSpecifiers| {
        Version::from_str(HATCHLING_REFUSES).is_ok_and(|version| specifiers.contains(&version))
    };
    requirement.name == "hatchling"
        && !specifiers.is_empty()
        && !VersionSpecifiers::from_str(specifiers).is_ok_and(allows)
}

impl<'a> Root<'a> {
    fn read(cx: &'a dyn Context, dir: &'a str) -> Self {
        let folder = if dir.is_empty() { "." } else { dir };
        let mut names = cx.list(folder).unwrap_or_default();
        // What is not sent, no backend sees. No module is called like what git and editors keep.
        let patterns = Patterns::of(ignored::patterns(cx, true));
        names.retain(|name| !patterns.leave_out(&within(dir, name)));
        let src = if names.iter().any(|name| name == "src") {
            cx.list(&within(dir, "src")).unwrap_or_default()
        } else {
            Vec::new()
        };
        Self {
            cx,
            dir,
            names,
            src,
        }
    }

    /// Modules by their names, without `.py`.
    fn modules(names: &[String]) -> impl Iterator<Item = &str> {
        names.iter().filter_map(|name| name.strip_suffix(".py"))
    }

    /// Folders that may be packages by their names.
    fn folders(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| is_identifier(name) && !self.files(name).is_empty())
    }

    /// What is in a folder, below the project's.
    fn files(&self, folder: &str) -> Vec<String> {
        let files = self.cx.list(&within(self.dir, folder));
        files.unwrap_or_default()
    }

    fn has_init(&self, folder: &str) -> bool {
        let file = within(self.dir, &format!("{folder}/__init__.py"));
        matches!(self.cx.read(&file), Ok(Some(_)))
    }

    /// Whether there is a package or a module of this name where the backend looks for it.
    fn has_own(&self, backend: Backend, own: &str) -> bool {
        // Case and stubs, which backends treat each in its own way, are left to them.
        let is_own = |name: &str| {
            let stem = name.strip_suffix(".py").unwrap_or(name);
            stem.to_lowercase().replace("-stubs", "_stubs") == own
        };
        let is_module = |name: &str| name.strip_suffix(".py").is_some();
        let in_root = self.names.iter().filter(|name| is_own(name));
        let in_src = self.src.iter().filter(|name| is_own(name));
        let in_root: Vec<_> = in_root.map(String::as_str).collect();
        let in_src: Vec<_> = in_src.map(|name| format!("src/{name}")).collect();
        let is_package = |folder: &str| self.has_init(folder) || folder.ends_with("-stubs");
        match backend {
            Backend::Hatchling => {
                let modules = in_root
                    .iter()
                    .any(|name| is_module(name) || is_package(name));
                let packages = in_src.iter().any(|name| is_package(name));
                let namespace = || {
                    self.folders()
                        .any(|name| is_package(&format!("{name}/{own}")))
                };
                modules || packages || namespace()
            }
            Backend::Uv => in_src.iter().any(|name| is_package(name)),
            Backend::Flit => {
                let namespace = own.split('_').next().unwrap_or(own);
                let is_it = |name: &&str| name.to_lowercase() == namespace;
                let dotted = own.contains('_') && self.folders().any(|name| is_it(&name));
                dotted || !in_root.is_empty() || !in_src.is_empty()
            }
            Backend::Poetry | Backend::Pdm | Backend::Setuptools => {
                !in_root.is_empty() || !in_src.is_empty()
            }
        }
    }

    /// PDM takes the packages of `src`, else of the root, else the modules there.
    fn has_packages_of_pdm(&self) -> bool {
        if self.names.iter().any(|name| name == "src") {
            let is_package = |name: &String| self.has_init(&format!("src/{name}"));
            return Self::modules(&self.src).next().is_some() || self.src.iter().any(is_package);
        }
        let modules = Self::modules(&self.names).next().is_some();
        modules || self.folders().any(|name| self.has_init(name))
    }

    /// Without `src`, setuptools takes the only folder, or else the only module.
    fn too_many_for_setuptools(&self) -> Option<String> {
        if self.names.iter().any(|name| name == "src") {
            return None;
        }
        let is_public = |name: &&str| !name.starts_with('_');
        let folders = self.folders().filter(is_public);
        let mut found: Vec<_> = folders.filter(|name| !NO_PACKAGES.contains(name)).collect();
        let mut kind = "packages";
        if found.is_empty() {
            let modules = Self::modules(&self.names).filter(|name| is_identifier(name));
            let modules = modules.filter(is_public);
            found = modules.filter(|name| !NO_MODULES.contains(name)).collect();
            kind = "modules";
        }
        let [first, second, ..] = found.as_slice() else {
            return None;
        };
        Some(format!(
            "setuptools finds several {kind}, `{first}` and `{second}` for instance"
        ))
    }

    /// Whether there are modules, or folders that may have some.
    fn has_code(&self) -> bool {
        let modules = Self::modules(&self.names).next().is_some();
        modules || self.folders().any(|name| name != "requirements")
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
