//! A recipe made of combinators, for a project with a `requirements.txt`.
//!
//! ```sh
//! cargo run --example combinators -- dockerfile examples/04-requirements-file
//! cargo run --example combinators -- build -t try examples/04-requirements-file
//! ```

use std::process::ExitCode;

use microb::prelude::*;
use microb_frontend::Recipe;

/// Installs in one stage and ships the result in another.
pub(crate) fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let version = cx.build_arg("PYTHON").unwrap_or("3.14");
    let python = |tag: String| tag.parse::<ImageRef>();
    let build = from(python(format!("python:{version}"))?)
        .named("build")
        .then(copy("requirements.txt", "/src/"))
        .then(
            run([
                "pip",
                "install",
                "--target=/app",
                "-r",
                "/src/requirements.txt",
            ])
            .cache("/root/.cache/pip"),
        );
    Ok(from(python(format!("python:{version}-slim"))?)
        .named("final")
        .then(copy("/app", "/app").from(&build))
        .then(copy("*.py", "/app/"))
        .then((env("PYTHONPATH", "/app"), workdir("/app")))
        .then(unprivileged(65532))
        .then(entrypoint(["python", "-m", "sizes"])))
}

/// A fragment of a recipe is a function, and a tuple of steps is a step.
fn unprivileged(uid: u32) -> impl IntoSteps {
    (label("com.example.user", uid.to_string()), user(uid))
}

fn main() -> ExitCode {
    microb_frontend::main(Recipe::new("combinators", recipe).without_definition())
}
