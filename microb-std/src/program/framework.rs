//! The frameworks that are known, and how each kind of app is served.

/// What a call makes: an app of a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framework {
    /// As its authors write it.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The module that it is imported from: the first part of a dotted path.
    pub(crate) module: &'static str,
    /// The class or function that makes an app: the last part of a dotted path.
    makes: &'static str,
}

/// How an app is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By an ASGI server.
    Asgi,
    /// By a WSGI server.
    Wsgi,
    /// By Sanic's own server.
    Sanic,
    /// By running the module that starts it: it has a server of its own.
    Script,
    /// By `celery worker`.
    Celery,
}

const fn framework(
    name: &'static str,
    kind: Kind,
    module: &'static str,
    makes: &'static str,
) -> Framework {
    Framework {
        name,
        kind,
        module,
        makes,
    }
}

/// Each framework's documentation names these.
const FRAMEWORKS: &[Framework] = &[
    framework("FastAPI", Kind::Asgi, "fastapi", "FastAPI"),
    framework("Starlette", Kind::Asgi, "starlette", "Starlette"),
    framework("Litestar", Kind::Asgi, "litestar", "Litestar"),
    framework("Quart", Kind::Asgi, "quart", "Quart"),
    framework("FastHTML", Kind::Asgi, "fasthtml", "FastHTML"),
    framework("FastHTML", Kind::Asgi, "fasthtml", "fast_app"),
    framework("BlackSheep", Kind::Asgi, "blacksheep", "Application"),
    framework("Connexion", Kind::Asgi, "connexion", "App"),
    framework("Connexion", Kind::Asgi, "connexion", "AsyncApp"),
    framework("Connexion", Kind::Asgi, "connexion", "FlaskApp"),
    framework("Django", Kind::Asgi, "django", "get_asgi_application"),
    framework("Django", Kind::Wsgi, "django", "get_wsgi_application"),
    // Around Django's own, for other protocols beside HTTP.
    framework("Django", Kind::Asgi, "channels", "ProtocolTypeRouter"),
    framework("Socket.IO", Kind::Asgi, "socketio", "ASGIApp"),
    framework("Socket.IO", Kind::Wsgi, "socketio", "WSGIApp"),
    framework("Shiny", Kind::Asgi, "shiny", "App"),
    // `app = mcp.http_app()`: an MCP server over HTTP.
    framework("FastMCP", Kind::Asgi, "fastmcp", "http_app"),
    framework("MCP", Kind::Asgi, "mcp", "streamable_http_app"),
    framework("MCP", Kind::Asgi, "mcp", "sse_app"),
    // Gradio's in an app of FastAPI.
    framework("Gradio", Kind::Asgi, "gradio", "mount_gradio_app"),
    framework("Flask", Kind::Wsgi, "flask", "Flask"),
    framework("APIFlask", Kind::Wsgi, "apiflask", "APIFlask"),
    framework("Flask-OpenAPI3", Kind::Wsgi, "flask_openapi3", "OpenAPI"),
    framework("Bottle", Kind::Wsgi, "bottle", "Bottle"),
    framework("Sanic", Kind::Sanic, "sanic", "Sanic"),
    framework("aiohttp", Kind::Script, "aiohttp", "Application"),
    framework("Gradio", Kind::Script, "gradio", "Blocks"),
    framework("Gradio", Kind::Script, "gradio", "Interface"),
    framework("Gradio", Kind::Script, "gradio", "ChatInterface"),
    framework("Gradio", Kind::Script, "gradio", "TabbedInterface"),
    framework("Dash", Kind::Script, "dash", "Dash"),
    // `server = app.server`: the Flask app inside, for who has a server for it.
    framework("Dash", Kind::Wsgi, "dash", "server"),
    framework("Celery", Kind::Celery, "celery", "Celery"),
];

/// Falcon calls both of its apps `App`; the module tells them apart.
const FALCON_ASGI: Framework = framework("Falcon", Kind::Asgi, "falcon", "App");
const FALCON_WSGI: Framework = framework("Falcon", Kind::Wsgi, "falcon", "App");

