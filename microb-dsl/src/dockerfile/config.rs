//! The instructions that change the image config.

use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::grammar::{self, Mistake};
use crate::step::{Command, Healthcheck, Setting};

use super::{no_form, run, words};

pub(super) fn setting(setting: &Setting) -> Result<String, Diagnostic> {
    match setting {
        Setting::Env { name, value } => pair("ENV", "env", name, value),
        Setting::Label { name, value } => pair("LABEL", "label", name, value),
        Setting::Annotation { name, value } => annotation(name, value),
        Setting::Path(folder) => path(folder),
        Setting::User(owner) => one_word("USER", "user", &owner.to_string()),
        Setting::StopSignal(signal) => stop_signal(signal),
        Setting::Expose(port) => expose(port),
        Setting::Volume(folder) => volume(folder),
        Setting::Entrypoint(command) => command_line("ENTRYPOINT", "entrypoint", command),
        Setting::Cmd(command) => command_line("CMD", "cmd", command),
        Setting::Healthcheck(check) => healthcheck(check),
        Setting::Shell(argv) => shell(argv),
    }
}

fn pair(keyword: &str, function: &str, name: &str, value: &str) -> Result<String, Diagnostic> {
    let step = format!("{function}(`{}`)", name.escape_debug());
    if name.is_empty() || name.contains('=') {
        return Err(no_form(&step, "the name is empty or contains `=`"));
    }
    let name = words::word(name).map_err(|reason| no_form(&step, reason))?;
    let value = words::word(value).map_err(|reason| no_form(&step, reason))?;
    Ok(format!("{keyword} {name}={value}"))
}

/// There is no instruction, so a comment says how the client asks for it.
fn annotation(name: &str, value: &str) -> Result<String, Diagnostic> {
    let step = format!("annotation(`{}`)", name.escape_debug());
    if name.is_empty() || name.contains('=') {
        return Err(no_form(&step, "the name is empty or contains `=`"));
    }
    let pair = format!("{name}={value}");
    if pair.contains(char::is_control) {
        return Err(no_form(&step, "a comment has one line"));
    }
    Ok(format!(
        "# docker build --annotation {}",
        crate::shell::quote(&pair)
    ))
}

fn path(folder: &str) -> Result<String, Diagnostic> {
    let folder = words::word(folder).map_err(|reason| no_form("`path`", reason))?;
    match folder.strip_suffix('"') {
        Some(quoted) => Ok(format!("ENV PATH={quoted}:$PATH\"")),
        None => Ok(format!("ENV PATH={folder}:$PATH")),
    }
}

fn one_word(keyword: &str, function: &str, text: &str) -> Result<String, Diagnostic> {
    let step = format!("`{function}`");
    if text.is_empty() {
        return Err(no_form(&step, "it is empty"));
    }
    let word = words::word(text).map_err(|reason| no_form(&step, reason))?;
    Ok(format!("{keyword} {word}"))
}

/// The frontend leaves an absolute path as it is written, so it is written as lowering has it: without what means nothing.
pub(super) fn workdir(folder: &str) -> Result<String, Diagnostic> {
    if !folder.starts_with('/') {
        return one_word("WORKDIR", "workdir", folder);
    }
    let parts: Vec<&str> = folder
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return Err(no_form("`workdir`", "its path has a `..`"));
    }
    one_word("WORKDIR", "workdir", &format!("/{}", parts.join("/")))
}

fn stop_signal(signal: &str) -> Result<String, Diagnostic> {
    grammar::signal(signal).map_err(|mistake| wrong("stop_signal", mistake))?;
    Ok(format!("STOPSIGNAL {signal}"))
}

fn expose(port: &str) -> Result<String, Diagnostic> {
    grammar::port(port).map_err(|mistake| wrong("expose", mistake))?;
    Ok(format!("EXPOSE {port}"))
}

fn wrong(function: &str, mistake: Mistake) -> Diagnostic {
    let found = no_form(&format!("`{function}`"), &mistake.message);
    match mistake.help {
        Some(help) => found.help(help),
        None => found,
    }
}

fn volume(folder: &str) -> Result<String, Diagnostic> {
    if folder.trim().is_empty() || folder.contains('\0') {
        return Err(no_form("`volume`", "it is empty or has a NUL"));
    }
    if words::is_bare(folder) {
        return Ok(format!("VOLUME {folder}"));
    }
    Ok(format!(
        "VOLUME {}",
        words::json([words::json_word(folder)])
    ))
}

fn command_line(keyword: &str, function: &str, command: &Command) -> Result<String, Diagnostic> {
    let step = format!("`{function}`");
    let text = match command {
        Command::Exec(argv) => run::argv(argv).map_err(|reason| no_form(&step, reason))?,
        Command::Shell(text) => match run::plain_obstacle(text) {
            Some(reason) => return Err(no_form(&step, reason)),
            None => text.clone(),
        },
    };
    Ok(format!("{keyword} {text}"))
}

fn shell(argv: &[String]) -> Result<String, Diagnostic> {
    let wrong = |reason| no_form("`shell`", reason);
    if argv.is_empty() {
        return Err(wrong("it names no program"));
    }
    Ok(format!("SHELL {}", run::argv(argv).map_err(wrong)?))
}

fn healthcheck(check: &Healthcheck) -> Result<String, Diagnostic> {
    let flags = healthcheck_flags(check).map_err(|reason| no_form("`healthcheck`", reason))?;
    match &check.command {
        Some(Command::Exec(argv)) if argv.is_empty() => {
            Err(no_form("`healthcheck`", "its command is empty"))
        }
        Some(command) => command_line(&format!("HEALTHCHECK {flags}CMD"), "healthcheck", command),
        None if flags.is_empty() => Ok("HEALTHCHECK NONE".to_owned()),
        None => Err(no_form(
            "`healthcheck`",
            "a check that is turned off takes no times",
        )),
    }
}

fn healthcheck_flags(check: &Healthcheck) -> Result<String, &'static str> {
    let mut flags = Vec::new();
    for (name, time) in [
        ("interval", check.interval),
        ("timeout", check.timeout),
        ("start-period", check.start_period),
        ("start-interval", check.start_interval),
    ] {
        if let Some(time) = time {
            flags.push(format!("--{name}={} ", go_duration(time)?));
        }
    }
    if let Some(retries) = check.retries {
        if i32::try_from(retries).is_err() {
            return Err("it has more than 2147483647 retries");
        }
        flags.push(format!("--retries={retries} "));
    }
    Ok(flags.concat())
}

/// A duration as Go's `time.ParseDuration` reads it, exact to the nanosecond.
fn go_duration(time: Duration) -> Result<String, &'static str> {
    let nanoseconds = time.as_nanos();
    if i64::try_from(nanoseconds).is_err() {
        return Err("a time is longer than 292 years");
    }
    if (1..1_000_000).contains(&nanoseconds) {
        return Err("a time is shorter than a millisecond");
    }
    for (unit, length) in [("s", 1_000_000_000), ("ms", 1_000_000)] {
        if nanoseconds.is_multiple_of(length) {
            return Ok(format!("{}{unit}", nanoseconds / length));
        }
    }
    Ok(format!("{nanoseconds}ns"))
}
