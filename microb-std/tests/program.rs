//! What an image runs when nobody says: layouts of real projects, and the command that their authors would write.

use microb::MemoryContext;
use microb_std::{Config, Program};

fn context(pyproject: &str, files: &[(&str, &str)]) -> MemoryContext {
    files
        .iter()
        .fold(MemoryContext::new(pyproject), |cx, (path, text)| {
            cx.file(*path, *text)
        })
}

/// A project that is no package, with these dependencies.
fn sources(dependencies: &[&str]) -> String {
    format!("[project]\nname = 'shop'\nversion = '1'\ndependencies = {dependencies:?}\n")
}

/// A package that hatchling builds.
fn package(dependencies: &[&str]) -> String {
    let build = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
    format!("{}{build}", sources(dependencies))
}

fn program(pyproject: &str, files: &[(&str, &str)]) -> Option<Program> {
    let config = Config::resolve(&context(pyproject, files)).expect("the project has no mistake");
    config.program
}

#[track_caller]
fn check(pyproject: &str, files: &[(&str, &str)], expected: &str) {
    let found = program(pyproject, files).map(|program| program.argv.value.join(" "));
    assert_eq!(
        found.as_deref().unwrap_or("nothing"),
        expected,
        "{pyproject}{files:?}"
    );
}

const UVICORN: &str = "uvicorn --host=0.0.0.0 --port=8000";
const FASTAPI: &str = "from fastapi import FastAPI\napp = FastAPI()\n";
const FLASK: &str = "from flask import Flask\napp = Flask(__name__)\n";

#[test]
fn the_script_of_the_project_comes_first() {
    let one = "[project]\nname = 'My.Shop'\nversion = '1'\nscripts = { serve = 'shop:main' }\n";
    check(one, &[("shop/__init__.py", "def main(): ...\n")], "serve");
    // One of another name may be for something else than the app.
    check(one, &[("shop/__init__.py", FASTAPI)], "nothing");
    let two = "[project]\nname = 'My.Shop'\nversion = '1'\nscripts = { a = 'shop:a', my-shop = 'shop:main' }\n";
    check(two, &[], "my-shop");
    let poetry = "[tool.poetry]\nname = 'shop'\nversion = '1'\nscripts = { shop = 'shop:main' }\n";
    check(poetry, &[], "shop");
}

#[test]
fn scripts_of_which_none_is_the_project_are_told() {
    let cx = context(
        "[project]\nname = 'shop'\nversion = '1'\nscripts = { a = 'shop:a', b = 'shop:b' }\n",
        &[],
    );
    assert_eq!(Config::resolve(&cx).unwrap().program, None);
    let told: Vec<String> = cx.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "pyproject.toml:4:17: warning: the image has no program: it could be the script `a` of the project or the script `b` of the project (write for instance `entrypoint = [\"a\"]` in `[tool.microb.target.default]`)"
        ]
    );
}

#[test]
fn a_package_that_can_be_run_is_run() {
    let main = ("src/shop/__main__.py", "print('hi')\n");
    check(
        &package(&[]),
        &[main, ("src/shop/__init__.py", "")],
        "python -m shop",
    );
    check(&sources(&[]), &[("tool/__main__.py", "")], "python -m tool");
    // The project's own, of two.
    let files = [("shop/__main__.py", ""), ("admin/__main__.py", "")];
    check(&package(&[]), &files, "python -m shop");
}

#[test]
fn asgi_apps_get_the_server_of_the_dependencies() {
    for (dependencies, expected) in [
        (&["fastapi", "uvicorn"][..], format!("{UVICORN} main:app")),
        (&["fastapi[standard]"], format!("{UVICORN} main:app")),
        (
            &["fastapi", "uvicorn[standard]>=0.30", "gunicorn"],
            format!("{UVICORN} main:app"),
        ),
        (
            &["fastapi", "hypercorn"],
            "hypercorn --bind=0.0.0.0:8000 main:app".to_owned(),
        ),
        (
            &["fastapi", "granian"],
            "granian --interface=asgi --host=0.0.0.0 --port=8000 main:app".to_owned(),
        ),
        (
            &["fastapi", "daphne"],
            "daphne --bind=0.0.0.0 --port=8000 main:app".to_owned(),
        ),
    ] {
        check(&sources(dependencies), &[("main.py", FASTAPI)], &expected);
    }
}

