//! Not a Python project at all: a folder of Markdown with a `mkdocs.yml` becomes a web server of a few megabytes.
//!
//! ```sh
//! cargo run --example site -- build -t site examples/site
//! docker run --rm -p 8000:8000 site
//! cargo run --example site -- build --target html --output site examples/site   # the files only, for any web space
//! ```

use std::process::ExitCode;
use std::time::Duration;

use microb::prelude::*;
use microb_frontend::Recipe;

fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let html = html(cx)?;
    match cx.target() {
        None | Some("server") => Ok(server(&html, title(cx)?)),
        Some("html") => Ok(html),
        Some(other) => Err(Diagnostic::error(format!("there is no target `{other}`"))
            .help("write `--target server` or `--target html`")
            .into()),
    }
}

/// The pages, and nothing else. A link that leads nowhere fails the build.
fn html(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let build = stage! {
        from "python:3.14-slim" as build;
        workdir("/site");
        // A site with plugins or a theme lists them, and MkDocs, in its own file.
        if cx.read("requirements.txt")?.is_some() {
            copy!("requirements.txt" => "./");
            run!("pip install --root-user-action=ignore -r requirements.txt").cache("/root/.cache/pip");
        } else {
            run!("pip install --root-user-action=ignore mkdocs==1.6.1").cache("/root/.cache/pip");
        }
        copy!("." => "./");
        run!("mkdocs build --strict --site-dir /html").network(Network::None);
    };
    Ok(stage! {
        from scratch as html;
        copy!("/html" => "/").from(&build);
    })
}

/// A web server that is one static program: no shell, no packages, nothing to keep up to date but itself.
fn server(html: &Stage, title: &str) -> Stage {
    let tools = stage! {
        from "python:3.14-slim" as tools;
        apt!["busybox-static"];
    };
    stage! {
        from scratch as server;
        copy!("/usr/bin/busybox" => "/bin/busybox").from(&tools);
        copy!("/" => "/html").from(html).link();
        label!("org.opencontainers.image.title" = title);
        user(65532);
        expose("8000");
        healthcheck(["/bin/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/"])
            .interval(Duration::from_secs(10))
            .start_interval(Duration::from_secs(1))
            .start_period(Duration::from_secs(10));
        // The server has nothing to save, and as the first process it would not even see a SIGTERM.
        stop_signal("SIGKILL");
        entrypoint!("/bin/busybox httpd -f -p 8000 -h /html");
    }
}

/// The `site_name` of the definition file.
fn title(cx: &dyn Context) -> Result<&str, Diagnostic> {
    let file = cx.definition();
    let line = file
        .text()
        .lines()
        .find_map(|line| line.strip_prefix("site_name:"));
    line.map(|name| name.trim().trim_matches(['"', '\'']))
        .ok_or_else(|| {
            Diagnostic::error("`site_name` is missing")
                .at(&file.whole())
                .help("write for instance `site_name: Handbook`")
        })
}

fn main() -> ExitCode {
    let recipe = Recipe::new("site", recipe)
        .filename("mkdocs.yml")
        .reads(["requirements.txt"])
        .about(
            "Builds a web server image from a MkDocs site, or with `--target html` the pages only",
        );
    microb_frontend::main(recipe)
}
