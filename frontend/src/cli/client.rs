//! The engine that is there, and the command of its client.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::slice;

use microb_dsl::{Diagnostic, Platform};

use super::arguments::{build_arg, folder_of};
use super::build::Request;
use super::client_flags::Flag;
use super::layout::layout;
use crate::pack::{FrontendImage, Layout};

/// Which program builds, and how it gets the frontend image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// docker, with the engine's own builder: it sees the images that are loaded into the engine.
    Docker,
    /// docker, with a builder of its own that sees no local image.
    DockerBuilder,
    /// nerdctl: its BuildKit need not see containerd's images.
    Nerdctl,
    /// buildctl, for a BuildKit without more around it.
    Buildctl,
}

/// An engine that answered.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) client: Client,
    /// The platform of the machine that it runs on, if it tells.
    pub(super) platform: Option<Platform>,
}

impl Engine {
    /// Looks for an engine: `BUILDKIT_HOST` for buildctl, then docker, nerdctl, and buildctl's default address.
    ///
    /// # Errors
    ///
    /// When none answers; the help says what to do.
    pub(super) fn find(builder: Option<&str>) -> Result<Self, Diagnostic> {
        let mut refusals = Vec::new();
        let names_buildkit = std::env::var_os("BUILDKIT_HOST").is_some();
        let attempts: [&dyn Fn() -> Result<Self, String>; 4] = [
            &|| {
                if names_buildkit {
                    buildctl()
                } else {
                    Err(String::new())
                }
            },
            &|| docker(builder),
            &nerdctl,
            &|| {
                if names_buildkit {
                    Err(String::new())
                } else {
                    buildctl()
                }
            },
        ];
        for attempt in attempts {
            match attempt() {
                Ok(engine) => return Ok(engine),
                Err(refusal) => refusals.push(refusal),
            }
        }
        refusals.retain(|refusal| !refusal.is_empty());
        Err(no_engine(&refusals))
    }

    fn new(client: Client) -> Self {
        Self {
            client,
            platform: None,
        }
    }
}

fn no_engine(refusals: &[String]) -> Diagnostic {
    let what = "install and start Docker with its buildx plugin (https://docs.docker.com/engine/install), \
                or set BUILDKIT_HOST; in a checkout of microb: `dev/engine up && eval \"$(dev/engine env)\"`";
    let message = match refusals {
        [] => "there is no docker, nerdctl or buildctl to build with".to_owned(),
        refusals => format!("no container engine answers: {}", refusals.join("; ")),
    };
    Diagnostic::error(message).help(what)
}

/// Asks docker for its builder; an `Err` without text means that docker is not installed.
fn docker(builder: Option<&str>) -> Result<Engine, String> {
    let output = ask(Command::new("docker")
        .args(["buildx", "inspect"])
        .args(builder))?;
    read_builder(&output)
}

/// Reads what `docker buildx inspect` prints: `Driver:`, `Error:` and `Platforms:` lines.
fn read_builder(output: &str) -> Result<Engine, String> {
    let value = |key: &str| {
        let line = output.lines().find(|line| line.starts_with(key))?;
        Some(line[key.len()..].trim())
    };
    let driver = value("Driver:").unwrap_or_default();
    // A builder of its own that is not up yet is started by the build; docker's own engine is not.
    if let (Some(error), "" | "docker") = (value("Error:"), driver) {
        return Err(format!("docker: {error}"));
    }
    // The machine's own comes first; a star marks a platform that a person chose.
    let platform = value("Platforms:")
        .and_then(|all| all.split(',').next())
        .and_then(|first| first.trim_end_matches('*').parse().ok());
    Ok(Engine {
        client: if driver == "docker" {
            Client::Docker
        } else {
            Client::DockerBuilder
        },
        platform,
    })
}

fn nerdctl() -> Result<Engine, String> {
    ask(Command::new("nerdctl").arg("info")).map(|_| Engine::new(Client::Nerdctl))
}

fn buildctl() -> Result<Engine, String> {
    ask(Command::new("buildctl").args(["debug", "workers"])).map(|_| Engine::new(Client::Buildctl))
}

