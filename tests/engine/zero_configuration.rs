//! Projects without a line of configuration: the image runs what their authors would run.

use std::thread;
use std::time::{Duration, Instant};

use crate::docker::{Image, Ran, docker};
use crate::project::Project;

/// A project that is no package, with the frontend in its first line and nothing else for microb.
fn project(dependencies: &[&str]) -> Project {
    Project::empty().file(
        "pyproject.toml",
        format!(
            "#syntax=microb:dev\n[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = {dependencies:?}\n"
        ),
    )
}

/// A container that runs until the test is over.
struct Container(String);

impl Container {
    fn start(image: &Image) -> Self {
        let flags = [
            "run",
            "--detach",
            "--read-only",
            "--tmpfs=/tmp",
            "--cap-drop=ALL",
        ];
        let ran = Ran::of(docker(flags).args(["--network=none", &image.0])).succeeded();
        Self(ran.stdout.trim().to_owned())
    }

    /// What the app answers at `/` of a port; it is asked until it does.
    #[track_caller]
    fn answer(&self, port: u16) -> String {
        let script = format!(
            "import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/', timeout=5).read().decode())"
        );
        let begin = Instant::now();
        loop {
            let ran = Ran::of(&mut docker(["exec", &self.0, "python", "-c", &script]));
            if ran.code == Some(0) {
                return ran.stdout.trim().to_owned();
            }
            if begin.elapsed() > Duration::from_mins(1) {
                let logs = Ran::of(&mut docker(["logs", &self.0]));
                panic!("no answer: {}\n{}{}", ran.stderr, logs.stdout, logs.stderr);
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// What listens, as `0.0.0.0:8000`: an app on the container's own interface cannot be reached.
    fn is_on_every_interface(&self, port: u16) -> bool {
        let tcp = Ran::of(&mut docker(["exec", &self.0, "cat", "/proc/net/tcp"])).succeeded();
        tcp.stdout.contains(&format!(" 00000000:{port:04X} "))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(Ran::of(&mut docker(["rm", "--force", &self.0])));
    }
}

#[track_caller]
fn check(project: &Project, port: u16, expected: &str) {
    let container = Container::start(&project.build(&[]));
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
    let container = Container::start(&project(&[]).file("bot.py", bot).build(&[]));
    while !Ran::of(&mut docker(["logs", &container.0]))
        .stdout
        .contains("ready")
    {
        thread::sleep(Duration::from_millis(100));
    }
    let begin = Instant::now();
    Ran::of(&mut docker(["stop", "--timeout=10", &container.0])).succeeded();
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );
}
