//! Projects as people have them, and what is chosen, or told where nothing says which program is meant.
//!
//! The wrong program is worse than none: each row that has one has an author who would write the same.

use microb::MemoryContext;
use microb_std::Config;

/// A project called `shop`: what is chosen is shown with its variables before the words, as a shell has them.
struct Case {
    dependencies: &'static [&'static str],
    /// What stands below `[project]`: `UV` for no package.
    more: &'static str,
    files: &'static [(&'static str, &'static str)],
    expected: &'static str,
}

const fn sources(
    dependencies: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
    expected: &'static str,
) -> Case {
    project(dependencies, UV, files, expected)
}

const fn project(
    dependencies: &'static [&'static str],
    more: &'static str,
    files: &'static [(&'static str, &'static str)],
    expected: &'static str,
) -> Case {
    Case {
        dependencies,
        more,
        files,
        expected,
    }
}

const UV: &str = "[tool.uv]\n";
const HATCH: &str = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
const WEB: &[&str] = &["fastapi", "uvicorn"];
const WSGI: &[&str] = &["flask", "gunicorn"];
const FASTAPI: &str = "from fastapi import FastAPI\napp = FastAPI()\n";
const FLASK: &str = "from flask import Flask\napp = Flask(__name__)\n";
const CELERY: &str = "from celery import Celery\napp = Celery('shop')\n";
const GUARD: &str = "def main(): ...\nif __name__ == '__main__':\n    main()\n";
const DJANGO: &str =
    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n";
const STREAMLIT: &str = "--server.address=0.0.0.0 --server.port=8501 --server.headless=true";

