//! The apps that the code makes, and the one that is served.

use std::collections::BTreeSet;

use microb::{Diagnostic, Span, Spanned};

use super::framework::{self, Framework, Kind, PORT, Server};
use super::layout::{self, Place};
use super::{Chosen, Code, program};
use crate::config::{Dependencies, Packaging};
use crate::mistake::Findings;
use crate::requirement::Requirement;
use crate::rules::{AMBIGUOUS_PROGRAM, MISSING_SERVER};

/// An app that was found.
struct App<'a> {
    place: &'a Place,
    name: &'a str,
    framework: Framework,
    is_factory: bool,
    span: &'a Span,
}

/// The names that frameworks' own command lines look for, the likeliest first.
const APP_NAMES: &[&str] = &["app", "application", "api", "asgi", "server"];

/// The names of functions that make an app.
const FACTORIES: &[&str] = &[
    "create_app",
    "make_app",
    "get_app",
    "build_app",
    "app_factory",
];

/// So many functions are followed to learn what a variable holds.
const MAX_CALLS: usize = 4;

impl Code {
    /// The app of a web framework, else of another.
    pub(super) fn app(&self, findings: &Findings) -> Chosen {
        let mut apps = self.apps();
        // Dash starts a server of its own, where there is no better one.
        let is_installed = |name: &str| self.installed.contains(name);
        if Server::of(Kind::Wsgi, false, is_installed).is_none() {
            apps.retain(|app| (app.framework.name, app.framework.kind) != ("Dash", Kind::Wsgi));
        }
        for kinds in [
            &[Kind::Asgi, Kind::Wsgi, Kind::Sanic][..],
            &[Kind::Script],
            &[Kind::Celery],
        ] {
            let of_kind: Vec<_> = apps
                .iter()
                .filter(|app| kinds.contains(&app.framework.kind))
                .collect();
            let Some(first) = of_kind.first() else {
                continue;
            };
            if let Some(other) = self.rival(first, &of_kind) {
                findings.add(ambiguous(first, other));
                return Chosen::Unclear;
            }
            return self.run(first, &of_kind, findings);
        }
        Chosen::Nothing
    }

