//! The grammars of names that people write in recipes and configurations: one truth for run time and for macros.
//!
//! Each function takes one word and says what is wrong with it, and where. It needs the standard library only.

use std::ops::Range;

/// What is wrong with a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in the style of a [`Diagnostic`](crate::Diagnostic)'s message.
    pub message: String,
    /// The wrong part: a half-open byte range of the word, on character boundaries.
    pub range: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Mistake {
    fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            message: message.into(),
            range,
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The names that mean something else in a Dockerfile (`reservedStageNames` of BuildKit's `validations.go`).
pub const RESERVED_STAGE_NAMES: [&str; 2] = ["context", "scratch"];

/// A Debian package as `apt-get install` takes it: `NAME[:ARCHITECTURE][=VERSION | /SUITE]`.
///
/// The name's grammar is Debian Policy 5.6.1, the version's is 5.6.12.
///
/// ```
/// # use microb_dsl::grammar::debian_package;
/// assert!(debian_package("libpq5:arm64=15.1-2").is_ok());
/// assert_eq!(debian_package("-y").unwrap_err().message, "`-y` is an apt option, not a package");
/// assert_eq!(debian_package("Curl").unwrap_err().help.as_deref(), Some("write `curl`"));
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn debian_package(text: &str) -> Result<(), Mistake> {
    one_package(text, "apt")?;
    let (name, rest) = split(text, &[':', '=', '/']);
    debian_name(text, name)?;
    let (architecture, rest) = match rest.strip_prefix(':') {
        Some(after) => {
            let (architecture, rest) = split(after, &['=', '/']);
            (Some(architecture), rest)
        }
        None => (None, rest),
    };
    if let Some(architecture) = architecture {
        let at = name.len() + 1;
        part(text, at, architecture, "an architecture", |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
        })?;
    }
    let at = text.len() - rest.len() + 1;
    match rest.as_bytes().first() {
        Some(b'=') => part(text, at, &rest[1..], "a version", |c| {
            c.is_ascii_alphanumeric() || ".+-~:".contains(c)
        }),
        Some(_) => part(text, at, &rest[1..], "a suite", |c| {
            c.is_ascii_alphanumeric() || "._-/".contains(c)
        }),
        None => Ok(()),
    }
}

fn debian_name(text: &str, name: &str) -> Result<(), Mistake> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    if let Some(range) = first_not(name, allowed) {
        let mistake = Mistake::new(
            format!(
                "`{name}` is no Debian package name: it has only lower-case letters, digits, `+`, `-` and `.`"
            ),
            range,
        );
        let lower = text.replacen(name, &name.to_lowercase(), 1);
        return Err(if first_not(&name.to_lowercase(), allowed).is_none() {
            mistake.help(format!("write `{lower}`"))
        } else {
            mistake
        });
    }
    if name.ends_with('-') {
        let mistake = Mistake::new(
            format!("`{name}` asks apt to remove a package"),
            name.len() - 1..name.len(),
        );
        return Err(mistake.help(format!("write `{}`", name.trim_end_matches('-'))));
    }
    if name.len() < 2 || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(Mistake::new(
            format!(
                "`{name}` is no Debian package name: it has two characters at least and starts with a letter or a digit"
            ),
            0..name.len(),
        ));
    }
    Ok(())
}

/// An Alpine package as `apk add` takes it: `NAME[@TAG][OPERATOR VERSION]` with the operators `=`, `<`, `>`, `<=`, `>=`, `~` and `=~`.
///
/// The grammar is that of apk's world file (apk-world(5)); a conflict, `!NAME`, is none of it, since it installs nothing.
///
/// ```
/// # use microb_dsl::grammar::alpine_package;
/// assert!(alpine_package("py3-numpy=~1.26").is_ok());
/// assert!(alpine_package("!curl").is_err());
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn alpine_package(text: &str) -> Result<(), Mistake> {
    one_package(text, "apk")?;
    let (name, rest) = split(text, &['@', '=', '<', '>', '~']);
    let starts = |c: char| c.is_ascii_alphanumeric() || c == '_';
    part(text, 0, name, "a package", |c| {
        starts(c) || "+-.:".contains(c)
    })?;
    if !name.starts_with(starts) {
        return Err(Mistake::new(
            format!("`{name}` is no package name: it starts with a letter, a digit or `_`"),
            0..1,
        ));
    }
    let rest = match rest.strip_prefix('@') {
        Some(after) => {
            let (tag, rest) = split(after, &['=', '<', '>', '~']);
            part(text, name.len() + 1, tag, "a tag", |c| {
                c.is_ascii_alphanumeric() || "_-".contains(c)
            })?;
            rest
        }
        None => rest,
    };
    let version = rest.trim_start_matches(['=', '<', '>', '~']);
    let operator = &rest[..rest.len() - version.len()];
    let at = text.len() - version.len();
    match operator {
        "" => Ok(()),
        "=" | "<" | ">" | "<=" | ">=" | "~" | "=~" | "~=" => {
            part(text, at, version, "a version", |c| {
                c.is_ascii_alphanumeric() || "._-".contains(c)
            })
        }
        _ => Err(Mistake::new(
            format!("`{operator}` is no operator of apk"),
            at - operator.len()..at,
        )
        .help("write for instance `=` or `>=`")),
    }
}

