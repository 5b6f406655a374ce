//! The program `microb`: the standard Python recipe as a frontend and as a command line.

use std::process::ExitCode;

use microb_frontend::Recipe;

fn main() -> ExitCode {
    microb_frontend::main(
        Recipe::new("microb", microb_std::recipe)
            .reads(microb_std::READS.iter().copied())
            .schema(microb_std::schema())
            .about("Builds a container image from pyproject.toml, without a Dockerfile")
            .version(env!("CARGO_PKG_VERSION"))
            .after_help(
                "The flags -llb, -dockerfile and -filename of microb's first version work too.",
            ),
    )
}
