//! The grammars of the names that people write in recipes and configurations, shared by the macros and the code that
//! runs.
//!
//! Each function takes one word and says what is wrong with it, and where. It needs the standard library only.

use std::fmt;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics};

mod container;
mod given;
mod login;
pub mod marker;
mod names;
mod packages;
mod paths;
mod pinned;
pub mod requirement;
pub mod template;
mod version;

pub use container::{port, signal};
pub use given::{boolean, percent_decoded};
pub use login::{Login, secret_login, without_login};
pub use names::{RESERVED_STAGE_NAMES, env_name, label_key, names_a_secret, stage_name};
pub use packages::{alpine_package, debian_package};
pub use paths::{absolute_path, destination_path, octal_mode, source_path};
pub use pinned::{commit, digest, platform};
pub use requirement::{normalized_name, requirement};

/// What is wrong with a word.
///
/// With `?` it becomes a [`Diagnostic`] or [`Diagnostics`] in a function that returns these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in the style of a [`Diagnostic`]'s message.
    pub message: String,
    /// The wrong part: a half-open byte range of the word, on character boundaries.
    pub range: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Mistake {
    /// What is wrong with which part of a word, for a grammar of your own.
    pub fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            message: message.into(),
            range,
            help: None,
        }
    }

    fn at(range: Range<usize>, message: impl Into<String>) -> Self {
        Self::new(message, range)
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same mistake in a longer text, in which this one's begins at `offset`.
    fn shift(mut self, offset: usize) -> Self {
        self.range = self.range.start + offset..self.range.end + offset;
        self
    }
}

/// One line, for instance `` `arm64` is no platform; write `linux/arm64` ``.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

impl From<Mistake> for Diagnostic {
    fn from(mistake: Mistake) -> Self {
        let error = Self::error(mistake.message);
        match mistake.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

impl From<Mistake> for Diagnostics {
    fn from(mistake: Mistake) -> Self {
        Diagnostic::from(mistake).into()
    }
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
fn wrong_range<T>(result: Result<T, Mistake>) -> Option<Range<usize>> {
    result.err().map(|mistake| mistake.range)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

        #[test]
        fn a_mistake_is_a_part_of_any_text_whatsoever(
            text in "([a-z0-9é{}'\"$`\\\\()<>=~!@;,.:*/#\n -]|\\.\\.\\.|<<|\\$\\(\\(|os_name|and){0,12}",
        ) {
            let mut mistakes: Vec<Mistake> = [
                debian_package(&text).err(),
                alpine_package(&text).err(),
                requirement(&text).err(),
                env_name(&text).err(),
                label_key(&text).err(),
                stage_name(&text).err(),
                source_path(&text).err(),
                destination_path(&text).err(),
                octal_mode(&text).err(),
                port(&text).err(),
                digest(&text).err(),
                commit(&text).err(),
                platform(&text).err(),
                signal(&text).err(),
            ]
            .into_iter()
            .flatten()
            .collect();
            mistakes.extend(template::words(&text).err().unwrap_or_default());
            mistakes.extend(template::line(&text).err().unwrap_or_default());
            for mistake in mistakes {
                let shown = text.get(mistake.range.start.min(text.len())..mistake.range.end.min(text.len()));
                prop_assert!(shown.is_some(), "{:?}", mistake);
            }
        }
    }
}
