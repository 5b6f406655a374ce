//! The modules of the project that were read, and what their names stand for.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use microb::Span;

use super::folders::Folders;
use super::framework::{self, Framework, Kind, Start};
use super::layout::{INIT, Layout, Place};
use super::module::{Call, Module, Object, Scope, SyntaxError};
use crate::config::Packaging;

/// So many steps are followed, from a name to what it stands for and from a module to what it imports.
const MAX_STEPS: usize = 6;

/// The names that frameworks' own command lines look for, the likeliest first.
pub(crate) const APP_NAMES: &[&str] = &["app", "application", "api", "asgi", "server"];

/// The names of functions that make an app.
pub(crate) const FACTORIES: &[&str] = &[
    "create_app",
    "make_app",
    "get_app",
    "build_app",
    "app_factory",
    "create_application",
    "make_application",
    "get_application",
    "build_application",
];

/// Names of calls that start something which goes on.
const STARTING: &[&str] = &[
    "launch",
    "make_server",
    "run",
    "run_app",
    "run_server",
    "run_simple",
    "serve",
    "serve_forever",
    "start",
];

/// Modules of the standard library that files of a project are called like. Python finds its own first.
const STANDARD: &[&str] = &[
    "abc",
    "asyncio",
    "calendar",
    "cmd",
    "code",
    "collections",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "email",
    "enum",
    "html",
    "http",
    "inspect",
    "io",
    "json",
    "locale",
    "logging",
    "math",
    "numbers",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "platform",
    "profile",
    "queue",
    "random",
    "re",
    "sched",
    "secrets",
    "select",
    "shelve",
    "signal",
    "site",
    "socket",
    "ssl",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sys",
    "tempfile",
    "test",
    "threading",
    "time",
    "token",
    "trace",
    "types",
    "typing",
    "uuid",
    "warnings",
    "xml",
];

/// A name of a module: the place of the module in [`Code::modules`], and the name.
pub(crate) type Named = (usize, String);

/// The modules that were read.
pub(crate) struct Code<'a> {
    folders: &'a Folders<'a>,
    pub(crate) modules: Vec<(Place, Module)>,
    /// What is no Python.
    pub(crate) broken: Vec<(Place, SyntaxError)>,
    pub(crate) packaging: Packaging,
    /// The normalized names of the distributions in the image.
    installed: &'a BTreeSet<String>,
    /// Found when they are first asked for.
    apps: OnceCell<Vec<App>>,
}

/// An app that was found.
#[derive(Debug, Clone)]
pub(crate) struct App {
    /// The module, by its place in [`Code::modules`].
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) framework: Framework,
    pub(crate) is_factory: bool,
    pub(crate) span: Span,
}

impl<'a> Code<'a> {
    pub(crate) fn new(
        folders: &'a Folders<'a>,
        packaging: Packaging,
        installed: &'a BTreeSet<String>,
    ) -> Self {
        Self {
            folders,
            modules: Vec::new(),
            broken: Vec::new(),
            packaging,
            installed,
            apps: OnceCell::new(),
        }
    }

    /// Reads what is named like a program, and what it leads to; then the rest, where that has none.
    pub(crate) fn read_all(&mut self, layout: &Layout) {
        self.read(layout.usual.iter().cloned());
        self.follow();
        let apps = self.apps();
        if !apps.iter().all(|app| self.is_for_tasks(app)) {
            return;
        }
        let has_worker = !apps.is_empty();
        // Somewhere must be what a framework among the dependencies is for. A worker is beside the app that gives it work.
        let queues = apps.iter().map(|app| app.framework);
        let queues: Vec<_> = queues.filter(|one| one.kind == Kind::Celery).collect();
        let is_found = |name: &str| queues.iter().any(|queue| queue.module == name);
        let is_for_app = |name: &String| {
            let module = name.replace('-', "_");
            framework::is_framework(&module) && !is_found(&module)
        };
        let may_be_elsewhere = self.installed.iter().any(is_for_app);
        let runs = |(_, module): &(Place, Module)| {
            module.main_guard.is_some() || module.statement.is_some()
        };
        let has_program = has_worker || self.modules.iter().any(runs);
        if may_be_elsewhere || !has_program {
            let usual = self.modules.len();
            self.read(layout.others.iter().cloned());
            self.read(layout.deeper(self.folders));
            self.follow();
            if has_worker && self.apps().iter().all(|app| self.is_for_tasks(app)) {
                // Beside a worker, only an app is looked for in modules of any name.
                self.modules.truncate(usual);
                self.apps = OnceCell::new();
            }
        }
    }