/// The framework whose app a call of this dotted path makes.
pub(crate) fn of(path: &str) -> Option<Framework> {
    match path {
        "falcon.asgi.App" => return Some(FALCON_ASGI),
        "falcon.App" => return Some(FALCON_WSGI),
        _ => {}
    }
    let (module, makes) = ends(path)?;
    let known = |known: &&Framework| known.module == module && known.makes == makes;
    FRAMEWORKS.iter().find(known).copied()
}

/// The first and the last part of a dotted path.
fn ends(path: &str) -> Option<(&str, &str)> {
    let (first, _) = path.split_once('.')?;
    let (_, last) = path.rsplit_once('.')?;
    Some((first, last))
}

impl Framework {
    /// The same framework, served in another way.
    pub(crate) fn served_as(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Whether `flask run` knows the app.
    pub(crate) fn is_flask(&self) -> bool {
        ["Flask", "APIFlask", "Flask-OpenAPI3"].contains(&self.name)
    }
}

/// Whether a name of this dotted path matters: a module may have it from `import *`.
pub(crate) fn is_known(path: &str) -> bool {
    of(path).is_some() || Start::of(path).is_some()
}

/// Whether a module of this name is a framework's: it is imported from nowhere else.
pub(crate) fn is_framework(module: &str) -> bool {
    let of_app = FRAMEWORKS.iter().map(|known| known.module);
    let of_start = STARTS.iter().map(|known| known.module);
    let of_ui = UIS.iter().map(|known| known.module);
    let mut all = of_app.chain(of_start).chain(of_ui);
    all.any(|known| known == module)
}

/// What is around an app and is one itself, of another kind. All that is called `…Middleware` is of the same.
const WRAPPERS: &[(&str, Option<Kind>)] = &[
    ("ASGIMiddleware", Some(Kind::Wsgi)),
    ("WSGIMiddleware", Some(Kind::Asgi)),
    ("WsgiToAsgi", Some(Kind::Asgi)),
    ("ASGIApp", Some(Kind::Asgi)),
    ("WSGIApp", Some(Kind::Wsgi)),
    ("ProxyFix", None),
    ("VersionedFastAPI", None),
    ("WhiteNoise", None),
    ("mount_gradio_app", None),
];

/// The kind of what a call of this dotted path makes of an app, if it only puts something around it.
pub(crate) fn wrapped(path: &str, inner: Kind) -> Option<Kind> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let known = WRAPPERS.iter().find(|(known, _)| *known == name);
    match known {
        Some((_, kind)) => Some(kind.unwrap_or(inner)),
        None => name.ends_with("Middleware").then_some(inner),
    }
}

/// A call that starts a server.
#[derive(Debug)]
pub(crate) struct Start {
    /// The module that it is imported from, or the class of the object whose method it is.
    module: &'static str,
    /// The function or method.
    name: &'static str,
    /// Where it listens unless told otherwise.
    pub(crate) listens: Listens,
    pub(crate) port: Option<u16>,
    /// The places of address and port among the arguments without a name, if they have any.
    pub(crate) host_place: Option<usize>,
    pub(crate) port_place: Option<usize>,
}

