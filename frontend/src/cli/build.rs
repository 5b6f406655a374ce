//! `build`: packs this program as a frontend image and lets the engine that is there build with it.

use std::path::Path;
use std::process::{Command, ExitCode};

use microb_dsl::{Diagnostic, Diagnostics};

use super::arguments::{default_file, folder_of};
use super::client::Engine;
use super::client_flags::ClientArguments;
use super::{executable, exit_code, image_name};
use crate::pack::FrontendImage;
use crate::recipe::Recipe;

/// What a client is asked to build, and with which frontend.
#[derive(Debug)]
pub(super) struct Request {
    /// The build context: a folder, a URL, or `-`.
    pub(super) context: String,
    /// The definition file, relative to the working directory; for a remote context relative to its root.
    /// `None` if the recipe has none.
    pub(super) file: Option<String>,
    /// The frontend image's name.
    pub(super) frontend: String,
    pub(super) arguments: ClientArguments,
}

/// Builds with the arguments after the command `build`. The client's exit status is ours.
pub(super) fn build(recipe: &Recipe, args: Vec<String>) -> ExitCode {
    match prepare(recipe, args) {
        Ok(command) => run(command),
        Err(mistakes) => exit_code(Err(mistakes)),
    }
}

fn prepare(recipe: &Recipe, args: Vec<String>) -> Result<Command, Diagnostics> {
    let mut arguments = ClientArguments::read(args).map_err(Diagnostic::error)?;
    let named = arguments.executable.take();
    let (context, file) = definition(recipe, &mut arguments)?;
    let executable = executable(named.as_deref().map(Path::new))?;
    let engine = Engine::find(arguments.value("builder"))?;
    if let Some(native) = &engine.platform {
        executable.check_runs_on(native, recipe.name())?;
    }
    let image = executable.pack(&image_name(recipe), None)?;
    let request = Request {
        context,
        file,
        frontend: tag(recipe, &image),
        arguments,
    };
    Ok(engine.client.command(&image, &request)?)
}

/// The build context and the definition file, which has to be there if the context is a folder.
fn definition(
    recipe: &Recipe,
    arguments: &mut ClientArguments,
) -> Result<(String, Option<String>), Diagnostic> {
    let mut file = arguments.file.take();
    let Some(filename) = recipe.default_filename() else {
        return without_definition(recipe, file, arguments);
    };
    if file.is_none() {
        let is_file = |given: &mut String| Path::new(given).is_file();
        file = arguments.context.take_if(is_file);
    }
    let context = arguments.context.take().unwrap_or_else(|| {
        let folder = folder_of(file.as_deref().map(Path::new));
        folder.to_string_lossy().into_owned()
    });
    let is_folder = Path::new(&context).is_dir();
    let file = match file {
        Some(file) => file,
        None => default_file(Path::new(&context), recipe)
            .filter(|_| is_folder)
            .map_or_else(
                || filename.to_owned(),
                |file| file.to_string_lossy().into_owned(),
            ),
    };
    if is_folder && file != "-" && !Path::new(&file).exists() {
        return Err(Diagnostic::error(format!("there is no file `{file}`"))
            .help("name the folder of the project, or its definition file with `-f FILE`"));
    }
    Ok((context, Some(file)))
}

fn without_definition(
    recipe: &Recipe,
    file: Option<String>,
    arguments: &mut ClientArguments,
) -> Result<(String, Option<String>), Diagnostic> {
    if let Some(file) = file {
        let name = recipe.name();
        return Err(Diagnostic::error(format!(
            "`-f {file}`: the recipe `{name}` reads no definition file"
        ))
        .help(format!("write `{name} build DIR`")));
    }
    let context = arguments.context.take();
    Ok((context.unwrap_or_else(|| ".".to_owned()), None))
}

/// A name that changes with the image, so that an engine that knows it need not load the image again.
fn tag(recipe: &Recipe, image: &FrontendImage) -> String {
    let digest = image.digest();
    let hash = digest.trim_start_matches("sha256:");
    format!("{}-frontend:{}", image_name(recipe), &hash[..12])
}

/// Becomes the client, so that its output, its exit status and the signals to it are its own.
#[cfg(unix)]
fn run(mut command: Command) -> ExitCode {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    cannot_run(&command, &error)
}

/// Runs the client and ends as it does.
#[cfg(not(unix))]
fn run(mut command: Command) -> ExitCode {
    match command.status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => cannot_run(&command, &error),
    }
}

fn cannot_run(command: &Command, error: &std::io::Error) -> ExitCode {
    let program = command.get_program().display();
    exit_code(Err(Diagnostic::error(format!(
        "cannot run `{program}`: {error}"
    ))
    .into()))
}
