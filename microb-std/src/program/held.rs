//! Which packages and modules the project's wheel holds, as its build backend decides.

use crate::config::{BuildSystem, Project};
use crate::discovery::{NO_MODULES, NO_PACKAGES};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::tree::Table;

use super::folders::Folders;
use super::layout::INIT;

/// What a wheel holds. Each has the folder that it is in, below the project's, and a name to import it by.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) packages: Vec<(String, String)>,
    pub(crate) modules: Vec<(String, String)>,
}

/// What the wheel holds, as far as tables say it and the usual places have it.
pub(crate) fn held(
    tables: &Tables<'_>,
    project: &Project,
    system: &BuildSystem,
    folders: &Folders<'_>,
) -> Held {
    let wheel = Wheel { project, folders };
    let tool = |name: &str| tables.tool(name);
    let module = system.backend.split(['.', ':']).next();
    let found = match module.unwrap_or_default() {
        "setuptools" => Some(wheel.of_setuptools(tool("setuptools").as_ref())),
        "hatchling" => wheel.of_hatch(tool("hatch").as_ref()),
        "poetry" => Wheel::of_poetry(tool("poetry").as_ref()),
        "pdm" => Some(wheel.of_pdm(tool("pdm").as_ref())),
        "uv_build" => Some(wheel.of_uv(tool("uv").as_ref())),
        "flit_core" => wheel.of_flit(tool("flit").as_ref()),
        "maturin" => wheel.of_maturin(tool("maturin").as_ref()),
        _ => None,
    };
    found.unwrap_or_else(|| wheel.own())
}

struct Wheel<'a> {
    project: &'a Project,
    folders: &'a Folders<'a>,
}

