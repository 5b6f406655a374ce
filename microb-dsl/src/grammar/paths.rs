//! Paths and modes of files.

use super::{Mistake, first_not};

/// A path in a source: not empty, no NUL, and `..` never leaves the source's root.
///
/// # Errors
///
/// What is wrong with the text.
pub fn source_path(text: &str) -> Result<(), Mistake> {
    if text.is_empty() {
        return Err(Mistake::new("a path without a name", 0..0).help("write `.` for everything"));
    }
    if let Some(range) = first_not(text, |c| c != '\0') {
        return Err(Mistake::new("a path with a NUL", range));
    }
    let mut depth = 0_usize;
    let mut at = 0;
    for part in text.split('/') {
        match (part, depth) {
            ("" | ".", _) => {}
            ("..", 0) => {
                let inside = text
                    .split('/')
                    .filter(|part| !matches!(*part, ".." | "." | ""));
                let mistake = Mistake::new(
                    format!("`{text}` leaves what is copied from"),
                    at..at + part.len(),
                );
                let inside: Vec<_> = inside.collect();
                let help = if inside.is_empty() {
                    "build in the folder above".to_owned()
                } else {
                    format!(
                        "write `{}` and build in the folder that has it",
                        inside.join("/")
                    )
                };
                return Err(mistake.help(help));
            }
            ("..", _) => depth -= 1,
            _ => depth += 1,
        }
        at += part.len() + 1;
    }
    Ok(())
}

/// Where a copy goes: an absolute path, or one that says with `.` that it starts at the working directory.
///
/// # Errors
///
/// What is wrong with the text.
pub fn destination_path(text: &str) -> Result<(), Mistake> {
    if text == "." || text.starts_with("./") {
        return match first_not(text, |c| c != '\0') {
            Some(range) => Err(Mistake::new("a path with a NUL", range)),
            None => Ok(()),
        };
    }
    absolute_path(text).map_err(|mistake| match text {
        "" => Mistake::new("a copy without a destination", 0..0)
            .help("write `.` for the working directory"),
        _ if text.starts_with('/') => mistake,
        _ if text.starts_with("~/") => {
            mistake.help("`~` is not expanded; write the home folder, for instance `/root/`")
        }
        _ => mistake.help(format!(
            "write `/{text}`, or `./{text}` for a place in the working directory"
        )),
    })
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

#[cfg(test)]
mod tests {
    use super::super::wrong_range as range;
    use super::*;

    #[test]
    fn paths_are_absolute_or_say_where_they_start() {
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
            (".", None),
            ("./a", None),
            ("/a/", None),
            ("a", Some(0..1)),
            ("~/a", Some(0..3)),
            ("..", Some(0..2)),
            ("", Some(0..0)),
            ("./\0", Some(2..3)),
        ] {
            assert_eq!(range(destination_path(text)), wrong, "{text}");
        }
    }

    #[test]
    fn a_source_path_stays_in_its_source() {
        for (text, wrong) in [
            (".", None),
            ("/a", None),
            ("a/../b", None),
            ("*.py", None),
            ("..a", None),
            ("../a", Some(0..2)),
            ("a/../../b", Some(5..7)),
            ("/..", Some(1..3)),
            ("", Some(0..0)),
            ("\0", Some(0..1)),
        ] {
            assert_eq!(range(source_path(text)), wrong, "{text}");
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
