//! Every server answers on all interfaces, as the command that microb finds for it, and ends at the stop signal at once.
//!
//! One image has all servers, and each app in a folder of its own: a build for each would install the same over again.

use std::time::Duration;

use microb::MemoryContext;
use microb_std::{Config, Program};

use super::databases::Databases;
use crate::project::Project;
use crate::service::{CONFINED, Service};

/// An app, and what there is to serve it.
struct Case {
    name: &'static str,
    dependencies: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
    /// The first word of the command.
    server: &'static str,
    ready: Ready,
}

enum Ready {
    /// It answers at `/` with this.
    Answers(&'static str),
    /// It has printed this.
    Says(&'static str),
}

use Ready::{Answers, Says};

const FASTAPI: (&str, &str) = (
    "main.py",
    "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return 'fast'\n",
);
const FLASK: (&str, &str) = (
    "app.py",
    "from flask import Flask\napp = Flask(__name__)\napp.add_url_rule('/', view_func=lambda: 'flask')\n",
);
const MANAGE: (&str, &str) = (
    "manage.py",
    "import os, sys\nfrom django.core.management import execute_from_command_line\n\
     os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\nexecute_from_command_line(sys.argv)\n",
);
const SETTINGS: (&str, &str) = (
    "site1/settings.py",
    "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'site1.urls'\n",
);
const URLS: (&str, &str) = (
    "site1/urls.py",
    "from django.http import HttpResponse\nfrom django.urls import path\n\
     urlpatterns = [path('', lambda request: HttpResponse('django'))]\n",
);
const WSGI: (&str, &str) = (
    "site1/wsgi.py",
    "import os\nfrom django.core.wsgi import get_wsgi_application\n\
     os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\napplication = get_wsgi_application()\n",
);
const ASGI: (&str, &str) = (
    "site1/asgi.py",
    "import os\nfrom django.core.asgi import get_asgi_application\n\
     os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\napplication = get_asgi_application()\n",
);
const DJANGO: &[(&str, &str)] = &[MANAGE, SETTINGS, URLS, WSGI, ASGI];

const CASES: &[Case] = &[
    Case {
        name: "uvicorn",
        dependencies: &["fastapi", "uvicorn"],
        files: &[FASTAPI],
        server: "uvicorn",
        ready: Answers("\"fast\""),
    },
    Case {
        name: "hypercorn",
        dependencies: &["quart"],
        files: &[(
            "main.py",
            "from quart import Quart\napp = Quart(__name__)\n@app.get('/')\nasync def root():\n    return 'quart'\n",
        )],
        server: "hypercorn",
        ready: Answers("quart"),
    },
    Case {
        name: "granian",
        dependencies: &["litestar", "granian"],
        files: &[(
            "main.py",
            "from litestar import Litestar, get\n@get('/')\nasync def root() -> str:\n    return 'lite'\napp = Litestar([root])\n",
        )],
        server: "granian",
        ready: Answers("lite"),
    },
    Case {
        name: "granian_wsgi",
        dependencies: &["flask", "granian"],
        files: &[FLASK],
        server: "granian",
        ready: Answers("flask"),
    },
    Case {
        name: "daphne",
        dependencies: &["django", "daphne"],
        files: DJANGO,
        server: "daphne",
        ready: Answers("django"),
    },
    Case {
        name: "gunicorn",
        dependencies: &["flask", "gunicorn"],
        files: &[FLASK],
        server: "gunicorn",
        ready: Answers("flask"),
    },
    Case {
        name: "waitress",
        dependencies: &["flask", "waitress"],
        files: &[FLASK],
        server: "waitress-serve",
        ready: Answers("flask"),
    },
    Case {
        name: "flask",
        dependencies: &["flask"],
        files: &[FLASK],
        server: "flask",
        ready: Answers("flask"),
    },
    Case {
        name: "django",
        dependencies: &["django"],
        files: DJANGO,
        server: "python",
        ready: Answers("django"),
    },
    Case {
        name: "sanic",
        dependencies: &["sanic"],
        files: &[(
            "server.py",
            "from sanic import Sanic, text\napp = Sanic('shop')\n@app.get('/')\nasync def root(request):\n    return text('sanic')\n",
        )],
        server: "sanic",
        ready: Answers("sanic"),
    },
    Case {
        name: "aiohttp",
        dependencies: &["aiohttp"],
        files: &[(
            "main.py",
            "from aiohttp import web\nasync def root(request):\n    return web.Response(text='aio')\n\
             app = web.Application()\napp.add_routes([web.get('/', root)])\n\
             if __name__ == '__main__':\n    web.run_app(app)\n",
        )],
        server: "python",
        ready: Answers("aio"),
    },
    Case {
        name: "dash",
        dependencies: &["dash"],
        files: &[(
            "app.py",
            "from dash import Dash, html\napp = Dash(title='dashed')\napp.layout = html.Div('x')\n\
             if __name__ == '__main__':\n    app.run()\n",
        )],
        server: "python",
        ready: Answers("dashed"),
    },
    Case {
        name: "streamlit",
        dependencies: &["streamlit"],
        files: &[(
            "streamlit_app.py",
            "import streamlit as st\nst.write('hi')\n",
        )],
        server: "streamlit",
        ready: Answers("Streamlit"),
    },
    Case {
        name: "gradio",
        dependencies: &["gradio"],
        files: &[(
            "app.py",
            "import gradio as gr\nwith gr.Blocks(title='graded') as demo:\n    gr.Text()\ndemo.launch()\n",
        )],
        server: "python",
        ready: Answers("graded"),
    },
    Case {
        name: "panel",
        dependencies: &["panel"],
        files: &[(
            "app.py",
            "import panel as pn\npn.extension()\npn.Column('hi').servable()\n",
        )],
        server: "panel",
        // At `/` it leads to the app.
        ready: Says("Bokeh app running at: http://0.0.0.0:5006/app"),
    },
    Case {
        name: "shiny",
        dependencies: &["shiny"],
        files: &[(
            "app.py",
            "from shiny import App, ui\napp = App(ui.page_fluid('polished'), None)\n",
        )],
        server: "uvicorn",
        ready: Answers("polished"),
    },
    Case {
        name: "shiny_express",
        dependencies: &["shiny"],
        files: &[(
            "app.py",
            "from shiny.express import ui\nui.page_opts(title='expressed')\n",
        )],
        server: "shiny",
        ready: Answers("expressed"),
    },
    Case {
        name: "marimo",
        dependencies: &["marimo"],
        files: &[(
            "notebook.py",
            "import marimo\napp = marimo.App(app_title='noted')\n@app.cell\ndef _():\n    return\n\
             if __name__ == '__main__':\n    app.run()\n",
        )],
        server: "marimo",
        ready: Answers("noted"),
    },
    Case {
        name: "nicegui",
        dependencies: &["nicegui"],
        files: &[(
            "main.py",
            "from nicegui import ui\nui.label('hi')\n\
             if __name__ in {'__main__', '__mp_main__'}:\n    ui.run(title='nicely', reload=False, show=False)\n",
        )],
        server: "python",
        ready: Answers("nicely"),
    },
    Case {
        name: "celery",
        dependencies: &["celery[redis]"],
        files: &[(
            "worker.py",
            "from celery import Celery\napp = Celery('shop', broker='redis://127.0.0.1')\n",
        )],
        server: "celery",
        ready: Says("ready."),
    },
    Case {
        name: "uvicorn_in_a_script",
        dependencies: &["starlette", "uvicorn"],
        files: &[(
            "serve.py",
            "import uvicorn\nasync def serve(scope, receive, send):\n    pass\n\
             if __name__ == '__main__':\n    print('begins', flush=True)\n    uvicorn.run(serve, host='0.0.0.0')\n",
        )],
        server: "python",
        ready: Says("running on http"),
    },
];

impl Case {
    /// A Celery worker is no server: it lets its processes end what they are at, and an idle one looks once a second whether it
    /// may end (1.9 s in all, with Celery 5.7). What ends sooner, `SIGQUIT` or another pool, loses tasks or runs them elsewhere.
    fn limit(&self) -> Duration {
        // Panel's server (Bokeh) ends its sessions one after the other, which takes two.
        let is_slow = ["celery", "panel"].contains(&self.server);
        Duration::from_secs(if is_slow { 5 } else { 1 })
    }

    /// What microb finds in the case alone.
    fn program(&self) -> Program {
        let pyproject = format!(
            "[project]\nname = 'shop'\nversion = '1'\ndependencies = {:?}\n",
            self.dependencies
        );
        let files = self.files.iter();
        let cx = files.fold(MemoryContext::new(pyproject), |cx, (path, text)| {
            cx.file(*path, *text)
        });
        let config = Config::resolve(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        config
            .program
            .unwrap_or_else(|| panic!("{}: no program", self.name))
    }
}

/// An image with every case in a folder of its name.
fn all() -> Project {
    let mut dependencies: Vec<&str> = CASES
        .iter()
        .flat_map(|case| case.dependencies)
        .copied()
        .collect();
    dependencies.sort_unstable();
    dependencies.dedup();
    let pyproject = format!(
        "#syntax=microb:dev\n[project]\nname = 'all'\nversion = '1'\nrequires-python = '==3.13.*'\n\
         dependencies = {dependencies:?}\n[tool.microb.target.default]\ncommand = ['python']\n"
    );
    CASES.iter().fold(
        Project::empty().file("pyproject.toml", pyproject),
        |project, case| {
            case.files.iter().fold(project, |project, (path, text)| {
                project.file(&format!("{}/{path}", case.name), text)
            })
        },
    )
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn every_server_answers_and_ends_within_a_second() {
    let databases = Databases::start();
    let network = databases.network();
    let image = all().build(&[]);
    let mut slow = Vec::new();
    for case in CASES {
        let program = case.program();
        let [first, words @ ..] = program.argv.value.as_slice() else {
            panic!("{}: no words", case.name);
        };
        assert_eq!(first, case.server, "{}", case.name);
        let mut flags = vec![
            format!("--entrypoint={first}"),
            format!("--workdir=/app/{}", case.name),
            format!("--stop-signal={}", program.stop_signal.unwrap_or("SIGTERM")),
        ];
        if case.server == "celery" {
            flags.push(network.clone());
        }
        flags.extend(
            program
                .env
                .iter()
                .map(|(name, value)| format!("--env={name}={value}")),
        );
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(CONFINED).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // On a busy machine a process may not be woken for a while: one of three times tells how long it needs.
        let took = (0..3).map(|_| {
            let service = Service::start(&image, &flags, &words);
            match case.ready {
                Answers(text) => {
                    let port = program
                        .port
                        .unwrap_or_else(|| panic!("{}: no port", case.name));
                    let answer = service.answer(port);
                    assert!(answer.contains(text), "{}: {answer}", case.name);
                    assert!(service.is_on_every_interface(port), "{}", case.name);
                }
                Says(text) => service.says(text),
            }
            service.stop()
        });
        let mut times = Vec::new();
        for time in took {
            times.push(time);
            if time < case.limit() {
                break;
            }
        }
        println!("{}: {times:?}", case.name);
        if times.iter().all(|time| *time >= case.limit()) {
            slow.push((case.name, times));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}
