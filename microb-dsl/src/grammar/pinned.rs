//! Checksums, commits and platforms: words that identify exactly one of their kind.

use std::ops::RangeInclusive;

use super::{Mistake, first_not};
use crate::diagnostic::nearest;
use crate::platform::Platform;

/// The processors that an image may be for, as Go's `GOARCH` names them: those that Go builds Linux programs for
/// (`go tool dist list`), and WebAssembly.
const ARCHITECTURES: [&str; 14] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "wasm",
];

/// The systems that engines make images for (`isKnownOS` of containerd's `platforms`, without those that have no images).
const SYSTEMS: [&str; 5] = ["linux", "windows", "darwin", "freebsd", "wasi"];

/// The checksum of a file, `sha256:` and 64 hexadecimal digits in lower case.
///
/// # Errors
///
/// What is wrong with the text.
pub fn digest(text: &str) -> Result<(), Mistake> {
    let Some(digits) = text.strip_prefix("sha256:") else {
        let help = if text.len() == 64 && first_not(text, is_digit).is_none() {
            format!("write `sha256:{text}`")
        } else {
            "write `sha256:` and what `sha256sum FILE` prints".to_owned()
        };
        let message = format!("`{text}` is no checksum: it does not start with `sha256:`");
        return Err(Mistake::new(message, 0..text.len()).help(help));
    };
    hexadecimal(text, digits, 64..=64, "a checksum")
}

/// The name of a git commit: hexadecimal digits in lower case, all 40 (or 64) or the first of them, at least 7.
///
/// BuildKit compares the beginning (`source/git/identifier.go`); fewer than git itself abbreviates to say little.
///
/// # Errors
///
/// What is wrong with the text.
pub fn commit(text: &str) -> Result<(), Mistake> {
    hexadecimal(text, text, 7..=64, "a commit")
}

/// What an image runs on, `OS/ARCHITECTURE[/VARIANT]`, with a system and a processor that are known.
///
/// ```
/// # use microb_dsl::grammar::platform;
/// assert_eq!(platform("linux/aarch64").unwrap().to_string(), "linux/arm64");
/// assert_eq!(platform("linux/amd46").unwrap_err().help.unwrap(), "write `linux/amd64`");
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn platform(text: &str) -> Result<Platform, Mistake> {
    let wrong =
        |message: String, help: String| Err(Mistake::new(message, 0..text.len()).help(help));
    let Ok(platform) = text.parse::<Platform>() else {
        let lower = text.trim().to_ascii_lowercase();
        let help = if lower != text && platform(&lower).is_ok() {
            format!("write `{lower}`")
        } else if ARCHITECTURES.contains(&&*lower) {
            format!("write `linux/{lower}`")
        } else {
            "write for instance `linux/arm64`".to_owned()
        };
        return wrong(format!("`{text}` is no platform"), help);
    };
    let Platform {
        os, architecture, ..
    } = &platform;
    if !SYSTEMS.contains(&&**os) {
        let known = nearest(os, SYSTEMS).unwrap_or("linux");
        let help = format!("write `{known}{}`", &text[text.find('/').unwrap_or(0)..]);
        return wrong(format!("`{os}` is no operating system of images"), help);
    }
    if !ARCHITECTURES.contains(&&**architecture) {
        let known = nearest(architecture, ARCHITECTURES).unwrap_or("arm64");
        return wrong(
            format!("`{architecture}` is no processor that images are for"),
            format!("write `{os}/{known}`"),
        );
    }
    Ok(platform)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('a'..='f').contains(&c)
}

/// Checks the digits at the end of `text`.
fn hexadecimal(
    text: &str,
    digits: &str,
    lengths: RangeInclusive<usize>,
    what: &str,
) -> Result<(), Mistake> {
    let at = text.len() - digits.len();
    if let Some(range) = first_not(digits, is_digit) {
        let found = &digits[range.clone()];
        let message = format!("`{}` has no place in {what}", found.escape_debug());
        let mistake = Mistake::new(message, at + range.start..at + range.end);
        let help = if found.chars().all(|c| c.is_ascii_hexdigit()) {
            "write it in lower case"
        } else {
            "write hexadecimal digits, `0` to `9` and `a` to `f`"
        };
        return Err(mistake.help(help));
    }
    if lengths.contains(&digits.len()) {
        return Ok(());
    }
    let (least, most) = lengths.into_inner();
    let wanted = if least == most {
        least.to_string()
    } else {
        format!("{least} to {most}")
    };
    let found = digits.len();
    let message = format!("{what} has {wanted} hexadecimal digits, and this has {found}");
    Err(Mistake::new(message, at..text.len()).help("write all of it"))
}

#[cfg(test)]
mod tests {
    use super::super::wrong_range as range;
    use super::*;

    #[test]
    fn checksums_and_commits_have_all_their_digits() {
        let (long, short) = ("a".repeat(64), "0".repeat(40));
        for (text, wrong) in [
            (format!("sha256:{long}"), None),
            (long.clone(), Some(0..64)),
            ("sha256:abc".to_owned(), Some(7..10)),
            (format!("sha256:{}", long.to_uppercase()), Some(7..8)),
            (format!("sha512:{long}"), Some(0..71)),
            (String::new(), Some(0..0)),
        ] {
            assert_eq!(range(digest(&text)), wrong, "{text}");
        }
        for (text, wrong) in [
            (short.as_str(), None),
            (&long, None),
            ("main", Some(0..1)),
            ("abc1234", None),
            ("abc123", Some(0..6)),
        ] {
            assert_eq!(range(commit(text)), wrong, "{text}");
        }
    }

    #[test]
    fn a_platform_that_is_none_has_the_nearest_one_that_is() {
        for (text, help) in [
            ("linux/arm/v7", None),
            ("linux/x86_64", None),
            ("windows/amd64", None),
            ("linux/amd46", Some("write `linux/amd64`")),
            ("linus/arm64", Some("write `linux/arm64`")),
            ("Linux/ARM64", Some("write `linux/arm64`")),
            ("arm64", Some("write `linux/arm64`")),
            ("linux", Some("write for instance `linux/arm64`")),
            ("", Some("write for instance `linux/arm64`")),
        ] {
            let found = platform(text).err().and_then(|mistake| mistake.help);
            assert_eq!(found.as_deref(), help, "{text}");
        }
    }
}
