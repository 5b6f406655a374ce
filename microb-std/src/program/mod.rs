//! What the image runs when the file does not say: the project's script, its app, or its main module.
//!
//! The code is parsed, never searched for words, so that a name in a comment or a string is none.

mod framework;
mod layout;
mod module;

use std::collections::{BTreeMap, BTreeSet};

use microb::{Context, Diagnostic, Spanned};

use crate::config::{Config, Dependencies, Packaging};
use crate::mistake::Findings;
use crate::requirement::{Requirement, normalized};
use crate::text;

use framework::{Framework, Kind};
use layout::{Layout, Place};
use module::Module;

/// What the image runs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The argument list of the `ENTRYPOINT`, with the place of what it was chosen from.
    pub argv: Spanned<Vec<String>>,
    /// Variables that make its server reachable from outside of the container.
    pub env: BTreeMap<String, String>,
    /// What it was chosen from, for people: ``the FastAPI app `app` of `app/main.py`, served by uvicorn``.
    pub why: String,
}

/// Patterns of the files that can hold a program.
///
/// By name, since a recipe's files are sent before it is known whether it wants them.
pub(crate) const READS: &[&str] = &[
    "*.py",
    "*/__init__.py",
    "*/__main__.py",
    "*/a*.py",
    "*/bot.py",
    "*/celery*.py",
    "*/cli.py",
    "*/main.py",
    "*/run.py",
    "*/server.py",
    "*/streamlit_app.py",
    "*/tasks.py",
    "*/w*.py",
    "src/*/__init__.py",
    "src/*/__main__.py",
    "src/*/a*.py",
    "src/*/bot.py",
    "src/*/celery*.py",
    "src/*/cli.py",
    "src/*/main.py",
    "src/*/run.py",
    "src/*/server.py",
    "src/*/streamlit_app.py",
    "src/*/tasks.py",
    "src/*/w*.py",
];

/// What a target without `entrypoint` and `command` runs; `None` if nothing says.
///
/// `single_modules` tells the files of the root that the project's wheel holds.
pub(crate) fn infer(
    cx: &dyn Context,
    config: &Config,
    single_modules: &dyn Fn(&str) -> bool,
    findings: &Findings,
) -> Option<Program> {
    if config.project.packaging == Packaging::Wheel && !config.project.scripts.is_empty() {
        return script(config, findings);
    }
    let own = config
        .project
        .normalized_name
        .as_deref()
        .unwrap_or_default();
    let own = own.replace('-', "_");
    let layout = layout::layout(
        cx,
        &config.project_dir,
        config.project.packaging,
        &own,
        single_modules,
    );
    let code = Code::read(cx, config, layout, own);
    if let Some(main) = code.package_main() {
        return Some(main);
    }
    match code.app(findings) {
        Chosen::One(program) => Some(program),
        Chosen::Unclear => None,
        Chosen::Nothing => code.streamlit().or_else(|| code.main_module(findings)),
    }
}

/// The script that is called like the project, or the only one.
fn script(config: &Config, findings: &Findings) -> Option<Program> {
    let scripts = &config.project.scripts;
    let own = config.project.normalized_name.as_deref();
    let named = scripts
        .iter()
        .find(|(name, _)| Some(normalized(name).as_str()) == own);
    let only = scripts.iter().next().filter(|_| scripts.len() == 1);
    let Some((name, function)) = named.or(only) else {
        let names: Vec<_> = scripts.keys().map(|name| format!("`{name}`")).collect();
        let first = scripts.values().next()?;
        let written = scripts.keys().next()?;
        findings.add(
            Diagnostic::warning(format!(
                "the image has no program: the scripts are {}, and none is called like the project",
                names.join(", ")
            ))
            .at(&first.span)
            .help(format!(
                "write for instance `entrypoint = [{written:?}]` in `[tool.microb.target.default]`"
            )),
        );
        return None;
    };
    Some(Program {
        argv: Spanned::new(vec![name.clone()], function.span.clone()),
        env: BTreeMap::new(),
        why: format!("the script `{name}` of the project"),
    })
}

enum Chosen {
    One(Program),
    /// There is something, and the user has been told why it was not taken.
    Unclear,
    Nothing,
}

/// The modules that were read.
struct Code {
    modules: Vec<(Place, Module)>,
    has_manage: bool,
    own: String,
    packaging: Packaging,
    /// The normalized names of the distributions in the image.
    installed: BTreeSet<String>,
}

