//! The lines of a requirements file, and what stands in them.

use microb::{Diagnostic, SourceFile, Span, Spanned, nearest};

use crate::mistake::part;

/// Options with a value that are written again as they are.
pub(crate) const WITH_VALUE: &[(&str, &str)] = &[
    ("-i", "--index-url"),
    ("--index-url", "--index-url"),
    ("--pypi-url", "--index-url"),
    ("--extra-index-url", "--extra-index-url"),
    ("--all-releases", "--all-releases"),
    ("--only-final", "--only-final"),
    ("--no-binary", "--no-binary"),
    ("--only-binary", "--only-binary"),
    ("--trusted-host", "--trusted-host"),
    ("--use-feature", "--use-feature"),
];

/// Options without a value that are written again as they are.
pub(crate) const FLAGS: &[&str] = &["--no-index", "--pre", "--prefer-binary", "--require-hashes"];

/// Says that packages without hashes may stand beside others with hashes, which no installer of ours asks for.
pub(crate) const NO_REQUIRE_HASHES: &str = "--no-require-hashes";

/// Options that name a file or a folder.
pub(crate) const WITH_PATH: &[(&str, Kind)] = &[
    ("-r", Kind::Requirement),
    ("--requirement", Kind::Requirement),
    ("-c", Kind::Constraint),
    ("--constraint", Kind::Constraint),
    ("-e", Kind::Editable),
    ("--editable", Kind::Editable),
    ("-f", Kind::FindLinks),
    ("--find-links", Kind::FindLinks),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Requirement,
    Constraint,
    Editable,
    FindLinks,
}

/// A line whose continuations are joined and whose comment is gone.
pub(crate) type Line = Spanned<String>;

/// The lines that say something: continuations joined, comments and empty lines dropped.
pub(crate) fn lines(file: &SourceFile) -> Vec<Line> {
    let text = file.text();
    let mut lines = Vec::new();
    let mut joined = String::new();
    let mut start = None;
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let begin = *start.get_or_insert(at);
        at += raw.len();
        let line = raw.trim_end_matches(['\n', '\r']);
        let is_comment = line.trim_start().starts_with('#');
        if let Some(continued) = line.strip_suffix('\\').filter(|_| !is_comment) {
            joined.push_str(continued);
            continue;
        }
        // A comment in the middle of a continued line ends it.
        if is_comment {
            joined.push(' ');
        }
        joined.push_str(line);
        start = None;
        push_line(&mut lines, file, begin..at, &std::mem::take(&mut joined));
    }
    if let Some(begin) = start {
        push_line(&mut lines, file, begin..at, &joined);
    }
    lines
}

fn push_line(lines: &mut Vec<Line>, file: &SourceFile, range: std::ops::Range<usize>, text: &str) {
    let text = without_comment(text).trim();
    if text.is_empty() {
        return;
    }
    let raw = &file.text()[range.clone()];
    // A joined line is not in the file as it is: all of its lines are its place.
    let (lead, length) = match raw.find(text) {
        Some(at) => (at, text.len()),
        None => (raw.len() - raw.trim_start().len(), raw.trim().len()),
    };
    let span = file.span(range.start + lead..range.start + lead + length);
    lines.push(Spanned::new(text.to_owned(), span));
}

/// A `#` begins a comment at the start and after white space; elsewhere it belongs to a URL.
fn without_comment(line: &str) -> &str {
    let comment = line
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || line[..*at].ends_with(char::is_whitespace)));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// A word of a line of options: what it means, and what stands there.
pub(crate) struct Word<'a> {
    pub(crate) text: String,
    pub(crate) raw: &'a str,
}

/// The words of a line of options. Quotes and a backslash before white space keep a path together, as in a shell.
pub(crate) fn words(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut text = String::new();
    let mut start = None;
    let mut quote = None;
    let mut characters = line.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(start.take().map(|start: usize| Word {
                text: std::mem::take(&mut text),
                raw: &line[start..at],
            }));
            continue;
        }
        start.get_or_insert(at);
        match c {
            '"' | '\'' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            '\\' if quote.is_none() => {
                let space = characters.next_if(|(_, next)| next.is_whitespace());
                text.push(space.map_or(c, |(_, space)| space));
            }
            _ => text.push(c),
        }
    }
    words.extend(start.map(|start| Word {
        text,
        raw: &line[start..],
    }));
    words
}

