//! `RUN`: the command and its mounts.

use crate::diagnostic::Diagnostic;
use crate::mount::{Bind, Cache, Mount, Secret, Sharing, Ssh, Tmpfs};
use crate::step::{Command, Network, Run, Security};

use super::names::Names;
use super::{no_form, words};

pub(super) fn run(run: &Run, names: &Names) -> Result<String, Diagnostic> {
    let wrong = |reason: &str| no_form("`run`", reason);
    let mut parts = Vec::new();
    for mount in &run.mounts {
        parts.push(mount_flag(mount, names).map_err(|reason| wrong(&reason))?);
    }
    match run.network {
        Network::Default => (),
        Network::Host => parts.push("--network=host".to_owned()),
        Network::None => parts.push("--network=none".to_owned()),
    }
    match run.security {
        Security::Sandbox => (),
        Security::Insecure => parts.push("--security=insecure".to_owned()),
    }
    let command = match &run.command {
        Command::Exec(argv) if argv.is_empty() => return Err(wrong("its command is empty")),
        Command::Exec(list) => argv(list).map_err(wrong)?,
        Command::Shell(text) => shell_text(text).map_err(wrong)?,
    };
    // A line of its own that starts with `#` would be a comment.
    let separator = if parts.len() > 1 && !command.starts_with('#') {
        " \\\n    "
    } else {
        " "
    };
    parts.push(command);
    Ok(format!("RUN {}", parts.join(separator)))
}

/// The exec form.
pub(super) fn argv(argv: &[String]) -> Result<String, &'static str> {
    if argv.iter().any(|word| word.contains('\0')) {
        return Err("it has a NUL");
    }
    Ok(words::json(argv))
}

/// The shell form: on the line if it means the same there, else as a heredoc, which adds a newline at the end.
fn shell_text(text: &str) -> Result<String, &'static str> {
    if plain_obstacle(text).is_none() && !text.contains("<<") {
        return Ok(text.to_owned());
    }
    if text.contains('\0') {
        return Err("it has a NUL");
    }
    if text.starts_with("#!") {
        return Err("a heredoc that starts with `#!` is no text for the shell");
    }
    if ends_in_escape(text) {
        return Err("its text ends in `\\`");
    }
    let delimiter = delimiter(text);
    Ok(format!("<<{delimiter}\n{text}\n{delimiter}"))
}

/// What keeps a text from standing on the line of its instruction as it is. A `<<` is an obstacle for `RUN` only.
pub(super) fn plain_obstacle(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("its text is empty")
    } else if text.contains('\0') {
        Some("it has a NUL")
    } else if text.contains('\n') {
        Some("a line of a Dockerfile holds no newline")
    } else if text.trim() != text {
        Some("white space at its start or end is dropped")
    } else if text.starts_with("--") {
        Some("its text would be taken for a flag")
    } else if text.starts_with('[') && text.ends_with(']') {
        Some("its text would be taken for JSON")
    } else if ends_in_escape(text) {
        Some("its text ends in `\\`")
    } else {
        None
    }
}

/// Whether a newline after the text would be escaped.
fn ends_in_escape(text: &str) -> bool {
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

/// A word for `<<` that is no line of the text.
pub(super) fn delimiter(text: &str) -> String {
    let is_line = |word: &str| {
        text.split('\n')
            .any(|line| line.trim_end_matches('\r') == word)
    };
    let mut word = "EOF".to_owned();
    let mut n = 1;
    while is_line(&word) {
        n += 1;
        word = format!("EOF{n}");
    }
    word
}

fn mount_flag(mount: &Mount, names: &Names) -> Result<String, String> {
    let fields = match mount {
        Mount::Cache(cache) => cache_fields(cache, names)?,
        Mount::Secret(secret) => secret_fields(secret)?,
        Mount::Ssh(ssh) => ssh_fields(ssh)?,
        Mount::Bind(bind) => bind_fields(bind, names)?,
        Mount::Tmpfs(tmpfs) => tmpfs_fields(tmpfs),
    };
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(key, value)| match value {
            Some(value) => words::mount_field(key, &value),
            None => key.to_owned(),
        })
        .collect();
    words::flag("mount", &fields.join(","))
}