/// Where a server listens that is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listens {
    Everywhere,
    /// On the loopback address: nobody outside of the container reaches it.
    Loopback,
    /// On the loopback address unless this variable says otherwise.
    Variable(&'static str),
    /// On no address, as a server over standard input and output, unless an argument asks for one.
    OnlyWith(&'static str),
}

/// The names of the arguments that say where a server listens.
pub(crate) const HOST_ARGUMENTS: &[&str] = &["host", "hostname", "server_name"];
pub(crate) const PORT_ARGUMENTS: &[&str] = &["port", "server_port"];

const fn start(
    module: &'static str,
    name: &'static str,
    listens: Listens,
    port: u16,
    host_place: Option<usize>,
) -> Start {
    Start {
        module,
        name,
        listens,
        port: Some(port),
        host_place,
        port_place: match host_place {
            Some(place) => Some(place + 1),
            None => None,
        },
    }
}

/// What Dash takes for its address: <https://dash.plotly.com/reference#app.run>.
const DASH: Listens = Listens::Variable("HOST");
/// <https://www.gradio.app/guides/environment-variables>
const GRADIO: Listens = Listens::Variable("GRADIO_SERVER_NAME");

/// As the documentation of each says.
const STARTS: &[Start] = &[
    start("uvicorn", "run", Listens::Loopback, 8000, None),
    start("flask", "run", Listens::Loopback, 5000, Some(0)),
    start("apiflask", "run", Listens::Loopback, 5000, Some(0)),
    start("flask_openapi3", "run", Listens::Loopback, 5000, Some(0)),
    start("flask_socketio", "run", Listens::Loopback, 5000, Some(1)),
    start("quart", "run", Listens::Loopback, 5000, Some(0)),
    start("sanic", "run", Listens::Loopback, 8000, Some(0)),
    start("bottle", "run", Listens::Loopback, 8080, None),
    start("connexion", "run", Listens::Loopback, 8000, None),
    start("robyn", "start", Listens::Loopback, 8080, Some(0)),
    start("aiohttp", "run_app", Listens::Everywhere, 8080, None),
    start("dash", "run", DASH, 8050, Some(0)),
    start("dash", "run_server", DASH, 8050, Some(0)),
    start("gradio", "launch", GRADIO, 7860, None),
    start("nicegui", "run", Listens::Everywhere, 8080, None),
    start("fasthtml", "serve", Listens::Everywhere, 5001, None),
    start("waitress", "serve", Listens::Everywhere, 8080, None),
    start("wsgiref", "make_server", Listens::Everywhere, 8000, Some(0)),
    start("werkzeug", "run_simple", Listens::Loopback, 8000, Some(0)),
    start("fastmcp", "run", Listens::OnlyWith("transport"), 8000, None),
];

impl Start {
    /// What a call of this dotted path starts, with the class in place of an object.
    pub(crate) fn of(path: &str) -> Option<&'static Self> {
        let (module, name) = ends(path)?;
        STARTS
            .iter()
            .find(|known| known.module == module && known.name == name)
    }
}

/// The variable and the port of servers that are started by a module which imports this one.
pub(crate) const STARTED_BY: &[(&str, &str, u16)] = &[
    ("gradio", "GRADIO_SERVER_NAME", 7860),
    ("dash", "HOST", 8050),
];

/// A user interface whose scripts are run by a program of the framework.
#[derive(Debug)]
pub(crate) struct Ui {
    pub(crate) name: &'static str,
    /// The module that such scripts import.
    pub(crate) module: &'static str,
    /// The words before and after the file.
    before: &'static [&'static str],
    after: &'static [&'static str],
    pub(crate) port: u16,
}

/// As the documentation of each says:
///
/// - <https://docs.streamlit.io/develop/api-reference/configuration/config.toml>
/// - <https://panel.holoviz.org/how_to/server/commandline.html>: the origin is the address by which a browser knows the
///   container, which nobody knows before
/// - <https://shiny.posit.co/py/docs/express-vs-core.html>
/// - <https://docs.marimo.io/guides/apps/>
/// - <https://docs.chainlit.io/backend/command-line>
const UIS: &[Ui] = &[
    // First, since a notebook imports whatever it shows.
    Ui {
        name: "marimo",
        module: "marimo",
        before: &[
            "marimo",
            "run",
            "--headless",
            "--host=0.0.0.0",
            "--port=2718",
        ],
        after: &[],
        port: 2718,
    },
    Ui {
        name: "Streamlit",
        module: "streamlit",
        before: &["streamlit", "run"],
        after: &[
            "--server.address=0.0.0.0",
            "--server.port=8501",
            "--server.headless=true",
        ],
        port: 8501,
    },
    Ui {
        name: "Panel",
        module: "panel",
        before: &["panel", "serve"],
        after: &[
            "--address=0.0.0.0",
            "--port=5006",
            "--allow-websocket-origin=*",
        ],
        port: 5006,
    },
    Ui {
        name: "Shiny",
        module: "shiny.express",
        before: &["shiny", "run", "--host=0.0.0.0", "--port=8000"],
        after: &[],
        port: 8000,
    },
    Ui {
        name: "Chainlit",
        module: "chainlit",
        before: &[
            "chainlit",
            "run",
            "--headless",
            "--host=0.0.0.0",
            "--port=8000",
        ],
        after: &[],
        port: 8000,
    },
];

