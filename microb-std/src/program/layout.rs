//! Which modules of a project can be its program.

use crate::config::Packaging;

use super::folders::Folders;
use super::held::Held;

/// A module's file, and what it is called when it is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The path in the build context.
    pub(crate) path: String,
    /// The path below the project's folder.
    pub(crate) file: String,
    /// The folder that the module is found from, below the project's folder: empty, or for instance `src/`.
    pub(crate) root: String,
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

/// Those of modules that run the tasks of a queue.
const WORKERS: &[&str] = &["worker", "celery", "celery_app", "tasks"];

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

/// The folder with the other pages of a Streamlit app.
const PAGES: &str = "pages";

/// What a project's folder holds.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The modules that are named like a program, the likeliest first.
    pub(crate) usual: Vec<Place>,
    /// The others, to look at when the usual ones have no program.
    pub(crate) others: Vec<Place>,
    /// The folders in packages, each with the root of the package.
    below: Vec<(String, String)>,
    /// The path of Django's `manage.py` below the project's folder.
    pub(crate) manage: Option<String>,
    /// Files of the root that are named like a program and are no part of the wheel.
    pub(crate) left_out: Vec<String>,
}

impl Place {
    /// A file below the project's folder, in a package that is found from `root`.
    pub(crate) fn new(folders: &Folders<'_>, file: &str, root: &str) -> Self {
        let below = file.strip_prefix(root).unwrap_or(file);
        let below = below.strip_suffix(".py").unwrap_or(below);
        let (folder, stem) = below.rsplit_once('/').unwrap_or(("", below));
        let package = folder.replace('/', ".");
        let module = match (package.as_str(), stem) {
            ("", stem) => stem.to_owned(),
            (package, "__init__") => package.to_owned(),
            (package, stem) => format!("{package}.{stem}"),
        };
        Self {
            path: folders.path(file),
            file: file.to_owned(),
            root: root.to_owned(),
            module,
            package,
            stem: stem.to_owned(),
        }
    }

    /// The folder that the file is in.
    pub(crate) fn folder(&self) -> &str {
        self.file.rfind('/').map_or("", |at| &self.file[..=at])
    }

    /// Whether its name is one that programs have.
    pub(crate) fn is_usual(&self) -> bool {
        stem_rank(&self.stem) != usize::MAX
    }

    /// Whether its name is one of those whose apps are the context of tasks, and not what answers to visitors.
    pub(crate) fn is_for_tasks(&self) -> bool {
        WORKERS.contains(&self.stem.as_str())
    }

    /// Whether Python can import it by its name.
    pub(crate) fn is_importable(&self) -> bool {
        is_identifier(&self.stem) && self.module.split('.').all(is_identifier)
    }
}

/// The modules to look at. What cannot be read is not there.
///
/// `own` is the project's name as a module has it.
pub(crate) fn layout(
    folders: &Folders<'_>,
    packaging: Packaging,
    own: &str,
    held: &Held,
) -> Layout {
    let mut layout = match packaging {
        Packaging::Sources => of_sources(folders),
        Packaging::Wheel => of_wheel(folders, held),
    };
    let rank = |place: &Place| {
        (
            package_rank(&place.package, own),
            stem_rank(&place.stem),
            place.file.clone(),
        )
    };
    layout.usual.sort_by_key(rank);
    layout.others.sort_by_key(rank);
    layout
}

fn of_sources(folders: &Folders<'_>) -> Layout {
    let names = folders.list("");
    let mut roots = vec![String::new()];
    if names.iter().any(|name| name == "src") {
        roots.push("src/".to_owned());
    }
    let has_manage = |folder: &String| folders.has(folder, MANAGE);
    if !roots.iter().any(has_manage) {
        // `django-admin startproject NAME` makes a folder with `manage.py` and a package of the same name.
        let mut below = names.iter().filter(|name| is_candidate(name));
        let found = below.find(|name| has_manage(&format!("{name}/")));
        roots.extend(found.map(|name| format!("{name}/")));
    }
    let manage = roots.iter().find(|root| has_manage(root));
    let mut layout = Layout::empty();
    layout.manage = manage.map(|root| format!("{root}{MANAGE}"));
    for root in &roots {
        for name in folders.list(root) {
            let stem = name.strip_suffix(".py");
            if let Some(stem) = stem {
                // A file that is run need not be one that can be imported.
                if !is_tool(stem) {
                    let file = format!("{root}{name}");
                    layout.usual.push(Place::new(folders, &file, root));
                }
            } else if is_candidate(&name)
                && name != PAGES
                && !roots.contains(&format!("{root}{name}/"))
            {
                layout.package(folders, &format!("{root}{name}/"), root);
            }
        }
    }
    layout
}

