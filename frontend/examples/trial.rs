//! A recipe with which the frontend is tried on a real engine: what it does is chosen by the build argument `TRY`.
//!
//! `docker build --build-arg BUILDKIT_SYNTAX=<image of this program> --build-arg TRY=warn -f pyproject.toml .`

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use microb_dsl::prelude::*;
use microb_frontend::Recipe;

fn main() -> ExitCode {
    let reads = ["uv.lock", "requirements*.txt"];
    microb_frontend::main(Recipe::new("trial", recipe).reads(reads))
}

#[expect(
    clippy::panic_in_result_fn,
    clippy::print_stdout,
    reason = "a recipe that panics and one that prints are among the trials"
)]
fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let file = cx.definition();
    let name = file.find("name").unwrap_or_else(|| file.whole());
    let image = |reference: &str| reference.parse::<ImageRef>();
    let base = from(image("python:3.14-slim")?).named("final");
    let note = |path: &str| -> Result<_, Diagnostics> {
        let content = cx
            .read(path)
            .map_err(|error| Diagnostic::error(error.to_string()).at(&name))?;
        let length = content.map_or("none".to_owned(), |bytes| bytes.len().to_string());
        Ok(label(format!("read.{path}"), length))
    };
    match cx.build_arg("TRY").unwrap_or("plain") {
        "mistakes" => {
            let first = Diagnostic::error("unknown key `name`")
                .at(&name)
                .help("write `title`");
            let second = Diagnostic::error("the file is wrong").at(&file.whole());
            Err(Diagnostics::from(first).and(second.into()))
        }
        "panic" => panic!("the trial panics on {}", cx.platform()),
        "sleep" => loop {
            thread::sleep(Duration::from_secs(1));
        },
        "warn" => {
            cx.warn(
                Diagnostic::warning("`name` is an old spelling")
                    .at(&name)
                    .help("write `title`"),
            );
            Ok(base)
        }
        "fail" => Ok(base.then(run("echo about to fail; exit 3").at(&name))),
        "large" => Ok(base.then(mkfile("/large", "x".repeat(6 << 20)))),
        "many" => Err((1..200)
            .filter_map(|line| Some(Diagnostic::error("wrong").at(&file.line(line)?)))
            .fold(
                Diagnostics::from(Diagnostic::error("no end of mistakes")),
                |all, one| all.and(one.into()),
            )),
        "scratch" => Ok(scratch().then((
            copy(".", "/app/").at(&name),
            label("platform", cx.platform().to_string()),
        ))),
        "empty" => Ok(scratch()),
        "epoch" => {
            let epoch = cx.build_arg("SOURCE_DATE_EPOCH").unwrap_or("none");
            Ok(scratch().then((mkfile("/epoch", epoch), copy("pyproject.toml", "/app/"))))
        }
        "triangle" => {
            let first = base
                .clone()
                .then((copy("note", "/note"), run("cp /note /a")));
            Ok(base.then((copy("/a", "/a").from(&first), run("cp /a /b"))))
        }
        "missing" => Ok(scratch().then(copy("missing", "/").at(&name))),
        "print" => {
            println!("this is no HTTP/2 frame");
            Ok(base)
        }
        // For each platform a step of its own, which says what its failure means, so that the frontend itself builds it.
        "one-fails" => {
            let line = match cx.platform().architecture.as_str() {
                "arm64" => "sleep 10; exit 3",
                _ => "sleep 300",
            };
            let failed = Diagnostic::error("the platform failed");
            let step = run(line).on_exit_code(3, failed);
            Ok(base.on(StagePlatform::Build).then(step))
        }
        "slow" => Ok(base.then(run("sleep 300"))),
        "files" => Ok(base.then((
            note("uv.lock")?,
            note("requirements-dev.txt")?,
            note("missing.txt")?,
            note("src/outside.txt")?,
            copy(".", "/app/"),
        ))),
        "copies" => Ok(base.then((
            run(["ln", "-s", "/elsewhere", "/linked"]),
            copy("src", "/linked/").link(),
            copy(["src/*/a.txt", "src/./x/b.txt"], "/parents/").parents(),
        ))),
        "outside" => Ok(base.then(note("../secret")?)),
        "folder" => Ok(base.then(note("src")?)),
        "context" => Ok(base.then(copy("/", "/other/").from(named_context("other")))),
        "secrets" => Ok(base.then(
            run(["touch", "/ran"])
                .mount(secret("first").optional())
                .mount(secret("second").optional())
                .mount(ssh().optional()),
        )),
        "only-context" => Ok(scratch().then(copy("/", "/").from(named_context("other")))),
        "added-to-context" => {
            let base = from(named_context("other")).at(Some(&name));
            Ok(base.then(copy("pyproject.toml", "/added").at(&name)))
        }
        "now" => {
            let base = from(named_context("other"));
            Ok(base.then((copy("note", "/note"), run("date +%s%N > /now"))))
        }
        "loop" => {
            let base = from(named_context("other")).then(run("echo a > /foo"));
            let one = base.clone().then(copy("note", "/bar/note"));
            let two = base.then((copy("/bar/note", "/bar/note").from(&one), run("true")));
            Ok(scratch().then(copy("/foo", "/f").from(&two)))
        }
        "on-context" => Ok(from(named_context("other")).then(run("true"))),
        _ => Ok(base.then((copy("pyproject.toml", "/app/"), cmd(["python3", "-V"])))),
    }
}