#[test]
fn every_way_to_make_an_app_is_understood() {
    for (code, expected) in [
        ("import fastapi\napi = fastapi.FastAPI()\n", "main:api"),
        ("import fastapi as f\nweb = f.FastAPI()\n", "main:web"),
        (
            "from fastapi import FastAPI as Api\napp: Api = Api()\n",
            "main:app",
        ),
        (
            "from fastapi.applications import FastAPI\napp = FastAPI()\n",
            "main:app",
        ),
        (
            "from starlette.applications import Starlette\napp = Starlette()\n",
            "main:app",
        ),
        (
            "from litestar import Litestar\napp = Litestar([])\n",
            "main:app",
        ),
        (
            "from blacksheep import Application\napp = Application()\n",
            "main:app",
        ),
        ("import falcon.asgi\napp = falcon.asgi.App()\n", "main:app"),
        (
            "from fasthtml.common import fast_app, serve\napp, rt = fast_app()\n",
            "main:app",
        ),
        // A class of its own.
        (
            "from fastapi import FastAPI\nclass Shop(FastAPI): ...\napp = Shop()\n",
            "main:app",
        ),
        // Through a function, by its annotation and by what it returns.
        (
            "from fastapi import FastAPI\ndef build(debug) -> FastAPI: ...\napp = build(True)\n",
            "main:app",
        ),
        (
            "from fastapi import FastAPI\ndef build():\n    it = FastAPI()\n    return it\napp = build()\n",
            "main:app",
        ),
        // Inside of other statements.
        (
            "try:\n    from fastapi import FastAPI\n    app = FastAPI()\nexcept ImportError:\n    pass\n",
            "main:app",
        ),
        // The app, and parts that are mounted into it.
        (
            "from fastapi import FastAPI\nadmin = FastAPI()\napp = FastAPI()\napp.mount('/a', admin)\n",
            "main:app",
        ),
        // Factories.
        (
            "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n",
            "--factory main:create_app",
        ),
        (
            "def create_app():\n    from fastapi import FastAPI\n    app = FastAPI()\n    return app\n",
            "--factory main:create_app",
        ),
    ] {
        let pyproject = sources(&["fastapi", "uvicorn"]);
        check(
            &pyproject,
            &[("main.py", code)],
            &format!("{UVICORN} {expected}"),
        );
    }
}

#[test]
fn words_that_are_no_code_are_no_app() {
    for code in [
        "# app = FastAPI()\n",
        "\"\"\"app = FastAPI()\"\"\"\n",
        "text = 'from fastapi import FastAPI'\n",
        "class FastAPI: ...\napp = FastAPI()\n",
        "from ours import FastAPI\napp = FastAPI()\n",
        "from fastapi import FastAPI\ndef needs(this):\n    return FastAPI()\n",
        "from fastapi import FastAPI\ndef create_app(config):\n    return FastAPI()\n",
        "from fastapi import FastAPI\napp = FastAPI(\n",
    ] {
        check(
            &sources(&["fastapi", "uvicorn"]),
            &[("main.py", code)],
            "nothing",
        );
    }
}

#[test]
fn wsgi_apps_get_the_server_of_the_dependencies_or_their_own() {
    for (dependencies, expected) in [
        (
            &["flask", "gunicorn"][..],
            "gunicorn --bind=0.0.0.0:8000 app:app",
        ),
        (
            &["flask", "waitress"],
            "waitress-serve --listen=*:8000 app:app",
        ),
        (
            &["flask"],
            "flask --app app:app run --host=0.0.0.0 --port=8000",
        ),
    ] {
        check(&sources(dependencies), &[("app.py", FLASK)], expected);
    }
    let factory = "from flask import Flask\ndef create_app(test_config=None):\n    app = Flask(__name__)\n    return app\n";
    let files = [("shop/__init__.py", factory)];
    check(
        &package(&["flask", "gunicorn"]),
        &files,
        "gunicorn --bind=0.0.0.0:8000 shop:create_app()",
    );
    check(
        &package(&["flask", "waitress"]),
        &files,
        "waitress-serve --listen=*:8000 --call shop:create_app",
    );
    // The entry point of a Flask project from the book: `flask.app` in a module that imports a factory.
    let wsgi = (
        "wsgi.py",
        "from shop import create_app\napp = create_app()\n",
    );
    let files = [("shop/__init__.py", factory), wsgi];
    check(
        "[project]\nname = 'web'\nversion = '1'\ndependencies = ['flask', 'gunicorn']\n",
        &files,
        "gunicorn --bind=0.0.0.0:8000 wsgi:app",
    );
}

