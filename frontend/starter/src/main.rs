//! The frontend `{{name}}`: the standard Python image, with what every service here has.

use std::process::ExitCode;

use microb::prelude::*;
use microb::std::{Bases, Config, PYPROJECT, image, rules, schema};
use microb_frontend::Recipe;

#[cfg(test)]
mod tests;

/// What every service here says about itself.
#[derive(Table)]
#[table("tool.{{name}}")]
struct Service {
    /// The team that answers for the image.
    #[key(example = "payments")]
    team: String,
    /// The time zone of the containers.
    #[key(default = "UTC", example = "Europe/Berlin")]
    timezone: String,
}

/// From the `pyproject.toml` of a project to its image.
fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    // All mistakes of both tables at once.
    let (config, service) = Diagnostics::both(Config::resolve(cx), Service::read(cx))?;
    rules::check(cx, &config);
    let standard = image(cx, config, &|config| {
        let bases = Bases::of(config);
        // The final image starts from here: put your own base image, or certificates, into it.
        let system = stage! {
            from &bases.system as base;
            env!(TZ = service.timezone.as_str());
        };
        Ok(Bases { system, ..bases })
    })?;
    Ok(standard.then(label!("com.example.team" = service.team)))
}

fn main() -> ExitCode {
    microb_frontend::main(
        Recipe::new("{{name}}", recipe)
            .about("Builds our image of a Python project")
            .format(PYPROJECT)
            .schema(|| schema().table::<Service>().to_string()),
    )
}
