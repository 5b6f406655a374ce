//! Projects without a line of configuration: the image runs what their authors would run.

use std::time::Duration;

use crate::project::Project;
use crate::service::{CONFINED, Service};

/// A project that is no package, with the frontend in its first line and nothing else for microb.
fn project(dependencies: &[&str]) -> Project {
    Project::empty().file(
        "pyproject.toml",
        format!(
            "#syntax=microb:dev\n[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = {dependencies:?}\n"
        ),
    )
}

#[track_caller]
fn check(project: &Project, port: u16, expected: &str) {
    let image = project.build(&[]);
    let container = Service::start(&image, &CONFINED, &[]);
    assert_eq!(container.answer(port), expected);
    assert!(container.is_on_every_interface(port), "port {port}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_fastapi_app_answers() {
    let app = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return 'fast'\n";
    let project = project(&["fastapi", "uvicorn"]).file("main.py", app);
    check(&project, 8000, "\"fast\"");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_flask_factory_answers_under_gunicorn() {
    let app = "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    app.add_url_rule('/', view_func=lambda: 'flask')\n    return app\n";
    let project = project(&["flask", "gunicorn"]).file("shop/__init__.py", app);
    check(&project, 8000, "flask");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_django_site_answers_under_gunicorn() {
    let settings = "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'site1.urls'\n";
    let urls = "from django.http import HttpResponse\nfrom django.urls import path\nurlpatterns = [path('', lambda request: HttpResponse('django'))]\n";
    let wsgi = "import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\napplication = get_wsgi_application()\n";
    let project = project(&["django", "gunicorn"])
        .file("manage.py", "")
        .file("site1/settings.py", settings)
        .file("site1/urls.py", urls)
        .file("site1/wsgi.py", wsgi);
    check(&project, 8000, "django");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_script_runs_and_stops_at_once() {
    let bot = "import time\nprint('ready', flush=True)\nwhile True:\n    time.sleep(1)\n";
    let image = project(&[]).file("bot.py", bot).build(&[]);
    let container = Service::start(&image, &CONFINED, &[]);
    container.says("ready");
    let took = container.stop();
    assert!(took < Duration::from_secs(4), "{took:?}");
}