    /// Whether an app is a worker, or is made for one.
    pub(crate) fn is_for_tasks(&self, app: &App) -> bool {
        app.framework.kind == Kind::Celery || self.modules[app.at].0.is_for_tasks()
    }

    fn read(&mut self, places: impl IntoIterator<Item = Place>) {
        for place in places {
            let of_modules = self.modules.iter().map(|(known, _)| &known.file);
            let of_broken = self.broken.iter().map(|(known, _)| &known.file);
            if of_modules
                .chain(of_broken)
                .any(|known| *known == place.file)
            {
                continue;
            }
            let Some(file) = self.folders.read(&place.file) else {
                continue;
            };
            match Module::parse(&place.module, &place.package, file) {
                Ok(module) => {
                    let (place, module) = self.placed(place, module);
                    self.add(place, module);
                }
                Err(error) => self.broken.push((place, error)),
            }
        }
    }

    /// Adds a module.
    pub(crate) fn add(&mut self, place: Place, module: Module) {
        self.modules.push((place, module));
        self.apps = OnceCell::new();
    }

    /// The module with the name that what it imports is found beside: `backend/main.py` with `import database`, which
    /// is `backend/database.py`, is `main`, and `src/main.py` with `from .config import x` is `src.main`.
    fn placed(&self, place: Place, module: Module) -> (Place, Module) {
        let root = match self.packaging {
            Packaging::Sources => self.root_by_imports(&place, &module),
            Packaging::Wheel => None,
        };
        let Some(root) = root else {
            return (place, module);
        };
        let moved = Place::new(self.folders, &place.file, &root);
        match Module::parse(&moved.module, &moved.package, module.file.clone()) {
            Ok(module) => (moved, module),
            Err(_) => (place, module),
        }
    }

    /// Another root than the usual one, if the imports of a module are found from there only.
    fn root_by_imports(&self, place: &Place, module: &Module) -> Option<String> {
        let folder = place.folder();
        let ends = folder.match_indices('/').map(|(at, _)| at + 1);
        let roots: Vec<&str> = [0]
            .into_iter()
            .chain(ends)
            .map(|at| &folder[..at])
            .collect();
        if module.is_relative && place.package.is_empty() {
            let above = roots.iter().rev().find(|root| root.len() < folder.len());
            return above.map(|root| (*root).to_owned());
        }
        let firsts: BTreeSet<&str> = module
            .imports
            .iter()
            .map(|path| path.split('.').next().unwrap_or(path))
            .collect();
        let is_elsewhere = |name: &&str| {
            !STANDARD.contains(name)
                && !framework::is_framework(name)
                && !self
                    .installed
                    .contains(&name.replace('_', "-").to_lowercase())
                && !self.folders.has_module(&place.root, name)
        };
        let missing: Vec<&str> = firsts.into_iter().filter(is_elsewhere).collect();
        let others = roots.iter().filter(|root| **root != place.root);
        let found = others.map(|root| {
            let has = |name: &&&str| self.folders.has_module(root, name);
            (*root, missing.iter().filter(has).count())
        });
        // In what says that it is a package, a single name may as well be of another distribution.
        let is_package = |root: &str| self.folders.has(root, INIT) && !root.is_empty();
        let mut enough = found.filter(|(root, count)| *count > usize::from(is_package(root)));
        enough.next().map(|(root, _)| root.to_owned())
    }

    /// Reads the modules that the names of apps lead to.
    fn follow(&mut self) {
        let mut tried = BTreeSet::new();
        for _ in 0..MAX_STEPS {
            let mut wanted = self.wanted();
            wanted.retain(|one| tried.insert(one.clone()));
            if wanted.is_empty() {
                return;
            }
            for (root, module) in wanted {
                let place = self.place_of(&root, &module);
                self.read([place]);
            }
        }
    }

    /// The modules that have what may be an app, or make one: each with the root that it is found from.
    fn wanted(&self) -> Vec<(String, String)> {
        let mut wanted = Vec::new();
        for (place, module) in &self.modules {
            for path in leads(module) {
                let Some((module, _)) = path.rsplit_once('.') else {
                    continue;
                };
                let first = module.split('.').next().unwrap_or(module);
                let is_own = self.folders.has_module(&place.root, first);
                if is_own && !framework::is_framework(first) && self.module(module).is_none() {
                    wanted.push((place.root.clone(), module.to_owned()));
                }
            }
        }
        wanted
    }

