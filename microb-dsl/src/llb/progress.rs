//! The lines of progress and of `docker history`.

use crate::shell::quote;
use crate::source::Source;
use crate::stage::Stage;
use crate::step::{Command, Copy, Instruction, Step};

/// How one stage is numbered in progress: `[builder 2/5] RUN …`.
pub(super) struct Numbering {
    prefix: String,
    next: usize,
    total: usize,
}

impl Numbering {
    /// The name as progress shows it; `platform` only where there is more than one.
    pub(super) fn new(stage: &str, platform: Option<String>, total: usize) -> Self {
        let prefix: Vec<String> = platform
            .into_iter()
            .chain((!stage.is_empty()).then(|| stage.to_owned()))
            .map(|part| part + " ")
            .collect();
        Self {
            prefix: prefix.concat(),
            next: 1,
            total,
        }
    }

    /// The next line. The number is padded to the width of the total, as in Docker.
    pub(super) fn line(&mut self, what: &str) -> String {
        let width = self.total.to_string().len();
        let line = format!(
            "[{}{:width$}/{}] {what}",
            self.prefix, self.next, self.total
        );
        self.next += 1;
        line
    }
}

/// Whether the step writes to the file system, hence is an op and a layer.
pub(super) fn is_layer(step: &Step) -> bool {
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
        | Instruction::Healthcheck(_) => false,
    }
}

/// The instruction in one line, close to how a Dockerfile has it. Holds ids of secrets, never values.
pub(super) fn describe(instruction: &Instruction) -> String {
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
        Command::Exec(argv) => serde_json::Value::from(argv.as_slice()).to_string(),
    }
}
