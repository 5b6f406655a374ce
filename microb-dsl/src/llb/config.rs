//! What each step does to the image config.

use super::image::DEFAULT_PATH;
use super::lowering::State;
use super::paths::absolute;
use crate::diagnostic::Diagnostic;
use crate::grammar::{self, Mistake};
use crate::step::{Command, Instruction};

/// What of a step no container could be started with.
pub(super) fn mistake(instruction: &Instruction) -> Option<Diagnostic> {
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
        Instruction::Expose(port) => grammar::port(port).err().map(|m| worded("expose", m)),
        Instruction::StopSignal(signal) => grammar::signal(signal)
            .err()
            .map(|m| worded("stop_signal", m)),
        Instruction::Env { name, .. } if name.is_empty() || name.contains('=') => wrong(format!(
            "`{}` is no name of a variable",
            name.escape_debug()
        )),
        Instruction::Label { name, .. } if name.is_empty() => {
            wrong("a label without a key".to_owned())
        }
        Instruction::Volume(folder) if folder.is_empty() => {
            wrong("`volume` without a folder".to_owned())
        }
        Instruction::Run(run) if is_empty(&run.command) => no_program("run"),
        Instruction::Shell(argv) if argv.is_empty() => no_program("shell"),
        Instruction::Healthcheck(check) if check.command.as_ref().is_some_and(is_empty) => {
            no_program("healthcheck")
        }
        Instruction::Run(_)
        | Instruction::Copy(_)
        | Instruction::Mkdir(_)
        | Instruction::Mkfile(_)
        | Instruction::Remove(_)
        | Instruction::Symlink(_)
        | Instruction::Env { .. }
        | Instruction::Path(_)
        | Instruction::Workdir(_)
        | Instruction::User(_)
        | Instruction::Label { .. }
        | Instruction::Volume(_)
        | Instruction::Entrypoint(_)
        | Instruction::Cmd(_)
        | Instruction::Healthcheck(_)
        | Instruction::Shell(_) => None,
    }
}

impl State {
    /// Applies a step to the image config.
    pub(super) fn configure(&mut self, instruction: &Instruction) {
        let config = &mut self.image.config;
        match instruction {
            Instruction::Env { name, value } => config.set_variable(name, value),
            Instruction::Path(folder) => {
                let current = config.variable("PATH").unwrap_or(DEFAULT_PATH);
                let extended = format!("{folder}:{current}");
                config.set_variable("PATH", &extended);
            }
            Instruction::Workdir(folder) => {
                config.working_dir = absolute(&config.working_dir, folder);
            }
            Instruction::User(owner) => config.user = owner.to_string(),
            Instruction::Label { name, value } => {
                config.labels.insert(name.clone(), value.clone());
            }
            Instruction::Expose(port) => {
                let port = if port.contains('/') {
                    port.clone()
                } else {
                    format!("{port}/tcp")
                };
                config.exposed_ports.insert(port, serde_json::json!({}));
            }
            Instruction::Volume(folder) => {
                config.volumes.insert(folder.clone(), serde_json::json!({}));
            }
            Instruction::Entrypoint(command) => {
                config.entrypoint = Some(config.argv(command));
                if !self.sets_cmd {
                    config.cmd = None;
                }
            }
            Instruction::Cmd(command) => {
                config.cmd = Some(config.argv(command));
                self.sets_cmd = true;
            }
            Instruction::StopSignal(signal) => config.stop_signal.clone_from(signal),
            Instruction::Healthcheck(check) => config.set_healthcheck(check),
            Instruction::Shell(argv) => config.shell = Some(argv.clone()),
            Instruction::Run(_)
            | Instruction::Copy(_)
            | Instruction::Mkdir(_)
            | Instruction::Mkfile(_)
            | Instruction::Remove(_)
            | Instruction::Symlink(_) => {}
        }
    }
}
