//! Typed readers over a TOML tree that remembers where everything stands.
//!
//! Serde's derive stops at the first mistake and loses the place of untagged and flattened values.

use microb::{Diagnostic, SourceFile, Span, Spanned, nearest};
use toml::de::{DeTable, DeValue};

use crate::mistake::Findings;
use crate::table::{Entry, Map, Value};
use crate::text;
use crate::unclosed::{self, Unclosed};

/// The keys of a table in the file, with their places.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    entries: &'a DeTable<'a>,
    span: Span,
    /// The dotted name, for messages; empty for the root.
    path: String,
    file: &'a SourceFile,
    findings: &'a Findings,
    /// What says the keys that this table does not have.
    below: Option<Box<Self>>,
    /// Keys that this table does not have from below either.
    hides: &'static [&'static str],
}

/// One wrong character can make the parser stumble at every character after it.
const MAX_SYNTAX_ERRORS: usize = 100;

/// Longer files, in bytes, are read up to their first syntax error, since each error costs memory.
const MAX_RECOVERY: usize = 1 << 20;

/// Parses a file. `None` after a syntax error, since what is left would only produce errors that are none.
pub(crate) fn parse<'a>(
    file: &'a SourceFile,
    findings: &Findings,
) -> Option<toml::Spanned<DeTable<'a>>> {
    parse_text(file.text(), file, findings)
}

/// The same of a text whose offsets are those of the file, which may be something else than TOML.
pub(crate) fn parse_text<'a>(
    text: &'a str,
    file: &SourceFile,
    findings: &Findings,
) -> Option<toml::Spanned<DeTable<'a>>> {
    let (root, errors) = if text.len() <= MAX_RECOVERY {
        let (root, errors) = DeTable::parse_recoverable(text);
        (Some(root), errors)
    } else {
        match DeTable::parse(text) {
            Ok(root) => (Some(root), Vec::new()),
            Err(first) => (None, vec![first]),
        }
    };
    if !errors.is_empty()
        && let Some(conflict) = text::conflict_of_people(file)
    {
        findings.add(conflict);
        return None;
    }
    let unclosed = (!errors.is_empty())
        .then(|| unclosed::first(text))
        .flatten();
    let mut last_line = 0;
    for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
        let range = error.span().unwrap_or(0..0);
        // What follows would be right if it were closed.
        if unclosed.is_some_and(|unclosed| unclosed.at < range.start) {
            break;
        }
        let span = visible(file, text.len(), range);
        // One typing mistake makes the parser stumble several times on the same line.
        let line = span.start().line;
        if line != last_line {
            findings.add(syntax(error.message(), &span, text));
        }
        last_line = line;
    }
    if let Some(Unclosed { at, opening }) = unclosed {
        let (what, end) = match opening {
            "[" => ("list", "]"),
            "{" => ("table", "}"),
            quotes => ("string", quotes),
        };
        let message = format!("invalid TOML: the {what} is not closed");
        let error = Diagnostic::error(message).at(&file.span(at..at + opening.len()));
        findings.add(error.help(format!("write `{end}` where it ends")));
    }
    root.filter(|_| errors.is_empty())
}

/// A range that a caret can show: one at the end of the text, which has this length in bytes, would be empty.
fn visible(file: &SourceFile, length: usize, range: std::ops::Range<usize>) -> Span {
    if range.start < range.end && range.end <= length {
        return file.span(range);
    }
    let end = range.start.min(file.text()[..length].trim_end().len());
    let start = file.text()[..file.span(end..end).range().start]
        .char_indices()
        .next_back()
        .map_or(0, |(at, _)| at);
    file.span(start..end)
}

/// `text` is what was parsed.
fn syntax(parser: &str, span: &Span, text: &str) -> Diagnostic {
    if parser == "duplicate key" {
        let line = span.start().line;
        let what = match text.lines().nth(line - 1).and_then(header) {
            Some(header) => format!("table `{}`", escape(header)),
            None => format!("key `{}`", escape(span.text())),
        };
        let error = Diagnostic::error(format!("the {what} is there twice")).at(span);
        return error.help(match first_of_two(text, line) {
            Some(first) => format!("remove one of the two; the first is in line {first}"),
            None => "remove one of the two".to_owned(),
        });
    }
    let mut message = String::from("invalid TOML: ");
    message.push_str(parser);
    Diagnostic::error(message).at(span)
}

/// The header of a table on a line, `[tool.x]`.
fn header(line: &str) -> Option<&str> {
    let end = line.rfind(']')?;
    let header = line[..=end].trim();
    header.starts_with('[').then_some(header)
}