    /// The file of a module.
    fn place_of(&self, root: &str, module: &str) -> Place {
        let path = format!("{root}{}", module.replace('.', "/"));
        let (folder, name) = match path.rfind('/') {
            Some(at) => path.split_at(at + 1),
            None => ("", path.as_str()),
        };
        let file = if self.folders.has(folder, name) {
            format!("{path}/{INIT}")
        } else {
            format!("{path}.py")
        };
        Place::new(self.folders, &file, root)
    }

    pub(crate) fn module(&self, name: &str) -> Option<usize> {
        let is_it = |(place, _): &(Place, Module)| place.module == name;
        self.modules.iter().position(is_it)
    }

    /// Reads the module of this name, unless it was read; `None` if there is none.
    pub(crate) fn find(&mut self, module: &str, roots: &BTreeSet<String>) -> Option<usize> {
        for root in roots {
            if self.module(module).is_none() {
                let place = self.place_of(root, module);
                self.read([place]);
            }
        }
        self.module(module)
    }

    /// Which of the modules each one imports, through others too.
    pub(crate) fn imports(&self) -> Vec<BTreeSet<usize>> {
        let direct: Vec<BTreeSet<usize>> = self
            .modules
            .iter()
            .enumerate()
            .map(|(at, (_, module))| {
                let all = self.modules.iter().enumerate();
                let imported =
                    all.filter(|(other, (_, read))| *other != at && module.imports(&read.name));
                imported.map(|(other, _)| other).collect()
            })
            .collect();
        let reached = |from: usize| {
            let mut seen = BTreeSet::new();
            let mut open = vec![from];
            while let Some(at) = open.pop() {
                open.extend(direct[at].iter().filter(|other| seen.insert(**other)));
            }
            seen.remove(&from);
            seen
        };
        (0..self.modules.len()).map(reached).collect()
    }

    /// Where the object or function of a dotted path is defined.
    pub(crate) fn canonical(&self, path: &str) -> Option<Named> {
        let mut path = path.to_owned();
        for _ in 0..MAX_STEPS {
            let (module, name) = path.rsplit_once('.')?;
            let at = self.module(module)?;
            let (_, module) = &self.modules[at];
            let is_function = || module.functions.iter().any(|one| one.name == name);
            if module.object(name).is_some() || is_function() {
                return Some((at, name.to_owned()));
            }
            path = module
                .origin(name)
                .filter(|other| **other != path)?
                .to_owned();
        }
        None
    }

    /// The class or function of a framework that is behind a dotted path, through names and functions of the project.
    fn class_of(&self, path: &str, steps: usize) -> Option<String> {
        let first = path.split('.').next().unwrap_or(path);
        if framework::is_framework(first) && path != first && self.module(first).is_none() {
            return Some(path.to_owned());
        }
        let steps = steps.checked_sub(1)?;
        let (at, name) = self.canonical(path)?;
        let (_, module) = &self.modules[at];
        if let Some(n) = module.object(&name) {
            let object = &module.objects[n];
            return self.class_of(&object.made_by, steps).or_else(|| {
                // `mcp.http_app()`
                let (of, method) = object.made_by.rsplit_once('.')?;
                Some(format!("{}.{method}", self.class_of(of, steps)?))
            });
        }
        let function = module.functions.iter().find(|one| one.name == name)?;
        self.class_of(function.returns.as_deref()?, steps)
    }

    /// The framework of the app that a dotted path stands for or makes.
    fn framework_of(&self, path: &str, steps: usize) -> Option<Framework> {
        if let Some(known) = framework::of(path) {
            return Some(known);
        }
        let left = steps.checked_sub(1)?;
        if let Some((at, name)) = self.canonical(path) {
            let (_, module) = &self.modules[at];
            if let Some(n) = module.object(&name) {
                return self.of_object(module, n, left);
            }
        }
        framework::of(&self.class_of(path, steps)?)
    }

    /// The framework of an object of a module: its own, or that of the app which it is put around.
    fn of_object(&self, module: &Module, n: usize, steps: usize) -> Option<Framework> {
        let object = &module.objects[n];
        let left = steps.checked_sub(1)?;
        if let Some(known) = self.framework_of(&object.made_by, left) {
            return Some(known);
        }
        // First by the names: what a project's objects are made of may be a large graph.
        let may_wrap =
            is_app(&object.name) || framework::wrapped(&object.made_by, Kind::Asgi).is_some();
        let taken = object.takes.iter();
        let mut taken = taken.filter(|path| may_wrap || path.ends_with(&object.name));
        taken.find_map(|path| self.around(module, n, path, left))
    }