/// The standard output of a command; the first line of its complaint, or nothing if it is not installed.
fn ask(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output: Output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(String::new()),
        Err(error) => return Err(format!("{name}: {error}")),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let complaint = complaint.unwrap_or("failed without a message");
    let complaint = complaint
        .strip_prefix(&format!("{name}: "))
        .unwrap_or(complaint);
    Err(format!("{name}: {complaint}"))
}

impl Client {
    /// Makes the frontend image known to the engine, and gives the command that builds with it.
    pub(super) fn command(
        self,
        image: &FrontendImage,
        request: &Request,
    ) -> Result<Command, Diagnostic> {
        Ok(match self {
            Self::Docker => {
                load(image, &request.frontend)?;
                docker_build("docker", request, None)
            }
            Self::DockerBuilder => {
                docker_build("docker", request, Some(&oci_layout(image, request)?))
            }
            Self::Nerdctl => docker_build("nerdctl", request, Some(&oci_layout(image, request)?)),
            Self::Buildctl => buildctl_build(image, request)?,
        })
    }
}

/// Loads the image into docker's engine, unless it is there.
fn load(image: &FrontendImage, tag: &str) -> Result<(), Diagnostic> {
    let docker = || Command::new("docker");
    if ask(docker().args(["image", "inspect", "--format", "{{.Id}}", tag])).is_ok() {
        return Ok(());
    }
    let failed = |reason: String| {
        Diagnostic::error(format!(
            "cannot load the frontend image into docker: {reason}"
        ))
    };
    let mut child = docker()
        .args(["image", "load", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let written = child.stdin.take().map_or(Ok(()), |stdin| {
        Layout::new(tag, slice::from_ref(image)).write_archive(stdin)
    });
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        // docker has said why on standard error.
        return Err(failed(format!("docker image load ended with {status}")));
    }
    written.map_err(|error| failed(error.to_string()))?;
    remove_older(tag);
    Ok(())
}

/// Removes the images of earlier executables of the same recipe: every compilation makes another one.
fn remove_older(tag: &str) {
    let repository = tag.split(':').next().unwrap_or(tag);
    let format = "{{.Repository}}:{{.Tag}}";
    let list = ["image", "ls", "--format", format, repository];
    let known = ask(Command::new("docker").args(list)).unwrap_or_default();
    let older: Vec<&str> = known.lines().filter(|known| *known != tag).collect();
    if !older.is_empty() {
        // One that is in use stays.
        let _ = ask(Command::new("docker").args(["image", "rm"]).args(older));
    }
}

/// The image as a named context of its own name: BuildKit looks there before it asks a registry.
fn oci_layout(image: &FrontendImage, request: &Request) -> Result<String, Diagnostic> {
    let folder = layout(image, &request.frontend)?;
    let name = &request.frontend;
    Ok(format!(
        "{name}=oci-layout://{}@{}",
        folder.display(),
        image.digest()
    ))
}

/// `docker build`, or `nerdctl build`, which takes the same flags.
fn docker_build(program: &str, request: &Request, frontend_context: Option<&str>) -> Command {
    let mut command = Command::new(program);
    // An old docker without it builds with its classic builder, which knows no frontends.
    command.env("DOCKER_BUILDKIT", "1").arg("build");
    command.arg(format!("--build-arg=BUILDKIT_SYNTAX={}", request.frontend));
    command.args(frontend_context.map(|context| format!("--build-context={context}")));
    command.args(request.file.as_ref().map(|file| format!("--file={file}")));
    for flag in &request.arguments.flags {
        command.args(&flag.written);
    }
    command.arg("--").arg(&request.context);
    command
}

/// `buildctl build`: docker's flags that say what to build are translated, all others go through.
fn buildctl_build(image: &FrontendImage, request: &Request) -> Result<Command, Diagnostic> {
    let folder = layout(image, &request.frontend)?;
    let file = request.file.as_deref().map(Path::new);
    let name = file.map(|file| file.file_name().filter(|name| *name != "-").ok_or(file));
    let name = name.transpose().map_err(|file| {
        Diagnostic::error(format!("`{}` is no file for buildctl", file.display()))
            .help("name a file with `-f FILE`")
    })?;
    let mut command = Command::new("buildctl");
    command.args(["build", "--frontend=gateway.v0"]);
    let mut option = |name: &str, value: &str| {
        command.arg("--opt").arg(format!("{name}={value}"));
    };
    option("source", &request.frontend);
    if let Some(name) = name {
        option("filename", &name.to_string_lossy());
    }
    let context = format!("oci-layout://frontend@{}", image.digest());
    option(&format!("context:{}", request.frontend), &context);
    let is_folder = Path::new(&request.context).is_dir();
    if !is_folder {
        option("context", &request.context);
    }
    command.arg(format!("--oci-layout=frontend={}", folder.display()));
    if is_folder {
        let folder_of_file = match file {
            Some(_) => folder_of(file),
            None => Path::new(&request.context).to_owned(),
        };
        command.arg(format!("--local=context={}", request.context));
        command.arg(format!("--local=dockerfile={}", folder_of_file.display()));
    }
    for flag in &request.arguments.flags {
        command.args(for_buildctl(flag));
    }
    Ok(command)
}

/// docker's spelling of a flag in buildctl's; what buildctl knows or nobody knows stays as it was written.
fn for_buildctl(flag: &Flag) -> Vec<String> {
    let option = |text: String| vec!["--opt".to_owned(), text];
    let Some(value) = &flag.value else {
        return flag.written.clone();
    };
    match flag.name.as_str() {
        "target" | "platform" => option(format!("{}={value}", flag.name)),
        "label" => option(format!("label:{value}")),
        "build-arg" => build_arg(value, |name| std::env::var(name).ok())
            .map(|(name, value)| option(format!("build-arg:{name}={value}")))
            .unwrap_or_default(),
        "build-context" => match value.split_once('=') {
            Some((name, folder)) if Path::new(folder).is_dir() => {
                let mut args = option(format!("context:{name}=local:{name}"));
                args.push(format!("--local={name}={folder}"));
                args
            }
            _ => option(format!("context:{value}")),
        },
        "tag" => vec![format!("--output=type=image,name={value}")],
        _ => flag.written.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::client_flags::ClientArguments;
    use super::*;

    #[test]
    fn the_builder_is_read_from_dockers_own_words() {
        let output = "Name:          default\nDriver:        docker\n\nNodes:\nName:             default\n\
                      Status:           running\nPlatforms:        linux/amd64, linux/amd64/v2, linux/386*\n";
        let engine = read_builder(output).unwrap();
        assert_eq!(engine.client, Client::Docker);
        assert_eq!(engine.platform, Some(Platform::new("linux", "amd64", "")));

        let output = "Name:   builder0\nDriver: docker-container\n\nNodes:\nStatus: inactive\n";
        let engine = read_builder(output).unwrap();
        assert_eq!(engine.client, Client::DockerBuilder);
        assert_eq!(engine.platform, None);
    }

    #[test]
    fn an_engine_that_is_down_is_told_in_dockers_words() {
        let output = "Name:   default\nDriver: docker\n\nNodes:\nError: Cannot connect to the Docker daemon\n";
        let refusal = read_builder(output).unwrap_err();
        assert_eq!(refusal, "docker: Cannot connect to the Docker daemon");
    }

    #[test]
    fn buildctl_gets_dockers_flags_in_its_own_words() {
        for (written, expected) in [
            ("--target api", "--opt target=api"),
            ("--platform=linux/arm64", "--opt platform=linux/arm64"),
            ("--build-arg A=b=c", "--opt build-arg:A=b=c"),
            ("--build-arg MICROB_SURELY_NOT_SET", ""),
            ("--label a=b", "--opt label:a=b"),
            ("-t x:1", "--output=type=image,name=x:1"),
            (
                "--build-context base=docker-image://python:3",
                "--opt context:base=docker-image://python:3",
            ),
            (
                "--build-context src=src",
                "--opt context:src=local:src --local=src=src",
            ),
            (
                "--secret id=a --no-cache --ssh=default",
                "--secret id=a --no-cache --ssh=default",
            ),
        ] {
            let args = written.split(' ').map(str::to_owned).collect();
            let found = ClientArguments::read(args).unwrap();
            let args: Vec<String> = found.flags.iter().flat_map(for_buildctl).collect();
            assert_eq!(args.join(" "), expected, "{written}");
        }
    }
}