    /// All apps, the likeliest first.
    fn apps(&self) -> Vec<App<'_>> {
        let mut apps = Vec::new();
        for (place, module) in &self.modules {
            for object in &module.objects {
                if let Some(framework) = self.made_by(&object.made_by, MAX_CALLS) {
                    apps.push(App {
                        place,
                        name: &object.name,
                        framework,
                        is_factory: false,
                        span: &object.span,
                    });
                }
            }
        }
        for (place, module) in &self.modules {
            let factories = module.functions.iter().filter(|function| {
                function.callable && FACTORIES.contains(&function.name.as_str())
            });
            for function in factories {
                let returns = function.returns.as_deref();
                if let Some(framework) = returns.and_then(|path| self.made_by(path, MAX_CALLS)) {
                    apps.push(App {
                        place,
                        name: &function.name,
                        framework,
                        is_factory: true,
                        span: &function.span,
                    });
                }
            }
        }
        // Stable, so that what is equal stays in the order of the places, and a variable before a function.
        apps.sort_by_key(|app| {
            (
                app.is_factory,
                layout::package_rank(&app.place.package, &self.own),
                layout::stem_rank(&app.place.stem),
                name_rank(app.name),
            )
        });
        apps
    }

    /// The framework of what a dotted path makes, through functions of the project.
    fn made_by(&self, path: &str, calls: usize) -> Option<Framework> {
        if let Some(known) = framework::of(path) {
            return Some(known);
        }
        let calls = calls.checked_sub(1)?;
        let (in_module, name) = path.rsplit_once('.')?;
        let (_, module) = self
            .modules
            .iter()
            .find(|(_, module)| module.name == in_module)?;
        let function = module
            .functions
            .iter()
            .find(|function| function.name == name);
        if let Some(function) = function {
            return self.made_by(function.returns.as_deref()?, calls);
        }
        // A name that the module itself imports from elsewhere.
        let origin = module.origin(name).filter(|origin| *origin != path)?;
        self.made_by(origin, calls)
    }

    /// Another app that could as well be the program.
    fn rival<'b>(&self, first: &App<'_>, apps: &[&'b App<'b>]) -> Option<&'b App<'b>> {
        apps.iter().skip(1).copied().find(|other| {
            let same_module = other.place.module == first.place.module;
            let is_usual = layout::package_rank(&first.place.package, &self.own) != usize::MAX;
            if same_module {
                // Sub-apps have names of their own; two without the usual name are two programs.
                other.is_factory == first.is_factory
                    && other.name != first.name
                    && name_rank(first.name) == usize::MAX
                    && !FACTORIES.contains(&first.name)
            } else {
                !is_usual && other.place.package != first.place.package
            }
        })
    }

    fn run(&self, app: &App<'_>, others: &[&App<'_>], findings: &Findings) -> Chosen {
        let object = |app: &App<'_>| format!("{}:{}", app.place.module, app.name);
        let what = |app: &App<'_>| {
            let name = app.framework.name;
            format!("the {name} app `{}` of `{}`", app.name, app.place.path)
        };
        // Django writes a module for each kind of server; the one with an installed server is meant.
        let served =
            [app]
                .into_iter()
                .chain(others.iter().copied().filter(|other| {
                    other.framework.name == "Django" && app.framework.name == "Django"
                }));
        for app in served {
            let is_installed = |name: &str| self.installed.contains(name);
            let server = Server::of(app.framework.kind, app.is_factory, is_installed);
            let Some(server) = server else {
                continue;
            };
            let argv = server.argv(&object(app), app.is_factory);
            let why = format!("{}, served by {}", what(app), server.distribution);
            let mut program = self.with_path(app.place, program(argv, app.span.clone(), why));
            program.port = Some(PORT);
            program.stop_signal = server.stop_signal;
            return Chosen::One(program);
        }
        let is_sources = self.packaging == Packaging::Sources;
        let manage = self.manage.as_deref().filter(|_| is_sources);
        let argv: Vec<String> = match (app.framework.kind, app.framework.name, manage) {
            (_, "Django", Some(manage)) => {
                let words = ["python", manage, "runserver", "--noreload", "0.0.0.0:8000"];
                words.map(str::to_owned).to_vec()
            }
            (Kind::Wsgi, "Flask" | "APIFlask", _) => {
                let app = object(app);
                [
                    "flask",
                    "--app",
                    &app,
                    "run",
                    "--host=0.0.0.0",
                    "--port=8000",
                ]
                .map(str::to_owned)
                .to_vec()
            }
            (Kind::Sanic, _, _) => {
                let object = object(app);
                // Its manager of several processes takes seconds to end them on a busy machine.
                let mut words = vec!["sanic", &object, "--host=0.0.0.0", "--port=8000"];
                words.push("--single-process");
                words.extend(app.is_factory.then_some("--factory"));
                words.into_iter().map(str::to_owned).collect()
            }
            (Kind::Celery, _, _) => ["celery", "--app", &object(app), "worker", "--loglevel=INFO"]
                .map(str::to_owned)
                .to_vec(),
            (Kind::Script, _, _) if !app.is_factory => self.module_words(app.place),
            _ => {
                findings.add(no_server(app, self.installed.is_known));
                return Chosen::Unclear;
            }
        };
        let mut program = self.with_path(app.place, program(argv, app.span.clone(), what(app)));
        program.port = own_port(app.framework);
        program.env.extend(listen_everywhere(app.framework.name));
        let is_own_server = matches!(app.framework.name, "Django" | "Flask" | "APIFlask");
        if is_own_server || app.framework.kind == Kind::Script {
            self.interrupt(&mut program);
        }
        Chosen::One(program)
    }
}

