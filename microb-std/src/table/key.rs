//! What is declared of a key, and how its value is read.

use std::fmt;

use microb::Diagnostic;
use microb::grammar::Mistake;

use super::{Entry, Json, Keys, Schema, Value};
use crate::rules::DEPRECATED_KEY;

/// What is known of a key beside the type of its value. Made by `#[derive(Table)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name in the file.
    pub name: &'static str,
    /// What the key means, in Markdown.
    pub description: &'static str,
    /// An old spelling of the name, which is accepted with a warning.
    pub old: Option<&'static str>,
    /// A value as it is written in TOML, for messages and editors.
    pub example: Option<&'static str>,
    /// A regular expression (ECMA 262) that the value's strings match, for editors.
    pub pattern: Option<&'static str>,
    /// A regular expression that the names of a map match, for editors.
    pub names: Option<&'static str>,
}

/// A key together with the type of its value. Made by `#[derive(Table)]`.
///
/// The bound on the type is here alone, so that a type that is no [`Value`] is one message of the compiler.
pub struct Field<T> {
    pub(super) key: &'static Key,
    pub(super) default: Option<fn() -> T>,
    check: fn(&str) -> Result<(), Mistake>,
    read: fn(&Entry<'_>) -> Option<T>,
    schema: fn() -> Schema,
    missing: fn() -> Option<T>,
    pub(super) to_json: fn(&T) -> Json,
}

impl<T> Field<T> {
    /// A key with the value of a missing one, if there is one, and a check for each string of the value.
    pub fn new(
        key: &'static Key,
        default: Option<fn() -> T>,
        check: fn(&str) -> Result<(), Mistake>,
    ) -> Self
    where
        T: Value,
    {
        Self {
            key,
            default,
            check,
            read: T::read,
            schema: T::schema,
            missing: T::missing,
            to_json: T::to_json,
        }
    }

    /// What a missing key means; `None` if it must not be missing.
    pub fn absent(&self) -> Option<T> {
        self.default
            .map_or_else(self.missing, |default| Some(default()))
    }

    /// The schema of a value of this key.
    pub(super) fn schema(&self) -> Schema {
        let mut schema = (self.schema)().describe(self.key.description);
        if let Some(pattern) = self.key.pattern {
            schema = schema.pattern(pattern);
        }
        if let Some(names) = self.key.names {
            schema = schema.names(names);
        }
        match self.key.example {
            Some(example) => schema.example(example),
            None => schema,
        }
    }
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(self.key).finish()
    }
}

impl Keys<'_> {
    /// Reports keys that are none of these, with the nearest one that is, and old spellings.
    pub fn expect(&self, known: &[Key]) {
        let names: Vec<_> = known.iter().map(|key| key.name).collect();
        let old = known.iter().filter_map(|key| key.old);
        let accepted: Vec<_> = names.iter().copied().chain(old).collect();
        self.only_of(&accepted, &names);
        for key in known {
            let Some(old) = key.old.filter(|old| self.own_entry(old).is_some()) else {
                continue;
            };
            let name = key.name;
            let span = self.key_span(old);
            self.report(if self.own_entry(name).is_some() {
                Diagnostic::error(format!(
                    "`{old}` is the old spelling of `{name}`, and both are given"
                ))
                .at(&span)
                .help(format!("move everything to `{name}`"))
            } else {
                DEPRECATED_KEY
                    .finding(format!("`{old}` is the old spelling of `{name}`"))
                    .at(&span)
                    .help(format!("write `{name}`"))
            });
        }
    }

    /// The value of a key. One that is missing is the default, or what [`Value::missing`] says, or a mistake.
    ///
    /// A value that is wrong counts as missing after its mistake was told, so that the other keys are looked at too.
    pub fn value<T>(&self, field: &Field<T>) -> Option<T> {
        let key = field.key;
        let own = || self.own_entry(key.name);
        let own_old = || self.own_entry(key.old?);
        let below = || self.entry(key.name).or_else(|| self.entry(key.old?));
        let Some(entry) = own().or_else(own_old).or_else(below) else {
            return field.absent().or_else(|| {
                let line = field.schema().line(key.name);
                let message = format!("{} has no `{}`", self.place(), key.name);
                self.report(
                    Diagnostic::error(message)
                        .at(self.span())
                        .help(format!("add `{line}`")),
                );
                None
            });
        };
        let is_right = entry.check(&field.check);
        let value = is_right.then(|| (field.read)(&entry)).flatten();
        value.or_else(|| field.absent())
    }
}
