//! A step in one line, for progress, `docker history` and pictures.

use crate::dockerfile::json;
use crate::grammar::without_login;
use crate::shell::quote;
use crate::source::Source;
use crate::stage::{Base, Stage};
use crate::step::{Command, Copy, Instruction, Setting, Step};

/// Whether the step writes to the file system, hence is an op and a layer.
pub(crate) fn is_layer(step: &Step) -> bool {
    !matches!(step.instruction, Instruction::Config(_))
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
        Instruction::Workdir(folder) => format!("WORKDIR {folder}"),
        Instruction::Config(setting) => set(setting),
    }
}

fn set(setting: &Setting) -> String {
    match setting {
        Setting::Env { name, value } => format!("ENV {name}={value}"),
        Setting::Path(folder) => format!("ENV PATH={folder}:$PATH"),
        Setting::User(owner) => format!("USER {owner}"),
        Setting::Label { name, value } => format!("LABEL {name}={value}"),
        Setting::Annotation { name, value } => format!("ANNOTATION {name}={value}"),
        Setting::Expose(port) => format!("EXPOSE {port}"),
        Setting::Volume(folder) => format!("VOLUME {folder}"),
        Setting::Entrypoint(argv) => format!("ENTRYPOINT {}", listed(argv)),
        Setting::Cmd(argv) => format!("CMD {}", listed(argv)),
        Setting::StopSignal(signal) => format!("STOPSIGNAL {signal}"),
        Setting::Healthcheck(check) => match &check.command {
            Some(argv) => format!("HEALTHCHECK CMD {}", listed(argv)),
            None => "HEALTHCHECK NONE".to_owned(),
        },
        Setting::Shell(argv) => format!("SHELL {}", json(argv)),
    }
}

fn copied(copy: &Copy) -> String {
    let mut words = vec![if copy.unpack { "ADD" } else { "COPY" }.to_owned()];
    match &copy.from {
        Source::Context => {}
        Source::Http(http) => {
            return format!("ADD {} {}", without_login(&http.url), copy.destination);
        }
        Source::Git(git) => {
            return format!("ADD {} {}", without_login(&git.remote), copy.destination);
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

/// The same with what no Dockerfile has words for, so that other instructions have other texts.
pub(crate) fn in_full(instruction: &Instruction) -> String {
    let mut words = vec![describe(instruction)];
    let mut flag = |is_set: bool, word: &str| words.extend(is_set.then(|| word.to_owned()));
    match instruction {
        Instruction::Copy(copy) => {
            flag(!copy.contents, "whole");
            flag(!copy.create_path, "existing_parent");
            flag(copy.unpack, "unpack");
            flag(copy.link, "link");
            flag(copy.parents, "parents");
            flag(!copy.wildcard, "literal");
            words.extend(copy.include.iter().map(|one| format!("include={one}")));
            words.extend(copy.exclude.iter().map(|one| format!("exclude={one}")));
        }
        Instruction::Remove(remove) => {
            flag(remove.allow_missing, "allow_missing");
            flag(remove.wildcard, "wildcard");
        }
        Instruction::Mkdir(mkdir) => {
            flag(!mkdir.parents, "existing_parent");
            words.push(format!("{:04o}", mkdir.mode));
            words.extend(mkdir.owner.iter().map(ToString::to_string));
        }
        Instruction::Mkfile(mkfile) => {
            words.push(format!("{:04o}", mkfile.mode));
            words.extend(mkfile.owner.iter().map(ToString::to_string));
            words.push(format!("\n{}", String::from_utf8_lossy(&mkfile.content)));
        }
        Instruction::Symlink(link) => words.extend(link.owner.iter().map(ToString::to_string)),
        Instruction::Run(run) => words.extend(run.mounts.iter().map(|mount| format!("{mount:?}"))),
        Instruction::Workdir(_) | Instruction::Config(_) => {}
    }
    words.join(" ")
}

/// What a stage starts from; `name` says how a stage is called.
pub(crate) fn base(base: &Base, name: impl Fn(&Stage) -> String) -> String {
    match base {
        Base::Scratch => "scratch".to_owned(),
        Base::Image(image) => image.familiar(),
        Base::Stage(stage) => name(stage),
        Base::NamedContext(context) => format!("build context {context}"),
        Base::Merge(stages) => {
            let names: Vec<String> = stages.iter().map(name).collect();
            format!("{} on top of each other", names.join(", "))
        }
        Base::Diff { lower, upper } => format!("{} without {}", name(upper), name(lower)),
        Base::Definition(_) => "a foreign definition".to_owned(),
    }
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
