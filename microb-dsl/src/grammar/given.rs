//! Values that clients and URLs write in an encoding of their own.

/// A flag, as Go's `strconv.ParseBool` reads it, which BuildKit and its clients use. `None` for any other word.
///
/// ```
/// # use microb_dsl::grammar::boolean;
/// assert_eq!((boolean("1"), boolean("False"), boolean("yes")), (Some(true), Some(false), None));
/// ```
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A part of a URL with its percent-encoding (`%2F`) decoded. `None` if that is malformed, or the result is not UTF-8.
///
/// ```
/// # use microb_dsl::grammar::percent_decoded;
/// assert_eq!(percent_decoded("a%2Fb+%C3%a9").as_deref(), Some("a/b+é"));
/// assert_eq!((percent_decoded("%zz"), percent_decoded("%2"), percent_decoded("%ff")), (None, None, None));
/// ```
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
