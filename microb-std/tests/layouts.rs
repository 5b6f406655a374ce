//! Layouts of real projects, one framework each at least, and the program that their authors would write.

use microb::MemoryContext;
use microb_std::Config;

/// A project that is no package with these dependencies, its files, and the words of its program.
struct Layout {
    dependencies: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
    expected: &'static str,
}

const fn layout(
    dependencies: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
    expected: &'static str,
) -> Layout {
    Layout {
        dependencies,
        files,
        expected,
    }
}

const FASTAPI: &str = "from fastapi import FastAPI\napp = FastAPI()\n";
const FLASK: &str = "from flask import Flask\napp = Flask(__name__)\n";
const WSGI: &str =
    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n";
const ASGI: &str =
    "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n";

const LAYOUTS: &[Layout] = &[
    // FastAPI: its tutorial's, its template's, and a package in `src`.
    layout(
        &["fastapi[standard]"],
        &[("main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    layout(
        &["fastapi[standard]", "sqlmodel"],
        &[
            ("app/__init__.py", ""),
            ("app/main.py", FASTAPI),
            (
                "app/api/main.py",
                "from fastapi import APIRouter\napi_router = APIRouter()\n",
            ),
            (
                "app/backend_pre_start.py",
                "if __name__ == '__main__':\n    print()\n",
            ),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    layout(
        &["fastapi", "uvicorn"],
        &[
            ("src/backend/__init__.py", ""),
            ("src/backend/main.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 backend.main:app",
    ),
    layout(
        &["fastapi", "hypercorn"],
        &[("src/main.py", FASTAPI)],
        "hypercorn --bind=0.0.0.0:8000 main:app",
    ),
    layout(
        &["fastapi", "uvicorn", "gunicorn"],
        &[(
            "server/app.py",
            "from fastapi import FastAPI\ndef create_app() -> FastAPI:\n    return FastAPI()\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 --factory server.app:create_app",
    ),
    // Starlette with the app below a factory in another module.
    layout(
        &["starlette", "granian"],
        &[
            (
                "web/asgi.py",
                "from web.factory import make\napp = make()\n",
            ),
            (
                "web/app.py",
                "from starlette.applications import Starlette\ndef build():\n    return Starlette()\n",
            ),
            ("web/factory.py", "from web.app import build as make\n"),
        ],
        "granian --interface=asgi --host=0.0.0.0 --port=8000 web.asgi:app",
    ),
    layout(
        &["starlette", "granian"],
        &[
            (
                "web/asgi.py",
                "from web.app import build\napplication = build()\n",
            ),
            (
                "web/app.py",
                "from starlette.applications import Starlette\ndef build():\n    return Starlette()\n",
            ),
        ],
        "granian --interface=asgi --host=0.0.0.0 --port=8000 web.asgi:application",
    ),
    layout(
        &["litestar[standard]"],
        &[(
            "app.py",
            "from litestar import Litestar, get\n@get('/')\nasync def index() -> str:\n    return ''\napp = Litestar([index])\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 app:app",
    ),
    layout(
        &["quart"],
        &[(
            "api/__init__.py",
            "from quart import Quart\napp = Quart(__name__)\ndef run() -> None:\n    app.run()\n",
        )],
        "hypercorn --bind=0.0.0.0:8000 api:app",
    ),
    layout(
        &["blacksheep", "uvicorn"],
        &[(
            "server.py",
            "from blacksheep import Application, get\napp = Application()\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 server:app",
    ),
    layout(
        &["connexion[flask,uvicorn]", "uvicorn"],
        &[(
            "run.py",
            "import connexion\napp = connexion.AsyncApp(__name__)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 run:app",
    ),
    layout(
        &["python-fasthtml"],
        &[(
            "main.py",
            "from fasthtml.common import *\napp, rt = fast_app()\nserve()\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    // Falcon has both kinds.
    layout(
        &["falcon", "uvicorn"],
        &[("app.py", "import falcon.asgi\napp = falcon.asgi.App()\n")],
        "uvicorn --host=0.0.0.0 --port=8000 app:app",
    ),
    layout(
        &["falcon", "gunicorn"],
        &[("app.py", "import falcon\napplication = falcon.App()\n")],
        "gunicorn --bind=0.0.0.0:8000 app:application",
    ),
    // Flask: one file, the factory of its tutorial, and the `wsgi.py` of many.
    layout(
        &["flask", "gunicorn"],
        &[
            ("app.py", FLASK),
            ("config.py", "DEBUG = False\n"),
            ("models.py", ""),
        ],
        "gunicorn --bind=0.0.0.0:8000 app:app",
    ),
    layout(
        &["flask", "waitress"],
        &[(
            "flaskr/__init__.py",
            "import os\nfrom flask import Flask\ndef create_app(test_config=None):\n    app = Flask(__name__, instance_relative_config=True)\n    from . import db\n    db.init_app(app)\n    return app\n",
        )],
        "waitress-serve --listen=*:8000 --call flaskr:create_app",
    ),
    layout(
        &["flask", "gunicorn"],
        &[
            (
                "wsgi.py",
                "from app import create_app\napp = create_app()\nif __name__ == '__main__':\n    app.run()\n",
            ),
            (
                "app/__init__.py",
                "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
            ),
        ],
        "gunicorn --bind=0.0.0.0:8000 wsgi:app",
    ),
    layout(
        &["apiflask"],
        &[(
            "app.py",
            "from apiflask import APIFlask\napp = APIFlask(__name__)\n",
        )],
        "flask --app app:app run --host=0.0.0.0 --port=8000",
    ),
    layout(
        &["bottle", "gunicorn"],
        &[(
            "app.py",
            "import bottle\napp = bottle.Bottle()\nif __name__ == '__main__':\n    app.run()\n",
        )],
        "gunicorn --bind=0.0.0.0:8000 app:app",
    ),
    // Django as `startproject` makes it, with Celery, and with the settings in a package `config`.
    layout(
        &["django", "gunicorn"],
        &[
            ("manage.py", "if __name__ == '__main__':\n    main()\n"),
            ("mysite/settings.py", ""),
            ("mysite/asgi.py", ASGI),
            ("mysite/wsgi.py", WSGI),
            (
                "polls/apps.py",
                "from django.apps import AppConfig\nclass PollsConfig(AppConfig): ...\n",
            ),
        ],
        "gunicorn --bind=0.0.0.0:8000 mysite.wsgi:application",
    ),
    // Django in a folder of its own, as `django-admin startproject mysite` makes it beside a `pyproject.toml`.
    layout(
        &["django", "gunicorn"],
        &[
            (
                "mysite/manage.py",
                "if __name__ == '__main__':\n    main()\n",
            ),
            ("mysite/mysite/__init__.py", ""),
            ("mysite/mysite/settings.py", ""),
            ("mysite/mysite/asgi.py", ASGI),
            ("mysite/mysite/wsgi.py", WSGI),
            ("mysite/polls/apps.py", ""),
        ],
        "gunicorn --bind=0.0.0.0:8000 mysite.wsgi:application",
    ),
    layout(
        &["django"],
        &[("backend/manage.py", ""), ("backend/config/wsgi.py", WSGI)],
        "python backend/manage.py runserver --noreload 0.0.0.0:8000",
    ),
    layout(
        &["django", "celery", "gunicorn"],
        &[
            ("manage.py", ""),
            ("proj/wsgi.py", WSGI),
            (
                "proj/celery.py",
                "from celery import Celery\napp = Celery('proj')\n",
            ),
        ],
        "gunicorn --bind=0.0.0.0:8000 proj.wsgi:application",
    ),
    layout(
        &["django", "channels[daphne]"],
        &[
            ("manage.py", ""),
            (
                "config/asgi.py",
                "from channels.routing import ProtocolTypeRouter\nfrom django.core.asgi import get_asgi_application\ndjango_asgi_app = get_asgi_application()\napplication = ProtocolTypeRouter({'http': django_asgi_app})\n",
            ),
            ("config/wsgi.py", WSGI),
        ],
        "daphne --bind=0.0.0.0 --port=8000 config.asgi:application",
    ),
    layout(
        &["sanic"],
        &[(
            "server.py",
            "from sanic import Sanic\ndef create_app() -> Sanic:\n    return Sanic('x')\n",
        )],
        "sanic server:create_app --host=0.0.0.0 --port=8000 --single-process --factory",
    ),
    layout(
        &["aiohttp"],
        &[(
            "main.py",
            "from aiohttp import web\nasync def make_app():\n    return web.Application()\nif __name__ == '__main__':\n    web.run_app(make_app())\n",
        )],
        "python main.py",
    ),
    layout(
        &["dash", "gunicorn"],
        &[(
            "app.py",
            "from dash import Dash\napp = Dash()\nserver = app.server\nif __name__ == '__main__':\n    app.run()\n",
        )],
        "gunicorn --bind=0.0.0.0:8000 app:server",
    ),
    layout(
        &["streamlit", "pandas"],
        &[
            (
                "streamlit_app.py",
                "import streamlit as st\nst.title('x')\n",
            ),
            ("pages/one.py", "import streamlit as st\n"),
            ("data.py", "import pandas\n"),
        ],
        "streamlit run streamlit_app.py --server.address=0.0.0.0 --server.port=8501 --server.headless=true",
    ),
    layout(
        &["streamlit"],
        &[("app/main.py", "import streamlit as st\nst.title('x')\n")],
        "streamlit run app/main.py --server.address=0.0.0.0 --server.port=8501 --server.headless=true",
    ),
    layout(
        &["gradio"],
        &[(
            "app.py",
            "import gradio as gr\ndemo = gr.ChatInterface(print)\nif __name__ == '__main__':\n    demo.launch()\n",
        )],
        "python app.py",
    ),
    layout(
        &["celery[redis]"],
        &[
            (
                "shop/celery.py",
                "from celery import Celery\napp = Celery('shop')\n",
            ),
            ("shop/tasks.py", "from shop.celery import app\n"),
        ],
        "celery --app shop.celery:app worker --loglevel=INFO",
    ),
    layout(
        &["aiogram"],
        &[
            (
                "bot/__main__.py",
                "import asyncio\nasync def main(): ...\nasyncio.run(main())\n",
            ),
            ("bot/handlers.py", ""),
        ],
        "python -m bot",
    ),
    layout(
        &["discord.py"],
        &[
            (
                "main.py",
                "import discord\nclient = discord.Client(intents=None)\nclient.run('x')\n",
            ),
            ("cogs/one.py", ""),
        ],
        "python main.py",
    ),
];

#[test]
fn every_layout_has_its_program() {
    assert!(LAYOUTS.len() >= 25);
    let mut wrong = Vec::new();
    for layout in LAYOUTS {
        let pyproject = format!(
            "[project]\nname = 'shop'\nversion = '1'\ndependencies = {:?}\n[tool.uv]\n",
            layout.dependencies
        );
        let cx = layout
            .files
            .iter()
            .fold(MemoryContext::new(pyproject), |cx, (path, text)| {
                cx.file(*path, *text)
            });
        let config = Config::resolve(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let program = config.program.as_ref();
        let found = program.map(|program| program.argv.value.join(" "));
        let found = found.unwrap_or_else(|| "nothing".to_owned());
        if found != layout.expected {
            wrong.push(format!("expected {}\n   found {found}", layout.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn modules_of_a_folder_are_found_from_it() {
    let pyproject = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['django', 'gunicorn']\n[tool.uv]\n";
    for (files, expected) in [
        (&["manage.py", "mysite/wsgi.py"][..], None),
        (
            &["mysite/manage.py", "mysite/mysite/wsgi.py"],
            Some("/app/mysite"),
        ),
        (&["src/manage.py", "src/mysite/wsgi.py"], Some("/app/src")),
    ] {
        let cx = MemoryContext::new(pyproject);
        let cx = files.iter().fold(cx, |cx, file| cx.file(*file, WSGI));
        let program = Config::resolve(&cx).unwrap().program.unwrap();
        let found = program.env.get("PYTHONPATH").map(String::as_str);
        assert_eq!(found, expected, "{files:?}");
    }
}