/// The place of `piece`, which is a part of the line's text.
pub(crate) fn span_of(line: &Line, piece: &str) -> Span {
    match (piece.as_ptr() as usize).checked_sub(line.value.as_ptr() as usize) {
        Some(at) if at + piece.len() <= line.value.len() => part(line, at..at + piece.len()),
        _ => line.span.clone(),
    }
}

/// Splits `--name=value` and `-rvalue`; `None` if the option is unknown.
pub(crate) fn option(word: &str) -> Option<(&str, Option<&str>)> {
    let known = |name: &str| {
        WITH_VALUE.iter().any(|(known, _)| *known == name)
            || WITH_PATH.iter().any(|(known, _)| *known == name)
    };
    if known(word) {
        return Some((word, None));
    }
    if let Some((name, value)) = word.split_once('=')
        && known(name)
    {
        return Some((name, Some(value)));
    }
    let (name, value) = word.split_at_checked(2)?;
    (!word.starts_with("--") && known(name)).then_some((name, Some(value)))
}

pub(crate) fn unknown_option(line: &Line, word: &str) -> Diagnostic {
    let name = word.split('=').next().unwrap_or(word);
    let known = WITH_VALUE.iter().map(|(name, _)| *name);
    let known = known
        .chain(WITH_PATH.iter().map(|(name, _)| *name))
        .chain(FLAGS.iter().copied());
    let error = Diagnostic::error(format!("`{name}` is no option of a requirements file"))
        .at(&span_of(line, name));
    match nearest(name, known.filter(|known| known.starts_with("--"))) {
        Some(near) => error.help(format!("write `{near}`")),
        None => error.help("remove it"),
    }
}

/// Where the options of a requirement begin.
pub(crate) fn find_options(line: &str) -> Option<usize> {
    [
        "--hash",
        "--config-settings",
        "--config-setting",
        "--global-option",
    ]
    .iter()
    .flat_map(|option| {
        let ends = line.match_indices(option).map(|(at, _)| at);
        ends.filter(|at| line[..*at].ends_with([' ', '\t']))
    })
    .min()
    .map(|at| at - 1)
}

/// The URL of a requirement: what follows `@`, or the whole.
pub(crate) fn url(wanted: &str) -> &str {
    match wanted.split_once('@') {
        Some((name, url)) if !name.contains([':', '/']) => {
            url.split_whitespace().next().unwrap_or_default()
        }
        _ => wanted,
    }
}

/// Whether a URL has a name before it: `name @ https://…`.
pub(crate) fn named(wanted: &str) -> bool {
    wanted
        .split_once('@')
        .is_some_and(|(name, _)| !name.contains([':', '/']))
}

/// How wheels and source archives end.
pub(crate) const ARCHIVES: &[&str] = &[".whl", ".zip", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz"];

/// A requirement that is a path of the build context.
pub(crate) struct Local<'a> {
    pub(crate) path: &'a str,
    pub(crate) extras: &'a str,
    pub(crate) marker: &'a str,
}

pub(crate) fn local(wanted: &str) -> Option<Local<'_>> {
    let (wanted, marker) = match wanted.split_once(" ;").or_else(|| wanted.split_once("; ")) {
        Some((wanted, marker)) => (wanted.trim(), marker.trim()),
        None => (wanted, ""),
    };
    let location = if named(wanted) { url(wanted) } else { wanted };
    let (path, is_file) = match location.strip_prefix("file:") {
        Some(path) => (path.strip_prefix("//").unwrap_or(path), true),
        None => (location, false),
    };
    let (path, extras) = match path.split_once('[') {
        Some((path, extras)) => (path.trim(), extras.trim_end_matches(']')),
        None => (path, ""),
    };
    let is_archive = ARCHIVES.iter().any(|end| path.ends_with(end));
    let is_path = path.starts_with(['.', '/', '\\'])
        || path
            .get(1..3)
            .is_some_and(|drive| drive == ":/" || drive == ":\\")
        || (!path.contains(':') && !path.contains('@') && (path.contains('/') || is_archive));
    let path = path.split('#').next().unwrap_or(path);
    (is_file || is_path).then_some(Local {
        path,
        extras,
        marker,
    })
}
