//! `COPY` and `ADD`, and the steps that are rendered as a `COPY`.

use crate::diagnostic::Diagnostic;
use crate::grammar::percent_decoded;
use crate::source::{Git, Http, Source};
use crate::step::{Copy, Mkdir, Mkfile, Owner};
use crate::wildcards::{has_wildcards, literal};

use super::names::Names;
use super::{no_form, run, words};

pub(super) fn copy(copy: &Copy, names: &Names) -> Result<String, Diagnostic> {
    let step = match copy.sources.first() {
        Some(source) => format!("copy(`{}`)", source.escape_debug()),
        None => "`copy`".to_owned(),
    };
    copy_line(copy, names).map_err(|reason| no_form(&step, &reason))
}

fn copy_line(copy: &Copy, names: &Names) -> Result<String, String> {
    if copy.sources.is_empty() {
        return Err("it has no source".to_owned());
    }
    if !copy.include.is_empty() {
        return Err("`include` has no flag".to_owned());
    }
    if !copy.contents {
        return Err("a folder is always copied by its contents, never as a `whole`".to_owned());
    }
    if !copy.create_path {
        return Err("missing folders are always made, `existing_parent` has no flag".to_owned());
    }
    let common = common_flags(copy)?;
    match &copy.from {
        Source::Http(http) => add_http(copy, http, common),
        Source::Git(git) => add_git(copy, git, common),
        Source::Context
        | Source::NamedContext(_)
        | Source::Stage(_)
        | Source::Image(_)
        | Source::Local(_)
        | Source::Definition(_)
        | Source::Scratch => copy_files(copy, names, common),
    }
}

fn copy_files(copy: &Copy, names: &Names, common: Vec<String>) -> Result<String, String> {
    let from = names.source(&copy.from)?;
    let keyword = match (copy.unpack, &from) {
        (true, None) => "ADD",
        (true, Some(_)) => return Err("`ADD` unpacks from the build context only".to_owned()),
        (false, _) => "COPY",
    };
    let mut flags = Vec::new();
    if let Some(from) = &from {
        flags.push(words::flag("from", from)?);
    }
    flags.extend(common);
    let mut paths = Vec::new();
    for source in &copy.sources {
        let source = match (copy.wildcard, &from) {
            (true, _) => source.clone(),
            (false, None) if source.contains('\\') => {
                return Err("the build context sends no file with `\\` in its name".to_owned());
            }
            (false, _) => without_wildcards(source),
        };
        paths.push(no_remote(source));
    }
    paths.push(copy.destination.clone());
    Ok(line(keyword, &flags, &paths))
}

fn line(keyword: &str, flags: &[String], paths: &[String]) -> String {
    let bare = paths.iter().all(|path| {
        let wild = path.replace(['*', '?'], "x");
        words::is_bare(&wild)
    });
    let paths = if bare && !paths.iter().any(String::is_empty) {
        paths.join(" ")
    } else {
        words::json(paths.iter().map(|path| words::json_word(path)))
    };
    let mut parts = vec![keyword];
    parts.extend(flags.iter().map(String::as_str));
    parts.push(&paths);
    parts.join(" ")
}

fn common_flags(copy: &Copy) -> Result<Vec<String>, String> {
    let mut flags = Vec::new();
    if copy.link {
        if copy.owner.as_ref().is_some_and(Owner::has_name) {
            return Err("a linked copy has no passwd file, so its owner is a number".to_owned());
        }
        flags.push("--link".to_owned());
    }
    if copy.parents {
        let fetched = matches!(copy.from, Source::Http(_) | Source::Git(_));
        if fetched || copy.unpack {
            return Err("`ADD` has no `--parents`".to_owned());
        }
        flags.push("--parents".to_owned());
    }
    flags.extend(ownership(copy.owner.as_ref(), copy.mode)?);
    for pattern in &copy.exclude {
        flags.push(words::flag("exclude", pattern)?);
    }
    Ok(flags)
}

