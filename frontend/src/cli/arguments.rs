//! The commands and what they take, for clap.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use microb_dsl::Platform;

use super::pack::Packed;
use crate::recipe::Recipe;

/// The whole command line of a recipe's program.
pub(super) fn command(recipe: &Recipe) -> Command {
    let name = recipe.name().to_owned();
    let file = recipe.default_filename();
    let about = recipe.about.clone().unwrap_or_else(|| {
        let from = file.map_or_else(String::new, |file| format!(" from {file}"));
        format!("Builds a container image{from}, without a Dockerfile")
    });
    let mistakes = file.map_or_else(String::new, |file| format!(" in {file}"));
    Command::new(name.clone())
        .version(recipe.version.clone())
        .about(about)
        .after_help(examples(recipe))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(build_command(&name, file))
        .subcommand(
            inputs(Command::new("dockerfile"), file)
                .about("Print the equivalent Dockerfile")
                .after_help(format!("Example:\n  {name} dockerfile | docker build -f - .")),
        )
        .subcommand(
            inputs(Command::new("llb"), file)
                .about("Print what BuildKit is asked to do, as text or as protobuf")
                .arg(switch("raw", "Write protobuf (pb.Definition) instead of text"))
                .after_help(format!(
                    "Protobuf holds the file system only, as buildctl does: entrypoint, user and environment are the frontend's.\n\n\
                     Example:\n  {name} llb --raw | buildctl build --local context=."
                )),
        )
        .subcommand(
            inputs(Command::new("graph"), file)
                .about("Draw stages and steps, as Mermaid or as SVG")
                .arg(switch("svg", "Write SVG, which a browser shows, instead of Mermaid"))
                .after_help(format!("Example:\n  {name} graph --svg > build.svg")),
        )
        .subcommand(explain_command(&name, file))
        .subcommand(diff_command(&name, file))
        .subcommand(
            inputs(Command::new("check"), file)
                .about(format!("Show all mistakes{mistakes} at once, without building"))
                .after_help("The exit status is 1 when there are mistakes, 0 when there are at most warnings."),
        )
        .subcommands(file.filter(|_| recipe.schema.is_some()).map(|file| schema_command(&name, file)))
        .subcommands(file.filter(|_| recipe.init.is_some()).map(|file| init_command(&name, file)))
        .subcommand(pack_command(&name))
        .subcommands((!recipe.starter.is_empty()).then(|| new_command(&name)))
}

/// What `dockerfile`, `llb`, `graph`, `explain`, `diff` and `check` were asked for.
#[derive(Debug, Clone)]
pub(super) struct Inputs {
    /// The build context.
    pub(super) folder: PathBuf,
    /// The definition file, relative to the working directory; `None` if the recipe has none.
    pub(super) file: Option<PathBuf>,
    pub(super) target: Option<String>,
    pub(super) build_args: Vec<(String, String)>,
    pub(super) platform: Option<Platform>,
    /// Names and values of `--build-context`.
    pub(super) named_contexts: Vec<(String, String)>,
}

