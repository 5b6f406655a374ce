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
    framework("Flask", Kind::Wsgi, "flask", "Flask"),
    framework("APIFlask", Kind::Wsgi, "apiflask", "APIFlask"),
    framework("Bottle", Kind::Wsgi, "bottle", "Bottle"),
    framework("Sanic", Kind::Sanic, "sanic", "Sanic"),
    framework("aiohttp", Kind::Script, "aiohttp", "Application"),
    framework("Gradio", Kind::Script, "gradio", "Blocks"),
    framework("Gradio", Kind::Script, "gradio", "Interface"),
    framework("Gradio", Kind::Script, "gradio", "ChatInterface"),
    framework("Dash", Kind::Script, "dash", "Dash"),
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

/// Servers for ASGI apps, in the order of preference.
const ASGI: &[&str] = &["uvicorn", "hypercorn", "granian", "daphne"];

/// Servers for WSGI apps, in the order of preference.
const WSGI: &[&str] = &["gunicorn", "granian", "waitress"];

/// The distribution that serves apps of this kind, of those that are installed.
pub(crate) fn server(kind: Kind, is_installed: impl Fn(&str) -> bool) -> Option<&'static str> {
    let servers = match kind {
        Kind::Asgi => ASGI,
        Kind::Wsgi => WSGI,
        Kind::Sanic | Kind::Script | Kind::Celery => return None,
    };
    servers.iter().copied().find(|server| is_installed(server))
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

/// The words that serve an app on port 8000 of every interface. `object` is `module:name`.
pub(crate) fn serve(server: &str, kind: Kind, object: &str, is_factory: bool) -> Vec<String> {
    let called = if is_factory {
        format!("{object}()")
    } else {
        object.to_owned()
    };
    let factory = |flag: &'static str| is_factory.then_some(flag);
    let interface = match kind {
        Kind::Wsgi => "wsgi",
        _ => "asgi",
    };
    let words: Vec<&str> = match server {
        "uvicorn" => [
            Some("uvicorn"),
            Some("--host=0.0.0.0"),
            Some("--port=8000"),
            factory("--factory"),
            Some(object),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "hypercorn" => vec!["hypercorn", "--bind=0.0.0.0:8000", &called],
        "granian" => [
            Some("granian"),
            Some("--interface"),
            Some(interface),
            Some("--host=0.0.0.0"),
            Some("--port=8000"),
            factory("--factory"),
            Some(object),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "daphne" => vec!["daphne", "--bind", "0.0.0.0", "--port", "8000", object],
        "waitress" => [
            Some("waitress-serve"),
            Some("--listen=*:8000"),
            factory("--call"),
            Some(object),
        ]
        .into_iter()
        .flatten()
        .collect(),
        _ => vec!["gunicorn", "--bind=0.0.0.0:8000", &called],
    };
    words.into_iter().map(str::to_owned).collect()
}
