//! A value in the file, and what is said about it.

use std::fmt;

use microb::grammar::Mistake;
use microb::{Diagnostic, SourceFile, Span, Spanned, nearest};
use toml::de::DeValue;

use super::Table;
use crate::mistake::{Findings, in_value};
use crate::tree::{Table as Keys, escape, list};
use crate::words;

/// A value in the file, with its place and its dotted name: what a [`Value`](super::Value) is read from.
///
/// Its readers tell what is wrong, at the right place, and are `None` then.
#[derive(Clone)]
pub struct Entry<'a> {
    value: &'a toml::Spanned<DeValue<'a>>,
    /// The key that the value, or the list that it is in, belongs to.
    key: Option<Spanned<String>>,
    name: String,
    file: &'a SourceFile,
    findings: &'a Findings,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(
        value: &'a toml::Spanned<DeValue<'a>>,
        key: Option<Spanned<String>>,
        name: String,
        file: &'a SourceFile,
        findings: &'a Findings,
    ) -> Self {
        Self {
            value,
            key,
            name,
            file,
            findings,
        }
    }

    /// The dotted name, for messages: `tool.acme.ports[1]`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the value stands.
    pub fn span(&self) -> Span {
        self.file.span(self.value.span())
    }

    /// The key that the value belongs to, with its place.
    pub fn key(&self) -> Option<&Spanned<String>> {
        self.key.as_ref()
    }

    /// Tells a mistake or a warning.
    pub fn report(&self, finding: Diagnostic) {
        self.findings.add(finding);
    }

    /// A string.
    pub fn string(&self) -> Option<Spanned<String>> {
        let Some(text) = self.value.get_ref().as_str() else {
            self.wrong_type("a string");
            return None;
        };
        // Neither an argument, nor a path, nor an environment variable can hold one.
        if text.contains('\0') {
            let error = Diagnostic::error(format!("`{}` contains a NUL character", self.name));
            self.report(error.at(&self.span()).help("remove it"));
            return None;
        }
        Some(Spanned::new(text.to_owned(), self.span()))
    }

    pub(crate) fn is_string(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// A string in a grammar of its own; a mistake is shown at the wrong part of it.
    pub fn parse<T>(&self, parse: impl FnOnce(&str) -> Result<T, Mistake>) -> Option<T> {
        let text = self.string()?;
        match parse(&text.value) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.report(in_value(mistake, &text));
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        let value = self.value.get_ref().as_bool();
        if value.is_none() {
            self.wrong_type("a boolean");
        }
        value
    }

    /// The same without a complaint, for types that can be written otherwise, too.
    pub(crate) fn boolean_if_any(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// Whether it is a whole number, for types that can be written as one or as a string.
    pub fn is_integer(&self) -> bool {
        self.value.get_ref().as_integer().is_some()
    }

    /// A whole number from `least` to `most`.
    pub fn integer(&self, least: i128, most: i128) -> Option<i128> {
        let Some(written) = self.value.get_ref().as_integer() else {
            self.wrong_type("an integer");
            return None;
        };
        let number = i128::from_str_radix(written.as_str(), written.radix()).ok();
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let error = Diagnostic::error(format!(
                "`{}` is out of range for `{}`",
                self.span().text(),
                self.name
            ));
            let help = format!("write a number from {least} to {most}");
            self.report(error.at(&self.span()).help(help));
        }
        number
    }

    /// A number.
    pub fn float(&self) -> Option<f64> {
        let number = match self.value.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type("a number");
        }
        number
    }

    /// The items of a list; `expected` is what it should have been, for instance `a list of strings`.
    pub fn items(&self, expected: &str) -> Option<Vec<Self>> {
        let Some(items) = self.value.get_ref().as_array() else {
            self.wrong_type(expected);
            return None;
        };
        let item = |(n, item)| Self {
            value: item,
            name: format!("{}[{n}]", self.name),
            ..self.clone()
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// The keys of a table.
    pub fn table(&self) -> Option<Keys<'a>> {
        let table = self.table_if_any();
        if table.is_none() {
            self.wrong_type("a table");
        }
        table
    }

    /// The keys of a table of this type; where there is none, the message says what such a table has at least.
    pub fn keys_of<T: Table>(&self) -> Option<Keys<'a>> {
        let table = self.table_if_any();
        if table.is_none() {
            let required = T::schema().required();
            let error = self.has_wrong_type("a table");
            self.report(if required.is_empty() {
                error
            } else {
                error.help(format!("write `{{ {} }}`", required.join(", ")))
            });
        }
        table
    }

    /// The same without a complaint: for the tables of other tools.
    pub(crate) fn table_if_any(&self) -> Option<Keys<'a>> {
        let entries = self.value.get_ref().as_table()?;
        let name = self.name.clone();
        Some(Keys::below(
            entries,
            self.span(),
            name,
            self.file,
            self.findings,
        ))
    }

    /// One of several strings, each with its meaning: the number of the one that is written.
    pub fn choice(&self, choices: &[(&str, &str)]) -> Option<usize> {
        let written = self.string()?;
        let found = choices.iter().position(|(name, _)| *name == written.value);
        if found.is_none() {
            let what = self.key.as_ref().map_or("value", |key| key.value.as_str());
            let message = format!("unknown {} `{}`", escape(what), escape(&written.value));
            let error = Diagnostic::error(message).at(&written.span);
            let names = choices.iter().map(|(name, _)| *name);
            let quoted: Vec<_> = names.clone().map(|name| format!("\"{name}\"")).collect();
            self.report(match (quoted.as_slice(), nearest(&written.value, names)) {
                ([only], _) => error.help(format!("write `{only}`, the only one there is")),
                (_, Some(near)) => error.help(format!("write `\"{near}\"`")),
                (quoted, None) => {
                    error.help(format!("write {}", list(quoted).replace(" and ", " or ")))
                }
            });
        }
        found
    }

    /// Checks each string of the value: itself, those of a list, those of a table. Says whether all are right.
    pub(crate) fn check(&self, check: &dyn Fn(&str) -> Result<(), Mistake>) -> bool {
        let parts: Vec<Self> = match self.value.get_ref() {
            DeValue::String(_) => return self.parse(check).is_some(),
            DeValue::Array(_) => self.items("a list").unwrap_or_default(),
            DeValue::Table(_) => {
                let table = self.table_if_any();
                let values = |table: Keys<'a>| {
                    let keys = table.keys().into_iter();
                    keys.filter_map(|key| table.entry(&key.value)).collect()
                };
                table.map(values).unwrap_or_default()
            }
            _ => return true,
        };
        let wrong = parts.iter().filter(|part| !part.check(check)).count();
        wrong == 0
    }

    /// Says what should stand here, and what does.
    pub fn wrong_type(&self, expected: &str) {
        let error = self.has_wrong_type(expected);
        self.report(match self.instead(expected) {
            Some(help) => error.help(help),
            None => error,
        });
    }

    fn has_wrong_type(&self, expected: &str) -> Diagnostic {
        let found = kind(self.value.get_ref());
        let message = format!("`{}` must be {expected}, found {found}", self.name);
        Diagnostic::error(message).at(&self.span())
    }

    /// What to write instead of a value of the wrong type, where that is plain.
    fn instead(&self, expected: &str) -> Option<String> {
        let value = self.value.get_ref();
        let written = self.span();
        let is_list = matches!(value, DeValue::Array(_) | DeValue::Table(_));
        match (expected, value.as_str()) {
            ("a string", None) if !is_list => Some(format!("write `\"{}\"`", written.text())),
            ("a boolean", Some(text)) => {
                let is_boolean = text == "true" || text == "false";
                is_boolean.then(|| format!("write `{text}`, without quotes"))
            }
            ("an integer", Some(text)) => {
                let is_number = text.parse::<i64>().is_ok();
                is_number.then(|| format!("write `{text}`, without quotes"))
            }
            ("a list of strings", Some(text)) => {
                let words = text.split_whitespace().map(words::quoted);
                let list = format!("[{}]", words.collect::<Vec<_>>().join(", "));
                // One item of a list has no key of its own.
                let key = self.key.as_ref().filter(|_| !self.name().ends_with(']'));
                Some(match key {
                    Some(key) => format!("write a list: `{} = {list}`", key.value),
                    None => format!("write a list of its words: `{list}`"),
                })
            }
            // Values that may be numbers.
            ("a list of values", Some(text)) if text.parse::<u32>().is_ok() => {
                Some(format!("write a list: `[{text}]`"))
            }
            _ if (expected == "a list" || expected.starts_with("a list of ")) && !is_list => {
                Some(format!("write a list: `[{}]`", written.text()))
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}", self.name, self.span().text())
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