fn ownership(owner: Option<&Owner>, mode: Option<u32>) -> Result<Vec<String>, String> {
    let mut flags = Vec::new();
    if let Some(owner) = owner {
        flags.push(words::flag("chown", &words::lexed(&owner.to_string()))?);
    }
    if let Some(mode) = mode {
        if mode > 0o7777 {
            return Err(format!("`{mode:o}` is more than the mode 7777"));
        }
        flags.push(format!("--chmod={mode:o}"));
    }
    Ok(flags)
}

/// The pattern that matches this path only. The frontend reads a path as a pattern from the first of its parts that
/// has a wildcard.
fn without_wildcards(path: &str) -> String {
    let mut pattern = false;
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            pattern = pattern || has_wildcards(part);
            if pattern {
                literal(part)
            } else {
                part.to_owned()
            }
        })
        .collect();
    parts.join("/")
}

/// A path that looks like a URL or like `git@host:path` would be fetched.
fn no_remote(path: String) -> String {
    if path.contains("://") || (path.contains('@') && path.contains(':')) {
        format!("./{}", path.trim_start_matches('/'))
    } else {
        path
    }
}

fn add_http(copy: &Copy, http: &Http, common: Vec<String>) -> Result<String, String> {
    let name = http.filename();
    if copy.sources != [format!("/{name}")] {
        return Err("`ADD` copies all that a URL gives, and nothing else".to_owned());
    }
    let graphic = http.url.bytes().all(|b| b.is_ascii_graphic());
    let (location, path) = path_of(&http.url);
    if !graphic || !matches!(location, "http" | "https") || path.strip_suffix(".git").is_some() {
        return Err(format!(
            "`{}` is no file for `ADD`",
            http.url.escape_debug()
        ));
    }
    let mut flags = Vec::new();
    if let Some(checksum) = &http.checksum {
        flags.push(words::flag("checksum", &words::lexed(checksum))?);
    }
    if copy.unpack {
        flags.push("--unpack=true".to_owned());
    }
    flags.extend(common);
    let mut destination = copy.destination.clone();
    if last_part(path).as_deref() != Some(name) {
        if !destination.ends_with('/') {
            return Err(format!(
                "`ADD` names the file after the URL and not `{name}`, unless the destination ends in `/`"
            ));
        }
        destination.push_str(name);
    }
    Ok(line("ADD", &flags, &[http.url.clone(), destination]))
}

/// Scheme and path of a URL.
fn path_of(url: &str) -> (&str, &str) {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    (scheme, path)
}

/// The name that the frontend gives to a file: the last part of the decoded path, as Go's `path.Base` has it.
fn last_part(path: &str) -> Option<String> {
    let decoded = percent_decoded(path)?;
    let name = decoded.trim_end_matches('/').rsplit('/').next()?;
    (!name.is_empty() && name != ".").then(|| name.to_owned())
}

fn add_git(copy: &Copy, git: &Git, common: Vec<String>) -> Result<String, String> {
    if copy.sources != ["/"] {
        return Err("`ADD` copies all of a repository or of its `subdir`".to_owned());
    }
    if copy.unpack {
        return Err("`ADD` unpacks nothing of a repository".to_owned());
    }
    if !is_git_remote(&git.remote) {
        return Err(format!(
            "`ADD` does not take `{}` for a repository",
            git.remote.escape_debug()
        ));
    }
    if git.skip_submodules || git.commit_times || git.fetch_by_commit {
        return Err("`ADD` has no flag for how a repository is fetched".to_owned());
    }
    let mut flags = Vec::new();
    if git.keep_git_dir {
        flags.push("--keep-git-dir=true".to_owned());
    }
    if let Some(checksum) = &git.checksum {
        flags.push(words::flag("checksum", &words::lexed(checksum))?);
    }
    flags.extend(common);
    let mut source = git.remote.clone();
    let reference = git.reference.as_deref().unwrap_or_default();
    let subdir = git.subdir.as_deref().unwrap_or_default();
    for part in [reference, subdir] {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._/@+-".contains(&b);
        if !part.bytes().all(plain) {
            return Err(format!("`{}` has no place in a URL", part.escape_debug()));
        }
    }
    if !reference.is_empty() || !subdir.is_empty() {
        source.extend(["#", reference]);
    }
    if !subdir.is_empty() {
        source.extend([":", subdir]);
    }
    Ok(line("ADD", &flags, &[source, copy.destination.clone()]))
}

