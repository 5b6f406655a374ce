//! What looks like a secret, by its name and by its value.

use crate::grammar::names_a_secret;

/// How tokens of well-known services begin, and how many characters follow at least.
///
/// GitHub, GitLab, Slack, Stripe, PyPI, AWS, npm, Hugging Face: the formats that these services document for secret scanners.
const TOKENS: &[(&str, usize)] = &[
    ("ghp_", 36),
    ("gho_", 36),
    ("ghs_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("sk_live_", 20),
    ("pypi-AgEIcHlwaS5vcmc", 20),
    ("AKIA", 16),
    ("npm_", 36),
    ("hf_", 34),
];

/// What a value is, when it cannot be anything but a secret.
pub(super) fn certain(value: &str) -> Option<&'static str> {
    if is_token(value) {
        Some("a token")
    } else if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----") {
        Some("a private key")
    } else {
        None
    }
}

/// Why a variable or a label looks like a secret, if it does.
pub(super) fn likely(name: &str, value: &str) -> Option<&'static str> {
    if has_password(value) {
        return Some("its value is a URL with a password");
    }
    (names_a_secret(name) && is_secret_value(value)).then_some("its name says so")
}

fn is_token(value: &str) -> bool {
    TOKENS.iter().any(|(start, length)| {
        let rest = value.strip_prefix(start);
        rest.is_some_and(|rest| {
            rest.len() >= *length
                && rest
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        })
    })
}

/// `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let login = authority.rsplit_once('@').map(|(login, _)| login);
    let password = login.and_then(|login| login.split_once(':'));
    scheme
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && password.is_some_and(|(_, password)| !password.is_empty())
}

/// Neither a switch, nor a number, nor the path of the file that has it.
fn is_secret_value(value: &str) -> bool {
    let value = value.trim();
    let is_word = ["true", "false", "none", "null", "yes", "no", "on", "off"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word));
    let is_number = value.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_path = value.starts_with('/') || value.starts_with("./");
    !(value.is_empty() || is_word || is_number || is_path || value.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_that_look_like_secrets_are_found() {
        for (name, value) in [
            ("TOKEN", "abc"),
            ("DB_PASSWORD", "hunter2"),
            ("openai.api-key", "sk"),
            ("DJANGO_SECRET_KEY", "dev"),
            ("DB_AUTH", "app:hunter2"),
            ("API_KEY_NAME", "abc"),
            ("ENCRYPTION_PASSPHRASE", "correct horse"),
            ("DATABASE_URL", "postgres://app:hunter2@db/app"),
        ] {
            assert!(likely(name, value).is_some(), "{name}={value}");
        }
    }

    #[test]
    fn tokens_and_keys_are_known_by_their_form() {
        for value in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_0123456789abcdef0123456789abcdef0123",
            "-----BEGIN RSA PRIVATE KEY-----\nx",
        ] {
            assert!(certain(value).is_some(), "{value}");
        }
        for value in ["AKIA", "ghp_short", "-----BEGIN CERTIFICATE-----\nx"] {
            assert_eq!(certain(value), None, "{value}");
        }
    }

    #[test]
    fn what_only_resembles_a_secret_is_none() {
        for (name, value) in [
            ("TOKENIZERS_PARALLELISM", "false"),
            ("PUBLIC_KEY", "abc"),
            ("SECRET_VERSION", "db"),
            ("TOKEN_URL", "https://example.org/token"),
            ("CHECK_TOKEN", "true"),
            ("PASSWORD", ""),
            ("DB_PASSWORD", "/run/secrets/db"),
            ("MAX_TOKEN", "4096"),
            ("KEYBOARD", "de"),
            ("DATABASE_URL", "postgres://app@db:5432/app"),
            ("AUTHOR", "Jane"),
            ("org.opencontainers.image.url", "https://example.org/a:b@c"),
        ] {
            assert_eq!(likely(name, value), None, "{name}={value}");
            assert_eq!(certain(value), None, "{name}={value}");
        }
    }
}
