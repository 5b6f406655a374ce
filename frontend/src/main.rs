//! The program `microb`: the standard Python recipe as a frontend and as a command line.
//!
//! The image has it without the feature `cli`: engines fetch it, and nobody types in it.

use std::process::ExitCode;

use microb_frontend::Recipe;

/// What `microb new` writes. It belongs to this program: a fork of the recipe has another beginning to offer, or none.
#[cfg(feature = "cli")]
const STARTER: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../starter/Cargo.toml.in")),
    ("README.md", include_str!("../starter/README.md")),
    (".gitignore", include_str!("../starter/gitignore")),
    ("src/main.rs", include_str!("../starter/src/main.rs")),
    ("src/tests.rs", include_str!("../starter/src/tests.rs")),
    (
        "example/pyproject.toml",
        include_str!("../starter/example/pyproject.toml"),
    ),
    (
        "example/hello.py",
        include_str!("../starter/example/hello.py"),
    ),
];

fn main() -> ExitCode {
    microb_frontend::main(with_command_line(
        Recipe::new("microb", microb_std::recipe).format(microb_std::PYPROJECT),
    ))
}

/// What only the command line shows.
#[cfg(feature = "cli")]
fn with_command_line(recipe: Recipe) -> Recipe {
    recipe
        .init(microb_std::init)
        .starter(STARTER)
        .about("Builds a container image from pyproject.toml, without a Dockerfile")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help("The flags -llb, -dockerfile and -filename of microb's first version work too.")
}

#[cfg(not(feature = "cli"))]
fn with_command_line(recipe: Recipe) -> Recipe {
    recipe
}