#[test]
fn layouts_are_understood() {
    let web = ["fastapi", "uvicorn"];
    for (pyproject, files, expected) in [
        (
            sources(&web),
            &[("app/main.py", FASTAPI)][..],
            "app.main:app",
        ),
        (
            package(&web),
            &[("src/shop/api.py", FASTAPI)],
            "shop.api:app",
        ),
        (package(&web), &[("shop/__init__.py", FASTAPI)], "shop:app"),
        // A root module that only imports the app.
        (
            sources(&web),
            &[
                ("main.py", "from app.main import app\n"),
                ("app/main.py", FASTAPI),
            ],
            "app.main:app",
        ),
        // Relative imports of a factory.
        (
            package(&web),
            &[
                ("shop/factory.py", ""),
                (
                    "shop/app.py",
                    "from fastapi import FastAPI\ndef build() -> FastAPI: ...\n",
                ),
                ("shop/main.py", "from .app import build\napp = build()\n"),
            ],
            "shop.main:app",
        ),
        // What tests define is no program.
        (
            sources(&web),
            &[
                ("tests/app.py", FASTAPI),
                ("conftest.py", FASTAPI),
                ("main.py", FASTAPI),
            ],
            "main:app",
        ),
    ] {
        check(&pyproject, files, &format!("{UVICORN} {expected}"));
    }
}