/// The line of the table or the key that stands again in this one, if it is written in the same way. Lines count from 1.
fn first_of_two(text: &str, second: usize) -> Option<usize> {
    let name = |line: &str| match header(line) {
        Some(header) => Some(header.to_owned()),
        None => Some(line.split_once('=')?.0.trim().to_owned()),
    };
    let lines: Vec<&str> = text.lines().take(second).collect();
    let (line, before) = lines.split_last()?;
    let wanted = name(line)?;
    let begin = match header(line) {
        Some(_) => 0,
        // The same key in another table is another one.
        None => before
            .iter()
            .rposition(|line| header(line).is_some())
            .unwrap_or(0),
    };
    let found = before[begin..]
        .iter()
        .position(|line| name(line).as_ref() == Some(&wanted))?;
    Some(begin + found + 1)
}

impl<'a> Table<'a> {
    pub(crate) fn root(
        root: &'a toml::Spanned<DeTable<'a>>,
        file: &'a SourceFile,
        findings: &'a Findings,
    ) -> Self {
        Self {
            entries: root.get_ref(),
            span: file.span(0..file.text().lines().next().map_or(0, str::len)),
            path: String::new(),
            file,
            findings,
            below: None,
            hides: &[],
        }
    }

    /// Where the table begins: its header, or the whole of an inline table.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The dotted name of the table, for messages; empty for the whole file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The table in a message.
    pub(crate) fn place(&self) -> String {
        match self.path.as_str() {
            "" => "the file".to_owned(),
            path => format!("`{path}`"),
        }
    }

    /// Tells a mistake or a warning.
    pub fn report(&self, finding: Diagnostic) {
        self.findings.add(finding);
    }