/// The name of an environment variable that every shell can read: POSIX.1-2024, 3.216 "Name".
///
/// # Errors
///
/// What is wrong with the text.
pub fn env_name(text: &str) -> Result<(), Mistake> {
    if text.is_empty() {
        return Err(Mistake::new("a variable without a name", 0..0));
    }
    let wrong = |range| {
        Mistake::new(
            format!(
                "`{text}` is no name of a variable: it has only letters, digits and `_`, and starts with no digit"
            ),
            range,
        )
    };
    if let Some(range) = first_not(text, |c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(wrong(range));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong(0..1));
    }
    Ok(())
}

/// An absolute path, as the kernel takes it: it starts with `/` and has no NUL.
///
/// # Errors
///
/// What is wrong with the text.
pub fn absolute_path(text: &str) -> Result<(), Mistake> {
    if let Some(range) = first_not(text, |c| c != '\0') {
        return Err(Mistake::new("a path with a NUL", range));
    }
    if text.starts_with('/') {
        return Ok(());
    }
    let mistake = Mistake::new(format!("`{text}` is no absolute path"), 0..text.len());
    Err(mistake.help(format!("write `/{text}`")))
}

/// Permission bits in octal, `644`, `0644` or `0o644`; the highest mode is `7777`.
///
/// ```
/// # use microb_dsl::grammar::octal_mode;
/// assert_eq!(octal_mode("0644"), Ok(0o644));
/// assert!(octal_mode("rw-r--r--").is_err());
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn octal_mode(text: &str) -> Result<u32, Mistake> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let octal = !digits.is_empty() && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if octal && mode <= 0o7777 => Ok(mode),
        _ => Err(Mistake::new(
            format!("`{text}` is no file mode: it is an octal number up to 7777"),
            0..text.len(),
        )
        .help("write for instance `0644`")),
    }
}

/// The name of a stage: `validStageName` of BuildKit's `instructions/parse.go`, and none of [`RESERVED_STAGE_NAMES`].
///
/// # Errors
///
/// What is wrong with the text.
pub fn stage_name(text: &str) -> Result<(), Mistake> {
    if RESERVED_STAGE_NAMES.contains(&text) {
        return Err(Mistake::new(
            format!("`{text}` means something else in a Dockerfile"),
            0..text.len(),
        ));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let wrong = |range| {
        Mistake::new(
            format!(
                "`{text}` is no name of a stage: it has only lower-case letters, digits, `-`, `_` and `.`, and starts with a letter"
            ),
            range,
        )
    };
    if let Some(range) = first_not(text, allowed) {
        let lower = text.to_lowercase();
        return Err(match first_not(&lower, allowed) {
            None => wrong(range).help(format!("write `{lower}`")),
            Some(_) => wrong(range),
        });
    }
    if text.starts_with(|c: char| c.is_ascii_lowercase()) {
        Ok(())
    } else {
        Err(wrong(0..text.len().min(1)))
    }
}

/// The mistakes that all package managers share.
fn one_package(text: &str, tool: &str) -> Result<(), Mistake> {
    if text.is_empty() {
        return Err(Mistake::new("a package without a name", 0..0));
    }
    if text.starts_with('-') {
        return Err(Mistake::new(
            format!("`{text}` is an {tool} option, not a package"),
            0..text.len(),
        ));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > 1 {
        let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        return Err(Mistake::new("one package per string", 0..text.len())
            .help(format!("write {}", quoted.join(" and "))));
    }
    Ok(())
}

fn split<'a>(text: &'a str, separators: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(separators).unwrap_or(text.len()))
}

