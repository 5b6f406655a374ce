//! The keys that say how a container is run, read as a Dockerfile.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::{MemoryContext, dockerfile};
use microb_std::{Config, Flavor, recipe};

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['idna']\n[tool.microb.target.default]\n";

fn render(lines: &str) -> String {
    let cx = MemoryContext::new(format!("{PROJECT}{lines}\n"));
    dockerfile::render(&recipe(&cx).unwrap()).unwrap()
}

/// Each of the lines stands in the Dockerfile of a target.
#[track_caller]
fn check(target: &str, lines: &[&str]) {
    let dockerfile = render(target);
    for line in lines {
        let has = dockerfile.lines().any(|found| found == *line);
        assert!(has, "no {line:?} in\n{dockerfile}");
    }
}

#[test]
fn how_a_container_is_run_is_in_the_config_of_the_image() {
    check(
        "expose = [8000, '53/udp']",
        &["EXPOSE 8000", "EXPOSE 53/udp"],
    );
    check("stop_signal = 'SIGINT'", &["STOPSIGNAL SIGINT"]);
    check(
        "workdir = '/data'",
        &["WORKDIR /data", "ENV PYTHONPATH=/app"],
    );
    check("volumes = ['/data']", &["VOLUME /data"]);
    check(
        "volumes = ['/app/data', '/application']",
        &["VOLUME /app/data", "VOLUME /application"],
    );
    check(
        "",
        &["USER 65532:65532", "ENV HOME=/home/nonroot", "WORKDIR /app"],
    );
    check("user = 'app'", &["USER 65532:65532", "ENV HOME=/home/app"]);
    check("user = 1000", &["USER 1000:1000", "ENV HOME=/home/nonroot"]);
    check("user = '1000:50'", &["USER 1000:50"]);
    check("user = 'root'", &["USER 0:0", "ENV HOME=/root"]);
    assert!(!render("user = 'root'").contains("AS user"));
}

#[test]
fn a_health_check_can_be_turned_off() {
    check("healthcheck = false", &["HEALTHCHECK NONE"]);
    let targets = "healthcheck = { tcp = 80 }\n[tool.microb.target.worker]\nextends = 'default'\nhealthcheck = false";
    check(
        targets,
        &[
            "HEALTHCHECK CMD [\"/app/.venv/bin/python\", \"-I\", \"-c\", \"import socket; socket.create_connection(('127.0.0.1', 80), 30).close()\"]",
        ],
    );
}

#[test]
fn a_health_check_needs_no_curl() {
    let python = "CMD [\"/app/.venv/bin/python\", \"-I\", \"-c\", ";
    let http = "\"import urllib.request as r; r.build_opener(r.ProxyHandler({})).open(\\\"http://127.0.0.1:8000/health\\\", timeout=3)\"]";
    check(
        "expose = [8000]\nhealthcheck = { http = '/health', timeout = '3s', interval = '1m30s', start_period = '500ms', retries = 2 }",
        &[&format!(
            "HEALTHCHECK --interval=90s --timeout=3s --start-period=500ms --retries=2 {python}{http}"
        )],
    );
    let tcp = "\"import socket; socket.create_connection(('127.0.0.1', 5432), 30).close()\"]";
    check(
        "healthcheck = { tcp = 5432 }",
        &[&format!("HEALTHCHECK {python}{tcp}")],
    );
    check(
        "healthcheck = { command = ['app', 'status'] }",
        &["HEALTHCHECK CMD [\"app\", \"status\"]"],
    );
}

#[test]
fn other_images_take_the_places_of_the_official_ones() {
    let own = "registry.example.com/python:3";
    check(
        &format!("base_image = '{own}'"),
        &[
            &format!("FROM {own} AS system"),
            &format!("FROM {own} AS packages"),
            "FROM python:3.14-slim AS uv",
        ],
    );
    check(
        &format!(
            "base_image = 'run:1'\nbuild_image = '{own}@sha256:{}'",
            "a".repeat(64)
        ),
        &[
            "FROM run:1 AS system",
            &format!("FROM {own}@sha256:{} AS packages", "a".repeat(64)),
        ],
    );
    check(
        "base_image = 'run:1'",
        &["RUN [\"python3\", \"-m\", \"venv\", \"--without-pip\", \"/app/.venv\"]"],
    );
    // Their own users may be any, and the caches are where root's are.
    let own = render("base_image = 'run:1'");
    for lines in [
        "AS packages\nUSER 0:0\nENV HOME=/root\n",
        "AS system\nUSER 0:0\n",
        "AS user\nUSER 0:0\n",
    ] {
        assert!(own.contains(lines), "{own}");
    }
    assert!(!render("").contains("USER 0"));
    assert!(render("uv_version = '0.9.1'").contains("\"uv==0.9.1\""));
}