/// An app that was found.
struct App<'a> {
    place: &'a Place,
    name: &'a str,
    framework: Framework,
    is_factory: bool,
    span: &'a microb::Span,
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
    fn read(cx: &dyn Context, config: &Config, layout: Layout, own: String) -> Self {
        let module = |place: Place| {
            let file = text::read(cx, &place.path).ok()??;
            let module = Module::parse(&place.module, &place.package, file)?;
            Some((place, module))
        };
        Self {
            modules: layout.places.into_iter().filter_map(module).collect(),
            has_manage: layout.has_manage,
            own,
            packaging: config.project.packaging,
            installed: installed(&config.dependencies),
        }
    }

    /// `python -m PACKAGE` for the only package with a `__main__.py`, or the project's own.
    fn package_main(&self) -> Option<Program> {
        let mains: Vec<_> = self
            .modules
            .iter()
            .filter(|(place, _)| place.stem == "__main__" && !place.package.is_empty())
            .collect();
        let own = mains.iter().find(|(place, _)| place.package == self.own);
        let only = mains.first().filter(|_| mains.len() == 1);
        let (place, module) = own.or(only)?;
        let argv = ["python", "-m", &place.package];
        Some(program(
            argv,
            module.file.line(1).unwrap_or_else(|| module.file.whole()),
            format!("`{}`", place.path),
        ))
    }

    /// The app of a web framework, else of another.
    fn app(&self, findings: &Findings) -> Chosen {
        let apps = self.apps();
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
        match function {
            Some(function) => self.made_by(function.returns.as_deref()?, calls),
            // A name that the module itself imports from elsewhere.
            None => {
                let origin = module.origin(name)?;
                (origin != path)
                    .then(|| self.made_by(origin, calls))
                    .flatten()
            }
        }
    }

    /// Another app that could as well be the program.
    fn rival<'b>(&self, first: &App<'_>, apps: &[&'b App<'b>]) -> Option<&'b App<'b>> {
        apps.iter().skip(1).copied().find(|other| {
            let same_module = other.place.module == first.place.module;
            let is_usual = layout::package_rank(&first.place.package, &self.own) != usize::MAX;
            match same_module {
                // Sub-apps have names of their own; two without the usual name are two programs.
                true => {
                    other.is_factory == first.is_factory
                        && other.name != first.name
                        && name_rank(first.name) == usize::MAX
                        && !FACTORIES.contains(&first.name)
                }
                false => !is_usual && other.place.package != first.place.package,
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
            let Some(server) = framework::server(app.framework.kind, is_installed) else {
                continue;
            };
            let argv = framework::serve(server, app.framework.kind, &object(app), app.is_factory);
            let why = format!("{}, served by {server}", what(app));
            return Chosen::One(self.with_path(app.place, program(argv, app.span.clone(), why)));
        }
        let argv: Vec<String> = match (app.framework.kind, app.framework.name) {
            (_, "Django") if self.has_manage && self.packaging == Packaging::Sources => [
                "python",
                "manage.py",
                "runserver",
                "--noreload",
                "0.0.0.0:8000",
            ]
            .map(str::to_owned)
            .to_vec(),
            (Kind::Wsgi, "Flask" | "APIFlask") => {
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
            (Kind::Sanic, _) => {
                let object = object(app);
                let mut words = vec!["sanic", &object, "--host=0.0.0.0", "--port=8000"];
                words.extend(app.is_factory.then_some("--factory"));
                words.into_iter().map(str::to_owned).collect()
            }
            (Kind::Celery, _) => ["celery", "--app", &object(app), "worker", "--loglevel=INFO"]
                .map(str::to_owned)
                .to_vec(),
            (Kind::Script, _) if !app.is_factory => self.module_words(app.place),
            _ => {
                findings.add(no_server(app));
                return Chosen::Unclear;
            }
        };
        let mut program = self.with_path(app.place, program(argv, app.span.clone(), what(app)));
        program.env.extend(listen_everywhere(app.framework.name));
        Chosen::One(program)
    }

    /// `streamlit run` for the project's script that uses it.
    fn streamlit(&self) -> Option<Program> {
        if self.packaging == Packaging::Wheel {
            return None;
        }
        let (place, module) = self
            .modules
            .iter()
            .find(|(place, module)| place.package.is_empty() && module.imports("streamlit"))?;
        let argv = [
            "streamlit",
            "run",
            &place.file,
            "--server.address=0.0.0.0",
            "--server.port=8501",
            "--server.headless=true",
        ];
        Some(program(
            argv,
            module.file.line(1).unwrap_or_else(|| module.file.whole()),
            format!("`{}`, which is for Streamlit", place.path),
        ))
    }

    /// The module that says `if __name__ == "__main__":`, or the only script.
    fn main_module(&self, findings: &Findings) -> Option<Program> {
        let guarded = self.modules.iter().filter_map(|(place, module)| {
            let span = module.main_guard.as_ref()?;
            Some((place, span))
        });
        let mut found: Vec<_> = guarded.collect();
        if found.is_empty() && self.packaging == Packaging::Sources {
            found = self
                .modules
                .iter()
                .filter(|(place, _)| place.package.is_empty())
                .filter_map(|(place, module)| Some((place, module.statement.as_ref()?)))
                .collect();
        }
        let &(place, span) = found.first()?;
        let has_usual_name = layout::stem_rank(&place.stem) != usize::MAX
            && layout::package_rank(&place.package, &self.own) != usize::MAX;
        if let (false, Some((other, _))) = (has_usual_name, found.get(1)) {
            findings.add(
                Diagnostic::warning(format!(
                    "the image has no program: `{}` and `{}` both are one",
                    place.path, other.path
                ))
                .at(span)
                .help(format!(
                    "write for instance `entrypoint = {:?}` in `[tool.microb.target.default]`",
                    self.module_words(place)
                )),
            );
            return None;
        }
        let argv = self.module_words(place);
        let why = format!("the main module `{}`", place.path);
        Some(self.with_path(place, program(argv, span.clone(), why)))
    }

    /// The words that run a module as a program.
    fn module_words(&self, place: &Place) -> Vec<String> {
        match (self.packaging, place.package.as_str()) {
            (Packaging::Sources, "") => vec!["python".to_owned(), place.file.clone()],
            _ => vec!["python".to_owned(), "-m".to_owned(), place.module.clone()],
        }
    }

    /// Sources that are no package are found from their own folder, which is `/app` or `/app/src`.
    fn with_path(&self, place: &Place, mut program: Program) -> Program {
        if self.packaging == Packaging::Sources && place.file.starts_with("src/") {
            program
                .env
                .insert("PYTHONPATH".to_owned(), "/app/src".to_owned());
        }
        program
    }
}

fn program<W: Into<String>>(
    argv: impl IntoIterator<Item = W>,
    span: microb::Span,
    why: String,
) -> Program {
    Program {
        argv: Spanned::new(argv.into_iter().map(Into::into).collect(), span),
        env: BTreeMap::new(),
        why,
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

fn ambiguous(first: &App<'_>, other: &App<'_>) -> Diagnostic {
    let name = |app: &App<'_>| format!("`{}:{}`", app.place.module, app.name);
    Diagnostic::warning(format!(
        "the image has no program: {} and {} both are apps",
        name(first),
        name(other)
    ))
    .at(first.span)
    .help("say which one runs, with `entrypoint` in `[tool.microb.target.default]`")
}

fn no_server(app: &App<'_>) -> Diagnostic {
    let server = match app.framework.kind {
        Kind::Wsgi => "gunicorn",
        _ => "uvicorn",
    };
    Diagnostic::warning(format!(
        "the image has no program: no server for the {} app `{}` is among the dependencies",
        app.framework.name, app.name
    ))
    .at(app.span)
    .help(format!(
        "add `{server}` to `dependencies`, or set `entrypoint`"
    ))
}

/// The names of what is installed, as far as the lists say: servers that others bring along included.
fn installed(dependencies: &Dependencies) -> BTreeSet<String> {
    let listed: Vec<Requirement> = match dependencies {
        Dependencies::Listed(listed) => listed.clone(),
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
        Dependencies::FromBackend { .. } => Vec::new(),
    };
    let brought = listed
        .iter()
        .flat_map(|one| framework::brings(&one.name, &one.extras));
    let mut names: BTreeSet<String> = brought.map(str::to_owned).collect();
    names.extend(listed.into_iter().map(|one| one.name));
    names
}