impl Wheel<'_> {
    /// The package or module that is called like the project, in the root or in `src`.
    fn own(&self) -> Held {
        let name = self.project.normalized_name.as_deref().unwrap_or_default();
        let name = name.replace('-', "_");
        self.called(&name, &["", "src/", "python/"])
    }

    /// The package or module of this name, in the first of these folders that has it.
    fn called(&self, name: &str, roots: &[&str]) -> Held {
        let first = name.split('.').next().unwrap_or(name);
        let is_it = |found: &str| found.to_lowercase().replace(['-', '.'], "_") == first;
        let mut held = Held::default();
        for root in roots {
            let names = self.folders.list(root);
            let stem = |found: &String| Some(found.strip_suffix(".py")?.to_owned());
            let package = names.iter().find(|found| {
                // What others call a package may be spelled in another way than the project.
                is_it(found) || **found == first
            });
            if let Some(package) = package {
                let rest = name.strip_prefix(first).unwrap_or_default();
                let package = format!("{package}{rest}");
                held.packages.push(((*root).to_owned(), package));
                return held;
            }
            if let Some(module) = names.iter().filter_map(stem).find(|stem| is_it(stem)) {
                held.modules.push(((*root).to_owned(), module));
                return held;
            }
        }
        held
    }

    /// Folders of packages by their paths: the last name is what they are imported by.
    fn at_paths<'p>(paths: impl IntoIterator<Item = &'p str>) -> Held {
        let mut held = Held::default();
        for path in paths {
            let path = path.trim_start_matches("./").trim_matches('/');
            let path = path.split('*').next().unwrap_or(path).trim_matches('/');
            let (root, name) = match path.rfind('/') {
                Some(at) => path.split_at(at + 1),
                None => ("", path),
            };
            match name.strip_suffix(".py") {
                Some(stem) => held.modules.push((root.to_owned(), stem.to_owned())),
                None if name.is_empty() => {}
                None => held.packages.push((root.to_owned(), name.to_owned())),
            }
        }
        held
    }

    /// Every package of a folder; `takes` says which names can be one.
    fn all_of(&self, root: &str, takes: impl Fn(&str) -> bool) -> Held {
        let names = self.folders.list(root).into_iter();
        let packages = names.filter(|name| !name.contains('.') && takes(name));
        Held {
            packages: packages.map(|name| (root.to_owned(), name)).collect(),
            modules: Vec::new(),
        }
    }

    fn modules_of(&self, root: &str) -> Vec<(String, String)> {
        let names = self.folders.list(root);
        let stems = names.iter().filter_map(|name| name.strip_suffix(".py"));
        stems
            .map(|stem| (root.to_owned(), stem.to_owned()))
            .collect()
    }

    fn of_setuptools(&self, table: Option<&Table<'_>>) -> Held {
        let src = || self.folders.has("", "src");
        let Some(table) = table else {
            return self.discovered();
        };
        let folder_of = |package: &str| {
            let pairs = table.table_if_any("package-dir")?;
            let folder = pairs.string_if_any(package)?.value;
            Some(format!("{}/", folder.trim_matches(['.', '/'])))
        };
        let root = folder_of("").filter(|root| root != "/").unwrap_or_default();
        let modules = table.strings_if_any("py-modules").into_iter();
        let modules: Vec<_> = modules.map(|one| (root.clone(), one.value)).collect();
        let listed = table.strings_if_any("packages");
        let found = table
            .table_if_any("packages")
            .and_then(|packages| packages.table_if_any("find"));
        let mut held = if let Some(found) = found {
            let places = found.strings_if_any("where");
            let mut held = Held::default();
            for place in &places {
                let root = format!("{}/", place.value.trim_matches(['.', '/']));
                let root = if root == "/" { "" } else { &root };
                held.packages.extend(self.all_of(root, |_| true).packages);
            }
            match (places.as_slice(), src()) {
                ([], true) if !root.is_empty() => self.all_of(&root, |_| true),
                ([], _) => self.all_of("", |name| !NO_PACKAGES.contains(&name)),
                _ => held,
            }
        } else if listed.is_empty() && modules.is_empty() {
            self.discovered()
        } else {
            let packages = listed.iter().map(|package| {
                let package = package.value.as_str();
                match folder_of(package) {
                    // `package-dir` may say where one package is; then its folder may have another name.
                    Some(folder) if folder.ends_with(&format!("{package}/")) => {
                        let root = folder.strip_suffix(&format!("{package}/"));
                        (root.unwrap_or_default().to_owned(), package.to_owned())
                    }
                    _ => (root.clone(), package.to_owned()),
                }
            });
            Held {
                packages: packages.collect(),
                modules: Vec::new(),
            }
        };
        held.modules.extend(modules);
        held
    }

    /// What setuptools finds by itself: everything in `src`, or the packages of the root, or its modules.
    fn discovered(&self) -> Held {
        if self.folders.has("", "src") {
            let mut held = self.all_of("src/", |_| true);
            held.modules = self.modules_of("src/");
            return held;
        }
        let mut held = self.all_of("", |name| !NO_PACKAGES.contains(&name));
        let has_code = |(root, package): &(String, String)| {
            let names = self.folders.list(&format!("{root}{package}/"));
            names.iter().any(|name| name.strip_suffix(".py").is_some())
        };
        held.packages.retain(has_code);
        let modules = self.modules_of("").into_iter();
        let modules: Vec<_> = modules
            .filter(|(_, stem)| !NO_MODULES.contains(&stem.as_str()))
            .collect();
        // Of several it takes none, since it cannot know which.
        if held.packages.is_empty() && modules.len() == 1 {
            held.modules = modules;
        }
        held
    }

    fn of_hatch(&self, table: Option<&Table<'_>>) -> Option<Held> {
        let build = table?.table_if_any("build")?;
        let wheel = build
            .table_if_any("targets")
            .and_then(|targets| targets.table_if_any("wheel"));
        for table in [wheel, Some(build)].into_iter().flatten() {
            for key in ["packages", "only-include", "include"] {
                let paths = table.strings_if_any(key);
                if paths.is_empty() {
                    continue;
                }
                let sources = table.strings_if_any("sources");
                let is_source = |path: &str| {
                    let path = path.trim_matches('/');
                    sources
                        .iter()
                        .any(|source| source.value.trim_matches('/') == path)
                };
                // `only-include = ["src"]` with `sources = ["src"]`: all that is in it.
                let (whole, named): (Vec<_>, Vec<_>) =
                    paths.iter().partition(|path| is_source(&path.value));
                let mut held = Self::at_paths(named.iter().map(|path| path.value.as_str()));
                for path in whole {
                    let root = format!("{}/", path.value.trim_matches('/'));
                    held.packages.extend(self.all_of(&root, |_| true).packages);
                }
                return Some(held);
            }
        }
        None
    }

    fn of_poetry(table: Option<&Table<'_>>) -> Option<Held> {
        // Whether the table is right is for Poetry to say.
        let quiet = Findings::default();
        let table = table.filter(|table| table.has("packages"))?;
        let table = table.reporting_to(&quiet);
        let mut held = Held::default();
        for package in table.tables("packages") {
            let Some(include) = package.string_if_any("include") else {
                continue;
            };
            let from = package.string_if_any("from");
            let from = from.map_or_else(String::new, |from| {
                format!("{}/", from.value.trim_matches(['.', '/']))
            });
            let found = Self::at_paths([include.value.as_str()]);
            let below = |(root, name): (String, String)| (format!("{from}{root}"), name);
            held.packages.extend(found.packages.into_iter().map(below));
            held.modules.extend(found.modules.into_iter().map(below));
        }
        Some(held)
    }

    /// <https://backend.pdm-project.org/build_config/>
    fn of_pdm(&self, table: Option<&Table<'_>>) -> Held {
        let build = table.and_then(|table| table.table_if_any("build"));
        let says = |key: &str| build.as_ref()?.string_if_any(key);
        let root = match says("package-dir") {
            Some(folder) => format!("{}/", folder.value.trim_matches(['.', '/'])),
            None if self.folders.has("", "src") => "src/".to_owned(),
            None => String::new(),
        };
        let root = if root == "/" { String::new() } else { root };
        let included = build
            .as_ref()
            .map_or_else(Vec::new, |build| build.strings_if_any("includes"));
        if !included.is_empty() {
            let mut held = Self::at_paths(included.iter().map(|path| path.value.as_str()));
            for (folder, _) in &mut held.packages {
                if folder.is_empty() {
                    folder.clone_from(&root);
                }
            }
            return held;
        }
        let mut held = self.all_of(&root, |name| {
            self.folders.has(&format!("{root}{name}/"), INIT)
        });
        held.modules = if held.packages.is_empty() {
            self.modules_of(&root)
        } else {
            Vec::new()
        };
        held
    }

    /// <https://docs.astral.sh/uv/concepts/build-backend/#modules>
    fn of_uv(&self, table: Option<&Table<'_>>) -> Held {
        let build = table.and_then(|table| table.table_if_any("build-backend"));
        let says = |key: &str| build.as_ref()?.string_if_any(key);
        let root = says("module-root").map_or_else(|| "src".to_owned(), |root| root.value);
        let root = match root.trim_matches(['.', '/']) {
            "" => String::new(),
            root => format!("{root}/"),
        };
        let several = build
            .as_ref()
            .map_or_else(Vec::new, |build| build.strings_if_any("module-name"));
        let mut names: Vec<String> = several.into_iter().map(|name| name.value).collect();
        names.extend(says("module-name").map(|name| name.value));
        if names.is_empty() {
            let own = self.project.normalized_name.as_deref().unwrap_or_default();
            names.push(own.replace('-', "_"));
        }
        let mut held = Held::default();
        for name in names {
            let found = self.called(&name, &[&root]);
            held.packages.extend(found.packages);
            held.modules.extend(found.modules);
        }
        held
    }

    fn of_flit(&self, table: Option<&Table<'_>>) -> Option<Held> {
        let module = table?.table_if_any("module")?.string_if_any("name")?;
        Some(self.called(&module.value, &["", "src/"]))
    }

    /// <https://www.maturin.rs/config.html>
    fn of_maturin(&self, table: Option<&Table<'_>>) -> Option<Held> {
        let source = table?.string_if_any("python-source")?;
        let root = format!("{}/", source.value.trim_matches(['.', '/']));
        let own = self.project.normalized_name.as_deref().unwrap_or_default();
        let named = table?.string_if_any("module-name");
        let named = named.map(|name| name.value.split('.').next().unwrap_or_default().to_owned());
        Some(self.called(&named.unwrap_or_else(|| own.replace('-', "_")), &[&root]))
    }
}
