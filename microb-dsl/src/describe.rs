//! A step in one line, for progress, `docker history` and pictures.

use crate::dockerfile::json;
use crate::shell::quote;
use crate::source::Source;
use crate::stage::Stage;
use crate::step::{Command, Copy, Instruction, Step};

/// Whether the step writes to the file system, hence is an op and a layer.
pub(crate) fn is_layer(step: &Step) -> bool {
    match &step.instruction {
        Instruction::Run(_)
        | Instruction::Copy(_)
        | Instruction::Mkdir(_)
        | Instruction::Mkfile(_)
        | Instruction::Remove(_)
        | Instruction::Symlink(_)
        | Instruction::Workdir(_) => true,
        Instruction::Env { .. }
        | Instruction::Path(_)
        | Instruction::User(_)
        | Instruction::Label { .. }
        | Instruction::Expose(_)
        | Instruction::Volume(_)
        | Instruction::Entrypoint(_)
        | Instruction::Cmd(_)
        | Instruction::StopSignal(_)
        | Instruction::Healthcheck(_)
        | Instruction::Shell(_) => false,
    }
}

/// The instruction in one line, close to how a Dockerfile has it. Holds ids of secrets, never values.
pub(crate) fn describe(instruction: &Instruction) -> String {
    match instruction {
        Instruction::Run(run) => format!("RUN {}", command(&run.command)),
        Instruction::Copy(copy) => copied(copy),
        Instruction::Mkdir(mkdir) => format!("MKDIR {}", quote(&mkdir.path)),
        Instruction::Mkfile(mkfile) => format!("COPY <<EOF {}", quote(&mkfile.path)),
        Instruction::Remove(remove) => format!("REMOVE {}", quote(&remove.path)),
        Instruction::Symlink(symlink) => {
            format!(
                "SYMLINK {} {}",
                quote(&symlink.target),
                quote(&symlink.path)
            )
        }
        Instruction::Env { name, value } => format!("ENV {name}={value}"),
        Instruction::Path(folder) => format!("ENV PATH={folder}:$PATH"),
        Instruction::Workdir(folder) => format!("WORKDIR {folder}"),
        Instruction::User(owner) => format!("USER {owner}"),
        Instruction::Label { name, value } => format!("LABEL {name}={value}"),
        Instruction::Expose(port) => format!("EXPOSE {port}"),
        Instruction::Volume(folder) => format!("VOLUME {folder}"),
        Instruction::Entrypoint(argv) => format!("ENTRYPOINT {}", listed(argv)),
        Instruction::Cmd(argv) => format!("CMD {}", listed(argv)),
        Instruction::StopSignal(signal) => format!("STOPSIGNAL {signal}"),
        Instruction::Healthcheck(check) => match &check.command {
            Some(argv) => format!("HEALTHCHECK CMD {}", listed(argv)),
            None => "HEALTHCHECK NONE".to_owned(),
        },
        Instruction::Shell(argv) => format!("SHELL {}", json(argv)),
    }
}

fn copied(copy: &Copy) -> String {
    let mut words = vec![if copy.unpack { "ADD" } else { "COPY" }.to_owned()];
    match &copy.from {
        Source::Context => {}
        Source::Http(http) => {
            return format!("ADD {} {}", http.url, copy.destination);
        }
        Source::Git(git) => {
            return format!("ADD {} {}", git.remote, copy.destination);
        }
        Source::Stage(stage) => words.push(format!("--from={}", shown(stage))),
        Source::Image(image) => words.push(format!("--from={}", image.familiar())),
        Source::NamedContext(name) => words.push(format!("--from={name}")),
        Source::Local(local) => words.push(format!("--from={}", local.name)),
        Source::Definition(_) => words.push("--from=definition".to_owned()),
        Source::Scratch => words.push("--from=scratch".to_owned()),
    }
    words.extend(copy.owner.iter().map(|owner| format!("--chown={owner}")));
    words.extend(copy.mode.iter().map(|mode| format!("--chmod={mode:04o}")));
    words.extend(copy.sources.iter().map(|path| quote(path).into_owned()));
    words.push(quote(&copy.destination).into_owned());
    words.join(" ")
}

fn shown(stage: &Stage) -> &str {
    stage.name().unwrap_or("stage")
}

fn command(command: &Command) -> String {
    match command {
        Command::Shell(line) => line.clone(),
        Command::Exec(argv) => argv
            .iter()
            .map(|word| quote(word))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn listed(command: &Command) -> String {
    match command {
        Command::Shell(line) => line.clone(),
        Command::Exec(argv) => json(argv),
    }
}
