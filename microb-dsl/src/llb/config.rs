//! What each step does to the image config.

use super::image::DEFAULT_PATH;
use super::lowering::State;
use super::paths::absolute;
use crate::diagnostic::Diagnostic;
use crate::grammar::{self, Mistake};
use crate::mount::Mount;
use crate::step::{Command, Instruction, Setting};

/// What of a step in this working directory BuildKit refuses, or no container could be started with.
pub(super) fn mistake(instruction: &Instruction, working_dir: &str) -> Option<Diagnostic> {
    let worded = |function: &str, mistake: Mistake| {
        let found = Diagnostic::error(format!("`{function}`: {}", mistake.message));
        match mistake.help {
            Some(help) => found.help(help),
            None => found,
        }
    };
    let wrong = |message: String| Some(Diagnostic::error(message));
    let no_program = |function: &str| wrong(format!("`{function}` without a program"));
    let is_empty = |command: &Command| matches!(command, Command::Exec(argv) if argv.is_empty());
    match instruction {
        Instruction::Run(run) if is_empty(&run.command) => no_program("run"),
        Instruction::Run(run) => run
            .mounts
            .iter()
            .find_map(|mount| misplaced(mount, working_dir)),
        Instruction::Copy(copy)
            if copy.sources.is_empty() || copy.sources.iter().any(String::is_empty) =>
        {
            let mistake = Diagnostic::error("`copy` without a source");
            Some(mistake.help("write `.` for all files"))
        }
        Instruction::Config(setting) => match setting {
            Setting::Expose(port) => grammar::port(port).err().map(|m| worded("expose", m)),
            Setting::StopSignal(signal) => grammar::signal(signal)
                .err()
                .map(|m| worded("stop_signal", m)),
            Setting::Env { name, .. } if name.is_empty() || name.contains('=') => wrong(format!(
                "`{}` is no name of a variable",
                name.escape_debug()
            )),
            Setting::Label { name, .. } if name.is_empty() => {
                wrong("a label without a key".to_owned())
            }
            Setting::Annotation { name, .. }
                if name.is_empty() || name.contains(char::is_whitespace) =>
            {
                wrong(format!(
                    "`{}` is no name of an annotation",
                    name.escape_debug()
                ))
            }
            Setting::Volume(folder) if folder.is_empty() => {
                wrong("`volume` without a folder".to_owned())
            }
            Setting::Path(folder) if folder.is_empty() => {
                wrong("`path` without a folder".to_owned())
            }
            // `:5` names a user, too: the engine takes root then.
            Setting::User(owner) if owner.to_string().is_empty() => {
                let mistake = Diagnostic::error("`user` without a name");
                Some(mistake.help("write `root` for the user that images have without one"))
            }
            Setting::Shell(argv) if argv.is_empty() => no_program("shell"),
            Setting::Healthcheck(check) if check.command.as_ref().is_some_and(is_empty) => {
                no_program("healthcheck")
            }
            Setting::Env { .. }
            | Setting::Path(_)
            | Setting::User(_)
            | Setting::Label { .. }
            | Setting::Annotation { .. }
            | Setting::Volume(_)
            | Setting::Entrypoint(_)
            | Setting::Cmd(_)
            | Setting::Healthcheck(_)
            | Setting::Shell(_) => None,
        },
        Instruction::Copy(_)
        | Instruction::Mkdir(_)
        | Instruction::Mkfile(_)
        | Instruction::Remove(_)
        | Instruction::Symlink(_)
        | Instruction::Workdir(_) => None,
    }
}

/// What is wrong with the place of a mount. Secrets and agents have one of their own where none is named.
fn misplaced(mount: &Mount, working_dir: &str) -> Option<Diagnostic> {
    let (function, target) = match mount {
        Mount::Bind(bind) => ("bind", &bind.target),
        Mount::Cache(cache) => ("cache", &cache.target),
        Mount::Tmpfs(tmpfs) => ("tmpfs", &tmpfs.target),
        Mount::Secret(_) | Mount::Ssh(_) => return None,
    };
    let wrong = if target.is_empty() {
        Diagnostic::error(format!("`{function}` without a target"))
    } else if absolute(working_dir, target) == "/" {
        Diagnostic::error(format!(
            "`{function}`: nothing can be mounted at `{target}`, which is the root"
        ))
    } else {
        return None;
    };
    Some(wrong.help("write where the program finds it, for instance `/mnt`"))
}

impl State {
    /// Applies a step to the image config.
    pub(super) fn configure(&mut self, instruction: &Instruction) {
        match instruction {
            Instruction::Config(setting) => self.set(setting),
            Instruction::Workdir(folder) => {
                let config = &mut self.image.config;
                config.working_dir = absolute(&config.working_dir, folder);
            }
            Instruction::Run(_)
            | Instruction::Copy(_)
            | Instruction::Mkdir(_)
            | Instruction::Mkfile(_)
            | Instruction::Remove(_)
            | Instruction::Symlink(_) => {}
        }
    }

    fn set(&mut self, setting: &Setting) {
        let config = &mut self.image.config;
        match setting {
            Setting::Env { name, value } => config.set_variable(name, value),
            Setting::Path(folder) => {
                let current = config.variable("PATH").unwrap_or(DEFAULT_PATH);
                let extended = format!("{folder}:{current}");
                config.set_variable("PATH", &extended);
            }
            Setting::User(owner) => config.user = owner.to_string(),
            Setting::Label { name, value } => {
                config.labels.insert(name.clone(), value.clone());
            }
            // It is no part of the config: `Stage::annotations`.
            Setting::Annotation { .. } => {}
            Setting::Expose(port) => {
                let port = if port.contains('/') {
                    port.clone()
                } else {
                    format!("{port}/tcp")
                };
                config.exposed_ports.insert(port, serde_json::json!({}));
            }
            Setting::Volume(folder) => {
                config.volumes.insert(folder.clone(), serde_json::json!({}));
            }
            Setting::Entrypoint(command) => {
                config.entrypoint = Some(config.argv(command));
                if !self.sets_cmd {
                    config.cmd = None;
                }
            }
            Setting::Cmd(command) => {
                config.cmd = Some(config.argv(command));
                self.sets_cmd = true;
            }
            Setting::StopSignal(signal) => config.stop_signal.clone_from(signal),
            Setting::Healthcheck(check) => config.set_healthcheck(check),
            Setting::Shell(argv) => config.shell = Some(argv.clone()),
        }
    }
}