#[test]
fn django_runs_under_the_server_that_is_there() {
    let files = [
        ("manage.py", "import os\n"),
        (
            "site1/wsgi.py",
            "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        ),
        (
            "site1/asgi.py",
            "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
        ),
    ];
    for (dependencies, expected) in [
        (
            &["django", "gunicorn"][..],
            "gunicorn --bind=0.0.0.0:8000 site1.wsgi:application",
        ),
        (
            &["django", "uvicorn"],
            "uvicorn --host=0.0.0.0 --port=8000 site1.asgi:application",
        ),
        (
            &["django"],
            "python manage.py runserver --noreload 0.0.0.0:8000",
        ),
    ] {
        check(&sources(dependencies), &files, expected);
    }
}

#[test]
fn programs_that_are_no_web_app_are_found() {
    for (dependencies, file, code, expected) in [
        (
            "celery",
            "worker.py",
            "from celery import Celery\napp = Celery('shop')\n",
            "celery --app worker:app worker --loglevel=INFO",
        ),
        (
            "streamlit",
            "streamlit_app.py",
            "import streamlit as st\nst.write('hi')\n",
            "streamlit run streamlit_app.py --server.address=0.0.0.0 --server.port=8501 --server.headless=true",
        ),
        (
            "gradio",
            "app.py",
            "import gradio as gr\nwith gr.Blocks() as demo:\n    gr.Text()\ndemo.launch()\n",
            "python app.py",
        ),
        (
            "aiohttp",
            "main.py",
            "from aiohttp import web\napp = web.Application()\nweb.run_app(app)\n",
            "python main.py",
        ),
        (
            "sanic",
            "server.py",
            "from sanic import Sanic\napp = Sanic('x')\n",
            "sanic server:app --host=0.0.0.0 --port=8000 --single-process",
        ),
        (
            "idna",
            "bot.py",
            "import idna\nwhile True:\n    pass\n",
            "python bot.py",
        ),
        (
            "idna",
            "main.py",
            "def main(): ...\nif __name__ == '__main__':\n    main()\n",
            "python main.py",
        ),
        (
            "idna",
            "main.py",
            "def main(): ...\nif '__main__' == __name__:\n    main()\n",
            "python main.py",
        ),
        ("idna", "lib.py", "def main(): ...\n", "nothing"),
    ] {
        check(&sources(&[dependencies]), &[(file, code)], expected);
    }
}

#[test]
fn servers_that_start_themselves_listen_on_every_interface() {
    let gradio = "import gradio as gr\ndemo = gr.Interface(print, None, None)\ndemo.launch()\n";
    let found = program(&sources(&["gradio"]), &[("app.py", gradio)]).unwrap();
    assert_eq!(found.env["GRADIO_SERVER_NAME"], "0.0.0.0");
    assert_eq!(found.why, "the Gradio app `demo` of `app.py`");
    assert_eq!(
        (found.port, found.stop_signal),
        (Some(7860), Some("SIGINT"))
    );
    let src = program(
        "[project]\nname = 'x'\nversion = '1'\ndependencies = ['flask']\n[tool.uv]\n",
        &[("src/app.py", FLASK)],
    )
    .unwrap();
    assert_eq!(src.env["PYTHONPATH"], "/app/src");
}

#[test]
fn python_as_the_first_process_is_interrupted_unless_it_knows_signals() {
    let signal = |code: &str| {
        let found = program(&sources(&["flask", "gunicorn"]), &[("main.py", code)]);
        found.unwrap().stop_signal
    };
    let guard = "if __name__ == '__main__':\n    print()\n";
    assert_eq!(signal(guard), Some("SIGINT"));
    assert_eq!(signal(&format!("import signal\n{guard}")), None);
    // gunicorn has handlers of its own.
    assert_eq!(signal(FLASK), None);
    // waitress has none.
    let found = program(&sources(&["flask", "waitress"]), &[("main.py", FLASK)]);
    assert_eq!(found.unwrap().stop_signal, Some("SIGINT"));
}

#[test]
fn a_script_is_interrupted_unless_its_code_knows_signals() {
    let project =
        "[project]\nname = 'shop'\nversion = '1'\nscripts = { shop = 'shop.bin.run:main' }\n";
    let signal = |files: &[(&str, &str)]| program(project, files).unwrap().stop_signal;
    let run = "def main(): ...\n";
    assert_eq!(signal(&[("shop/bin/run.py", run)]), Some("SIGINT"));
    assert_eq!(
        signal(&[("src/shop/bin/run/__init__.py", run)]),
        Some("SIGINT")
    );
    let knows = "import signal\n";
    assert_eq!(signal(&[("shop/bin/run.py", knows)]), None);
    let other = ("shop/worker.py", knows);
    assert_eq!(signal(&[("shop/bin/run.py", run), other]), None);
    // Of code that is not there nothing is known.
    assert_eq!(signal(&[]), None);
}

/// Files that say what the definition does not.
fn config(pyproject: &str, files: &[(&str, &str)]) -> Config {
    Config::resolve(&context(pyproject, files)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn a_definition_without_dependencies_has_those_of_the_requirements_file_or_the_pipfile() {
    let installs = |pyproject: &str, files: &[(&str, &str)]| {
        config(pyproject, files).dependencies.requirements_txt()
    };
    let txt = ("requirements.txt", "idna==3.7\n");
    let pipfile = ("Pipfile", "[packages]\nidna = '==3.6'\n");
    let empty = "#syntax=x\n";
    let named = "[project]\nname = 'shop'\nversion = '1'\n";
    for pyproject in [empty, named] {
        assert_eq!(installs(pyproject, &[txt]).unwrap(), "idna==3.7\n");
        assert_eq!(installs(pyproject, &[pipfile]).unwrap(), "idna==3.6\n");
        assert_eq!(installs(pyproject, &[txt, pipfile]).unwrap(), "idna==3.7\n");
    }
    // Who says that there are none means it, and `setup.py` says its own.
    let none = format!("{named}dependencies = []\n");
    assert_eq!(installs(&none, &[txt]).unwrap(), "");
    assert_eq!(installs(empty, &[txt, ("setup.py", "")]), None);
    // Servers are found in it too.
    let flask = ("requirements.txt", "flask==3.1.0\ngunicorn==23.0.0\n");
    check(
        empty,
        &[flask, ("app.py", FLASK)],
        "gunicorn --bind=0.0.0.0:8000 app:app",
    );
}

#[test]
fn the_interpreter_is_the_one_of_the_pipfile_or_of_mise_or_asdf() {
    let version = |pyproject: &str, files: &[(&str, &str)]| {
        config(pyproject, files).python.version.to_string()
    };
    let pipfile = ("Pipfile", "[requires]\npython_version = '3.13'\n");
    let full = ("Pipfile", "[requires]\npython_full_version = '3.13.2'\n");
    let tools = (".tool-versions", "nodejs 24.0.0\npython 3.12.4\n");
    let mise = ("mise.toml", "[tools]\npython = '3.13'\n");
    let file = (".python-version", "3.11\n");
    let requires = "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.9,<3.12'\n";
    assert_eq!(version("", &[pipfile]), "3.13");
    assert_eq!(version("", &[full]), "3.13.2");
    assert_eq!(version("", &[tools]), "3.12.4");
    assert_eq!(version("", &[tools, mise]), "3.13");
    assert_eq!(version("", &[tools, mise, file]), "3.11");
    assert_eq!(version(requires, &[pipfile]), "3.11");
}

#[test]
fn uv_s_lock_makes_a_project_without_build_system_a_set_of_files() {
    let lock = "version = 1\nrevision = 3\nrequires-python = \">=3.11\"\n[[package]]\nname = \"shop\"\nversion = \"1\"\nsource = { virtual = \".\" }\n";
    let pyproject = "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = []\n\
        scripts = { serve = 'shop:main' }\n";
    let files = [("shop/__init__.py", ""), ("main.py", "print()\n")];
    check(pyproject, &files, "serve");
    check(
        pyproject,
        &[&files[..], &[("uv.lock", lock)]].concat(),
        "python main.py",
    );
}

#[test]
fn the_image_says_what_was_found() {
    let cx = context(&sources(&["fastapi", "uvicorn"]), &[("main.py", FASTAPI)]);
    let dockerfile = microb::dockerfile::render(&microb_std::recipe(&cx).unwrap()).unwrap();
    let end = "USER 65532:65532\nEXPOSE 8000\nENTRYPOINT [\"uvicorn\", \"--host=0.0.0.0\", \"--port=8000\", \"main:app\"]\n";
    assert!(dockerfile.ends_with(end), "{dockerfile}");
}

#[test]
fn a_module_in_the_root_runs_only_if_the_wheel_holds_it() {
    let guard = "if __name__ == '__main__':\n    print()\n";
    let own = ("shop/__init__.py", "");
    check(&package(&[]), &[("main.py", guard), own], "nothing");
    check(&package(&[]), &[("shop.py", guard)], "python -m shop");
    let listed = format!("{}[tool.setuptools]\npy-modules = ['main']\n", sources(&[]));
    check(&listed, &[("main.py", guard)], "python -m main");
}

#[test]
fn what_is_unclear_is_told_and_not_guessed() {
    for (dependencies, files, expected) in [
        (
            &["fastapi", "uvicorn"][..],
            &[("orders/main.py", FASTAPI), ("users/main.py", FASTAPI)][..],
            "orders/main.py:2:1: warning: the image has no program: it could be the FastAPI app `app` of `orders/main.py` or the FastAPI app `app` of `users/main.py` (write for instance `entrypoint = [\"uvicorn\", \"--host=0.0.0.0\", \"--port=8000\", \"orders.main:app\"]` in `[tool.microb.target.default]`)",
        ),
        (
            &["starlette"],
            &[(
                "main.py",
                "from starlette.applications import Starlette\napp = Starlette()\n",
            )],
            "main.py:2:1: warning: the image has no program: no server for the Starlette app `app` is among the dependencies (add `uvicorn` to `dependencies`, or set `entrypoint`)",
        ),
        // Daphne takes no functions.
        (
            &["fastapi", "daphne"],
            &[(
                "main.py",
                "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n",
            )],
            "main.py:2:5: warning: the image has no program: no server for the FastAPI app `create_app` is among the dependencies (add `uvicorn` to `dependencies`, or set `entrypoint`)",
        ),
        (
            &[],
            &[
                ("feed.py", "if __name__ == '__main__':\n    1\n"),
                ("mail.py", "if __name__ == '__main__':\n    1\n"),
            ],
            "feed.py:1:4: warning: the image has no program: it could be the main module `feed.py` or the main module `mail.py` (write for instance `entrypoint = [\"python\", \"feed.py\"]` in `[tool.microb.target.default]`)",
        ),
    ] {
        let cx = context(&sources(dependencies), files);
        assert_eq!(Config::resolve(&cx).unwrap().program, None);
        let told: Vec<String> = cx.warnings().iter().map(ToString::to_string).collect();
        let about_the_program = told.iter().filter(|told| told.contains("has no program"));
        assert_eq!(about_the_program.collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn who_says_what_to_run_is_not_second_guessed() {
    for said in [
        "entrypoint = ['shop']",
        "command = ['shop']",
        "entrypoint = []",
    ] {
        let pyproject = format!(
            "{}[tool.microb.target.default]\n{said}\n",
            sources(&["flask"])
        );
        check(&pyproject, &[("app.py", FLASK)], "nothing");
    }
}

#[test]
fn every_module_that_is_looked_at_is_announced() {
    let matches = |pattern: &str, path: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) =
            (pattern.split('/').collect(), path.split('/').collect());
        let one = |(pattern, part): (&&str, &&str)| match pattern.split_once('*') {
            Some((start, end)) => part.starts_with(start) && part.ends_with(end),
            None => pattern == part,
        };
        pattern.len() == path.len() && pattern.iter().zip(&path).all(one)
    };
    for path in [
        "main.py",
        "1_home.py",
        "shop/__main__.py",
        "shop/webapp.py",
        "shop/api/main.py",
        "src/main.py",
        "src/shop/factory.py",
        "src/shop/api/main.py",
    ] {
        let is_announced = microb_std::READS
            .iter()
            .any(|pattern| matches(pattern, path));
        assert!(is_announced, "{path}");
    }
}

/// Where rules are asked, as a build and a check do.
#[test]
fn a_server_for_development_that_is_all_there_is_is_told() {
    for (dependencies, told) in [(&["flask"][..], true), (&["flask", "gunicorn"], false)] {
        let cx = context(&sources(dependencies), &[("app.py", FLASK)]);
        let _stage = microb_std::recipe(&cx).unwrap();
        let is_told = |warning: &microb::Diagnostic| {
            let help = "add `gunicorn` to the dependencies, which runs it then";
            warning.message.ends_with("is a server for development")
                && warning.help.as_deref() == Some(help)
        };
        assert_eq!(
            cx.warnings().iter().any(is_told),
            told,
            "{:?}",
            cx.warnings()
        );
    }
}

#[test]
fn what_poetry_s_own_table_lists_is_known_without_a_lock() {
    let poetry = |dependencies: &str| {
        format!(
            "[tool.poetry]\nname = 'shop'\nversion = '1'\n[tool.poetry.dependencies]\npython = '^3.12'\n{dependencies}"
        )
    };
    let files = [("shop/main.py", FASTAPI)];
    for (dependencies, expected) in [
        (
            "fastapi = '^0.120'\nuvicorn = '^0.38'\n",
            format!("{UVICORN} shop.main:app"),
        ),
        (
            "fastapi = { version = '^0.120', extras = ['standard'] }\n",
            format!("{UVICORN} shop.main:app"),
        ),
        (
            "fastapi = '^0.120'\nuvicorn = { version = '^0.38', optional = true }\n",
            "nothing".to_owned(),
        ),
    ] {
        check(&poetry(dependencies), &files, &expected);
    }
    let cx = context(&poetry("psycopg2 = '^2.9'\n"), &files);
    let needs = Config::resolve(&cx).unwrap().system_needs;
    assert_eq!(needs.len(), 1, "{needs:?}");
}

#[test]
fn of_a_list_that_only_the_backend_knows_no_server_is_said_to_be_missing() {
    let cx = context(
        "",
        &[
            (
                "setup.py",
                "import setuptools\nsetuptools.setup(name='shop')\n",
            ),
            ("shop/main.py", FASTAPI),
        ],
    );
    assert_eq!(Config::resolve(&cx).unwrap().program, None);
    let told: Vec<_> = cx
        .warnings()
        .iter()
        .map(|one| one.message.clone())
        .collect();
    let expected = "the image has no program: only the build backend knows the dependencies, and whether a server for the FastAPI app `app` is among them";
    assert!(told.iter().any(|one| one == expected), "{told:?}");
}

#[test]
fn nothing_is_said_of_the_program_where_the_dependencies_could_not_be_read() {
    let warnings = |lines: &str| {
        let cx = MemoryContext::new(format!(
            "[project]\nname = 'app'\nversion = '1'\ndependencies = ['fastapi']\n[tool.microb.target.default]\n{lines}\n"
        ))
        .file("main.py", "from fastapi import FastAPI\napp = FastAPI()\n");
        let is_error = Config::resolve(&cx).is_err();
        let rules = cx.warnings();
        let has = rules
            .iter()
            .any(|found| found.message.contains("no server"));
        (is_error, has)
    };
    assert_eq!(warnings(""), (false, true));
    assert_eq!(warnings("requirements = 'absent.txt'"), (true, false));
}