impl Inputs {
    /// Takes the values of the arguments that [`inputs`] declares.
    pub(super) fn new(recipe: &Recipe, matches: &ArgMatches) -> Self {
        // Declared only where the recipe has a definition file.
        let file = matches.try_get_one::<PathBuf>("file").ok().flatten();
        let given = matches.get_one::<PathBuf>("DIR");
        let is_file = |given: &&PathBuf| recipe.default_filename().is_some() && given.is_file();
        let file = file.or_else(|| given.filter(is_file));
        let folder = given
            .filter(|given| Some(*given) != file)
            .cloned()
            .unwrap_or_else(|| folder_of(file.map(PathBuf::as_path)));
        Self {
            file: file.cloned().or_else(|| default_file(&folder, recipe)),
            folder,
            // The last one, where there may be several.
            target: many(matches, "target").last().cloned(),
            build_args: many(matches, "build-arg")
                .filter_map(|arg| build_arg(arg, |name| std::env::var(name).ok()))
                .collect(),
            platform: matches.get_one("platform").cloned(),
            named_contexts: many(matches, "build-context")
                .map(|arg| arg.split_once('=').unwrap_or((arg, "")))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

/// The build context when none is named: the folder of the definition file, or the working directory.
pub(super) fn folder_of(file: Option<&Path>) -> PathBuf {
    match file.and_then(Path::parent) {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The definition file when none is named, as a person would type it; `None` for a recipe without one.
pub(super) fn default_file(folder: &Path, recipe: &Recipe) -> Option<PathBuf> {
    let file = Path::new(recipe.default_filename()?);
    Some(if folder == Path::new(".") {
        file.to_owned()
    } else {
        folder.join(file)
    })
}

/// `NAME=VALUE`, or `NAME` for the value that the environment has, as `docker build --build-arg` does.
pub(super) fn build_arg(
    arg: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Option<(String, String)> {
    match arg.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => Some((arg.to_owned(), environment(arg)?)),
    }
}

pub(super) fn many<'a>(matches: &'a ArgMatches, name: &str) -> impl Iterator<Item = &'a String> {
    matches.get_many(name).into_iter().flatten()
}

/// Adds the arguments that say what a recipe gets.
fn inputs(command: Command, file: Option<&str>) -> Command {
    let with_value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    command
        .arg(
            Arg::new("DIR")
                .value_parser(value_parser!(PathBuf))
                .help(format!(
                    "The build context: a folder {}",
                    default_folder(file)
                )),
        )
        .args(file.map(|file| {
            file_argument(file)
                .alias("filename")
                .value_parser(value_parser!(PathBuf))
        }))
        .arg(with_value(
            "target",
            "NAME",
            "Which image to build, where there are several",
        ))
        .arg(
            with_value(
                "build-arg",
                "NAME=VALUE",
                "A build argument; NAME alone takes the variable of the environment",
            )
            .action(ArgAction::Append),
        )
        .arg(
            with_value(
                "platform",
                "PLATFORM",
                "The platform of the image, for instance linux/arm64 [default: this machine's]",
            )
            .value_parser(str::parse::<Platform>),
        )
        .arg(
            with_value(
                "build-context",
                "NAME=VALUE",
                "Another build context: a folder, docker-image://…, https://….git",
            )
            .action(ArgAction::Append),
        )
}

fn since() -> Arg {
    Arg::new("since")
        .long("since")
        .value_name("REV|DIR")
        .help("What was built last: a git revision, or a folder with the project as it was")
}

fn explain_command(name: &str, file: Option<&str>) -> Command {
    inputs(Command::new("explain"), file)
        .about("Say what each step reads, and which steps a change runs again")
        .arg(
            Arg::new("changed")
                .long("changed")
                .value_name("PATH")
                .num_args(1..)
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("since")
                .help("Say which steps run again when these files change; a folder stands for all in it"),
        )
        .arg(since())
        .after_help(format!(
            "Nothing is built. The answer is what BuildKit does when the last build is still in its cache, and images,\n\
             URLs and git references lead where they led. `may run` depends on what a program writes, which only running it tells.\n\n\
             Examples:\n  \
             {name} explain\n  \
             {name} explain --changed src/app.py README.md\n  \
             {name} explain --since HEAD"
        ))
}

fn diff_command(name: &str, file: Option<&str>) -> Command {
    let project = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .value_parser(value_parser!(PathBuf))
            .help(help)
    };
    let command = inputs(Command::new("diff"), file)
        .about("Compare the steps of two projects, targets or revisions")
        .mut_arg("DIR", |_| {
            project("DIR", "").value_name("A").help(format!(
                "The first project: a folder{} [default: .]",
                file.map(|file| format!(" or its {file}"))
                    .unwrap_or_default()
            ))
        })
        .arg(project("B", "The second project"))
        .mut_arg("target", |arg| {
            arg.action(ArgAction::Append)
                .help("The target; given twice, two targets of one project are compared")
        })
        .arg(
            since()
                .conflicts_with("B")
                .help("Compare the project as it was, a git revision or a folder, with A"),
        );
    let command = if file.is_some() {
        command.mut_arg("file", |arg| arg.hide(true).conflicts_with("B"))
    } else {
        command
    };
    command.after_help(format!(
        "The exit status is 0 if they are the same, 1 if they are not, 2 if there is trouble.\n\n\
         Examples:\n  \
         {name} diff services/a services/b\n  \
         {name} diff --target default --target debug\n  \
         {name} diff --since main"
    ))
}

fn default_folder(file: Option<&str>) -> &'static str {
    match file {
        Some(_) => "[default: the folder of FILE, or .]",
        None => "[default: .]",
    }
}

fn file_argument(file: &str) -> Arg {
    Arg::new("file")
        .short('f')
        .long("file")
        .value_name("FILE")
        .help(format!("The definition file [default: DIR/{file}]"))
}

/// Only for its help: `build` reads its arguments itself, since most of them are the client's.
fn build_command(name: &str, file: Option<&str>) -> Command {
    Command::new("build")
        .about("Build the image with docker, nerdctl or buildctl, whichever is there")
        .override_usage(format!("{name} build [DIR] [FLAGS OF docker build]…"))
        .arg(
            Arg::new("DIR")
                .help(format!("The build context, as docker build takes it {}", default_folder(file))),
        )
        .args(file.map(file_argument))
        .arg(
            Arg::new("executable")
                .long("executable")
                .value_name("FILE")
                .help("The frontend, if this program itself is none that the engine can run"),
        )
        .after_help(format!(
            "All other flags go to the client as they are: -t, --target, --build-arg, --platform, --secret, --ssh, …\n\
             Write --flag=value where a flag is unknown to this program.\n\n\
             Examples:\n  \
             {name} build -t app:1\n  \
             {name} build services/api -t api:1 --secret id=token,env=TOKEN\n  \
             BUILDKIT_HOST=tcp://127.0.0.1:1234 {name} build --output type=image,name=app:1,push=true"
        ))
}

fn schema_command(name: &str, file: &str) -> Command {
    Command::new("schema")
        .about(format!("Print the JSON schema of {file}, for editors"))
        .arg(
            Arg::new("table")
                .long("table")
                .value_name("NAME")
                .help("Only the schema of this table, for instance tool.microb"),
        )
        .after_help(format!(
            "Example:\n  {name} schema > {name}.schema.json\n\n\
             Then `#:schema ./{name}.schema.json` on a line of {file} tells editors with Taplo (Even Better TOML) about it."
        ))
}

fn init_command(name: &str, file: &str) -> Command {
    inputs(Command::new("init"), Some(file))
        .about(format!("Write into {file} what is decided without configuration, as tables with comments"))
        .arg(
            Arg::new("frontend")
                .long("frontend")
                .value_name("IMAGE")
                .default_value(format!("{name}:dev"))
                .help("The image that the first line, #syntax=…, names"),
        )
        .arg(switch("print", "Show the file as it would be, and write nothing"))
        .after_help(format!("A file that has such tables is left alone.\n\nExample:\n  {name} init && docker build -f {file} ."))
}

fn new_command(name: &str) -> Command {
    Command::new("new")
        .about("Write a new crate with a recipe of your own, ready to be changed")
        .arg(
            Arg::new("NAME")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Its folder, which must not be there yet; the last part is the name of the crate"),
        )
        .arg(
            Arg::new("path")
                .long("path")
                .value_name("CHECKOUT")
                .value_parser(value_parser!(PathBuf))
                .help("Depend on this clone of microb's repository [default: this version on crates.io, once it is there]"),
        )
        .after_help(format!(
            "Example:\n  {name} new acme-image --path ../microb\n  cd acme-image\n  cargo run -- build -t hello example"
        ))
}

fn pack_command(name: &str) -> Command {
    Command::new("pack")
        .about("Write this program as a frontend image, for docker image load")
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .default_value("-")
                .help("The archive to write; - is standard output"),
        )
        .arg(
            Arg::new("tag")
                .long("tag")
                .value_name("TAG")
                .default_value(format!("{name}:dev"))
                .help("The name of the image"),
        )
        .arg(
            Arg::new("executable")
                .long("executable")
                .value_name("[PLATFORM=]FILE")
                .action(ArgAction::Append)
                .value_parser(str::parse::<Packed>)
                .help("The executable to pack, or one for each platform [default: this program]"),
        )
        .after_help(format!(
            "Examples:\n  {name} pack --tag example.org/{name}:1 | docker image load\n  \
             {name} pack -o {name}.tar --executable linux/arm64=A --executable linux/arm/v6=B"
        ))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

fn examples(recipe: &Recipe) -> String {
    let name = recipe.name();
    let built = recipe.default_filename().map_or_else(
        || "the current folder".to_owned(),
        |file| format!("./{file}"),
    );
    let width = name.len() + " dockerfile services/api".len();
    let lines: String = [
        (
            "build -t app:1",
            format!("build {built} into the image app:1"),
        ),
        ("check", "show what is wrong with it".to_owned()),
        (
            "dockerfile services/api",
            "see the same as a Dockerfile".to_owned(),
        ),
        ("llb", "see the same as BuildKit does".to_owned()),
    ]
    .iter()
    .flat_map(|(command, meaning)| {
        let command = format!("{name} {command}");
        ["  ".to_owned(), format!("{command:width$}   {meaning}\n")]
    })
    .collect();
    let last = recipe.after_help.as_deref().unwrap_or_default();
    format!("Examples:\n{lines}\n`{name} COMMAND --help` says more. {last}")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declaration_is_consistent() {
        let recipe = Recipe::new("demo", |_| Ok(microb_dsl::scratch()));
        command(&recipe).debug_assert();
        command(&recipe.without_definition()).debug_assert();
    }

    #[test]
    fn a_build_argument_without_a_value_comes_from_the_environment() {
        let environment = |name: &str| (name == "SET").then(|| "value".to_owned());
        for (written, expected) in [
            ("A=1", Some(("A", "1"))),
            ("A=", Some(("A", ""))),
            ("A=b=c", Some(("A", "b=c"))),
            ("SET", Some(("SET", "value"))),
            ("UNSET", None),
        ] {
            let found = build_arg(written, environment);
            let found = found
                .as_ref()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            assert_eq!(found, expected, "{written}");
        }
    }

    #[test]
    fn the_context_is_the_folder_of_the_file() {
        for (file, folder) in [
            (None, "."),
            (Some("a.toml"), "."),
            (Some("x/y/a.toml"), "x/y"),
            (Some("/a.toml"), "/"),
        ] {
            assert_eq!(folder_of(file.map(Path::new)), Path::new(folder));
        }
    }
}
