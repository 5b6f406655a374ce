//! Names of variables, labels and stages.

use super::{Mistake, first_not};

/// The names that mean something else in a Dockerfile (`reservedStageNames` of BuildKit's `validations.go`).
pub const RESERVED_STAGE_NAMES: [&str; 2] = ["context", "scratch"];

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

/// Words of names whose values are secrets: `secretTokens` of the rule `SecretsUsedInArgOrEnv`
/// (`frontend/dockerfile/dockerfile2llb/validations.go` in moby/buildkit), and `passphrase`, which it lacks.
const SECRET_WORDS: [&str; 11] = [
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "passphrase",
    "password",
    "pword",
    "passwd",
    "secret",
    "token",
];

/// Words of names whose values are no secrets all the same: `allowTokens` in the same place.
const PUBLIC_WORDS: [&str; 3] = ["public", "file", "version"];

/// Whether a variable or a label of this name is likely to hold a secret, as BuildKit's rule `SecretsUsedInArgOrEnv`
/// decides it for variables. The words of a label's key are separated by `.` and `-`, too.
///
/// ```
/// # use microb_dsl::grammar::names_a_secret;
/// assert!(names_a_secret("GITHUB_TOKEN") && names_a_secret("com.example.api-key"));
/// assert!(!names_a_secret("PASSWORD_FILE") && !names_a_secret("KEYBOARD"));
/// ```
pub fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |known: &[&str]| {
        name.split(['_', '-', '.'])
            .any(|word| known.contains(&word))
    };
    has(&SECRET_WORDS) && !has(&PUBLIC_WORDS)
}

/// A label's key: not empty, without white space, control characters, quotes and `=`.
///
/// Under `org.opencontainers.image.` it is one that the OCI image specification knows
/// (`annotations.md`, pre-defined annotation keys).
///
/// # Errors
///
/// What is wrong with the text.
pub fn label_key(text: &str) -> Result<(), Mistake> {
    if text.is_empty() {
        return Err(Mistake::new("a label without a key", 0..0));
    }
    let allowed = |c: char| !(c.is_whitespace() || c.is_control() || "\"'=".contains(c));
    if let Some(range) = first_not(text, allowed) {
        return Err(Mistake::new(
            format!(
                "`{}` has no place in a label's key",
                text[range.clone()].escape_debug()
            ),
            range,
        )
        .help("write words with dots between, for instance `com.example.key`"));
    }
    let Some(name) = text.strip_prefix(OCI_LABELS) else {
        return Ok(());
    };
    if OCI_LABEL_NAMES.contains(&name) {
        return Ok(());
    }
    let mistake = Mistake::new(
        format!("the OCI image specification has no `{text}`"),
        OCI_LABELS.len()..text.len(),
    );
    Err(match crate::nearest(name, OCI_LABEL_NAMES) {
        Some(near) => mistake.help(format!("write `{OCI_LABELS}{near}`")),
        None => mistake.help("write a key under a domain of your own, for instance `com.example.`"),
    })
}

const OCI_LABELS: &str = "org.opencontainers.image.";
const OCI_LABEL_NAMES: [&str; 14] = [
    "created",
    "authors",
    "url",
    "documentation",
    "source",
    "version",
    "revision",
    "vendor",
    "licenses",
    "ref.name",
    "title",
    "description",
    "base.digest",
    "base.name",
];

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

#[cfg(test)]
mod tests {
    use super::super::wrong_range as range;
    use super::*;

    #[test]
    fn names_are_told_apart_from_what_is_none() {
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
    fn keys_of_labels_are_words_and_those_of_oci_are_known() {
        for (text, wrong) in [
            ("maintainer", None),
            ("com.example/x-Y_z", None),
            ("org.opencontainers.image.title", None),
            ("org.opencontainers.image.base.digest", None),
            ("", Some(0..0)),
            ("a b", Some(1..2)),
            ("a=b", Some(1..2)),
            ("org.opencontainers.image.titel", Some(25..30)),
        ] {
            assert_eq!(range(label_key(text)), wrong, "{text}");
        }
    }

    #[test]
    fn variables_of_secrets_are_those_that_buildkit_warns_of() {
        for (name, secret) in [
            ("TOKEN", true),
            ("my_ApiKey", true),
            ("AWS_SECRET_ACCESS_KEY", true),
            ("DB_AUTH", true),
            ("API_KEY_NAME", true),
            ("KEY_ID", true),
            ("ENCRYPTION_PASSPHRASE", true),
            ("SECRET_VERSION", false),
            ("AUTHOR", false),
            ("KEYS", false),
            ("PUBLIC_KEY", false),
            ("TOKEN_FILE", false),
            ("MONKEY", false),
        ] {
            assert_eq!(names_a_secret(name), secret, "{name}");
        }
    }
}
