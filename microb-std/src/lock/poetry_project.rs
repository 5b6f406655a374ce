//! What a project asks Poetry for: `[tool.poetry.dependencies]`, its groups, and `[project]`.

use microb::{Diagnostic, Span, Spanned};

use super::Question;
use crate::mistake::Mistake;
use crate::requirement::normalized;
use crate::specifier::Constraint;
use crate::tree::Table;

/// A dependency as Poetry writes it: `^1.2`, or a table, in the project as in the lock.
pub(super) struct Wants {
    pub(super) name: String,
    /// Where the name stands.
    pub(super) span: Span,
    /// The group, `main` for what is no group.
    pub(super) group: String,
    pub(super) constraint: Constraint,
    /// The interpreters that it is for.
    pub(super) python: Constraint,
    pub(super) markers: Option<Spanned<String>>,
    /// Extras of the other package.
    pub(super) extras: Vec<String>,
    pub(super) is_optional: bool,
    /// The same dependency as the project writes it, for messages.
    shown: String,
}

/// All that the project asks for, in every group.
pub(super) fn wants(question: &Question<'_>) -> Result<Vec<Wants>, Diagnostic> {
    let mut all = Vec::new();
    if let Some(poetry) = &question.tables.poetry {
        if let Some(table) = poetry.table_if_any("dependencies") {
            all.extend(table_of(&table, "main")?);
        }
        if let Some(table) = poetry.table_if_any("dev-dependencies") {
            all.extend(table_of(&table, "dev")?);
        }
        let groups = poetry.table_if_any("group");
        for key in groups.as_ref().map(Table::keys).unwrap_or_default() {
            let group = groups
                .as_ref()
                .and_then(|groups| groups.table_if_any(&key.value));
            let table = group.and_then(|group| group.table_if_any("dependencies"));
            if let Some(table) = table {
                all.extend(table_of(&table, &normalized(&key.value))?);
            }
        }
    }
    Ok(all)
}

/// The groups that the project has, besides `main`.
pub(super) fn groups(question: &Question<'_>) -> Vec<String> {
    let mut names: Vec<String> = question.groups.names().cloned().collect();
    if let Some(poetry) = &question.tables.poetry {
        let groups = poetry.table_if_any("group");
        let keys = groups.map(|groups| groups.keys()).unwrap_or_default();
        names.extend(keys.iter().map(|key| normalized(&key.value)));
        if poetry.has("dev-dependencies") {
            names.push("dev".to_owned());
        }
    }
    names
}

/// The entries of a table from names to dependencies.
pub(super) fn table_of(table: &Table<'_>, group: &str) -> Result<Vec<Wants>, Diagnostic> {
    let mut all = Vec::new();
    for key in table.keys() {
        if key.value == "python" {
            continue;
        }
        if let Some(constraint) = table.string_if_any(&key.value) {
            all.push(Wants::of(&key, group, Some(&constraint), None)?);
        } else if let Some(entry) = table.table_if_any(&key.value) {
            let version = entry.string_if_any("version");
            all.push(Wants::of(&key, group, version.as_ref(), Some(&entry))?);
        } else {
            for item in table.strings_or_tables(&key.value) {
                all.push(match item {
                    Ok(constraint) => Wants::of(&key, group, Some(&constraint), None)?,
                    Err(entry) => {
                        let version = entry.string_if_any("version");
                        Wants::of(&key, group, version.as_ref(), Some(&entry))?
                    }
                });
            }
        }
    }
    Ok(all)
}

impl Wants {
    fn of(
        key: &Spanned<String>,
        group: &str,
        version: Option<&Spanned<String>>,
        entry: Option<&Table<'_>>,
    ) -> Result<Self, Diagnostic> {
        let text = |key: &str| entry.and_then(|entry| entry.string_if_any(key));
        let extras = entry
            .map(|entry| entry.strings_if_any("extras"))
            .unwrap_or_default();
        Ok(Self {
            name: normalized(&key.value),
            span: key.span.clone(),
            group: group.to_owned(),
            constraint: constraint(version)?,
            python: constraint(text("python").as_ref())?,
            markers: text("markers"),
            extras: extras
                .iter()
                .map(|extra| normalized(&extra.value))
                .collect(),
            is_optional: entry.and_then(|entry| entry.boolean_if_any("optional")) == Some(true),
            shown: match version {
                Some(version) => format!("{} {}", key.value, version.value),
                None => key.value.clone(),
            },
        })
    }

    /// What the lock cannot have been made for, if this is something.
    pub(super) fn is_missing(&self, has: impl Fn(&str) -> Vec<String>) -> Option<(String, Span)> {
        let what = super::missing(&self.shown, &self.constraint, &has(&self.name))?;
        Some((what, self.span.clone()))
    }
}

fn constraint(text: Option<&Spanned<String>>) -> Result<Constraint, Diagnostic> {
    match text {
        None => Ok(Constraint::any()),
        Some(text) => Constraint::poetry(&text.value).map_err(|mistake: Mistake| mistake.at(text)),
    }
}
