//! JSON with the places of its values, as the same tree that TOML is read from.

use std::borrow::Cow;

use microb::{Diagnostic, SourceFile};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// Deeper than any lock, and shallow enough for any stack.
const MAX_DEPTH: usize = 64;

/// Reads an object. `null` is the same as nothing.
pub(super) fn parse(file: &SourceFile) -> Result<Spanned<DeTable<'_>>, Diagnostic> {
    let mut scanner = Scanner {
        file,
        text: file.text(),
        at: 0,
    };
    let value = scanner.value(0)?;
    scanner.space();
    if scanner.at < scanner.text.len() {
        return Err(scanner.wrong("text after the end"));
    }
    match value {
        Some(value) => {
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(table) => Ok(Spanned::new(span, table)),
                _ => Err(Diagnostic::error("invalid JSON: no object").at(&file.span(span))),
            }
        }
        None => Err(Diagnostic::error("invalid JSON: no object").at(&file.whole())),
    }
}

struct Scanner<'a> {
    file: &'a SourceFile,
    text: &'a str,
    at: usize,
}

type Value<'a> = Option<Spanned<DeValue<'a>>>;

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest().trim_start_matches([' ', '\t', '\n', '\r']);
        self.at = self.text.len() - rest.len();
    }

    fn eat(&mut self, c: char) -> bool {
        self.space();
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), Diagnostic> {
        if self.eat(c) {
            return Ok(());
        }
        Err(self.wrong(&format!("`{c}` expected")))
    }

    fn wrong(&self, what: &str) -> Diagnostic {
        // Past the end, the last character is what can be shown.
        let end = self.text.trim_end().len();
        let start = self.at.min(end.saturating_sub(1));
        Diagnostic::error(format!("invalid JSON: {what}")).at(&self.file.span(start..start + 1))
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Diagnostic> {
        self.space();
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(self.wrong("nested too deeply"));
        }
        let value = match self.rest().chars().next() {
            Some('{') => DeValue::Table(self.object(depth)?),
            Some('[') => DeValue::Array(self.array(depth)?),
            Some('"') => DeValue::String(self.string()?),
            _ => match self.word() {
                "null" => return Ok(None),
                "true" => DeValue::Boolean(true),
                "false" => DeValue::Boolean(false),
                word => match DeValue::parse(word) {
                    Ok(number) if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                        number.into_inner()
                    }
                    _ => {
                        self.at = start;
                        return Err(self.wrong("a value expected"));
                    }
                },
            },
        };
        Ok(Some(Spanned::new(start..self.at, value)))
    }

    /// A number or a name.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let is_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn object(&mut self, depth: usize) -> Result<DeTable<'a>, Diagnostic> {
        let mut table = DeTable::new();
        self.expect('{')?;
        if self.eat('}') {
            return Ok(table);
        }
        loop {
            self.space();
            let start = self.at;
            let key = Spanned::new(start..start, self.string()?);
            let key = Spanned::new(start..self.at, key.into_inner());
            self.expect(':')?;
            if let Some(value) = self.value(depth + 1)? {
                table.insert(key, value);
            }
            if !self.eat(',') {
                self.expect('}')?;
                return Ok(table);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<DeArray<'a>, Diagnostic> {
        let mut items = DeArray::new();
        self.expect('[')?;
        if self.eat(']') {
            return Ok(items);
        }
        loop {
            if let Some(item) = self.value(depth + 1)? {
                items.push(item);
            }
            if !self.eat(',') {
                self.expect(']')?;
                return Ok(items);
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Diagnostic> {
        self.expect('"')?;
        let rest = self.rest();
        let Some(end) = rest.find(['"', '\\', '\n']) else {
            return Err(self.wrong("a string has no end"));
        };
        if rest[end..].starts_with('"') {
            self.at += end + 1;
            return Ok(Cow::Borrowed(&rest[..end]));
        }
        self.escaped().map(Cow::Owned)
    }

    /// The rest of a string that has escapes.
    fn escaped(&mut self) -> Result<String, Diagnostic> {
        let mut units: Vec<u16> = Vec::new();
        loop {
            let c = self.next("a string has no end")?;
            match c {
                '"' => break,
                '\n' => return Err(self.wrong("a string has no end")),
                '\\' => units.push(self.escape(&mut [0; 2])?),
                c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
        String::from_utf16(&units).map_err(|_| self.wrong("half a character"))
    }

    fn next(&mut self, missing: &str) -> Result<char, Diagnostic> {
        let Some(c) = self.rest().chars().next() else {
            return Err(self.wrong(missing));
        };
        self.at += c.len_utf8();
        Ok(c)
    }

    /// One unit of UTF-16, after the backslash.
    fn escape(&mut self, buffer: &mut [u16; 2]) -> Result<u16, Diagnostic> {
        let c = match self.next("a string has no end")? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            c @ ('"' | '\\' | '/') => c,
            'u' => {
                let digits = self.rest().get(..4).unwrap_or_default();
                let unit = u16::from_str_radix(digits, 16);
                self.at += digits.len();
                return unit.map_err(|_| self.wrong("`\\u` lacks four digits"));
            }
            _ => return Err(self.wrong("an unknown escape")),
        };
        c.encode_utf16(buffer);
        Ok(buffer[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mistake::Findings;
    use crate::tree::Table;

    #[test]
    fn values_have_their_places() {
        let text = "{\n \"a\": {\"b\": [\"x\", \"\\u00e9\\n\\ud83d\\ude00\"], \"n\": 6, \"t\": true, \"no\": null}}\n";
        let file = SourceFile::new("j", text);
        let root = parse(&file).unwrap();
        let findings = Findings::default();
        let table = Table::root(&root, &file, &findings).table("a").unwrap();
        let list = table.strings("b").unwrap().value;
        assert_eq!(list[1].value, "\u{e9}\n\u{1f600}");
        assert_eq!(list[0].span.text(), "\"x\"");
        assert_eq!(table.integer_if_any("n").unwrap(), "6");
        assert_eq!(table.boolean_if_any("t"), Some(true));
        assert!(!table.has("no"));
        assert_eq!(table.key_span("b").text(), "\"b\"");
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        for (text, error) in [
            ("", "j:1:1: error: invalid JSON: a value expected"),
            ("[]", "j:1:1: error: invalid JSON: no object"),
            ("{\"a\": 1", "j:1:7: error: invalid JSON: `}` expected"),
            (
                "{\"a\": \"x",
                "j:1:8: error: invalid JSON: a string has no end",
            ),
            ("{\"a\" 1}", "j:1:6: error: invalid JSON: `:` expected"),
            ("{a: 1}", "j:1:2: error: invalid JSON: `\"` expected"),
            (
                "{\"a\": nan}",
                "j:1:7: error: invalid JSON: a value expected",
            ),
            (
                "{\"a\": \"\\x\"}",
                "j:1:10: error: invalid JSON: an unknown escape",
            ),
            ("{} x", "j:1:4: error: invalid JSON: text after the end"),
        ] {
            let found = parse(&SourceFile::new("j", text)).unwrap_err();
            assert_eq!(found.to_string(), error, "{text}");
        }
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        assert!(parse(&SourceFile::new("j", deep)).is_err());
    }
}
