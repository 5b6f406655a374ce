//! What the image runs when the file does not say: the project's script, its app, or its main module.
//!
//! The code is parsed, never searched for words, so that a name in a comment or a string is none.

mod app;
mod framework;
mod layout;
mod module;

use std::collections::BTreeMap;

use microb::{Context, Span, Spanned};

use crate::config::{Config, Packaging};
use crate::mistake::Findings;
use crate::requirement::normalized;
use crate::rules::AMBIGUOUS_PROGRAM;
use crate::text;

use layout::{Layout, Place};
use module::Module;

/// What the image runs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The argument list of the `ENTRYPOINT`, with the place of what it was chosen from.
    pub argv: Spanned<Vec<String>>,
    /// The signal that ends it, if it is not `SIGTERM`: Python as the first process of a container ignores that one,
    /// unless the program asks for it.
    pub stop_signal: Option<&'static str>,
    /// The port that it listens on.
    pub port: Option<u16>,
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
    "*/manage.py",
    "*/run.py",
    "*/server.py",
    "*/streamlit_app.py",
    "*/tasks.py",
    "*/w*.py",
    "*/*/asgi.py",
    "*/*/wsgi.py",
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
    if let Some(name) = &config.script {
        return Some(Code::of_script(cx, config, name).script_program(name));
    }
    let chosen = match config.project.packaging {
        Packaging::Wheel if !config.project.scripts.is_empty() => Some(script(config, findings)?),
        _ => None,
    };
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
    let mut code = Code::read(cx, config, layout, own);
    if let Some((mut program, module)) = chosen {
        if code.add(cx, &config.project_dir, &module) {
            code.interrupt(&mut program);
        }
        return Some(program);
    }
    if let Some(main) = code.package_main() {
        return Some(main);
    }
    match code.app(findings) {
        Chosen::One(program) => Some(program),
        Chosen::Unclear => None,
        Chosen::Nothing => code.streamlit().or_else(|| code.main_module(findings)),
    }
}