impl Ui {
    /// The user interface that a module is a script of.
    pub(crate) fn of(imports: impl Fn(&str) -> bool) -> Option<&'static Self> {
        UIS.iter().find(|ui| imports(ui.module))
    }

    /// The words that show a script.
    pub(crate) fn argv(&self, file: &str) -> Vec<String> {
        let words = self.before.iter().chain([&file]).chain(self.after);
        words.map(|word| (*word).to_owned()).collect()
    }
}

/// Queues and servers whose workers are named on a command line: `(distribution, what it is, example)`.
const WORKERS: &[(&str, &str, &[&str])] = &[
    ("arq", "a worker of arq", &["arq", "MODULE.WorkerSettings"]),
    ("dramatiq", "a worker of Dramatiq", &["dramatiq", "MODULE"]),
    (
        "rq",
        "a worker of RQ",
        &["rq", "worker", "--url", "redis://HOST"],
    ),
    (
        "huey",
        "a worker of Huey",
        &["huey_consumer", "MODULE.huey"],
    ),
    (
        "taskiq",
        "a worker of Taskiq",
        &["taskiq", "worker", "MODULE:broker"],
    ),
    (
        "faststream",
        "an app of FastStream",
        &["faststream", "run", "MODULE:app"],
    ),
    (
        "mesop",
        "an app of Mesop",
        &["mesop", "FILE.py", "--port=8080"],
    ),
    (
        "reflex",
        "an app of Reflex",
        &["reflex", "run", "--env=prod"],
    ),
    (
        "fastmcp",
        "a server of FastMCP",
        &[
            "fastmcp",
            "run",
            "FILE.py",
            "--transport=http",
            "--host=0.0.0.0",
        ],
    ),
];

/// What may be meant where nothing was found, by a distribution that is installed, and the words that run it.
pub(crate) fn worker(
    is_installed: impl Fn(&str) -> bool,
) -> Option<(&'static str, &'static [&'static str])> {
    let known = WORKERS.iter().find(|(name, ..)| is_installed(name));
    known.map(|(_, what, words)| (*what, *words))
}

/// A program that serves apps.
#[derive(Debug)]
pub(crate) struct Server {
    /// The distribution that it comes in.
    pub(crate) distribution: &'static str,
    kind: Kind,
    /// The program and the options that make it listen on [`PORT`] of every interface.
    words: &'static [&'static str],
    factory: Factory,
    /// The signal that ends it, if it is not `SIGTERM`.
    pub(crate) stop_signal: Option<&'static str>,
}

/// How a server is told that the object is a function that makes the app.
#[derive(Debug)]
enum Factory {
    /// By an option.
    Option(&'static str),
    /// By `()` behind the object.
    Call,
    /// It takes apps only.
    Never,
}

/// The port that the words of a [`Server`] say.
pub(crate) const PORT: u16 = 8000;

const fn server(
    distribution: &'static str,
    kind: Kind,
    words: &'static [&'static str],
    factory: Factory,
) -> Server {
    Server {
        distribution,
        kind,
        words,
        factory,
        stop_signal: None,
    }
}

