//! The words that run a candidate, and what else the image needs for it.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Span, Spanned};

use super::Program;
use super::candidate::{Candidate, What};
use super::code::{App, Code};
use super::framework::{
    HOST_ARGUMENTS, Kind, Listens, PORT, PORT_ARGUMENTS, STARTED_BY, Server, Start, Ui,
};
use super::layout::Place;
use super::module::{Argument, Call, Module, Scope};
use crate::config::Packaging;
use crate::rules::LOOPBACK_SERVER;

/// Makes programs of candidates.
pub(crate) struct Runner<'a> {
    pub(crate) code: &'a Code<'a>,
    pub(crate) installed: &'a BTreeSet<String>,
    /// The path of Django's `manage.py`.
    pub(crate) manage: Option<&'a str>,
    /// Whether files have to be named by where they are in the image, since the program starts elsewhere.
    pub(crate) is_elsewhere: bool,
}

/// Why a candidate cannot be run: there is no server for this app.
pub(crate) struct NoServer(pub(crate) App);

impl Runner<'_> {
    /// What a candidate is, for people.
    pub(crate) fn describe(&self, candidate: &Candidate) -> String {
        match &candidate.what {
            What::Script { name, .. } => format!("the script `{name}` of the project"),
            What::Served { app, .. } | What::Main { app: Some(app), .. } => {
                let (place, _) = &self.code.modules[app.at];
                let framework = app.framework.name;
                format!("the {framework} app `{}` of `{}`", app.name, place.path)
            }
            What::Shown { ui, at } => {
                let (place, _) = &self.code.modules[*at];
                format!("`{}`, which is for {}", place.path, ui.name)
            }
            What::Main { at, app: None } => {
                let (place, _) = &self.code.modules[*at];
                format!("the main module `{}`", place.path)
            }
        }
    }

    /// The program that a candidate is; `scripts` are the modules of scripts.
    pub(crate) fn program(
        &self,
        candidate: &Candidate,
        script: Option<usize>,
    ) -> Result<Program, NoServer> {
        let why = self.describe(candidate);
        let span = candidate.span.clone();
        match &candidate.what {
            What::Script { name, .. } => {
                let mut program = program([name.as_str()], span, why);
                if let Some(at) = script {
                    self.started(&mut program, at);
                }
                Ok(program)
            }
            What::Served { app, by } => self.served(app, by, &span, why),
            What::Shown { ui, at } => Ok(self.shown(ui, *at, span, why)),
            What::Main { at, app } => {
                let started = app.as_ref().filter(|app| app.at != *at);
                let why = match started {
                    Some(_) => {
                        let (place, _) = &self.code.modules[*at];
                        format!("{why}, which `{}` starts", place.path)
                    }
                    None => why,
                };
                Ok(self.main(*at, span, why))
            }
        }
    }

    fn served(
        &self,
        app: &App,
        (by, name): &(usize, String),
        span: &Span,
        why: String,
    ) -> Result<Program, NoServer> {
        let (place, _) = &self.code.modules[*by];
        let object = format!("{}:{name}", place.module);
        if let Some(server) = self.server(app) {
            let argv = server.argv(&object, app.is_factory);
            let why = format!("{why}, served by {}", server.distribution);
            let mut program = self.with_path(place, program(argv, span.clone(), why));
            program.port = Some(PORT);
            program.stop_signal = server.stop_signal;
            return Ok(program);
        }
        let manage = self.manage.filter(|_| app.framework.name == "Django");
        let argv: Vec<String> = match (app.framework.kind, manage) {
            (_, Some(manage)) => {
                let manage = self.file_word(manage);
                let words = ["python", &manage, "runserver", "--noreload", "0.0.0.0:8000"];
                words.map(str::to_owned).to_vec()
            }
            // Of these the server of Flask itself does less than what they start.
            _ if self.code.imports_of(app.at, "flask_socketio")
                && self.code.starts_alone(app.at, app) =>
            {
                return Ok(self.main(app.at, span.clone(), why));
            }
            (Kind::Wsgi, _) if app.framework.is_flask() => {
                let words = ["flask", "--app", &object, "run"];
                let options = ["--host=0.0.0.0", "--port=8000"];
                words
                    .into_iter()
                    .chain(options)
                    .map(str::to_owned)
                    .collect()
            }
            (Kind::Sanic, _) => {
                // Its manager of several processes takes seconds to end them on a busy machine.
                let mut words = vec!["sanic", &object, "--host=0.0.0.0", "--port=8000"];
                words.push("--single-process");
                words.extend(app.is_factory.then_some("--factory"));
                words.into_iter().map(str::to_owned).collect()
            }
            (Kind::Celery, _) => ["celery", "--app", &object, "worker", "--loglevel=INFO"]
                .map(str::to_owned)
                .to_vec(),
            _ if self.code.starts_alone(app.at, app) => {
                return Ok(self.main(app.at, span.clone(), why));
            }
            _ => return Err(NoServer(app.clone())),
        };
        let mut program = self.with_path(place, program(argv, span.clone(), why));
        if app.framework.kind != Kind::Celery {
            program.port = Some(PORT);
        }
        if matches!(app.framework.kind, Kind::Asgi | Kind::Wsgi) {
            self.interrupt(&mut program);
        }
        Ok(program)
    }

    /// The best server for an app.
    fn server(&self, app: &App) -> Option<&'static Server> {
        let is_installed = |name: &str| self.installed.contains(name);
        Server::of(app.framework.kind, app.is_factory, is_installed)
    }

    fn shown(&self, ui: &'static Ui, at: usize, span: Span, why: String) -> Program {
        let (place, _) = &self.code.modules[at];
        let mut program = program(ui.argv(&self.file_word(&place.file)), span, why);
        program.port = Some(ui.port);
        program
    }

    fn main(&self, at: usize, span: Span, why: String) -> Program {
        let (place, _) = &self.code.modules[at];
        let words = match (
            self.code.packaging,
            place.package.as_str(),
            place.stem.as_str(),
        ) {
            (Packaging::Sources, "", _) => vec!["python".to_owned(), self.file_word(&place.file)],
            (_, package, "__main__") if !package.is_empty() => {
                vec!["python".to_owned(), "-m".to_owned(), package.to_owned()]
            }
            _ => vec!["python".to_owned(), "-m".to_owned(), place.module.clone()],
        };
        let mut program = self.with_path(place, program(words, span, why));
        self.started(&mut program, at);
        program
    }

    /// A script with inline metadata, by where it is in the image.
    pub(crate) fn script(&self, name: &str, span: Span) -> Program {
        let argv = ["python".to_owned(), format!("/app/{name}")];
        let mut program = program(argv, span, format!("the script `{name}`"));
        if self.code.modules.is_empty() {
            self.interrupt(&mut program);
        } else {
            self.started(&mut program, 0);
        }
        program
    }

    /// What the image needs for a server that the code of a module starts.
    fn started(&self, program: &mut Program, at: usize) {
        let (_, module) = &self.code.modules[at];
        for (imported, variable, port) in STARTED_BY {
            if module.imports(imported) {
                program
                    .env
                    .insert((*variable).to_owned(), "0.0.0.0".to_owned());
                program.port = program.port.or(Some(*port));
            }
        }
        let mut started = self.starts(module);
        if let Some((call, start)) = started.next() {
            program.port = match call.argument(PORT_ARGUMENTS, start.port_place) {
                Some(Argument::Number(port)) => Some(*port),
                Some(_) => None,
                None => start.port,
            };
            if let Listens::Variable(variable) = start.listens {
                program
                    .env
                    .insert(variable.to_owned(), "0.0.0.0".to_owned());
            }
        }
        self.interrupt(program);
    }

    /// The calls of a module that start servers.
    fn starts<'m>(
        &'m self,
        module: &'m Module,
    ) -> impl Iterator<Item = (&'m Call, &'static Start)> + 'm {
        let calls = module.calls.iter();
        calls.filter_map(|call| {
            let start = self.code.start(call)?;
            let is_server = match start.listens {
                Listens::OnlyWith(argument) => match call.argument(&[argument], None) {
                    Some(Argument::Text(text)) => text != "stdio",
                    _ => false,
                },
                _ => true,
            };
            is_server.then_some((call, start))
        })
    }

    /// What a module starts that nobody outside of the container reaches, if it is the program.
    pub(crate) fn unreachable(&self, at: usize, is_script: bool) -> Vec<Diagnostic> {
        let (_, module) = &self.code.modules[at];
        let is_run = |call: &Call| !(is_script && call.scope == Scope::Guard);
        let starts = self.starts(module).filter(|(call, _)| is_run(call));
        starts
            .filter_map(|(call, start)| unreachable(call, start))
            .collect()
    }

    /// Ends the program as Ctrl-C would, unless the project has its own idea of signals.
    fn interrupt(&self, program: &mut Program) {
        let mut modules = self.code.modules.iter();
        if !modules.any(|(_, module)| module.imports("signal")) {
            program.stop_signal = Some("SIGINT");
        }
    }

    /// A file as a word of the program.
    fn file_word(&self, file: &str) -> String {
        if self.is_elsewhere {
            format!("/app/{file}")
        } else {
            file.to_owned()
        }
    }

    /// Sources that are no package are found from their own folder: `/app`, or one below it.
    fn with_path(&self, place: &Place, mut program: Program) -> Program {
        let root = place.root.trim_end_matches('/');
        if self.code.packaging == Packaging::Sources && !root.is_empty() {
            let path = format!("/app/{root}");
            program.env.insert("PYTHONPATH".to_owned(), path);
        }
        program
    }
}

/// A server that listens on the loopback address only.
fn unreachable(call: &Call, start: &Start) -> Option<Diagnostic> {
    let is_local = |host: &str| ["127.0.0.1", "localhost", "::1"].contains(&host);
    let host = call.argument(HOST_ARGUMENTS, start.host_place);
    let message = match (host, start.listens) {
        (Some(Argument::Text(host)), _) if is_local(host) => {
            format!("the server that the program starts listens on `{host}` only")
        }
        (None, Listens::Loopback | Listens::OnlyWith(_)) => {
            // A socket, or what only the running program knows.
            let others = ["uds", "fd", "sock", "unix_socket", "path", "config"];
            if call.is_open() || call.argument(&others, None).is_some() {
                return None;
            }
            "the server that the program starts listens on `127.0.0.1` unless told otherwise"
                .to_owned()
        }
        _ => return None,
    };
    let argument = match start.listens {
        Listens::Variable("GRADIO_SERVER_NAME") => "server_name",
        _ => "host",
    };
    Some(
        LOOPBACK_SERVER
            .finding(message)
            .at(&call.span)
            .help(format!("write `{argument}=\"0.0.0.0\"`")),
    )
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
