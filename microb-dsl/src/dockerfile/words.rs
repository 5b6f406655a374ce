//! Quoting, one function for each way in which the frontend reads a piece of text.

/// Whether a word means itself wherever it stands: no quote, no variable, no white space, no flag, no JSON.
pub(super) fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&b))
}

/// A word of one line that goes through variable expansion and quote removal.
pub(super) fn word(text: &str) -> Result<String, &'static str> {
    if text.contains('\n') {
        return Err("a line of a Dockerfile holds no newline");
    }
    if text.contains('\0') {
        return Err("it has a NUL");
    }
    if is_bare(text) {
        Ok(text.to_owned())
    } else {
        Ok(quoted(text))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text, &['"', '$', '\\']))
}

fn escape(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A string inside a JSON list that goes through variable expansion and quote removal afterwards.
pub(super) fn json_word(text: &str) -> String {
    // White space at the ends is trimmed before quotes are removed, and the lexer drops a byte order mark at the start.
    let loose = |c: char| c.is_whitespace() || c == '\u{feff}';
    if text.is_empty() || text.starts_with(loose) || text.ends_with(loose) {
        return quoted(text);
    }
    lexed(text)
}

/// The same word without quotes around it, every special character escaped.
pub(super) fn lexed(text: &str) -> String {
    escape(text, &['"', '\'', '$', '\\', '<'])
}

/// A JSON list of strings.
pub(crate) fn json<S: AsRef<str>>(strings: impl IntoIterator<Item = S>) -> String {
    let strings: Vec<String> = strings
        .into_iter()
        .map(|string| json_string(string.as_ref()))
        .collect();
    format!("[{}]", strings.join(", "))
}

fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\t' => json.push_str("\\t"),
            '\0'..='\x1f' => json.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

/// A flag `--name=value` whose value is taken as it is.
///
/// The parser reads flags byte by byte and would take each byte of an `ü` for a letter of its own; a `<<` in a flag
/// would start a heredoc.
pub(super) fn flag(name: &str, value: &str) -> Result<String, String> {
    if !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Err(format!("`--{name}` takes printable ASCII only"));
    }
    if value.contains('<') {
        return Err(format!("`--{name}` takes no `<`"));
    }
    Ok(format!(
        "--{name}={}",
        escape(value, &[' ', '"', '\'', '\\'])
    ))
}

/// One `key=value` of a mount: expanded after it was read as a CSV field.
pub(super) fn mount_field(key: &str, value: &str) -> String {
    let field = format!("{key}={}", lexed(value));
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}