    pub(crate) fn findings(&self) -> &'a Findings {
        self.findings
    }

    /// The keys with their places, in the order of the file.
    pub fn keys(&self) -> Vec<Spanned<String>> {
        let mut keys: Vec<_> = self
            .entries
            .keys()
            .map(|key| {
                Spanned::new(
                    key.get_ref().clone().into_owned(),
                    self.file.span(key.span()),
                )
            })
            .collect();
        keys.sort_by_key(|key| key.span.range().start);
        keys
    }

    /// The same table, with the keys of another for those that it does not have.
    pub(crate) fn extending(self, below: Self) -> Self {
        Self {
            below: Some(Box::new(below)),
            ..self
        }
    }

    /// The same table, which has these keys only if it says them itself.
    pub(crate) fn hiding(self, hides: &'static [&'static str]) -> Self {
        Self { hides, ..self }
    }

    /// What says the keys that this table does not have.
    pub(crate) fn below_it(&self) -> Option<&Self> {
        self.below.as_deref()
    }

    /// What says this key if this table does not.
    fn below_of(&self, key: &str) -> Option<&Self> {
        self.below_it().filter(|_| !self.hides.contains(&key))
    }

    /// The value of a key.
    pub fn entry(&self, key: &str) -> Option<Entry<'a>> {
        let below = || self.below_of(key)?.entry(key);
        self.own_entry(key).or_else(below)
    }

    /// The value of a key of the table itself.
    pub(crate) fn own_entry(&self, key: &str) -> Option<Entry<'a>> {
        let (known, value) = self.entries.get_key_value(key)?;
        let place = Spanned::new(key.to_owned(), self.file.span(known.span()));
        let name = self.name(key);
        Some(Entry::new(
            value,
            Some(place),
            name,
            self.file,
            self.findings,
        ))
    }

    /// Whether there is a key of this name.
    pub fn has(&self, key: &str) -> bool {
        let in_below = || self.below_of(key).is_some_and(|below| below.has(key));
        self.entries.contains_key(key) || in_below()
    }

    /// The place of a key, or of the table if it has no such key.
    pub(crate) fn key_span(&self, key: &str) -> Span {
        match self.entries.get_key_value(key) {
            Some((key, _)) => self.file.span(key.span()),
            None => self.span.clone(),
        }
    }

    /// The same table, whose mistakes go elsewhere.
    pub(crate) fn reporting_to(&self, findings: &'a Findings) -> Self {
        let below = self.below.as_ref();
        let below = below.map(|below| Box::new(below.reporting_to(findings)));
        Self {
            findings,
            below,
            ..self.clone()
        }
    }

    /// Reports keys that are not known, with the nearest one that is.
    pub(crate) fn only(&self, known: &[&str]) {
        self.only_of(known, known);
    }

    /// The same with keys that are accepted and not proposed.
    pub(crate) fn only_of(&self, accepted: &[&str], known: &[&str]) {
        for key in self.keys() {
            if self.findings.is_full() {
                return;
            }
            if accepted.contains(&key.value.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in {}", escape(&key.value), self.place());
            let error = Diagnostic::error(message).at(&key.span);
            self.findings
                .add(match nearest(&key.value, known.iter().copied()) {
                    Some(near) => error.help(format!("write `{near}`")),
                    None if known.is_empty() => error.help("remove it"),
                    None => error.help(format!("the known keys are {}", list(known))),
                });
        }
    }

    pub(crate) fn string(&self, key: &str) -> Option<Spanned<String>> {
        self.entry(key)?.string()
    }

    pub(crate) fn strings(&self, key: &str) -> Option<Spanned<Vec<Spanned<String>>>> {
        Value::read(&self.entry(key)?)
    }

    pub(crate) fn table(&self, key: &str) -> Option<Self> {
        self.entry(key)?.table()
    }

    /// The same without a complaint: for the tables of other tools.
    pub(crate) fn table_if_any(&self, key: &str) -> Option<Self> {
        self.entry(key)?.table_if_any()
    }

    pub(crate) fn string_if_any(&self, key: &str) -> Option<Spanned<String>> {
        let entry = self.entries.get(key)?;
        let text = entry.get_ref().as_str()?;
        Some(Spanned::new(text.to_owned(), self.file.span(entry.span())))
    }

    pub(crate) fn boolean_if_any(&self, key: &str) -> Option<bool> {
        self.entries.get(key)?.get_ref().as_bool()
    }

    pub(crate) fn strings_if_any(&self, key: &str) -> Vec<Spanned<String>> {
        let Some(items) = self
            .entries
            .get(key)
            .and_then(|entry| entry.get_ref().as_array())
        else {
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| {
                let text = item.get_ref().as_str()?;
                Some(Spanned::new(text.to_owned(), self.file.span(item.span())))
            })
            .collect()
    }

    /// The value of a key, whatever it is.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a DeValue<'a>> {
        Some(self.entries.get(key)?.get_ref())
    }

    /// The digits of an integer.
    pub(crate) fn integer_if_any(&self, key: &str) -> Option<String> {
        let integer = self.entries.get(key)?.get_ref().as_integer()?;
        Some(integer.as_str().to_owned())
    }

    /// A list whose items are strings or tables.
    pub(crate) fn strings_or_tables(&self, key: &str) -> Vec<Result<Spanned<String>, Self>> {
        let items = self.entry(key).and_then(|list| list.items("a list"));
        let mut found = Vec::new();
        for item in items.unwrap_or_default() {
            match item.table_if_any() {
                Some(table) => found.push(Err(table)),
                None if item.is_string() => found.extend(item.string().map(Ok)),
                None => item.wrong_type("a string or a table"),
            }
        }
        found
    }

    /// A list of tables, `[[name]]` or inline.
    pub(crate) fn tables(&self, key: &str) -> Vec<Self> {
        let list = self
            .entry(key)
            .and_then(|list| list.items("a list of tables"));
        let items = list.unwrap_or_default();
        items.iter().filter_map(Entry::table).collect()
    }

    /// A table from names to strings: each name with its place, and its value.
    pub(crate) fn string_map(&self, key: &str) -> Vec<(Spanned<String>, Spanned<String>)> {
        let map = self.entry(key).and_then(|map| Map::read(&map));
        map.map_or_else(Vec::new, |map| map.0)
    }

    /// The first string below this table that goes over several lines of the file.
    pub(crate) fn long_string(&self) -> Option<Span> {
        let in_entries = |value| self.long_string_in(value);
        self.entries.iter().find_map(|(_, value)| in_entries(value))
    }

    fn long_string_in(&self, value: &toml::Spanned<DeValue<'_>>) -> Option<Span> {
        let inside = |value| self.long_string_in(value);
        match value.get_ref() {
            DeValue::String(_) => {
                let span = self.file.span(value.span());
                span.text().contains('\n').then_some(span)
            }
            DeValue::Array(items) => items.iter().find_map(inside),
            DeValue::Table(table) => table.iter().find_map(|(_, value)| inside(value)),
            _ => None,
        }
    }

    /// The same of the whole table, without what is no string.
    pub(crate) fn string_map_if_any(&self) -> Vec<(Spanned<String>, Spanned<String>)> {
        let with_value = |name: Spanned<String>| {
            let value = self.string_if_any(&name.value)?;
            Some((name, value))
        };
        self.keys().into_iter().filter_map(with_value).collect()
    }

    fn name(&self, key: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let key = if !key.is_empty() && key.chars().all(plain) {
            key.to_owned()
        } else {
            format!("{key:?}")
        };
        match self.path.as_str() {
            "" => key,
            path => format!("{path}.{key}"),
        }
    }

    /// A table below this one, or in a list.
    pub(crate) fn below(
        entries: &'a DeTable<'a>,
        span: Span,
        path: String,
        file: &'a SourceFile,
        findings: &'a Findings,
    ) -> Self {
        Self {
            entries,
            span,
            path,
            file,
            findings,
            below: None,
            hides: &[],
        }
    }
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", escape(name.as_ref())))
        .collect();
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// Text of the user for a message: control characters are made visible.
pub(crate) fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
