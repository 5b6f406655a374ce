//! POSIX shell quoting: the one place where text becomes shell syntax.

use std::borrow::Cow;

/// The word as a POSIX shell must be given it to read exactly this word.
///
/// ```
/// # use microb_dsl::shell::quote;
/// assert_eq!(quote("pip"), "pip");
/// assert_eq!(quote("numpy>=1.20"), "'numpy>=1.20'");
/// assert_eq!(quote("it's"), r#"'it'\''s'"#);
/// ```
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}
