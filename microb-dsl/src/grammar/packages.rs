//! Packages of Debian and Alpine.

use super::{Mistake, first_not, part, split};

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

#[cfg(test)]
mod tests {
    use super::super::wrong_range as range;
    use super::*;

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
}
