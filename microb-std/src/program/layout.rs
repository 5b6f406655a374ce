//! Which modules of a project can be its program.

use microb::Context;

use crate::config::Packaging;

/// A module's file, and what it is called when it is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The path in the build context.
    pub(crate) path: String,
    /// The path below the project's folder.
    pub(crate) file: String,
    /// `package.module`, or `package` for its `__init__.py`.
    pub(crate) module: String,
    /// The package that the module is in; the module itself for an `__init__.py`. Empty for a file in the root.
    pub(crate) package: String,
    /// The file's name without `.py`.
    pub(crate) stem: String,
}

/// The names that programs have, the likeliest first.
const STEMS: &[&str] = &[
    "main",
    "app",
    "api",
    "server",
    "asgi",
    "wsgi",
    "application",
    "streamlit_app",
    "__init__",
    "__main__",
    "cli",
    "run",
    "bot",
    "worker",
    "celery",
    "celery_app",
    "tasks",
];

/// The names that the package with the program has, after the project's own.
const PACKAGES: &[&str] = &["app", "api", "server", "backend", "web", "service"];

/// Django's own program of a project.
const MANAGE: &str = "manage.py";

/// Files and folders that are never the program.
const NEVER: &[&str] = &[
    "conftest",
    "setup",
    "noxfile",
    "fabfile",
    "locustfile",
    "manage",
    "test",
    "tests",
    "docs",
    "examples",
    "scripts",
    "migrations",
    "alembic",
    "build",
    "dist",
    "venv",
    "env",
    "node_modules",
    "benchmarks",
];

/// More modules than these are not looked at: each costs a call to the engine.
const MAX_PLACES: usize = 60;

/// What a project's folder holds.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) places: Vec<Place>,
    /// The path of Django's `manage.py` below the project's folder.
    pub(crate) manage: Option<String>,
}

impl Place {
    /// The folder that the module is found from, below the project's folder: empty, `src/`, or that of `manage.py`.
    pub(crate) fn root(&self) -> &str {
        let path = self.module.replace('.', "/");
        let endings = [format!("{path}.py"), format!("{path}/__init__.py")];
        let root = |ending: &String| self.file.strip_suffix(ending.as_str());
        endings.iter().find_map(root).unwrap_or_default()
    }
}

/// The modules to look at, the likeliest first. What cannot be read is not there.
///
/// `own` is the project's name as a module has it; `single_modules` are files of the root that a wheel holds.
pub(crate) fn layout(
    cx: &dyn Context,
    project_dir: &str,
    packaging: Packaging,
    own: &str,
    single_modules: &dyn Fn(&str) -> bool,
) -> Layout {
    let below = |folder: &str| match (project_dir, folder) {
        ("", "") => ".".to_owned(),
        ("", folder) => folder.to_owned(),
        (project, "") => project.to_owned(),
        (project, folder) => format!("{project}/{folder}"),
    };
    let list = |folder: &str| cx.list(&below(folder)).unwrap_or_default();
    let root = list("");
    let mut places = Vec::new();
    let mut roots = vec![(String::new(), root.clone())];
    if root.iter().any(|name| name == "src") {
        roots.push(("src/".to_owned(), list("src")));
    }
    let has_manage = |names: &[String]| names.iter().any(|name| name == MANAGE);
    if packaging == Packaging::Sources && !roots.iter().any(|(_, names)| has_manage(names)) {
        // `django-admin startproject NAME` makes a folder with `manage.py` and a package of the same name.
        let folders = root.iter().filter(|name| is_candidate(name));
        let mut listed = folders.map(|name| (format!("{name}/"), list(name)));
        roots.extend(listed.find(|(_, names)| has_manage(names)));
    }
    let manage = roots.iter().find(|(_, names)| has_manage(names));
    let manage = manage.map(|(folder, _)| format!("{folder}{MANAGE}"));
    for (prefix, names) in &roots {
        for name in names {
            if let Some(stem) = name.strip_suffix(".py") {
                let in_wheel = prefix.is_empty() && single_modules(stem);
                if is_candidate(stem) && (packaging == Packaging::Sources || in_wheel) {
                    places.push(place(&below(""), &format!("{prefix}{name}"), ""));
                }
            } else if is_candidate(name) && name != "src" {
                let folder = format!("{prefix}{name}");
                for file in list(&folder) {
                    let stem = file.strip_suffix(".py");
                    if stem.is_some_and(|stem| STEMS.contains(&stem)) {
                        places.push(place(&below(""), &format!("{folder}/{file}"), name));
                    }
                }
            }
        }
    }
    places.sort_by_key(|place| (package_rank(&place.package, own), stem_rank(&place.stem)));
    places.truncate(MAX_PLACES);
    Layout { places, manage }
}

/// The place of a file, given below `root`.
pub(crate) fn place(root: &str, file: &str, package: &str) -> Place {
    let stem = file
        .rsplit('/')
        .next()
        .unwrap_or(file)
        .trim_end_matches(".py");
    let module = match (package, stem) {
        ("", stem) => stem.to_owned(),
        (package, "__init__") => package.to_owned(),
        (package, stem) => format!("{package}.{stem}"),
    };
    Place {
        path: match root {
            "." => file.to_owned(),
            root => format!("{root}/{file}"),
        },
        file: file.to_owned(),
        module,
        package: package.to_owned(),
        stem: stem.to_owned(),
    }
}

/// Whether a file or folder of this name can be imported, and is no test or tool.
fn is_candidate(name: &str) -> bool {
    let is_identifier = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    is_identifier
        && !NEVER.contains(&name)
        && !name.starts_with("test_")
        && !name.ends_with("_test")
}

/// A file in the root comes first, then the project's own package, then those of the usual names.
pub(crate) fn package_rank(package: &str, own: &str) -> usize {
    match package {
        "" => 0,
        package if package == own => 1,
        package => PACKAGES
            .iter()
            .position(|known| *known == package)
            .map_or(usize::MAX, |at| at + 2),
    }
}

pub(crate) fn stem_rank(stem: &str) -> usize {
    STEMS
        .iter()
        .position(|known| *known == stem)
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    fn modules(packaging: Packaging, files: &[&str]) -> Vec<String> {
        let cx = files
            .iter()
            .fold(MemoryContext::new(""), |cx, file| cx.file(*file, ""));
        layout(&cx, "", packaging, "shop", &|stem| stem == "single")
            .places
            .into_iter()
            .map(|place| place.module)
            .collect()
    }

    #[test]
    fn the_likeliest_module_comes_first_and_tests_and_tools_are_left_out() {
        let files = [
            "zoo/main.py",
            "shop/api.py",
            "shop/main.py",
            "shop/__init__.py",
            "shop/models.py",
            "main.py",
            "setup.py",
            "conftest.py",
            "test_main.py",
            "tests/main.py",
            "my-tool/main.py",
            ".venv/main.py",
            "README.md",
        ];
        assert_eq!(
            modules(Packaging::Sources, &files),
            ["main", "shop.main", "shop.api", "shop", "zoo.main"]
        );
    }

    #[test]
    fn a_wheel_has_packages_and_only_some_files_of_the_root() {
        let files = ["main.py", "single.py", "src/shop/main.py", "src/other.py"];
        assert_eq!(modules(Packaging::Wheel, &files), ["single", "shop.main"]);
    }
}