/// What `dfgitutil.ParseGitRef` takes for a git repository, options in the URL aside.
fn is_git_remote(remote: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._/:@+~-".contains(&b);
    if !remote.bytes().all(plain) {
        return false;
    }
    match remote.split_once("://") {
        Some(("http" | "https", rest)) => rest.strip_suffix(".git").is_some(),
        Some((scheme, _)) => matches!(scheme, "ssh" | "git"),
        None => remote
            .split_once('@')
            .and_then(|(user, rest)| Some((user, rest.split_once(':')?)))
            .is_some_and(|(user, (host, path))| {
                !user.is_empty()
                    && !user.contains([':', '/'])
                    && !host.is_empty()
                    && !path.is_empty()
            }),
    }
}

/// A folder: the contents of nothing, copied to it. A folder that is there stays as it is, as `mkdir -p` leaves it.
pub(super) fn mkdir(mkdir: &Mkdir) -> Result<String, Diagnostic> {
    let wrong = |reason: &str| no_form(&format!("mkdir(`{}`)", mkdir.path.escape_debug()), reason);
    if !mkdir.parents {
        return Err(wrong("missing folders are always made"));
    }
    if mkdir.path.is_empty() {
        return Err(wrong("its path is empty"));
    }
    let mode = (mkdir.mode != 0o755).then_some(mkdir.mode);
    folder(&mkdir.path, mkdir.owner.as_ref(), mode).map_err(|reason| wrong(&reason))
}

fn folder(path: &str, owner: Option<&Owner>, mode: Option<u32>) -> Result<String, String> {
    let mut flags = vec!["--from=scratch".to_owned()];
    flags.extend(ownership(owner, mode)?);
    let path = format!("{}/", path.trim_end_matches('/'));
    Ok(line("COPY", &flags, &["/".to_owned(), path]))
}

pub(super) fn mkfile(mkfile: &Mkfile) -> Result<String, Diagnostic> {
    let step = format!("mkfile(`{}`)", mkfile.path.escape_debug());
    mkfile_lines(mkfile).map_err(|reason| no_form(&step, &reason))
}

/// The heredoc, and before it the folders: `--chmod` and `--chown` would hold for those that `COPY` makes, too.
fn mkfile_lines(mkfile: &Mkfile) -> Result<String, String> {
    let content = heredoc_content(&mkfile.content)?;
    let path = mkfile.path.as_str();
    if path.is_empty() || path.ends_with('/') {
        return Err("its path names no file".to_owned());
    }
    if path.contains([' ', '\t', '\x0b', '\x0c', '\r']) {
        return Err("a heredoc takes no white space in its path".to_owned());
    }
    let mode = (mkfile.mode != 0o644).then_some(mkfile.mode);
    let flags = ownership(mkfile.owner.as_ref(), mode)?;
    let mut lines = Vec::new();
    let like_folders = mkfile.owner.is_none() && mkfile.mode == 0o755;
    match path.rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() && !flags.is_empty() && !like_folders => {
            lines.push(folder(parent, None, None)?);
        }
        Some(_) | None => (),
    }
    let mut parts = vec!["COPY".to_owned()];
    parts.extend(flags);
    let delimiter = run::delimiter(content);
    parts.push(format!("<<\"{delimiter}\""));
    parts.push(words::word(path)?);
    lines.push(parts.join(" "));
    lines.push(format!("{content}{delimiter}"));
    Ok(lines.join("\n"))
}

fn heredoc_content(content: &[u8]) -> Result<&str, String> {
    let Ok(text) = str::from_utf8(content) else {
        return Err("its content is not UTF-8".to_owned());
    };
    if text.contains('\0') {
        return Err("its content has a NUL".to_owned());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("its content does not end in a newline".to_owned());
    }
    Ok(text)
}
