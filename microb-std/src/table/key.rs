//! What is declared of a key, and how its value is read.

use microb::Diagnostic;
use microb::grammar::Mistake;

use super::{Keys, Schema, Value};

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
}

impl Key {
    /// The schema of a value of this key.
    pub(super) fn schema<T: Value>(&self) -> Schema {
        let mut schema = T::schema().describe(self.description);
        if let Some(pattern) = self.pattern {
            schema = schema.pattern(pattern);
        }
        match self.example {
            Some(example) => schema.example(example),
            None => schema,
        }
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
            let Some(old) = key.old.filter(|old| self.has(old)) else {
                continue;
            };
            let name = key.name;
            let span = self.key_span(old);
            self.report(if self.has(name) {
                Diagnostic::error(format!(
                    "`{old}` is the old spelling of `{name}`, and both are given"
                ))
                .at(&span)
                .help(format!("move everything to `{name}`"))
            } else {
                Diagnostic::warning(format!("`{old}` is the old spelling of `{name}`"))
                    .at(&span)
                    .help(format!("write `{name}`"))
            });
        }
    }

    /// The value of a key. One that is missing is the default, or what [`Value::missing`] says, or a mistake.
    ///
    /// A value that is wrong counts as missing after its mistake was told, so that the other keys are looked at too.
    pub fn value<T: Value>(
        &self,
        key: &Key,
        default: Option<&dyn Fn() -> T>,
        check: &dyn Fn(&str) -> Result<(), Mistake>,
    ) -> Option<T> {
        let absent = || absent(default);
        let old = || self.entry(key.old?);
        let Some(entry) = self.entry(key.name).or_else(old) else {
            return absent().or_else(|| {
                let line = key.schema::<T>().line(key.name);
                let message = format!("`{}` has no `{}`", self.path(), key.name);
                self.report(
                    Diagnostic::error(message)
                        .at(self.span())
                        .help(format!("add `{line}`")),
                );
                None
            });
        };
        let is_right = entry.check(check);
        let value = is_right.then(|| T::read(&entry)).flatten();
        value.or_else(absent)
    }
}

/// What a missing key means.
pub(super) fn absent<T: Value>(default: Option<&dyn Fn() -> T>) -> Option<T> {
    default.map_or_else(T::missing, |default| Some(default()))
}