/// Checks the part of `text` that starts at byte `at`.
fn part(
    text: &str,
    at: usize,
    part: &str,
    what: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), Mistake> {
    if part.is_empty() {
        return Err(Mistake::new(
            format!("{what} is missing in `{text}`"),
            at..at,
        ));
    }
    match first_not(part, allowed) {
        Some(range) => Err(Mistake::new(
            format!(
                "`{}` has no place in {what}",
                part[range.clone()].escape_debug()
            ),
            at + range.start..at + range.end,
        )),
        None => Ok(()),
    }
}

/// The first character that is not allowed, as a range.
fn first_not(text: &str, allowed: impl Fn(char) -> bool) -> Option<Range<usize>> {
    text.char_indices()
        .find(|(_, c)| !allowed(*c))
        .map(|(start, c)| start..start + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(result: Result<(), Mistake>) -> Option<Range<usize>> {
        result.err().map(|mistake| mistake.range)
    }

    #[test]
    fn debian_packages_are_those_of_policy_5_6_1() {
        for (text, wrong) in [
            ("curl", None),
            ("g++", None),
            ("libstdc++6", None),
            ("0ad", None),
            ("libc6:amd64", None),
            ("curl=7.88.1-10+deb12u5", None),
            ("vim=2:9.0.1378-2~bpo1", None),
            ("libc6:i386=2.36-9", None),
            ("curl/bookworm-backports", None),
            ("", Some(0..0)),
            ("a", Some(0..1)),
            ("+a", Some(0..2)),
            ("-y", Some(0..2)),
            ("git jq", Some(0..6)),
            ("Libffi-dev", Some(0..1)),
            ("a;b", Some(1..2)),
            ("lib\u{e9}x", Some(3..5)),
            ("curl=", Some(5..5)),
            ("curl/", Some(5..5)),
            ("libc6:", Some(6..6)),
            ("libc6:AMD64", Some(6..7)),
            ("curl=1 ;", Some(0..8)),
            ("curl=1$x", Some(6..7)),
            ("curl-", Some(4..5)),
        ] {
            assert_eq!(range(debian_package(text)), wrong, "{text}");
        }
    }

    #[test]
    fn alpine_packages_are_those_of_a_world_file() {
        for (text, wrong) in [
            ("curl", None),
            ("R", None),
            ("py3-numpy=1.26.4-r0", None),
            ("so:libpq.so.5", None),
            ("curl>=8", None),
            ("curl@edge", None),
            ("curl@edge=8.5.0-r0", None),
            ("!curl", Some(0..1)),
            (".curl", Some(0..1)),
            ("curl==8", Some(4..6)),
            ("curl=", Some(5..5)),
            ("curl@=8", Some(5..5)),
            ("--virtual", Some(0..9)),
            ("a|b", Some(1..2)),
        ] {
            assert_eq!(range(alpine_package(text)), wrong, "{text}");
        }
    }

    #[test]
    fn variables_paths_and_stages_are_told_apart_from_what_is_none() {
        for (text, wrong) in [
            ("PATH", None),
            ("_x1", None),
            ("1x", Some(0..1)),
            ("a-b", Some(1..2)),
            ("", Some(0..0)),
        ] {
            assert_eq!(range(env_name(text)), wrong, "{text}");
        }
        for (text, wrong) in [
            ("/", None),
            ("/a b", None),
            ("a", Some(0..1)),
            ("/a\0", Some(2..3)),
            ("", Some(0..0)),
        ] {
            assert_eq!(range(absolute_path(text)), wrong, "{text}");
        }
        for (text, wrong) in [
            ("build", None),
            ("a.b_c-1", None),
            ("Build", Some(0..1)),
            ("1a", Some(0..1)),
            ("a b", Some(1..2)),
            ("", Some(0..0)),
            ("scratch", Some(0..7)),
            ("context", Some(0..7)),
        ] {
            assert_eq!(range(stage_name(text)), wrong, "{text}");
        }
    }

    #[test]
    fn modes_are_octal_numbers_up_to_7777() {
        for (text, mode) in [
            ("644", Some(0o644)),
            ("0755", Some(0o755)),
            ("0o4755", Some(0o4755)),
            ("7777", Some(0o7777)),
            ("17777", None),
            ("8", None),
            ("+7", None),
            ("", None),
            ("u=rw", None),
        ] {
            assert_eq!(octal_mode(text).ok(), mode, "{text}");
        }
    }
}
