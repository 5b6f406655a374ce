//! The final stage: what runs, and nothing that only building needs.

use microb::prelude::*;

use crate::builder::{self, Built, VENV, tool, variables};
use crate::config::Config;
use crate::flavor::{packages, runtime_image};

/// The number of the user and the group that the image runs as, `nonroot` of the distroless images.
pub const NONROOT: u32 = 65532;

/// Adds the user to copies of the base's passwd and group, so that nothing that packages added is lost,
/// and makes the home folder. The same on Debian and Alpine. `awk 1` ends a last line that has no end.
const ADD_USER: &str = "\
set -e; mkdir -p /user/etc /user/home/nonroot; \
awk 1 /base/passwd > /user/etc/passwd; awk 1 /base/group > /user/etc/group; \
grep -q ^nonroot: /user/etc/passwd || echo nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin >> /user/etc/passwd; \
grep -q ^nonroot: /user/etc/group || echo nonroot:x:65532: >> /user/etc/group; \
chmod 0750 /user/home/nonroot; chown 65532:65532 /user/home/nonroot";

/// Installs the wheel into the environment, and removes what the installer leaves for itself.
const INSTALL_WHEEL: &str = "\
UV_NO_INSTALLER_METADATA=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH \
/opt/uv/bin/uv pip install --python=/app/.venv/bin/python --offline --no-cache --no-index --no-deps \
--link-mode=copy --compile-bytecode --no-progress /dist/*.whl && rm -f /app/.venv/.lock";

/// The image that runs. `files` are the steps of `copy_files` and `add_files`.
pub fn runtime(config: &Config, built: &Built, files: impl IntoSteps) -> Stage {
    let system = system(config);
    let name = config.target.as_ref().map(|target| target.value.as_str());
    from(&system)
        .named(name.unwrap_or("final"))
        .then(copy("/user/", "/").from(user_files(&system)))
        .then(workdir("/app"))
        .then(copy(VENV, VENV).from(&built.builder))
        .then(project(config, built))
        .then(files)
        .then(environment(config))
        .then(labels(config))
        .then(user(NONROOT))
        .then(program(config))
}

/// `entrypoint` and `command`, or what was found in the project.
pub fn program(config: &Config) -> impl IntoSteps + use<> {
    let found = config.program.as_ref();
    let argv = found.map(|program| &program.argv);
    let argv = config.entrypoint.as_ref().or(argv);
    (
        found
            .and_then(|program| program.port)
            .map(|port| expose(port.to_string())),
        found
            .and_then(|program| program.stop_signal)
            .map(stop_signal),
        argv.map(|argv| entrypoint(argv.value.clone()).at(&argv.span)),
        config
            .command
            .as_ref()
            .map(|argv| cmd(argv.value.clone()).at(&argv.span)),
    )
}

/// The base image with `system_deps`.
pub fn system(config: &Config) -> Stage {
    from(runtime_image(config))
        .at(config.python.span.as_ref())
        .named("system")
        .then(packages(config, &config.system_deps))
}

/// `/user`: passwd, group and home of the user `nonroot`, made on the platform of the machine that builds,
/// so that no program of the target platform has to run.
pub fn user_files(system: &Stage) -> Stage {
    let Base::Image(image) = system.base() else {
        return scratch();
    };
    from(image.clone())
        .on(StagePlatform::Build)
        .named("user")
        .then(
            run(ADD_USER)
                .mount(bind("/base").from(system).path("/etc"))
                .called("add the user nonroot (65532)"),
        )
}

/// The variables of the image; those of `env` win.
pub fn environment(config: &Config) -> impl IntoSteps + use<> {
    let of_program = config.program.iter().flat_map(|program| &program.env);
    let of_program: Vec<Step> = of_program.map(|(name, value)| env(name, value)).collect();
    (
        path(format!("{VENV}/bin")),
        env("VIRTUAL_ENV", VENV),
        env("HOME", "/home/nonroot"),
        env("PYTHONUNBUFFERED", "1"),
        env("PYTHONDONTWRITEBYTECODE", "1"),
        of_program,
        variables(config),
    )
}

/// The labels, each with its place in the file.
pub fn labels(config: &Config) -> Vec<Step> {
    config
        .labels
        .iter()
        .flat_map(|(name, value)| label(name, &value.value).at(&value.span))
        .collect()
}

/// The project itself: a layer of kilobytes, which is all that an edit of its sources changes.
///
/// Its wheel is installed into the environment, which has to be there; what is no package is copied to `/app`.
pub fn project(config: &Config, built: &Built) -> Vec<Step> {
    let Some(wheel) = &built.wheel else {
        return builder::plain_sources(config, "/app");
    };
    run(INSTALL_WHEEL)
        .network(Network::None)
        .mount(bind("/dist").from(wheel).path("/dist"))
        .mount(tool(&built.installer))
        .called("uv pip install the project's wheel")
        .at(config.project.name.as_ref().map(|name| &name.span))
}
