//! The frameworks that are known, and how each kind of app is served.

/// What a call makes: an app of a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framework {
    /// As its authors write it.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The module that it is imported from: the first part of a dotted path.
    module: &'static str,
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
    /// By running the module: it starts its own server.
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
    framework("Connexion", Kind::Asgi, "connexion", "AsyncApp"),
    framework("Connexion", Kind::Asgi, "connexion", "FlaskApp"),
    framework("Django", Kind::Asgi, "django", "get_asgi_application"),
    framework("Django", Kind::Wsgi, "django", "get_wsgi_application"),
    // Around Django's own, for other protocols beside HTTP.
    framework("Django", Kind::Asgi, "channels", "ProtocolTypeRouter"),
    framework("Socket.IO", Kind::Asgi, "socketio", "ASGIApp"),
    framework("Socket.IO", Kind::Wsgi, "socketio", "WSGIApp"),
    framework("Flask", Kind::Wsgi, "flask", "Flask"),
    framework("APIFlask", Kind::Wsgi, "apiflask", "APIFlask"),
    framework("Bottle", Kind::Wsgi, "bottle", "Bottle"),
    framework("Sanic", Kind::Sanic, "sanic", "Sanic"),
    framework("aiohttp", Kind::Script, "aiohttp", "Application"),
    framework("Gradio", Kind::Script, "gradio", "Blocks"),
    framework("Gradio", Kind::Script, "gradio", "Interface"),
    framework("Gradio", Kind::Script, "gradio", "ChatInterface"),
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
    let module = path.split('.').next()?;
    let makes = path.rsplit('.').next()?;
    let known = |known: &&Framework| known.module == module && known.makes == makes;
    FRAMEWORKS.iter().find(known).copied()
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
    ("fastapi-cli", "standard", "uvicorn"),
    ("litestar", "standard", "uvicorn"),
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
