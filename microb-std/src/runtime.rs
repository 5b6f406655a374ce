//! The final stage: what runs, and nothing that only building needs.

use microb::Spanned;
use microb::prelude::*;
use microb::step::Owner;

use crate::builder::{self, Built, VENV, variables};
use crate::config::{Config, Installer, Packaging};
use crate::container::{Port, User};
use crate::flavor::{image_span, packages, runtime_image};
use crate::install::{self, tool};
use crate::own_steps;
use crate::venv;

pub use crate::container::NONROOT;

/// The repository of the official images, whose user is root.
const OFFICIAL: &str = "docker.io/library/python";

/// The script that adds the user to copies of the base's passwd and group, so that nothing that packages added is lost,
/// and makes the home folder. The same on Debian and Alpine. `awk 1` ends a last line that has no end.
///
/// Everybody may look into the home folder: programs that run as another user look for settings there, and take only a
/// missing file for none.
///
/// A name that the base has already, with numbers of its own, is an error that says which: the image runs as numbers.
fn add_user(User { name, uid, gid, .. }: &User) -> String {
    let check = if name == "nonroot" {
        String::new()
    } else {
        format!(
            "id=$(awk -F: '$1 == \"{name}\" {{ print $3 \":\" $4 }}' /user/etc/passwd); \
             test \"$id\" = {uid}:{gid} || {{ echo \"the base image has a user {name}: write user = \\\"$id\\\"\" >&2; exit 1; }}; "
        )
    };
    format!(
        "set -e; mkdir -p /user/etc /user/home/{name}; \
         awk 1 /base/passwd > /user/etc/passwd; awk 1 /base/group > /user/etc/group; \
         grep -q ^{name}: /user/etc/passwd || echo {name}:x:{uid}:{gid}:{name}:/home/{name}:/sbin/nologin >> /user/etc/passwd; \
         grep -q ^{name}: /user/etc/group || echo {name}:x:{gid}: >> /user/etc/group; \
         {check}chmod 0755 /user/home/{name}; chown {uid}:{gid} /user/home/{name}"
    )
}

/// Installs the wheel into the environment, compiles what is not compiled yet, and removes what the installer leaves for itself.
///
/// Neither step may write bytecode of what it runs itself: official images have none of the standard library and of pip, and
/// it would be in the project's layer, with the times of the build.
fn install_wheel(config: &Config) -> String {
    let install = match config.installer {
        Installer::Uv => {
            "UV_NO_INSTALLER_METADATA=1 /opt/uv/bin/uv pip install --python=/app/.venv/bin/python --offline --no-cache \
             --no-index --no-deps --link-mode=copy --no-progress /dist/*.whl && rm -f /app/.venv/.lock"
                .to_owned()
        }
        Installer::Pip => {
            let words = install::pip(config, VENV, "install").join(" ");
            format!(
                "{words} --root-user-action=ignore --no-cache-dir --no-index --no-deps --no-compile /dist/*.whl && {}",
                venv::FORGET_ORIGINS
            )
        }
    };
    let install = format!("export PYTHONDONTWRITEBYTECODE=1 && {install}");
    if config.compile {
        format!("{install} && {}", venv::compile_words(config))
    } else {
        install
    }
}

/// The image that runs, on `system`. `files` are the steps of `copy_files` and `add_files`.
pub fn runtime(config: &Config, system: &Stage, built: &Built, files: impl IntoSteps) -> Stage {
    let name = config.target.as_ref().map(|target| target.value.as_str());
    from(system)
        .named(name.unwrap_or("final"))
        .then(
            (!config.user.is_root())
                .then(|| copy("/user/", "/").from(user_files(system, &config.user))),
        )
        .then(workdir("/app"))
        .then(copy(VENV, VENV).from(&built.builder))
        .then(project(config, built))
        .then(own_steps::changed_files(built))
        .then(files)
        .then(environment(config))
        .then(labels(config))
        .then(annotations(config))
        .then(volumes(config))
        .then(workdir_of(config))
        .then(user(owner(&config.user)).at(config.user.span.as_ref()))
        .then(program(config))
}

/// The numbers of a user, which orchestrators can check not to be root's.
pub(crate) fn owner(user: &User) -> Owner {
    format!("{}:{}", user.uid, user.gid).as_str().into()
}

/// Folders for data, which belong to the user: a new volume takes their owner over.
fn volumes(config: &Config) -> Vec<Step> {
    let volume = |path: &Spanned<String>| {
        let folder = mkdir(&path.value).owner(owner(&config.user));
        (folder, volume(&path.value)).into_steps().at(&path.span)
    };
    config.volumes.iter().flat_map(volume).collect()
}