/// In the order of preference, for each kind.
const SERVERS: &[Server] = &[
    server(
        "uvicorn",
        Kind::Asgi,
        &["uvicorn", "--host=0.0.0.0", "--port=8000"],
        Factory::Option("--factory"),
    ),
    server(
        "hypercorn",
        Kind::Asgi,
        &["hypercorn", "--bind=0.0.0.0:8000"],
        Factory::Call,
    ),
    server(
        "granian",
        Kind::Asgi,
        &[
            "granian",
            "--interface=asgi",
            "--host=0.0.0.0",
            "--port=8000",
        ],
        Factory::Option("--factory"),
    ),
    server(
        "daphne",
        Kind::Asgi,
        &["daphne", "--bind=0.0.0.0", "--port=8000"],
        Factory::Never,
    ),
    server(
        "gunicorn",
        Kind::Wsgi,
        &["gunicorn", "--bind=0.0.0.0:8000"],
        Factory::Call,
    ),
    server(
        "granian",
        Kind::Wsgi,
        &[
            "granian",
            "--interface=wsgi",
            "--host=0.0.0.0",
            "--port=8000",
        ],
        Factory::Option("--factory"),
    ),
    // Waits for Ctrl-C: as the first process of a container it would not end at SIGTERM.
    Server {
        stop_signal: Some("SIGINT"),
        ..server(
            "waitress",
            Kind::Wsgi,
            &["waitress-serve", "--listen=*:8000"],
            Factory::Option("--call"),
        )
    },
];

impl Server {
    /// The best server for an app of this kind, of those that are installed.
    pub(crate) fn of(
        kind: Kind,
        is_factory: bool,
        is_installed: impl Fn(&str) -> bool,
    ) -> Option<&'static Self> {
        SERVERS.iter().find(|server| {
            let takes = !is_factory || !matches!(server.factory, Factory::Never);
            server.kind == kind && takes && is_installed(server.distribution)
        })
    }

    /// The words that serve an app; `object` is `module:name`.
    pub(crate) fn argv(&self, object: &str, is_factory: bool) -> Vec<String> {
        let mut argv: Vec<String> = self.words.iter().map(|&word| word.to_owned()).collect();
        match self.factory {
            Factory::Option(option) if is_factory => {
                argv.extend([option.to_owned(), object.to_owned()]);
            }
            Factory::Call if is_factory => argv.push(format!("{object}()")),
            Factory::Option(_) | Factory::Call | Factory::Never => argv.push(object.to_owned()),
        }
        argv
    }
}

/// Servers that a distribution brings along: `(distribution, extra, server)`, with an empty extra for always.
const BRINGS: &[(&str, &str, &str)] = &[
    ("fastapi", "standard", "uvicorn"),
    ("fastapi", "all", "uvicorn"),
    ("fastapi", "standard-no-fastapi-cloud-cli", "uvicorn"),
    ("fastapi-cli", "standard", "uvicorn"),
    ("fastapi-cli", "standard-no-fastapi-cloud-cli", "uvicorn"),
    ("litestar", "standard", "uvicorn"),
    ("litestar", "cli", "uvicorn"),
    ("litestar", "full", "uvicorn"),
    ("connexion", "uvicorn", "uvicorn"),
    ("gradio", "", "uvicorn"),
    ("nicegui", "", "uvicorn"),
    ("mcp", "", "uvicorn"),
    ("fastmcp", "", "uvicorn"),
    ("shiny", "", "uvicorn"),
    ("chainlit", "", "uvicorn"),
    ("python-fasthtml", "", "uvicorn"),
    ("quart", "", "hypercorn"),
    ("channels", "daphne", "daphne"),
];

/// The servers that a requirement brings along.
pub(crate) fn brings<'a>(
    distribution: &'a str,
    extras: &'a [String],
) -> impl Iterator<Item = &'static str> + 'a {
    BRINGS
        .iter()
        .filter(move |(name, extra, _)| {
            *name == distribution && (extra.is_empty() || extras.iter().any(|have| have == extra))
        })
        .map(|(_, _, server)| *server)
}
