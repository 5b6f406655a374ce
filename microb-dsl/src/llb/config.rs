//! What each step does to the image config.

use super::image::DEFAULT_PATH;
use super::lowering::State;
use super::paths::absolute;
use crate::step::Instruction;

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
