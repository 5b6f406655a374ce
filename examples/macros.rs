//! The recipe of `examples/combinators.rs` with macros: the same image, with every literal checked by the compiler.
//!
//! ```sh
//! cargo run --example macros -- dockerfile examples/04-requirements-file
//! cargo run --example macros -- build -t try examples/04-requirements-file
//! ```

use std::process::ExitCode;

use microb::prelude::*;
use microb_frontend::Recipe;

/// Installs in one stage and ships the result in another.
pub(crate) fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let version = cx.build_arg("PYTHON").unwrap_or("3.14");
    let build = stage! {
        from python(version)? as build;
        copy!("requirements.txt" => "/src/");
        run!("pip install --target=/app -r /src/requirements.txt").cache("/root/.cache/pip");
    };
    Ok(stage! {
        from python(&format!("{version}-slim"))? as final;
        copy!("/app" => "/app").from(&build);
        copy!("*.py" => "/app/");
        env!(PYTHONPATH = "/app");
        workdir("/app");
        unprivileged(65532);
        entrypoint!("python -m sizes");
    })
}

/// An image whose tag is known at run time only is checked then.
fn python(tag: &str) -> Result<ImageRef, Diagnostics> {
    Ok(format!("python:{tag}").parse()?)
}

/// A fragment of a recipe is a function, and a tuple of steps is a step.
fn unprivileged(uid: u32) -> impl IntoSteps {
    (label!("com.example.user" = uid.to_string()), user(uid))
}

fn main() -> ExitCode {
    microb_frontend::main(Recipe::new("macros", recipe).without_definition())
}