/// Where Python looks for modules first.
const PYTHONPATH: &str = "PYTHONPATH";

/// The folder that the program starts in. Sources that are no package are found from any, unless the user or what was found
/// in the project says from where.
fn workdir_of(config: &Config) -> Vec<Step> {
    let Some(folder) = &config.workdir else {
        return Vec::new();
    };
    let of_program = config.program.as_ref().map(|program| &program.env);
    let is_said = config.env.contains_key(PYTHONPATH)
        || of_program.is_some_and(|variables| variables.contains_key(PYTHONPATH));
    let is_sources = config.project.packaging == Packaging::Sources;
    let path = config.source_path.as_deref().unwrap_or("/app");
    (
        (is_sources && !is_said).then(|| env(PYTHONPATH, path)),
        workdir(&folder.value),
    )
        .into_steps()
        .at(&folder.span)
}

/// What starts and stops the program: `expose`, `healthcheck`, `stop_signal`, `entrypoint` and `command`, or what was found in the project.
pub fn program(config: &Config) -> impl IntoSteps + use<> {
    let found = config.program.as_ref();
    let argv = found.map(|program| &program.argv);
    let argv = config.entrypoint.as_ref().or(argv);
    let found_port = found.and_then(|program| program.port);
    let found_port = found_port.filter(|_| config.expose.is_empty());
    let given = |port: &Spanned<Port>| expose(port.value.to_string()).at(&port.span);
    let ports: Vec<Step> = config.expose.iter().flat_map(given).collect();
    let signal = match &config.stop_signal {
        Some(signal) => Some(stop_signal(&signal.value.0).at(&signal.span)),
        None => found
            .and_then(|program| program.stop_signal)
            .map(|signal| stop_signal(signal).into_steps()),
    };
    (
        ports,
        found_port.map(|port| expose(port.to_string())),
        signal,
        config
            .healthcheck
            .as_ref()
            .map(|check| check.value.clone().at(&check.span)),
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
        .at(image_span(config, None))
        .named("system")
        .then(config.base_image.as_ref().map(|_| user(0)))
        .then(packages(config, &config.system_deps))
}

/// `/user`: passwd, group and home of the user, made on the platform of the machine that builds,
/// so that no program of the target platform has to run, by the shell of the image that `system` starts from.
pub fn user_files(system: &Stage, user: &User) -> Stage {
    let mut first = system;
    while let Base::Stage(stage) = first.base() {
        first = stage;
    }
    let is_official = matches!(first.base(), Base::Image(image) if image.repository() == OFFICIAL);
    from(first.base().clone())
        .on(StagePlatform::Build)
        .named("user")
        .then((!is_official).then(|| microb::user(0)))
        .then(
            run(add_user(user))
                .mount(bind("/base").from(system).path("/etc"))
                .called(format!("add the user {} ({})", user.name, user.uid)),
        )
}

/// The variables of the image; those of `env` win.
pub fn environment(config: &Config) -> impl IntoSteps + use<> {
    let of_program = config.program.iter().flat_map(|program| &program.env);
    let of_program: Vec<Step> = of_program.map(|(name, value)| env(name, value)).collect();
    (
        path(format!("{VENV}/bin")),
        env("VIRTUAL_ENV", VENV),
        env("HOME", config.user.home()),
        env("PYTHONUNBUFFERED", "1"),
        env("PYTHONDONTWRITEBYTECODE", "1"),
        of_program,
        config
            .source_path
            .as_ref()
            .map(|path| env("PYTHONPATH", path)),
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

/// The annotations, each with its place in the file.
pub fn annotations(config: &Config) -> Vec<Step> {
    config
        .annotations
        .iter()
        .flat_map(|(name, value)| annotation(name, &value.value).at(&value.span))
        .collect()
}

/// The project itself: a layer of kilobytes, which is all that an edit of its sources changes.
///
/// Its wheel is installed into the environment, which has to be there; what is no package is copied to `/app`.
pub fn project(config: &Config, built: &Built) -> Vec<Step> {
    let install = built.wheel.as_ref().map(|wheel| {
        run(install_wheel(config))
            .network(Network::None)
            .mount(bind("/dist").from(wheel).path("/dist"))
            .mounts((config.installer == Installer::Uv).then(|| tool(&built.installer)))
            .mounts(config.compile.then(|| venv::compiler(&built.builder)))
            .called(match config.installer {
                Installer::Uv => "uv pip install the project's wheel",
                Installer::Pip => "pip install the project's wheel",
            })
            .at(config.project.name.as_ref().map(|name| &name.span))
    });
    let is_sources = config.project.packaging == Packaging::Sources;
    (
        install,
        is_sources.then(|| builder::plain_sources(config, "/app")),
    )
        .into_steps()
}