fn of_wheel(folders: &Folders<'_>, held: &Held) -> Layout {
    let mut layout = Layout::empty();
    for (root, stem) in &held.modules {
        let file = format!("{root}{stem}.py");
        layout.usual.push(Place::new(folders, &file, root));
    }
    for (root, package) in &held.packages {
        let folder = format!("{root}{}/", package.replace('.', "/"));
        layout.package(folders, &folder, root);
    }
    let is_held = |stem: &str| held.modules.iter().any(|(_, held)| held == stem);
    let stems = folders.list("").into_iter();
    let stems = stems.filter_map(|name| Some(name.strip_suffix(".py")?.to_owned()));
    let stems = stems.filter(|stem| stem_rank(stem) != usize::MAX && !is_held(stem));
    layout.left_out = stems.map(|stem| format!("{stem}.py")).collect();
    layout
}

impl Layout {
    fn empty() -> Self {
        Self {
            usual: Vec::new(),
            others: Vec::new(),
            below: Vec::new(),
            manage: None,
            left_out: Vec::new(),
        }
    }

    /// The modules of a package.
    fn package(&mut self, folders: &Folders<'_>, folder: &str, root: &str) {
        for name in folders.list(folder) {
            if let Some(stem) = name.strip_suffix(".py") {
                let place = Place::new(folders, &format!("{folder}{name}"), root);
                if place.is_usual() {
                    self.usual.push(place);
                } else if !is_tool(stem) {
                    self.others.push(place);
                }
            } else if is_candidate(&name) && name != PAGES {
                self.below
                    .push((format!("{folder}{name}/"), root.to_owned()));
            }
        }
    }

    /// What is named like a program in the folders of packages.
    pub(crate) fn deeper(&self, folders: &Folders<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        for (folder, root) in &self.below {
            let names = folders.list(folder);
            let parent = folder.trim_end_matches('/').rfind('/');
            let parent = parent.map_or("", |at| &folder[..=at]);
            // The outermost folder that says that it is a package is found from the one around it.
            let is_outermost = !folders.has(parent, INIT) && names.iter().any(|name| name == INIT);
            let root = if is_outermost { parent } else { root };
            let files = names
                .iter()
                .filter(|name| name.strip_suffix(".py").is_some());
            let all = files.map(|name| Place::new(folders, &format!("{folder}{name}"), root));
            places.extend(all.filter(Place::is_usual));
        }
        places.sort_by_key(|place| (stem_rank(&place.stem), place.file.clone()));
        places
    }
}

/// What makes a folder a package.
pub(crate) const INIT: &str = "__init__.py";

fn is_identifier(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(is_part) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a file or folder of this name is a test or a tool.
fn is_tool(name: &str) -> bool {
    NEVER.contains(&name)
        || name.starts_with("test_")
        || name.ends_with("_test")
        || name.starts_with('.')
}

/// Whether a folder of this name can be a package, and is none of tests or tools.
fn is_candidate(name: &str) -> bool {
    is_identifier(name) && !is_tool(name)
}

/// A file in the root comes first, then the project's own package, then those of the usual names.
pub(crate) fn package_rank(package: &str, own: &str) -> usize {
    match package.split('.').next().unwrap_or(package) {
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

    fn modules(packaging: Packaging, files: &[&str]) -> (Vec<String>, Vec<String>) {
        let cx = files
            .iter()
            .fold(MemoryContext::new(""), |cx, file| cx.file(*file, ""));
        let folders = Folders::new(&cx, "");
        let held = Held {
            packages: vec![("src/".to_owned(), "shop".to_owned())],
            modules: vec![(String::new(), "single".to_owned())],
        };
        let layout = layout(&folders, packaging, "shop", &held);
        let names = |places: &[Place]| places.iter().map(|one| one.module.clone()).collect();
        let deeper = layout.deeper(&folders);
        (
            names(&layout.usual),
            names(&[layout.others, deeper].concat()),
        )
    }

    #[test]
    fn the_likeliest_module_comes_first_and_tests_and_tools_are_left_out() {
        let files = [
            "zoo/main.py",
            "shop/api.py",
            "shop/main.py",
            "shop/__init__.py",
            "shop/models.py",
            "shop/web/server.py",
            "backend/app/__init__.py",
            "backend/app/main.py",
            "main.py",
            "2_one.py",
            "setup.py",
            "conftest.py",
            "test_main.py",
            "tests/main.py",
            "my-tool/main.py",
            ".venv/main.py",
            "README.md",
        ];
        let (usual, others) = modules(Packaging::Sources, &files);
        assert_eq!(
            usual,
            ["main", "2_one", "shop.main", "shop.api", "shop", "zoo.main"]
        );
        assert_eq!(
            others,
            ["shop.models", "app.main", "shop.web.server", "app"]
        );
    }

    #[test]
    fn a_wheel_has_what_its_backend_takes() {
        let files = [
            "main.py",
            "single.py",
            "src/shop/main.py",
            "src/other.py",
            "demo/app.py",
        ];
        let (usual, others) = modules(Packaging::Wheel, &files);
        assert_eq!(usual, ["single", "shop.main"]);
        assert_eq!(others, [""; 0]);
    }
}
