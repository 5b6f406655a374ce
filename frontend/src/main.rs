//! The program `microb`: the standard Python recipe as a frontend and as a command line.

use std::process::ExitCode;

use microb_frontend::Recipe;

fn main() -> ExitCode {
    microb_frontend::main(
        Recipe::new("microb", microb_std::recipe)
            .reads(microb_std::READS.iter().copied())
            .targets(microb_std::targets)
            .rules(microb_std::rules::RULES.iter().copied())
            .schema(microb_std::schema()),
    )
}