#[test]
fn an_image_that_is_called_like_its_python_says_which_one_and_of_which_family() {
    let config = |lines: &str| {
        let toml = format!(
            "[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.11'\n[tool.microb.target.default]\n{lines}"
        );
        Config::resolve(&MemoryContext::new(toml)).map_err(|errors| errors.to_string())
    };
    let chosen = |lines: &str| {
        let config = config(lines).unwrap_or_else(|errors| panic!("{errors}"));
        (config.python.version.to_string(), config.flavor)
    };
    let of = |version: &str, flavor| (version.to_owned(), flavor);
    assert_eq!(
        chosen("base_image = 'python:3.12-slim'"),
        of("3.12", Flavor::Debian)
    );
    assert_eq!(
        chosen("build_image = 'python:3.12'"),
        of("3.12", Flavor::Debian)
    );
    assert_eq!(
        chosen("base_image = 'python:3.13-alpine'"),
        of("3.13", Flavor::Alpine)
    );
    // What the file says wins.
    let all = "base_image = 'python:3.13-alpine'\nflavor = 'debian'\npython_version = '3.14'";
    assert_eq!(chosen(all), of("3.14", Flavor::Debian));
    assert_eq!(
        chosen("base_image = 'acme/base:3.12'"),
        of("3.14", Flavor::Debian)
    );
    assert_eq!(
        config("base_image = 'python:3.10-slim'").unwrap_err(),
        "pyproject.toml:6:22: error: Python 3.10 contradicts `>=3.11` at pyproject.toml:4:19 (change one of the two)"
    );
}

#[test]
fn what_makes_no_sense_is_told() {
    for (line, expected) in [
        (
            "user = 'My App'",
            "`My App` is no name of a user (write a name such as `app`, or numbers such as `1000:1000`)",
        ),
        (
            "user = -1",
            "`-1` is out of range for `tool.microb.target.default.user` (write a number from 0 to 4294967295)",
        ),
        (
            "expose = [0]",
            "`0` is out of range for `tool.microb.target.default.expose[0]` (write a number from 1 to 65535)",
        ),
        (
            "expose = ['80/http']",
            "`80/http` is no port (write for instance `8000/tcp`)",
        ),
        (
            "stop_signal = 'SIGTRM'",
            "`SIGTRM` is no signal of Linux (write `SIGTERM`)",
        ),
        (
            "volumes = ['data']",
            "`data` is no absolute path (write `/data`)",
        ),
        (
            "volumes = ['/app/']",
            "`/app/` has the program in it, which a volume hides (name a folder for data alone, such as `/app/data`)",
        ),
        (
            "volumes = ['/']",
            "`/` has the program in it, which a volume hides (name a folder for data alone, such as `/app/data`)",
        ),
        (
            "volumes = ['/data', '/app/.venv/lib']",
            "`/app/.venv/lib` has the program in it, which a volume hides (name a folder for data alone, such as `/app/data`)",
        ),
        (
            "workdir = 'data'",
            "`data` is no absolute path (write `/data`)",
        ),
        (
            "uv_version = '>=1'",
            "`>=1` is no version of uv (write for instance `0.13.9`)",
        ),
        (
            "uv_version = '0.5.7'",
            "uv 0.5.7 is older than 0.5.8, the oldest that has what this project needs (write for instance `0.13.9`)",
        ),
        (
            "healthcheck = {}",
            "`healthcheck` needs one of `http`, `tcp` and `command` (write for instance `http = \"/health\"`)",
        ),
        (
            "healthcheck = { tcp = 1, http = '/' }",
            "`healthcheck` needs one of `http`, `tcp` and `command` (write for instance `http = \"/health\"`)",
        ),
        (
            "healthcheck = { http = '/' }",
            "it is not known on which port the program listens (add `port = 8000` beside `http`)",
        ),
        (
            "healthcheck = { http = 'health', port = 1 }",
            "`health` is no path of a URL (write `/health`)",
        ),
        (
            "healthcheck = { http = 'http://localhost:8000/health' }",
            "`http://localhost:8000/health` is no path of a URL (write `http = \"/health\", port = 8000`)",
        ),
        (
            "healthcheck = { http = 'https://localhost' }",
            "`https://localhost` is no path of a URL (write `/`)",
        ),
        (
            "healthcheck = true",
            "it is not known how the engine sees that it works (write for instance `{ http = \"/health\" }`, or `false` for none)",
        ),
        (
            "healthcheck = { tcp = 1, interval = '5 s' }",
            "`5 s` is no time (write for instance `30s`, `1m30s` or `500ms`)",
        ),
    ] {
        let cx = MemoryContext::new(format!("{PROJECT}{line}\n"));
        let errors = recipe(&cx).unwrap_err();
        let found: Vec<String> = errors
            .iter()
            .map(|error| {
                format!(
                    "{} ({})",
                    error.message,
                    error.help.as_deref().unwrap_or("")
                )
            })
            .collect();
        assert_eq!(found, [expected], "{line}");
    }
}
