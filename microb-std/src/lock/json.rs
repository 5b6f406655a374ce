//! JSON as Python's `json.dumps` writes it, with sorted keys: what tools take digests of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::de::DeValue;

/// A value that is to be written.
#[derive(Debug, Clone)]
pub(super) enum Json<'a> {
    Null,
    True,
    Text(String),
    List(Vec<Self>),
    Table(BTreeMap<String, Self>),
    /// A value of the user's file.
    Toml(&'a DeValue<'a>),
}

/// What stands between items, and between a key and its value.
#[derive(Clone, Copy)]
pub(super) struct Separators {
    item: &'static str,
    key: &'static str,
}

impl Separators {
    /// Python's own.
    pub(super) const SPACED: Self = Self {
        item: ", ",
        key: ": ",
    };
    /// `separators=(",", ":")`
    pub(super) const COMPACT: Self = Self {
        item: ",",
        key: ":",
    };
}

impl<'a> Json<'a> {
    pub(super) fn table(entries: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        let owned = entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        Self::Table(owned.collect())
    }

    /// The value of a key, or an empty table.
    pub(super) fn or_empty(value: Option<&'a DeValue<'a>>) -> Self {
        value.map_or_else(|| Self::Table(BTreeMap::new()), Self::Toml)
    }

    /// The value of a key, or an empty list.
    pub(super) fn or_empty_list(value: Option<&'a DeValue<'a>>) -> Self {
        value.map_or_else(|| Self::List(Vec::new()), Self::Toml)
    }

    pub(super) fn text(&self, separators: Separators) -> String {
        let mut out = String::new();
        write_json(self, separators, &mut out);
        out
    }
}

fn write_json(value: &Json<'_>, separators: Separators, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::True => out.push_str("true"),
        Json::Text(text) => write_string(text, out),
        Json::List(items) => write_list(items.iter(), separators, out, write_json),
        Json::Toml(value) => write_toml(value, separators, out),
        Json::Table(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
            write_table(entries, separators, out, write_json);
        }
    }
}

fn write_toml(value: &DeValue<'_>, separators: Separators, out: &mut String) {
    match value {
        DeValue::String(text) => write_string(text, out),
        DeValue::Integer(number) => out.push_str(number.as_str()),
        DeValue::Float(number) => out.push_str(number.as_str()),
        DeValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        DeValue::Datetime(date) => write_string(&date.to_string(), out),
        DeValue::Array(items) => {
            let items = items.iter().map(toml::Spanned::get_ref);
            write_list(items, separators, out, write_toml);
        }
        DeValue::Table(table) => {
            let sorted: BTreeMap<&str, &DeValue<'_>> = table
                .iter()
                .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()))
                .collect();
            write_table(sorted.into_iter(), separators, out, write_toml);
        }
    }
}

fn write_list<V>(
    items: impl Iterator<Item = V>,
    separators: Separators,
    out: &mut String,
    write_item: fn(V, Separators, &mut String),
) {
    out.push('[');
    for (n, item) in items.enumerate() {
        if n > 0 {
            out.push_str(separators.item);
        }
        write_item(item, separators, out);
    }
    out.push(']');
}

fn write_table<'k, V>(
    entries: impl Iterator<Item = (&'k str, V)>,
    separators: Separators,
    out: &mut String,
    write_value: fn(V, Separators, &mut String),
) {
    out.push('{');
    for (n, (key, value)) in entries.enumerate() {
        if n > 0 {
            out.push_str(separators.item);
        }
        write_string(key, out);
        out.push_str(separators.key);
        write_value(value, separators, out);
    }
    out.push('}');
}

/// With everything beyond ASCII as `\uXXXX`, in UTF-16.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;
    use crate::mistake::Findings;
    use crate::tree::{self, Table};

    /// The text is what `json.dumps(tomllib.loads(…), sort_keys=True)` gives.
    #[test]
    fn values_are_written_as_python_writes_them() {
        let text = "a.b = [1, true, 'x\"y', {z = '\u{e9}\u{1f600}\\', c = []}]\nA = 0.5\n'ä' = '''\n\ttab'''\n";
        let file = SourceFile::new("p", text);
        let findings = Findings::default();
        let root = tree::parse(&file, &findings).unwrap();
        let table = Table::root(&root, &file, &findings);
        let entries = ["a", "A", "ä"].map(|key| (key, Json::or_empty(table.raw(key))));
        let json = Json::table(entries);
        assert_eq!(
            json.text(Separators::SPACED),
            r#"{"A": 0.5, "a": {"b": [1, true, "x\"y", {"c": [], "z": "\u00e9\ud83d\ude00\\"}]}, "\u00e4": "\ttab"}"#
        );
        let none = Json::table([("x", Json::Null), ("b", Json::or_empty(None))]);
        assert_eq!(none.text(Separators::COMPACT), r#"{"b":{},"x":null}"#);
    }
}
