//! A recipe in ten lines: an image whose only file says whom it greets.
//!
//! `cargo run --example hello -- dockerfile -f NAME.toml`

use std::process::ExitCode;

use microb_dsl::prelude::*;
use microb_frontend::Recipe;

fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let Some(name) = cx
        .definition()
        .text()
        .lines()
        .find_map(|line| line.strip_prefix("name = "))
    else {
        return Err(Diagnostic::error("`name` is missing")
            .at(&cx.definition().whole())
            .help("write for instance `name = world`")
            .into());
    };
    let greeting = cx.build_arg("GREETING").unwrap_or("hello");
    Ok(scratch().then(mkfile("/greeting", format!("{greeting} {name}\n"))))
}

fn main() -> ExitCode {
    microb_frontend::main(Recipe::new("hello", recipe).filename("hello.toml"))
}
