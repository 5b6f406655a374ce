//! What in a TOML file was begun and is not closed: a parser stumbles at every line after it.

use std::iter::Peekable;
use std::str::CharIndices;

/// What is not closed, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unclosed {
    pub(crate) at: usize,
    /// `[`, `{`, or three quotes.
    pub(crate) opening: &'static str,
}

/// The first list, inline table or string of several lines that is not closed before the next line that can only be a
/// header or a pair of a key and a value.
pub(crate) fn first(text: &str) -> Option<Unclosed> {
    let mut open: Vec<Unclosed> = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '#' => skip_line(&mut rest),
            '"' | '\'' => {
                if let Err(opening) = skip_string(text, at, c, &mut rest) {
                    return opening.map(|opening| Unclosed { at, opening });
                }
            }
            // A header has no lists in it.
            '[' if open.is_empty() && begins_line(&text[..at]) => skip_line(&mut rest),
            '[' => open.push(Unclosed { at, opening: "[" }),
            '{' => open.push(Unclosed { at, opening: "{" }),
            ']' | '}' => {
                let opening = if c == ']' { "[" } else { "{" };
                if let Some(last) = open.pop().filter(|last| last.opening != opening) {
                    return Some(last);
                }
            }
            '\n' => {
                let line = text[at + 1..].lines().next().unwrap_or_default().trim();
                let last = open.last().copied();
                // An inline table may have its pairs on lines of their own.
                if let Some(last) = last
                    && (is_header(line) || (last.opening == "[" && is_pair(line)))
                {
                    return Some(last);
                }
            }
            _ => {}
        }
    }
    open.pop()
}

fn begins_line(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.trim().is_empty()
}

fn skip_line(rest: &mut Peekable<CharIndices<'_>>) {
    while rest.next_if(|(_, c)| *c != '\n').is_some() {}
}

/// An error with the quotes of a string of several lines that is not closed; one of a line the parser tells by itself.
fn skip_string(
    text: &str,
    at: usize,
    quote: char,
    rest: &mut Peekable<CharIndices<'_>>,
) -> Result<(), Option<&'static str>> {
    let quotes = if quote == '"' { "\"\"\"" } else { "'''" };
    let is_long = text[at..].starts_with(quotes);
    let end = if is_long { quotes } else { &quotes[..1] };
    if is_long {
        rest.nth(1);
    }
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' if quote == '"' => drop(rest.next()),
            '\n' if !is_long => return Err(None),
            _ if text[at..].starts_with(end) => {
                if is_long {
                    rest.nth(1);
                    // Up to two quotes before the end belong to the string.
                    while rest.next_if(|(_, c)| *c == quote).is_some() {}
                }
                return Ok(());
            }
            _ => {}
        }
    }
    Err(is_long.then_some(quotes))
}

fn is_header(line: &str) -> bool {
    let Some((name, after)) = line.trim_start_matches('[').split_once(']') else {
        return false;
    };
    let after = after.trim_start_matches(']').trim_start();
    line.starts_with('[')
        && is_bare(name)
        && name.trim().starts_with(|c: char| c.is_ascii_alphabetic())
        && !["true", "false", "inf", "nan"].contains(&name.trim())
        && (after.is_empty() || after.starts_with('#'))
}

fn is_pair(line: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| is_bare(key))
}

/// Whether it is a key without quotes, or several with dots between them.
fn is_bare(key: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_. \t".contains(c);
    !key.trim().is_empty() && key.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_closed_is_found_where_it_begins() {
        for (text, opening) in [
            ("a = [1,\nb = 2\n", "[1"),
            ("a = [1,\n[tool.x]\nb = 2\n", "[1"),
            ("a = [1,\n[[tool.x]] # more\n", "[1"),
            ("a = [1", "[1"),
            ("a = { b = 1\nc = [2]\n", "{ b"),
            ("a = { b = 1\n[c]\n", "{ b"),
            ("a = [{ b = 1 ]\nc = 2\n", "{ b"),
            ("a = [\n  ['x'],\n  ['y'\n]\nb = 1\n", "[\n  ["),
            ("a = [['x'\nb = []", "['x'"),
            ("a = \"\"\"x\nb = 1\n", "\"\"\"x"),
            ("a = '''x''\nb = \"\"\"\"\"\"", "'''x"),
        ] {
            let found = first(text).map(|one| &text[one.at..]);
            let found = found.unwrap_or_else(|| panic!("nothing in {text}"));
            assert!(found.starts_with(opening), "{text}: {found}");
        }
    }

    #[test]
    fn what_is_closed_is_not() {
        for text in [
            "a = [1, # [\n 2]\n[b]\nc = { d = [\n  'x=1',\n  \"[y]\",\n] }\n",
            "a = [\n[true],\n['x']\n]\n",
            "a = {\n b = 1,\n c = 2\n}\n",
            "a = \"[\\\"[\"\nb = '[\\'\n",
            "a = \"\"\"[ \\\"\"\" [\"\"\"\"\nb = ''''[''''\n",
            "a = 1]\nb = 2}\n",
            "[a\nb = 1\n",
            // The parser tells this in one message.
            "a = [\"x]\nb = 1\n",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