/// The script that is called like the project, or the only one; and the module that it calls.
fn script(config: &Config, findings: &Findings) -> Option<(Program, String)> {
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
            AMBIGUOUS_PROGRAM.finding(format!(
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
    let why = format!("the script `{name}` of the project");
    let program = program([name.as_str()], function.span.clone(), why);
    let module = function.value.split(':').next().unwrap_or_default();
    Some((program, module.trim().to_owned()))
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
    manage: Option<String>,
    own: String,
    packaging: Packaging,
    installed: app::Installed,
}

impl Code {
    fn read(cx: &dyn Context, config: &Config, layout: Layout, own: String) -> Self {
        let module = |place: Place| {
            let file = text::read(cx, &place.path).ok()??;
            let module = Module::parse(&place.module, &place.package, file)?;
            Some((place, module))
        };
        Self {
            modules: layout.places.into_iter().filter_map(module).collect(),
            manage: layout.manage,
            own,
            packaging: config.project.packaging,
            installed: app::installed(&config.dependencies),
        }
    }

    /// Reads a module of this name, unless it was read; `false` if there is none.
    fn add(&mut self, cx: &dyn Context, project_dir: &str, module: &str) -> bool {
        if self.modules.iter().any(|(place, _)| place.module == module) {
            return true;
        }
        let root = if project_dir.is_empty() {
            "."
        } else {
            project_dir
        };
        let path = module.replace('.', "/");
        let package = module.rsplit_once('.').map_or("", |(package, _)| package);
        for (file, package) in [
            (format!("{path}.py"), package),
            (format!("src/{path}.py"), package),
            (format!("{path}/__init__.py"), module),
            (format!("src/{path}/__init__.py"), module),
        ] {
            let place = layout::place(root, &file, package);
            let read = text::read(cx, &place.path).ok().flatten();
            let parsed = read.and_then(|file| Module::parse(&place.module, &place.package, file));
            if let Some(parsed) = parsed {
                self.modules.push((place, parsed));
                return true;
            }
        }
        false
    }

    /// The definition itself, which is a script of this name.
    fn of_script(cx: &dyn Context, config: &Config, name: &str) -> Self {
        let place = layout::place(".", name, "");
        let module = Module::parse(&place.module, "", cx.definition().clone());
        Self {
            modules: module.map(|module| (place, module)).into_iter().collect(),
            manage: None,
            own: String::new(),
            packaging: Packaging::Sources,
            installed: app::installed(&config.dependencies),
        }
    }

    /// `python SCRIPT`, unless it only makes an app, which a server has to run.
    fn script_program(&self, name: &str) -> Program {
        let guard = self
            .modules
            .iter()
            .find_map(|(_, module)| module.main_guard.as_ref());
        if guard.is_none() {
            // What it cannot be told apart by stays a script.
            let quiet = Findings::default();
            if let Chosen::One(app) = self.app(&quiet) {
                return app;
            }
            if let Some(mut program) = self.streamlit() {
                let words = program.argv.value.iter_mut();
                words
                    .filter(|word| *word == name)
                    .for_each(|word| *word = format!("/app/{name}"));
                return program;
            }
        }
        let file = self.modules.first().map(|(_, module)| first_line(module));
        let span = guard.cloned().or(file);
        let span = span.unwrap_or_else(|| microb::SourceFile::new(name, "").whole());
        let argv = ["python".to_owned(), format!("/app/{name}")];
        let mut program = program(argv, span, format!("the script `{name}`"));
        self.interrupt(&mut program);
        program
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
        let mut program = program(
            ["python", "-m", &place.package],
            first_line(module),
            format!("the main module `{}`", place.path),
        );
        self.interrupt(&mut program);
        Some(program)
    }

    /// `streamlit run` for the project's script that uses it.
    fn streamlit(&self) -> Option<Program> {
        if self.packaging == Packaging::Wheel {
            return None;
        }
        let mut uses = self
            .modules
            .iter()
            .filter(|(_, module)| module.imports("streamlit"));
        let in_the_root = uses.clone().find(|(place, _)| place.package.is_empty());
        let (place, module) = in_the_root.or_else(|| uses.next())?;
        let argv = [
            "streamlit",
            "run",
            &place.file,
            "--server.address=0.0.0.0",
            "--server.port=8501",
            "--server.headless=true",
        ];
        let mut program = program(
            argv,
            first_line(module),
            format!("`{}`, which is for Streamlit", place.path),
        );
        program.port = Some(8501);
        Some(program)
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
                AMBIGUOUS_PROGRAM
                    .finding(format!(
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
        let mut program = self.with_path(place, program(argv, span.clone(), why));
        self.interrupt(&mut program);
        Some(program)
    }

    /// Ends the program as Ctrl-C would, unless the project has its own idea of signals.
    fn interrupt(&self, program: &mut Program) {
        if !self
            .modules
            .iter()
            .any(|(_, module)| module.imports("signal"))
        {
            program.stop_signal = Some("SIGINT");
        }
    }

    /// The words that run a module as a program.
    fn module_words(&self, place: &Place) -> Vec<String> {
        match (self.packaging, place.package.as_str()) {
            (Packaging::Sources, "") => vec!["python".to_owned(), place.file.clone()],
            _ => vec!["python".to_owned(), "-m".to_owned(), place.module.clone()],
        }
    }

    /// Sources that are no package are found from their own folder: `/app`, or one below it.
    fn with_path(&self, place: &Place, mut program: Program) -> Program {
        let root = place.root().trim_end_matches('/');
        if self.packaging == Packaging::Sources && !root.is_empty() {
            let path = format!("/app/{root}");
            program.env.insert("PYTHONPATH".to_owned(), path);
        }
        program
    }
}

fn first_line(module: &Module) -> Span {
    let file = &module.file;
    file.line(1).unwrap_or_else(|| file.whole())
}

fn program<W: Into<String>>(argv: impl IntoIterator<Item = W>, span: Span, why: String) -> Program {
    Program {
        argv: Spanned::new(argv.into_iter().map(Into::into).collect(), span),
        stop_signal: None,
        port: None,
        env: BTreeMap::new(),
        why,
    }
}