fn name_rank(name: &str) -> usize {
    APP_NAMES
        .iter()
        .position(|known| *known == name)
        .unwrap_or(usize::MAX)
}

/// Variables by which servers that start themselves listen on every interface and not on the container's own only.
fn listen_everywhere(framework: &str) -> Option<(String, String)> {
    let name = match framework {
        // https://www.gradio.app/guides/environment-variables
        "Gradio" => "GRADIO_SERVER_NAME",
        // https://dash.plotly.com/reference#app.run
        "Dash" => "HOST",
        _ => return None,
    };
    Some((name.to_owned(), "0.0.0.0".to_owned()))
}

/// The port of servers that are given none by the app's code.
fn own_port(framework: Framework) -> Option<u16> {
    match (framework.kind, framework.name) {
        (Kind::Celery, _) => None,
        (_, "Gradio") => Some(7860),
        (_, "Dash") => Some(8050),
        (_, "aiohttp") => Some(8080),
        _ => Some(PORT),
    }
}

fn ambiguous(first: &App<'_>, other: &App<'_>) -> Diagnostic {
    let name = |app: &App<'_>| format!("`{}:{}`", app.place.module, app.name);
    AMBIGUOUS_PROGRAM
        .finding(format!(
            "the image has no program: {} and {} both are apps",
            name(first),
            name(other)
        ))
        .at(first.span)
        .help("say which one runs, with `entrypoint` in `[tool.microb.target.default]`")
}

/// `is_known` is whether there is a list of what is installed, so that a server that is not in it is not there.
fn no_server(app: &App<'_>, is_known: bool) -> Diagnostic {
    let server = match app.framework.kind {
        Kind::Wsgi => "gunicorn",
        _ => "uvicorn",
    };
    let the_app = format!("the {} app `{}`", app.framework.name, app.name);
    let (why, help) = if is_known {
        (
            format!("no server for {the_app} is among the dependencies"),
            format!("add `{server}` to `dependencies`, or set `entrypoint`"),
        )
    } else {
        (
            format!(
                "only the build backend knows the dependencies, and whether a server for {the_app} is among them"
            ),
            "say how it is served, with `entrypoint` in `[tool.microb.target.default]`".to_owned(),
        )
    };
    MISSING_SERVER
        .finding(format!("the image has no program: {why}"))
        .at(app.span)
        .help(help)
}

/// What is installed.
pub(super) struct Installed {
    /// The normalized names of the distributions, as far as the lists say.
    names: BTreeSet<String>,
    /// Whether there is a list.
    is_known: bool,
}

impl Installed {
    fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// What is installed, as far as the lists say: servers that others bring along included.
pub(super) fn installed(dependencies: &Dependencies) -> Installed {
    let known = |names| Installed {
        names,
        is_known: true,
    };
    let listed: Vec<Requirement> = match dependencies {
        Dependencies::Listed(listed)
        | Dependencies::FromBackend {
            listed: Some(listed),
            ..
        } => listed.clone(),
        Dependencies::File(file) => file
            .requirements
            .lines()
            .filter_map(|line| {
                // What follows the requirement are options of its own, such as `--hash`.
                let text = line.split(" --").next().unwrap_or(line).to_owned();
                let span = file.path.span.clone();
                Requirement::parse(Spanned::new(text, span)).ok()
            })
            .collect(),
        // A lock has everything, also what others bring along.
        Dependencies::Locked(set) => {
            return known(set.pins.iter().map(|pin| pin.name.clone()).collect());
        }
        Dependencies::FromBackend { listed: None, .. } => {
            return Installed {
                names: BTreeSet::new(),
                is_known: false,
            };
        }
    };
    let brought = listed
        .iter()
        .flat_map(|one| framework::brings(&one.name, &one.extras));
    let mut names: BTreeSet<String> = brought.map(str::to_owned).collect();
    names.extend(listed.into_iter().map(|one| one.name));
    known(names)
}
