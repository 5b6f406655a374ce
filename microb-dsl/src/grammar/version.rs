//! Version specifiers, PEP 440: their grammar, not what they allow.

use std::ops::Range;

/// The operators, longer ones first.
const OPERATORS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];

/// Where a specifier is wrong, and what was meant if that is clear.
type Wrong = (Range<usize>, Option<String>);

/// Checks specifiers with commas between. As in `packaging`, a comma too many is fine.
pub(super) fn specifiers(text: &str) -> Result<(), Wrong> {
    // `===` compares texts, so that anything without white space may follow it.
    if text
        .strip_prefix("===")
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().contains(char::is_whitespace))
    {
        return Ok(());
    }
    for piece in text.split(',') {
        let start = piece.as_ptr() as usize - text.as_ptr() as usize;
        let at = start + piece.len() - piece.trim_start().len();
        let piece = piece.trim();
        if !piece.is_empty() && !is_specifier(piece) {
            return Err((at..at + piece.len(), meant(piece)));
        }
    }
    Ok(())
}

fn is_specifier(text: &str) -> bool {
    let Some((operator, version)) = OPERATORS
        .iter()
        .find_map(|operator| Some((*operator, text.strip_prefix(operator)?.trim())))
    else {
        return false;
    };
    match operator {
        "===" => !version.is_empty() && !version.contains(char::is_whitespace),
        "==" | "!=" => {
            is_version(version)
                || version
                    .strip_suffix(".*")
                    .and_then(release)
                    .is_some_and(|(_, rest)| rest.is_empty())
        }
        // `~=1` would allow every later version.
        "~=" => is_public(version) && release(version).is_some_and(|(parts, _)| parts > 1),
        _ => is_public(version),
    }
}

/// What somebody meant who wrote this, which is no specifier.
fn meant(text: &str) -> Option<String> {
    let spaced: Vec<_> = text.split_whitespace().collect();
    if spaced.len() > 1 && spaced.iter().all(|one| is_specifier(one)) {
        return Some(spaced.join(","));
    }
    let version = text.trim_start_matches(['=', '<', '>', '!', '~', '^', ' ']);
    let operator = match text[..text.len() - version.len()].trim() {
        "" | "=" => "==",
        "=>" => ">=",
        "=<" => "<=",
        "!" | "<>" | "=!" => "!=",
        "~=" if version.bytes().all(|b| b.is_ascii_digit()) => {
            return Some(format!("~={version}.0"));
        }
        // Poetry's and npm's: up to the next version that may break.
        "^" | "~" => return up_to_next(version),
        _ => return None,
    };
    let specifier = format!("{operator}{version}");
    is_specifier(&specifier).then_some(specifier)
}

fn up_to_next(version: &str) -> Option<String> {
    let major: u64 = version.split('.').next()?.parse().ok()?;
    (major > 0 && is_public(version)).then(|| format!(">={version},<{}", major.saturating_add(1)))
}

/// A version: a public one, and a local part after `+`.
fn is_version(text: &str) -> bool {
    match text.split_once('+') {
        None => is_public(text),
        Some((public, local)) => {
            is_public(public)
                && local
                    .split(['-', '_', '.'])
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        }
    }
}

/// A version without a local part: PEP 440, appendix B.
fn is_public(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some((_, rest)) = release(&lower) else {
        return false;
    };
    let pre = ["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"];
    let rest = suffix(rest, &pre);
    let rest = match rest.strip_prefix('-').map(digits) {
        Some((1.., rest)) => rest,
        _ => suffix(rest, &["post", "rev", "r"]),
    };
    suffix(rest, &["dev"]).is_empty()
}

/// Reads `v`, an epoch and a release, and returns the number of the release's parts and what follows.
fn release(text: &str) -> Option<(usize, &str)> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (1.., mut rest) = digits(text) else {
        return None;
    };
    if let Some(after) = rest.strip_prefix('!') {
        let (1.., after) = digits(after) else {
            return None;
        };
        rest = after;
    }
    let mut parts = 1;
    while let Some((1.., after)) = rest.strip_prefix('.').map(digits) {
        parts += 1;
        rest = after;
    }
    Some((parts, rest))
}

/// What follows `[-_.]WORD[-_.]NUMBER`, of which only the word must be there, or the text if that is not there.
fn suffix<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let separator = ['-', '_', '.'];
    let start = text.strip_prefix(separator).unwrap_or(text);
    let Some(rest) = words.iter().find_map(|word| start.strip_prefix(word)) else {
        return text;
    };
    digits(rest.strip_prefix(separator).unwrap_or(rest)).1
}

/// How many digits a text begins with, and what follows.
fn digits(text: &str) -> (usize, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (text.len() - rest.len(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::str::FromStr;

    #[test]
    fn specifiers_of_pep_440_are_fine() {
        for text in [
            "",
            ">=1,<2",
            "==1.*",
            "!=1.2.*",
            "~=1.4.2",
            "== 2014b1.post1.dev3",
            ">=1!2.0",
            "==1.0+ubuntu-1",
            "===weird;text",
            ">=1,",
            "==v1.0-1",
        ] {
            assert_eq!(specifiers(text), Ok(()), "{text}");
        }
        for text in [
            "1",
            ">1.*",
            "~=1",
            ">=1+local",
            "==1..2",
            "=== ",
            ">=",
            "==1.0-",
            "==x",
        ] {
            assert!(specifiers(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

        #[test]
        fn the_grammar_is_that_of_pep440_rs(
            operator in "===|~=|==|!=|<=|>=|<|>|=|",
            version in r"v?([0-9]!)?[0-9]{1,2}(\.[0-9]){0,2}([-_.]?(a|b|rc|alpha|c|pre|post|r|rev|dev|x)[-_.]?[0-9]?){0,3}(-[0-9]?)?(\+[a-z0-9.]{0,3})?(\.\*)?",
        ) {
            let text = format!("{operator}{version}");
            let oracle = pep440_rs::VersionSpecifier::from_str(&text).is_ok();
            prop_assert_eq!(specifiers(&text).is_ok(), oracle || operator == "===", "{}", text);
        }
    }
}