/// A package that can be run, an app, or a script: which it is.
const RIVALS: &[Case] = &[
    // A helper that can be run is not the program because of that.
    sources(
        WEB,
        &[("main.py", FASTAPI), ("tools/__main__.py", "print()\n")],
        "told: it could be the FastAPI app `app` of `main.py` or the main module `tools/__main__.py`",
    ),
    sources(
        WEB,
        &[("app/main.py", FASTAPI), ("cli/__main__.py", "print()\n")],
        "told: it could be the FastAPI app `app` of `app/main.py` or the main module `cli/__main__.py`",
    ),
    // A site that is managed by its main module, in the place of `manage.py`.
    sources(
        &["django", "gunicorn"],
        &[
            ("shop/__init__.py", ""),
            (
                "shop/__main__.py",
                "import sys\nif __name__ == '__main__':\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n",
            ),
            ("shop/wsgi.py", DJANGO),
        ],
        "gunicorn --bind=0.0.0.0:8000 shop.wsgi:application",
    ),
    sources(
        &["django", "gunicorn"],
        &[
            ("manage.py", ""),
            ("config/wsgi.py", DJANGO),
            ("loader/__main__.py", "print()\n"),
        ],
        "told: it could be the Django app `application` of `config/wsgi.py` or the main module `loader/__main__.py`",
    ),
    // The project's own, which starts its app.
    sources(
        WEB,
        &[
            (
                "shop/__main__.py",
                "from shop.api import app\nimport uvicorn\nuvicorn.run(app, host='0.0.0.0')\n",
            ),
            ("shop/api.py", FASTAPI),
        ],
        "python -m shop",
    ),
    // Two services.
    sources(
        WEB,
        &[("admin.py", FASTAPI), ("public.py", FASTAPI)],
        "told: it could be the FastAPI app `app` of `admin.py` or the FastAPI app `app` of `public.py`",
    ),
    sources(
        WSGI,
        &[("server/app.py", FLASK), ("client/app.py", FLASK)],
        "told: it could be the Flask app `app` of `server/app.py` or the Flask app `app` of `client/app.py`",
    ),
    sources(
        WEB,
        &[
            ("src/api/__init__.py", ""),
            ("src/api/main.py", FASTAPI),
            ("src/worker/__init__.py", ""),
            ("src/worker/main.py", GUARD),
        ],
        "told: it could be the FastAPI app `app` of `src/api/main.py` or the main module `src/worker/main.py`",
    ),
    sources(
        WEB,
        &[("backend/main.py", FASTAPI), ("bot/main.py", GUARD)],
        "told: it could be the FastAPI app `app` of `backend/main.py` or the main module `bot/main.py`",
    ),
    sources(
        &["fastapi", "uvicorn", "streamlit"],
        &[
            ("api.py", FASTAPI),
            (
                "streamlit_app.py",
                "import streamlit as st\nst.title('x')\n",
            ),
        ],
        "told: it could be the FastAPI app `app` of `api.py` or `streamlit_app.py`, which is for Streamlit",
    ),
    // What stands in for another service in tests is called so.
    sources(
        &["fastapi", "uvicorn", "flask"],
        &[("mock_server.py", FLASK), ("app/main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    // A bot that keeps a page up for its host, and one beside another service.
    sources(
        &["discord.py", "flask"],
        &[
            (
                "bot.py",
                "from keep_alive import keep_alive\ndef main(): ...\nif __name__ == '__main__':\n    keep_alive()\n    main()\n",
            ),
            (
                "keep_alive.py",
                "from threading import Thread\nfrom flask import Flask\napp = Flask('')\ndef run(): app.run(host='0.0.0.0')\ndef keep_alive():\n    Thread(target=run).start()\n",
            ),
        ],
        "python bot.py",
    ),
    sources(
        &["aiogram", "fastapi", "uvicorn"],
        &[("bot.py", GUARD), ("admin.py", FASTAPI)],
        "told: it could be the main module `bot.py` or the FastAPI app `app` of `admin.py`",
    ),
    // What fills a database uses the app.
    sources(
        WEB,
        &[
            ("app/main.py", FASTAPI),
            (
                "fill.py",
                "from app.main import app\ndef main(): ...\nif __name__ == '__main__':\n    main()\n",
            ),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    // Queues.
    sources(
        &["celery"],
        &[
            (
                "worker.py",
                "from celery import Celery\ncelery = Celery('w')\n",
            ),
            (
                "main.py",
                "from worker import celery\nif __name__ == '__main__':\n    celery.send_task('x')\n",
            ),
        ],
        "told: it could be the main module `main.py` or the Celery app `celery` of `worker.py`",
    ),
    // An app of any name beside the worker that it gives work to.
    sources(
        &["flask", "gunicorn", "celery"],
        &[
            ("shop/__init__.py", ""),
            ("shop/tasks.py", CELERY),
            (
                "shop/web.py",
                "from flask import Flask\nfrom shop.tasks import app as queue\nsite = Flask(__name__)\n",
            ),
        ],
        "gunicorn --bind=0.0.0.0:8000 shop.web:site",
    ),
    sources(
        &["flask", "gunicorn", "celery"],
        &[("tasks.py", CELERY), ("web.py", FLASK)],
        "gunicorn --bind=0.0.0.0:8000 web:app",
    ),
    sources(
        &["flask", "celery"],
        &[
            ("shop/__init__.py", ""),
            ("shop/tasks.py", CELERY),
            ("shop/fill.py", GUARD),
        ],
        "celery --app shop.tasks:app worker --loglevel=INFO",
    ),
    // The context of tasks is an app too, and not what answers to visitors.
    sources(
        WSGI,
        &[
            (
                "blog.py",
                "from app import create_app\napp = create_app()\n",
            ),
            (
                "app/__init__.py",
                "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
            ),
            (
                "app/tasks.py",
                "from app import create_app\napp = create_app()\napp.app_context().push()\n",
            ),
        ],
        "gunicorn --bind=0.0.0.0:8000 blog:app",
    ),
    sources(
        WSGI,
        &[("tasks.py", FLASK), ("fill.py", GUARD)],
        "gunicorn --bind=0.0.0.0:8000 tasks:app",
    ),
    sources(
        &["rq"],
        &[
            (
                "worker.py",
                "from rq import Worker\nif __name__ == '__main__':\n    Worker(['x']).work()\n",
            ),
            ("jobs.py", "def f(): ...\n"),
        ],
        "python worker.py",
    ),
    sources(
        &["grpcio"],
        &[("greeter_server.py", GUARD), ("greeter_client.py", GUARD)],
        "told: it could be the main module `greeter_client.py` or the main module `greeter_server.py`",
    ),
    sources(
        &["torch"],
        &[
            ("train.py", GUARD),
            ("model.py", "class Model: ...\n"),
            ("utils.py", "import logging\nlogging.basicConfig()\n"),
        ],
        "python train.py",
    ),
    sources(
        &["torch"],
        &[("main.py", GUARD), ("train.py", GUARD)],
        "python main.py",
    ),
    sources(
        &["gradio"],
        &[
            ("main.py", GUARD),
            (
                "demo.py",
                "import gradio as gr\ndemo = gr.Interface(print, 'text', 'text')\ndemo.launch()\n",
            ),
        ],
        "told: it could be the main module `main.py` or the Gradio app `demo` of `demo.py`",
    ),
    sources(
        WEB,
        &[("shop/main.py", GUARD), ("shop/service.py", FASTAPI)],
        "told: it could be the main module `shop/main.py` or the FastAPI app `app` of `shop/service.py`",
    ),
    // A character by its name, which is no matter of ours.
    sources(
        WEB,
        &[(
            "main.py",
            "from fastapi import FastAPI\nBULLET = '\\N{BULLET}'\napp = FastAPI()\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    // Scripts.
    project(
        WEB,
        "[project.scripts]\ntest = 'scripts:test'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n",
        &[("shop/__init__.py", ""), ("shop/main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 shop.main:app",
    ),
    project(
        WEB,
        "[project.scripts]\nmigrate = 'shop.db:migrate'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n",
        &[
            ("shop/__init__.py", ""),
            ("shop/main.py", FASTAPI),
            ("shop/db.py", "def migrate(): ...\n"),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 shop.main:app",
    ),
    project(
        WEB,
        "[project.scripts]\nstart = 'shop.main:start'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n",
        &[("shop/__init__.py", ""), ("shop/main.py", FASTAPI)],
        "told: it could be the script `start` of the project or the FastAPI app `app` of `shop/main.py`",
    ),
    project(
        &[],
        "[project.scripts]\nstart = 'shop.main:start'\ntest = 'shop.main:test'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n",
        &[
            ("shop/__init__.py", ""),
            ("shop/main.py", "def start(): ...\n"),
        ],
        "start",
    ),
];

/// Apps that start themselves, and apps around apps.
const APPS: &[Case] = &[
    sources(
        &["aiohttp"],
        &[
            (
                "app.py",
                "from aiohttp import web\napp = web.Application()\n",
            ),
            (
                "main.py",
                "from aiohttp import web\nfrom app import app\ndef main():\n    web.run_app(app)\nif __name__ == '__main__':\n    main()\n",
            ),
        ],
        "python main.py",
    ),
    sources(
        &["aiohttp"],
        &[(
            "app.py",
            "from aiohttp import web\napp = web.Application()\n",
        )],
        "told: nothing starts the aiohttp app `app` of `app.py`",
    ),
    sources(
        &["aiohttp"],
        &[(
            "main.py",
            "from aiohttp import web\ndef create_app():\n    return web.Application()\nif __name__ == '__main__':\n    web.run_app(create_app(), port=9000)\n",
        )],
        "python main.py",
    ),
    sources(
        &["gradio"],
        &[
            (
                "ui.py",
                "import gradio as gr\nwith gr.Blocks() as demo:\n    gr.Markdown('x')\n",
            ),
            ("main.py", "from ui import demo\ndemo.queue().launch()\n"),
        ],
        "GRADIO_SERVER_NAME=0.0.0.0 python main.py",
    ),
    sources(
        &["gradio"],
        &[(
            "app.py",
            "import gradio as gr\ngr.Interface(print, 'text', 'text').launch()\n",
        )],
        "GRADIO_SERVER_NAME=0.0.0.0 python app.py",
    ),
    sources(
        &["gradio"],
        &[(
            "app.py",
            "import gradio as gr\ndef build():\n    with gr.Blocks() as demo:\n        gr.Markdown('x')\n    return demo\nif __name__ == '__main__':\n    build().launch()\n",
        )],
        "GRADIO_SERVER_NAME=0.0.0.0 python app.py",
    ),
    sources(
        &["gradio"],
        &[(
            "app.py",
            "import gradio as gr\na = gr.Interface(print, 'text', 'text')\nb = gr.Interface(print, 'text', 'text')\ndemo = gr.TabbedInterface([a, b])\nif __name__ == '__main__':\n    demo.launch()\n",
        )],
        "GRADIO_SERVER_NAME=0.0.0.0 python app.py",
    ),
    sources(
        &["gradio"],
        &[(
            "main.py",
            "from fastapi import FastAPI\nimport gradio as gr\napp = FastAPI()\nio = gr.Interface(print, 'text', 'text')\napp = gr.mount_gradio_app(app, io, path='/g')\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    // What `index.py` adds to the app is served too.
    sources(
        &["dash", "gunicorn"],
        &[
            (
                "app.py",
                "import dash\napp = dash.Dash()\nserver = app.server\n",
            ),
            (
                "index.py",
                "from app import app, server\napp.layout = None\nif __name__ == '__main__':\n    app.run()\n",
            ),
        ],
        "gunicorn --bind=0.0.0.0:8000 index:server",
    ),
    sources(
        &["dash"],
        &[
            (
                "app.py",
                "import dash\napp = dash.Dash()\nserver = app.server\n",
            ),
            (
                "index.py",
                "from app import app, server\napp.layout = None\nif __name__ == '__main__':\n    app.run()\n",
            ),
        ],
        "HOST=0.0.0.0 python index.py",
    ),
    sources(
        WSGI,
        &[
            (
                "run.py",
                "from app import app\nif __name__ == '__main__':\n    app.run(debug=True)\n",
            ),
            (
                "app/__init__.py",
                "from flask import Flask\napp = Flask(__name__)\nfrom app import views\n",
            ),
            ("app/views.py", ""),
        ],
        "gunicorn --bind=0.0.0.0:8000 run:app",
    ),
    sources(
        &["bottle"],
        &[(
            "app.py",
            "from bottle import Bottle\napp = Bottle()\nif __name__ == '__main__':\n    app.run(host='0.0.0.0')\n",
        )],
        "python app.py",
    ),
    sources(
        &["falcon"],
        &[(
            "app.py",
            "from wsgiref.simple_server import make_server\nimport falcon\napp = falcon.App()\nif __name__ == '__main__':\n    with make_server('', 8000, app) as server:\n        server.serve_forever()\n",
        )],
        "python app.py",
    ),
    sources(
        &["fastapi"],
        &[(
            "main.py",
            "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\nif __name__ == '__main__':\n    uvicorn.run(app)\n",
        )],
        "told: no server for the FastAPI app `app` is among the dependencies",
    ),
    sources(
        &["python-socketio", "fastapi", "uvicorn"],
        &[(
            "main.py",
            "from fastapi import FastAPI\nimport socketio\napp = FastAPI()\nsio = socketio.AsyncServer(async_mode='asgi')\nsocket_app = socketio.ASGIApp(sio, app)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:socket_app",
    ),
    sources(
        WEB,
        &[(
            "main.py",
            "from starlette.applications import Starlette\nfrom starlette.middleware.cors import CORSMiddleware\n_app = Starlette()\napp = CORSMiddleware(_app)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    sources(
        WEB,
        &[(
            "main.py",
            "from fastapi import FastAPI\nfrom fastapi_versioning import VersionedFastAPI\napi = FastAPI()\napp = VersionedFastAPI(api)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    sources(
        WEB,
        &[(
            "main.py",
            "from fastapi import FastAPI\nfront = FastAPI()\nback = FastAPI()\nfront.mount('/back', back)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 main:front",
    ),
    sources(
        WSGI,
        &[
            (
                "wsgi.py",
                "from werkzeug.middleware.dispatcher import DispatcherMiddleware\nfrom a import app as a\nfrom b import app as b\napplication = DispatcherMiddleware(a, {'/b': b})\n",
            ),
            ("a.py", FLASK),
            ("b.py", FLASK),
        ],
        "gunicorn --bind=0.0.0.0:8000 wsgi:application",
    ),
    // What only has the app is not around it.
    sources(
        WSGI,
        &[(
            "app.py",
            "from flask import Flask\nfrom flask_restful import Api\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask(__name__)\ndb = SQLAlchemy(app)\napi = Api(app)\n",
        )],
        "gunicorn --bind=0.0.0.0:8000 app:app",
    ),
];

/// Programs of user interfaces.
const INTERFACES: &[Case] = &[
    sources(
        &["streamlit"],
        &[
            (
                "dashboard.py",
                "import streamlit as st\nfrom components import card\nst.title('x')\n",
            ),
            (
                "components.py",
                "import streamlit as st\ndef card():\n    st.write('x')\n",
            ),
        ],
        "streamlit run dashboard.py --server.address=0.0.0.0 --server.port=8501 --server.headless=true",
    ),
    sources(
        &["streamlit"],
        &[
            ("1_🏠_Home.py", "import streamlit as st\nst.title('x')\n"),
            ("pages/2_Data.py", "import streamlit as st\nst.title('y')\n"),
            (
                "utils.py",
                "import streamlit as st\ndef f():\n    st.write(1)\n",
            ),
        ],
        "streamlit run 1_🏠_Home.py --server.address=0.0.0.0 --server.port=8501 --server.headless=true",
    ),
    sources(
        &["streamlit"],
        &[
            ("main.py", GUARD),
            ("visualize.py", "import streamlit as st\nst.title('x')\n"),
        ],
        "told: it could be the main module `main.py` or `visualize.py`, which is for Streamlit",
    ),
    sources(
        &["panel"],
        &[(
            "app.py",
            "import panel as pn\npn.extension()\npn.Column('x').servable()\n",
        )],
        "panel serve app.py --address=0.0.0.0 --port=5006 --allow-websocket-origin=*",
    ),
    sources(
        &["shiny"],
        &[(
            "app.py",
            "from shiny.express import ui\nui.page_opts(title='x')\n",
        )],
        "shiny run --host=0.0.0.0 --port=8000 app.py",
    ),
    sources(
        &["shiny"],
        &[(
            "app.py",
            "from shiny import App, ui\napp = App(ui.page_fluid(), None)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 app:app",
    ),
    sources(
        &["marimo"],
        &[(
            "notebook.py",
            "import marimo\napp = marimo.App()\n@app.cell\ndef _():\n    return\nif __name__ == '__main__':\n    app.run()\n",
        )],
        "marimo run --headless --host=0.0.0.0 --port=2718 notebook.py",
    ),
    sources(
        &["chainlit"],
        &[(
            "app.py",
            "import chainlit as cl\n@cl.on_message\nasync def main(message): ...\n",
        )],
        "chainlit run --headless --host=0.0.0.0 --port=8000 app.py",
    ),
    sources(
        &["nicegui"],
        &[(
            "main.py",
            "from nicegui import ui\nif __name__ in {'__main__', '__mp_main__'}:\n    ui.run()\n",
        )],
        "python main.py",
    ),
    sources(
        &["fastmcp"],
        &[(
            "server.py",
            "from fastmcp import FastMCP\nmcp = FastMCP('x')\napp = mcp.http_app()\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 server:app",
    ),
    sources(
        &["fastmcp"],
        &[(
            "server.py",
            "from fastmcp import FastMCP\nmcp = FastMCP('x')\nif __name__ == '__main__':\n    mcp.run()\n",
        )],
        "python server.py",
    ),
];

/// Where modules are found, and which of them.
const PLACES: &[Case] = &[
    sources(
        WEB,
        &[
            ("src/__init__.py", ""),
            (
                "src/main.py",
                "from fastapi import FastAPI\nfrom .config import x\napp = FastAPI()\n",
            ),
            ("src/config.py", "x = 1\n"),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 src.main:app",
    ),
    sources(
        WEB,
        &[
            (
                "src/main.py",
                "from fastapi import FastAPI\nfrom src.config import x\napp = FastAPI()\n",
            ),
            ("src/config.py", "x = 1\n"),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 src.main:app",
    ),
    sources(
        WEB,
        &[
            (
                "backend/main.py",
                "from fastapi import FastAPI\nfrom database import Base\napp = FastAPI()\n",
            ),
            ("backend/database.py", "Base = 1\n"),
        ],
        "PYTHONPATH=/app/backend uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    // Python's own module, and a distribution of the same name.
    sources(
        &["celery", "redis"],
        &[
            (
                "proj/celery.py",
                "import logging\nimport redis\nfrom celery import Celery\napp = Celery('proj')\n",
            ),
            ("proj/logging.py", ""),
            ("proj/redis.py", ""),
        ],
        "celery --app proj.celery:app worker --loglevel=INFO",
    ),
    sources(
        WEB,
        &[
            ("backend/app/__init__.py", ""),
            ("backend/app/main.py", FASTAPI),
        ],
        "PYTHONPATH=/app/backend uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    sources(
        WEB,
        &[
            ("proj/__init__.py", ""),
            ("proj/api/__init__.py", ""),
            ("proj/api/main.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 proj.api.main:app",
    ),
    sources(
        &[],
        &[
            ("src/shop/__init__.py", ""),
            ("src/shop/__main__.py", "print()\n"),
        ],
        "PYTHONPATH=/app/src python -m shop",
    ),
    sources(
        WEB,
        &[("shop/__init__.py", ""), ("shop/webapp.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 shop.webapp:app",
    ),
    sources(
        WEB,
        &[
            (
                "main.py",
                "from app.factory import create_app\napp = create_app()\n",
            ),
            (
                "app/factory.py",
                "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n",
            ),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    sources(
        WEB,
        &[
            (
                "app/main.py",
                "from app.core.server import create_app\napp = create_app()\n",
            ),
            (
                "app/core/server.py",
                "from fastapi import FastAPI\ndef create_app() -> FastAPI: ...\n",
            ),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    sources(
        WEB,
        &[(
            "app/main.py",
            "from fastapi import FastAPI\ndef create_application() -> FastAPI:\n    return FastAPI()\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 --factory app.main:create_application",
    ),
    // Flask's factories return inside of what they open.
    sources(
        WSGI,
        &[(
            "shop/__init__.py",
            "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    with app.app_context():\n        from . import routes\n        return app\n",
        )],
        "gunicorn --bind=0.0.0.0:8000 shop:create_app()",
    ),
    sources(
        WEB,
        &[(
            "main.py",
            "from fastapi import FastAPI\ndef create_app():\n    try:\n        app = FastAPI()\n        return app\n    except Exception:\n        raise\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 --factory main:create_app",
    ),
    project(
        WEB,
        HATCH,
        &[
            ("shop/__init__.py", "from .web import app\n"),
            ("shop/web.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 shop.web:app",
    ),
    // What the wheel does not hold is not there.
    project(
        WEB,
        HATCH,
        &[("src/shop/__init__.py", ""), ("demo/app.py", FASTAPI)],
        "told: no script, app or main module was found in `src/shop/__init__.py`",
    ),
    project(
        WEB,
        HATCH,
        &[("shop/__init__.py", ""), ("app.py", FASTAPI)],
        "told: no script, app or main module was found in `shop/__init__.py`, and `app.py` is no part of the wheel",
    ),
    project(
        WEB,
        "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.targets.wheel]\npackages = ['backend/app']\n",
        &[
            ("backend/app/__init__.py", ""),
            ("backend/app/main.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    project(
        WEB,
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n[tool.setuptools.packages.find]\nwhere = ['lib']\n",
        &[("lib/app/__init__.py", ""), ("lib/app/main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 app.main:app",
    ),
    project(
        WEB,
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n[tool.setuptools]\npackages = ['core']\npackage-dir = { '' = 'python' }\n",
        &[
            ("python/core/__init__.py", ""),
            ("python/core/main.py", FASTAPI),
            ("other/main.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 core.main:app",
    ),
    project(
        WEB,
        "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n[tool.poetry]\npackages = [{ include = 'core', from = 'lib' }]\n",
        &[("lib/core/__init__.py", ""), ("lib/core/main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 core.main:app",
    ),
    project(
        WEB,
        "[build-system]\nrequires = ['uv_build']\nbuild-backend = 'uv_build'\n[tool.uv.build-backend]\nmodule-root = ''\nmodule-name = 'core'\n",
        &[
            ("core/__init__.py", ""),
            ("core/main.py", FASTAPI),
            ("shop/main.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 core.main:app",
    ),
    project(
        WEB,
        "[build-system]\nrequires = ['pdm-backend']\nbuild-backend = 'pdm.backend'\n",
        &[
            ("src/core/__init__.py", ""),
            ("src/core/main.py", FASTAPI),
            ("tools/main.py", FASTAPI),
        ],
        "uvicorn --host=0.0.0.0 --port=8000 core.main:app",
    ),
];

/// Main modules, and none at all.
const MAINS: &[Case] = &[
    sources(
        &["discord.py"],
        &[
            (
                "musicbot.py",
                "import os, discord\nbot = discord.Client()\nbot.run(os.getenv('TOKEN'))\n",
            ),
            (
                "config.py",
                "from dotenv import load_dotenv\nload_dotenv()\n",
            ),
        ],
        "python musicbot.py",
    ),
    sources(
        &["requests"],
        &[
            (
                "scraper.py",
                "import requests\nfor i in range(3):\n    print(i)\n",
            ),
            (
                "config.py",
                "import os\nos.makedirs('data', exist_ok=True)\n",
            ),
        ],
        "python scraper.py",
    ),
    sources(
        &[],
        &[
            ("main.py", "from helper import x\nprint(x)\n"),
            ("helper.py", "x = 1\nprint('loaded')\n"),
        ],
        "python main.py",
    ),
    sources(
        &[],
        &[(
            "main.py",
            "import sys\nif len(sys.argv) > 1 and __name__ == '__main__':\n    print()\n",
        )],
        "python main.py",
    ),
    sources(
        &["discord.py"],
        &[
            ("config.py", "import logging\nlogging.basicConfig()\n"),
            ("mybot/client.py", "import discord\n"),
        ],
        "told: no script, app or main module was found in `config.py` and `mybot/client.py`",
    ),
    sources(
        WEB,
        &[("main.py", "from fastapi import FastAPI\napp = FastAPI(\n")],
        "told: `main.py` is no Python: unexpected EOF while parsing",
    ),
    sources(
        &["arq"],
        &[("worker.py", "class WorkerSettings: ...\n")],
        "told: no script, app or main module was found in `worker.py`",
    ),
    sources(
        &[],
        &[],
        "told: the project has no Python file that could be one",
    ),
    project(
        &[],
        "[project.scripts]\nshop = 'shop:main'\n[tool.uv]\npackage = false\n",
        &[("shop/__init__.py", "def main(): ...\n")],
        "told: no script, app or main module was found in `shop/__init__.py`, and of what is no package no script is installed, such as `shop`",
    ),
    // With an index of what brings a server along.
    sources(
        &["fastapi[standard-no-fastapi-cloud-cli]"],
        &[("main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
    sources(
        &["litestar[full]"],
        &[(
            "app.py",
            "from litestar import Litestar\napp = Litestar([])\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 app:app",
    ),
    sources(
        &["connexion[uvicorn]"],
        &[(
            "app.py",
            "import connexion\napp = connexion.App(__name__)\n",
        )],
        "uvicorn --host=0.0.0.0 --port=8000 app:app",
    ),
    sources(
        &["fastapi", "mcp"],
        &[("main.py", FASTAPI)],
        "uvicorn --host=0.0.0.0 --port=8000 main:app",
    ),
];

impl Case {
    fn context(&self) -> MemoryContext {
        let pyproject = format!(
            "[project]\nname = 'shop'\nversion = '1'\ndependencies = {:?}\n{}",
            self.dependencies, self.more
        );
        let files = self.files.iter();
        files.fold(MemoryContext::new(pyproject), |cx, (path, text)| {
            cx.file(*path, *text)
        })
    }

    /// What is chosen, or else told.
    fn found(&self) -> String {
        let cx = self.context();
        let config = Config::resolve(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let Some(program) = config.program else {
            let told = cx.warnings().into_iter().find_map(|warning| {
                let about = warning.message.strip_prefix("the image has no program: ");
                about.map(|about| format!("told: {about}"))
            });
            return told.unwrap_or_else(|| "nothing, silently".to_owned());
        };
        let variables = program.env.iter();
        let variables = variables.map(|(name, value)| format!("{name}={value}"));
        let words = variables.chain(program.argv.value).collect::<Vec<_>>();
        words.join(" ")
    }
}

#[track_caller]
fn check(cases: &[Case]) {
    let wrong = cases.iter().filter_map(|case| {
        let found = case.found();
        let names: Vec<_> = case.files.iter().map(|(path, _)| path).collect();
        let expected = case.expected;
        (found != expected).then(|| format!("{names:?}\nexpected {expected}\n   found {found}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn of_several_programs_one_is_meant_or_the_user_is_asked() {
    check(RIVALS);
}

#[test]
fn an_app_is_run_by_what_starts_it_and_with_what_is_around_it() {
    check(APPS);
}

#[test]
fn user_interfaces_are_run_by_their_own_programs() {
    check(INTERFACES);
}

#[test]
fn modules_are_found_where_their_imports_and_the_backend_have_them() {
    check(PLACES);
}

#[test]
fn main_modules_do_something_and_where_there_is_none_it_is_told() {
    check(MAINS);
}

#[test]
fn what_to_write_is_said_with_all_that_it_needs() {
    let help = |case: &Case| {
        let cx = case.context();
        let _config = Config::resolve(&cx).unwrap();
        let about = |warning: &microb::Diagnostic| warning.message.contains("has no program");
        let told = cx.warnings().into_iter().find(about).unwrap();
        told.help.unwrap()
    };
    let two = |files| sources(WEB, files, "");
    assert_eq!(
        help(&two(&[
            ("src/api/main.py", FASTAPI),
            ("src/worker/main.py", FASTAPI)
        ])),
        "write for instance `entrypoint = [\"uvicorn\", \"--host=0.0.0.0\", \"--port=8000\", \"api.main:app\"]` and `env = { PYTHONPATH = \"/app/src\" }` in `[tool.microb.target.default]`"
    );
    for (dependencies, files, words, worker) in [
        (
            &["arq"][..],
            &[
                ("jobs/__init__.py", ""),
                ("jobs/main.py", "from jobs.worker import WorkerSettings\n"),
                ("jobs/worker.py", "class WorkerSettings: ...\n"),
            ][..],
            "[\"arq\", \"jobs.worker.WorkerSettings\"]",
            "arq",
        ),
        (
            &["arq"],
            &[
                ("fast.py", "class WorkerSettings: ...\n"),
                ("slow.py", "class WorkerSettings: ...\n"),
            ],
            "[\"arq\", \"MODULE.WorkerSettings\"]",
            "arq",
        ),
        (
            &["taskiq"],
            &[(
                "tkq.py",
                "import taskiq_nats\nbroker = taskiq_nats.NatsBroker()\n",
            )],
            "[\"taskiq\", \"worker\", \"tkq:broker\"]",
            "Taskiq",
        ),
        (
            &["dramatiq"],
            &[("worker.py", "")],
            "[\"dramatiq\", \"MODULE\"]",
            "Dramatiq",
        ),
    ] {
        assert_eq!(
            help(&sources(dependencies, files, "")),
            format!(
                "write what it runs in `[tool.microb.target.default]`, for instance `entrypoint = {words}`, as for a worker of {worker}; `entrypoint = []` if it runs nothing"
            )
        );
    }
}

#[test]
fn a_server_that_the_program_starts_and_nobody_reaches_is_told_at_its_place() {
    let told = |case: Case| {
        let cx = case.context();
        let _config = Config::resolve(&cx).unwrap();
        let about = |warning: &microb::Diagnostic| warning.message.contains("listens on");
        let told = cx.warnings().into_iter().find(about);
        told.map(|told| told.to_string()).unwrap_or_default()
    };
    let script = |text| {
        let more = "[project.scripts]\nshop = 'shop:main'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
        told(Case {
            dependencies: WEB,
            more,
            files: text,
            expected: "",
        })
    };
    assert_eq!(
        script(&[(
            "src/shop/__init__.py",
            "import uvicorn\ndef main():\n    uvicorn.run('shop.api:app')\n"
        )]),
        "src/shop/__init__.py:3:5: warning: the server that the program starts listens on `127.0.0.1` unless told otherwise (write `host=\"0.0.0.0\"`)"
    );
    assert_eq!(
        script(&[(
            "src/shop/__init__.py",
            "import uvicorn\ndef main():\n    uvicorn.run('shop.api:app', host='0.0.0.0')\n"
        )]),
        ""
    );
    // A script runs no guard.
    assert_eq!(
        script(&[(
            "src/shop/__init__.py",
            "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run('shop.api:app')\n"
        )]),
        ""
    );
    assert_eq!(
        told(sources(
            &["bottle"],
            &[(
                "app.py",
                "from bottle import run\nrun(host='localhost', port=8080)\n"
            )],
            ""
        )),
        "app.py:2:1: warning: the server that the program starts listens on `localhost` only (write `host=\"0.0.0.0\"`)"
    );
    assert_eq!(
        told(sources(
            &["gradio"],
            &[(
                "app.py",
                "import gradio as gr\ngr.Interface(print, 'text', 'text').launch(server_name='127.0.0.1')\n"
            )],
            ""
        )),
        "app.py:2:1: warning: the server that the program starts listens on `127.0.0.1` only (write `server_name=\"0.0.0.0\"`)"
    );
    // The variable says it, and another server takes the place of this one.
    for case in [
        sources(
            &["gradio"],
            &[(
                "app.py",
                "import gradio as gr\ngr.Interface(print, 'text', 'text').launch()\n",
            )],
            "",
        ),
        sources(
            WEB,
            &[(
                "main.py",
                "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\nif __name__ == '__main__':\n    uvicorn.run(app)\n",
            )],
            "",
        ),
        sources(
            WEB,
            &[(
                "main.py",
                "import os, uvicorn\nif __name__ == '__main__':\n    uvicorn.run('x:y', host=os.environ['HOST'])\n",
            )],
            "",
        ),
    ] {
        assert_eq!(told(case), "");
    }
}

#[test]
fn what_starts_elsewhere_is_named_by_where_it_is() {
    let target = "[tool.uv]\n[tool.microb.target.default]\nworkdir = '/data'\n";
    let argv = |files, more| project(&["streamlit", "fastapi", "uvicorn"], more, files, "").found();
    assert_eq!(argv(&[("main.py", GUARD)], target), "python /app/main.py");
    assert_eq!(
        argv(
            &[("app.py", "import streamlit as st\nst.title('x')\n")],
            target
        ),
        format!("streamlit run /app/app.py {STREAMLIT}")
    );
    let variables = |more| {
        let case = project(WEB, more, &[("src/main.py", FASTAPI)], "");
        let stage = microb_std::recipe(&case.context()).unwrap();
        let dockerfile = microb::dockerfile::render(&stage).unwrap();
        let (_, last) = dockerfile.rsplit_once("PYTHONPATH=").unwrap();
        last.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(variables(target), "/app/src");
    assert_eq!(
        variables(
            "[tool.uv]\n[tool.microb.target.default]\nworkdir = '/data'\nenv = { PYTHONPATH = '/app/lib' }\n"
        ),
        "/app/lib"
    );
}

#[test]
fn the_port_is_the_one_that_the_code_gives() {
    let port = |text: &'static str| {
        let cx = MemoryContext::new(
            "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['aiohttp', 'gradio']\n[tool.uv]\n",
        )
        .file("main.py", text);
        Config::resolve(&cx).unwrap().program.unwrap().port
    };
    let aiohttp = "from aiohttp import web\napp = web.Application()\n";
    let of = |call: &str| -> &'static str { format!("{aiohttp}web.run_app({call})\n").leak() };
    assert_eq!(port(of("app")), Some(8080));
    assert_eq!(port(of("app, port=9000")), Some(9000));
    assert_eq!(port(of("app, port=int('9000')")), None);
    assert_eq!(
        port("import gradio as gr\ngr.Interface(print, 'text', 'text').launch(server_port=7000)\n"),
        Some(7000)
    );
}

/// Objects that are made of each other, as those of diagrams and forms are.
#[test]
fn a_large_graph_of_objects_takes_no_time() {
    let layer = |layer: usize| {
        let before: Vec<_> = (0..layer).map(|n| format!("x{n}")).collect();
        let before = before.join(", ");
        format!("x{layer} = Part({before})\nx{layer}_app = app_part({before})\n")
    };
    let layers: String = (0..200).map(layer).collect();
    let text = format!("from parts import Part, app_part\n{layers}print(x1)\n");
    let cx = MemoryContext::new("[project]\nname = 'shop'\nversion = '1'\n[tool.uv]\n")
        .file("main.py", text);
    let started = std::time::Instant::now();
    let program = Config::resolve(&cx).unwrap().program.unwrap();
    assert_eq!(program.argv.value, ["python", "main.py"]);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}
