//! The version of uv that installs, where the target does not say: that which the project is worked on with.

use microb::{Context, Decision, Diagnostic, Spanned};

use crate::builder::UV_VERSION;
use crate::config::{Config, Index, IndexRole, Installer};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::specifier::Constraint;
use crate::tool_versions;
use crate::tree::escape;

/// The oldest uv that has every option and variable that the recipe uses: from this one on, `UV_NO_INSTALLER_METADATA`
/// keeps times out of what is installed. `--requirements` and `--constraints` are a few releases older.
pub(crate) const OLDEST: &str = "0.5.8";

/// The oldest that takes logins from the environment for an index that is asked for some packages only, too.
const OLDEST_WITH_LOGINS: &str = "0.8.18";

/// Takes the version that `[tool.uv] required-version` pins, or else that of mise or asdf. What is chosen against their
/// words is told.
pub(crate) fn choose(
    tables: &Tables<'_>,
    config: &mut Config,
    cx: &dyn Context,
    findings: &Findings,
) -> Option<Decision> {
    if config.installer == Installer::Pip {
        return None;
    }
    let oldest = oldest(config);
    if let Some(version) = &config.uv_version {
        if is_older(&version.value, oldest) {
            findings.add(too_old(version, oldest));
        }
        return None;
    }
    let uv = tables.tool("uv");
    let required = uv.and_then(|uv| uv.string_if_any("required-version"));
    let of_tools = tool_versions::of("uv", cx, &config.project_dir, findings);
    let words: Vec<_> = required.into_iter().chain(of_tools).collect();
    let usable = words
        .iter()
        .find_map(|word| Some((word, version(&word.value)?)));
    let Some((word, version)) = usable else {
        let unusable = words.iter().find(|word| !is_content(&word.value))?;
        return Some(own(unusable, "names no version"));
    };
    if is_older(&version, oldest) {
        let why = format!("is older than {oldest}, the oldest that has what this project needs");
        return Some(own(word, &why));
    }
    config.uv_version = Some(Spanned::new(version, word.span.clone()));
    None
}

/// The oldest version that can build the project.
fn oldest(config: &Config) -> &'static str {
    let mut indices = config.indices.iter();
    let needs_login =
        |index: &Index| index.username.is_some() && matches!(index.role, IndexRole::Explicit(_));
    if indices.any(needs_login) {
        OLDEST_WITH_LOGINS
    } else {
        OLDEST
    }
}

/// What is said of `uv_version`.
fn too_old(version: &Spanned<String>, oldest: &str) -> Diagnostic {
    let message = format!(
        "uv {} is older than {oldest}, the oldest that has what this project needs",
        version.value
    );
    Diagnostic::error(message)
        .at(&version.span)
        .help(format!("write for instance `{UV_VERSION}`"))
}

/// Microb's own version, though a file says something else.
fn own(word: &Spanned<String>, why: &str) -> Decision {
    Decision {
        what: format!("uv {UV_VERSION}"),
        why: format!(
            "`{}` in {} {why}",
            escape(&word.value),
            word.span.file().name()
        ),
    }
}

/// Whether it means any version, or a range that microb's own is in.
fn is_content(word: &str) -> bool {
    let own = UV_VERSION.parse();
    let allows = |range: Constraint| own.is_ok_and(|own| range.allows(&own));
    matches!(word, "latest" | "system") || Constraint::pep440(word).is_ok_and(allows)
}

/// A version as pip takes one after `==`: `0.7.22`, or `0.7.*` for the newest of those. `required-version` pins with `==`,
/// mise writes `0.7`, `prefix:0.7` or `latest:0.7`.
fn version(word: &str) -> Option<String> {
    let word = word.trim();
    let number = ["===", "==", "latest:", "prefix:", "v"]
        .iter()
        .find_map(|mark| word.strip_prefix(mark))
        .unwrap_or(word)
        .trim();
    let number = number.strip_suffix(".*").unwrap_or(number);
    match numbers(number)?.len() {
        1 | 2 => Some(format!("{number}.*")),
        3 => Some(number.to_owned()),
        _ => None,
    }
}

/// The numbers of a version that has nothing else.
fn numbers(version: &str) -> Option<Vec<u32>> {
    let number = |part: &str| {
        let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse().ok()).flatten()
    };
    version.split('.').map(number).collect()
}

/// Whether a version is older than another; of `0.5.*`, the newest counts.
fn is_older(version: &str, oldest: &str) -> bool {
    let version = version.strip_suffix(".*").unwrap_or(version);
    let (Some(version), Some(mut oldest)) = (numbers(version), numbers(oldest)) else {
        return false;
    };
    oldest.truncate(version.len());
    version < oldest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_version_or_the_beginning_of_one() {
        for (word, expected) in [
            ("0.7.22", Some("0.7.22")),
            ("v0.7.22", Some("0.7.22")),
            ("==0.7.22", Some("0.7.22")),
            ("== 0.7.22", Some("0.7.22")),
            ("===0.7.22", Some("0.7.22")),
            ("==0.7.*", Some("0.7.*")),
            ("0.7", Some("0.7.*")),
            ("prefix:0.7", Some("0.7.*")),
            ("latest:0", Some("0.*")),
            ("latest", None),
            ("system", None),
            (">=0.7.22", None),
            ("==0.7.22,!=0.8", None),
            ("0.7.22a1", None),
            ("0..7", None),
            ("0.7.22.1", None),
            ("ref:main", None),
            ("", None),
        ] {
            assert_eq!(version(word).as_deref(), expected, "{word:?}");
        }
    }

    #[test]
    fn a_version_is_too_old_when_all_that_it_may_be_is() {
        for (version, expected) in [
            ("0.5.7", true),
            ("0.4.*", true),
            ("0.4.30", true),
            ("0.5.8", false),
            ("0.5.*", false),
            ("0.*", false),
            ("0.10.0", false),
            ("1.0.0", false),
        ] {
            assert_eq!(is_older(version, OLDEST), expected, "{version}");
        }
    }

    #[test]
    fn who_takes_any_version_is_content_with_ours() {
        for (word, expected) in [
            ("latest", true),
            ("system", true),
            (">=0.5", true),
            (">=0.5,<0.6", false),
            ("ref:main", false),
        ] {
            assert_eq!(is_content(word), expected, "{word}");
        }
    }
}