    /// The framework of an object that is put around the app of this dotted path.
    fn around(&self, module: &Module, n: usize, path: &str, steps: usize) -> Option<Framework> {
        let object = &module.objects[n];
        let inner = path.rsplit('.').next().unwrap_or(path);
        let is_named =
            inner == object.name || (is_app(&object.name) && !APP_NAMES.contains(&inner));
        let own = format!("{}.{}", module.name, object.name);
        // `app = ProxyFix(app)` is about the one before.
        let framework = if path == own {
            self.of_object(module, module.before(n)?, steps)?
        } else {
            self.framework_of(path, steps)?
        };
        let known = framework::wrapped(&object.made_by, framework.kind);
        let kind = known.or(is_named.then_some(framework.kind))?;
        let is_served = matches!(framework.kind, Kind::Asgi | Kind::Wsgi);
        is_served.then(|| framework.served_as(kind))
    }

    /// All apps, without those that are inside of another one.
    pub(crate) fn apps(&self) -> &[App] {
        self.apps.get_or_init(|| self.find_apps())
    }

    fn find_apps(&self) -> Vec<App> {
        let mut apps = Vec::new();
        let mut inside = BTreeSet::new();
        for (at, (place, module)) in self.modules.iter().enumerate() {
            for (n, object) in module.objects.iter().enumerate() {
                if module.object(&object.name) != Some(n) {
                    continue;
                }
                let Some(framework) = self.of_object(module, n, MAX_STEPS) else {
                    continue;
                };
                if place.is_importable() || framework.kind == Kind::Script {
                    inside.extend(self.parts(at, object, framework));
                    apps.push(App {
                        at,
                        name: object.name.clone(),
                        framework,
                        is_factory: false,
                        span: object.span.clone(),
                    });
                }
            }
            let factories = module.functions.iter().filter(|function| {
                function.callable && FACTORIES.contains(&function.name.as_str())
            });
            for function in factories {
                let returns = function.returns.as_deref();
                let framework = returns.and_then(|path| self.framework_of(path, MAX_STEPS));
                if let Some(framework) = framework.filter(|_| place.is_importable()) {
                    apps.push(App {
                        at,
                        name: function.name.clone(),
                        framework,
                        is_factory: true,
                        span: function.span.clone(),
                    });
                }
            }
            inside.extend(self.mounted(module));
        }
        apps.retain(|app| !inside.contains(&(app.at, app.name.clone())));
        apps
    }

    /// The apps that an app is put around.
    fn parts(&self, at: usize, object: &Object, framework: Framework) -> Vec<Named> {
        let taken = object.takes.iter();
        let taken = taken.filter_map(|path| Some((path, self.canonical(path)?)));
        let inner = taken.filter(|(path, named)| {
            let is_itself = *named == (at, object.name.clone());
            // Dash shows itself in the app of Flask that it is given.
            let kind = self.framework_of(path, MAX_STEPS).map(|inner| inner.kind);
            let is_part = framework.kind != Kind::Script || kind == Some(Kind::Script);
            !is_itself && is_part && kind.is_some()
        });
        inner.map(|(_, named)| named).collect()
    }

    /// The apps that are mounted into another one.
    fn mounted(&self, module: &Module) -> Vec<Named> {
        let mounts = module.calls.iter().filter(|call| call.name() == "mount");
        let taken = mounts.flat_map(|call| {
            let into = call.path.rsplit_once('.').map(|(into, _)| into);
            let into = into.and_then(|into| self.canonical(into));
            let parts = call.takes.iter().filter_map(|path| self.canonical(path));
            parts.filter(move |part| into.as_ref().is_some_and(|into| into != part))
        });
        taken.collect()
    }