type Fields = Vec<(&'static str, Option<String>)>;

fn field(key: &'static str, value: impl Into<String>) -> (&'static str, Option<String>) {
    (key, Some(value.into()))
}

fn optional(key: &'static str, value: Option<&String>) -> Option<(&'static str, Option<String>)> {
    value.map(|value| field(key, value))
}

fn ownership(owner: Option<(u32, u32)>, mode: Option<u32>) -> Fields {
    let mut fields = Vec::new();
    if let Some((uid, gid)) = owner {
        fields.extend([field("uid", uid.to_string()), field("gid", gid.to_string())]);
    }
    fields.extend(mode.map(|mode| field("mode", format!("{mode:04o}"))));
    fields
}

fn cache_fields(cache: &Cache, names: &Names) -> Result<Fields, String> {
    if cache.id.as_deref() == Some("") {
        return Err("the id of a cache is empty".to_owned());
    }
    let mut fields = vec![field("type", "cache"), field("target", &cache.target)];
    fields.extend(optional("id", cache.id.as_ref()));
    match cache.sharing {
        Sharing::Shared => (),
        Sharing::Locked => fields.push(field("sharing", "locked")),
        Sharing::Private => fields.push(field("sharing", "private")),
    }
    let ownership = ownership(cache.owner, cache.mode);
    if let Some(source) = &cache.from {
        if !ownership.is_empty() {
            return Err("a cache with owner or mode starts empty, whatever `from` says".to_owned());
        }
        let name = names.source(source)?;
        let name = name.ok_or("a cache cannot start with the build context")?;
        fields.push(field("from", name));
    }
    fields.extend(ownership);
    Ok(fields)
}

fn secret_fields(secret: &Secret) -> Result<Fields, String> {
    if secret.id.is_empty() {
        return Err("the id of a secret is empty".to_owned());
    }
    check_target(secret.target.as_ref())?;
    let mut fields = vec![field("type", "secret"), field("id", &secret.id)];
    fields.extend(optional("target", secret.target.as_ref()));
    fields.extend(optional("env", secret.env.as_ref()));
    fields.extend(secret.required.then_some(("required", None)));
    fields.extend(ownership(secret.owner, secret.mode));
    Ok(fields)
}

fn ssh_fields(ssh: &Ssh) -> Result<Fields, String> {
    check_target(ssh.target.as_ref())?;
    let mut fields = vec![field("type", "ssh")];
    fields.extend(optional("id", ssh.id.as_ref()));
    fields.extend(optional("target", ssh.target.as_ref()));
    fields.extend(ssh.required.then_some(("required", None)));
    fields.extend(ownership(ssh.owner, ssh.mode));
    Ok(fields)
}

/// Other mounts start at the working directory, these two do not.
fn check_target(target: Option<&String>) -> Result<(), String> {
    match target {
        Some(path) if !path.starts_with('/') => Err(format!(
            "the target `{}` is no absolute path",
            path.escape_debug()
        )),
        Some(_) | None => Ok(()),
    }
}

fn bind_fields(bind: &Bind, names: &Names) -> Result<Fields, String> {
    let mut fields = vec![field("type", "bind"), field("target", &bind.target)];
    fields.extend(names.source(&bind.from)?.map(|name| field("from", name)));
    if bind.path != "/" {
        fields.push(field("source", &bind.path));
    }
    fields.extend(bind.writable.then_some(("rw", None)));
    Ok(fields)
}

fn tmpfs_fields(tmpfs: &Tmpfs) -> Fields {
    let mut fields = vec![field("type", "tmpfs"), field("target", &tmpfs.target)];
    fields.extend(tmpfs.size.map(|bytes| field("size", bytes.to_string())));
    fields
}