    /// What a call starts, if that is a server that is known.
    pub(crate) fn start(&self, call: &Call) -> Option<&'static Start> {
        let name = call.name();
        let mut path = call.path.as_str();
        while let Some((of, _)) = path.rsplit_once('.') {
            if let Some(class) = self.class_of(of, MAX_STEPS) {
                return Start::of(&format!("{class}.{name}"));
            }
            path = of;
        }
        Start::of(&call.path)
    }

    /// Whether a module has a call that starts this app.
    pub(crate) fn starts(&self, at: usize, app: &App) -> bool {
        self.start_of(at, app).is_some()
    }

    /// The call of a module that starts this app.
    pub(crate) fn start_of(&self, at: usize, app: &App) -> Option<&Call> {
        let (_, module) = &self.modules[app.at];
        let mut wanted = vec![(app.at, app.name.clone())];
        if app.framework.module == "dash" {
            // The app of Flask inside is started by the one of Dash.
            let of_dash = module.objects.iter();
            let of_dash = of_dash.filter(|object| object.made_by.starts_with("dash."));
            wanted.extend(of_dash.map(|object| (app.at, object.name.clone())));
        }
        let is_app = |path: &str| {
            let ends = path.match_indices('.').map(|(end, _)| &path[..end]);
            let mut all = ends.chain([path]);
            all.any(|path| {
                let mut wanted = wanted.iter();
                wanted.any(|wanted| self.leads_to(path, wanted, app.is_factory))
            })
        };
        self.modules[at].1.calls.iter().find(|call| {
            let of = call.path.rsplit_once('.').map(|(of, _)| of);
            let is_of = || of.is_some_and(is_app) || call.takes.iter().any(|path| is_app(path));
            STARTING.contains(&call.name()) && is_of()
        })
    }

    /// Whether running a module starts this app with what is installed.
    pub(crate) fn starts_alone(&self, at: usize, app: &App) -> bool {
        let (_, module) = &self.modules[at];
        self.start_of(at, app).is_some_and(|call| {
            let needs_server = call.path.starts_with("uvicorn.");
            let is_run = module.main_guard.is_some() || call.scope == Scope::Module;
            is_run && (!needs_server || self.installed.contains("uvicorn"))
        })
    }

    /// Whether a module imports another one, of the project or not.
    pub(crate) fn imports_of(&self, at: usize, module: &str) -> bool {
        self.modules[at].1.imports(module)
    }

    /// Whether a dotted path is this object, or what this function makes.
    fn leads_to(&self, path: &str, wanted: &Named, is_factory: bool) -> bool {
        let Some(named) = self.canonical(path) else {
            return false;
        };
        if named == *wanted {
            return true;
        }
        let (at, name) = named;
        let (_, module) = &self.modules[at];
        let object = module.object(&name).map(|n| &module.objects[n]);
        let is_wanted = |path: &String| self.canonical(path).as_ref() == Some(wanted);
        object.is_some_and(|object| {
            // Around it, or made by it.
            object.takes.iter().any(is_wanted) || (is_factory && is_wanted(&object.made_by))
        })
    }

    /// The name of a module's own that stands for an app of another.
    pub(crate) fn name_in(&self, at: usize, app: &App) -> Option<String> {
        let wanted = (app.at, app.name.clone());
        let names = self.modules[at].1.names();
        let mut found = names.filter(|(_, path)| self.canonical(path).as_ref() == Some(&wanted));
        found.next().map(|(name, _)| name.to_owned())
    }
}

/// Whether what is called so is an app, whatever else makes it.
fn is_app(name: &str) -> bool {
    name == "app" || name == "application" || name.ends_with("_app")
}

/// The dotted paths of a module that may lead to an app.
fn leads(module: &Module) -> Vec<&str> {
    let has_app = |name: &str| {
        let name = name.to_lowercase();
        name.contains("app") || APP_NAMES.contains(&name.as_str())
    };
    let makes = |path: &str| {
        let name = path.rsplit('.').next().unwrap_or(path);
        let starts = ["build", "create", "get_", "init", "make", "setup"];
        has_app(name) || starts.iter().any(|start| name.starts_with(start))
    };
    let objects = module
        .objects
        .iter()
        .filter(|object| has_app(&object.name) || makes(&object.made_by));
    let of_objects = objects.flat_map(|object| object.takes.iter().chain([&object.made_by]));
    let functions = module.functions.iter();
    let functions = functions.filter(|function| makes(&function.name));
    let of_functions = functions.filter_map(|function| function.returns.as_ref());
    let names = module.names().filter(|(name, _)| makes(name));
    let starts = module.calls.iter();
    let starts = starts.filter(|call| STARTING.contains(&call.name()));
    let of_starts = starts.flat_map(|call| &call.takes);
    let all = of_objects.chain(of_functions).chain(of_starts);
    let all = all.map(String::as_str).chain(names.map(|(_, path)| path));
    all.collect()
}
