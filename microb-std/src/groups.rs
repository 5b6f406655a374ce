//! Dependency groups: PEP 735's `[dependency-groups]`, and what tools had before.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Span, Spanned, nearest};

use crate::mistake::Findings;
use crate::requirement::{Requirement, normalized};
use crate::tree::{self, Table, escape};

/// One item of a group.
#[derive(Debug, Clone)]
enum Item {
    Requirement(Requirement),
    /// `{ include-group = "…" }`, by the normal name.
    Include(Spanned<String>),
}

/// The groups of `[dependency-groups]` by their normal names.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<String, Vec<Item>>);

impl Groups {
    /// Reads `[dependency-groups]`, and uv's older `dev-dependencies`. Mistakes are reported once, here.
    pub(crate) fn read(root: &Table<'_>) -> Self {
        let mut groups = Self::default();
        let Some(table) = root.table("dependency-groups") else {
            return groups;
        };
        let findings = root.findings();
        for key in table.keys() {
            let items = items(&table, &key.value);
            if groups.0.insert(normalized(&key.value), items).is_some() {
                let message = format!("the group `{}` is there twice", escape(&key.value));
                findings.add(
                    Diagnostic::error(message)
                        .at(&key.span)
                        .help("rename one of them; capitals, `-`, `_` and `.` make no difference"),
                );
            }
        }
        groups.check(findings);
        groups
    }

    /// The normal names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Whether there is a group of this name, however it is spelled.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(&normalized(name))
    }

    /// The requirements of a group and of those that it includes, in order. Empty if there is no such group.
    pub(crate) fn requirements(&self, name: &str) -> Vec<Requirement> {
        let mut found = Vec::new();
        let mut read = Vec::new();
        self.add(name, &mut read, &mut found);
        found
    }

    fn add<'a>(&'a self, name: &'a str, read: &mut Vec<&'a str>, found: &mut Vec<Requirement>) {
        if read.contains(&name) {
            return;
        }
        read.push(name);
        for item in self.0.get(name).into_iter().flatten() {
            match item {
                Item::Requirement(requirement) => found.push(requirement.clone()),
                Item::Include(other) => self.add(&other.value, read, found),
            }
        }
    }

    /// Reports includes of groups that are not there, and groups that include themselves.
    fn check(&self, findings: &Findings) {
        for (name, items) in &self.0 {
            for item in items {
                let Item::Include(other) = item else {
                    continue;
                };
                if !self.0.contains_key(&other.value) {
                    findings.add(unknown(other, self.names()));
                }
            }
            // A circle is told once, where the first of its names is.
            if let Some((path, place)) = self.circle(name)
                && path.iter().min() == Some(&name.as_str())
            {
                let message = format!(
                    "groups include one another in a circle: `{name}` includes `{}`",
                    path.join("`, which includes `")
                );
                let help = "remove one `include-group`";
                findings.add(Diagnostic::error(message).at(&place).help(help));
            }
        }
    }

    /// The groups that lead from a group back to itself, and the first include on the way.
    fn circle<'a>(&'a self, name: &'a str) -> Option<(Vec<&'a str>, Span)> {
        let includes = |name: &str| {
            let items = self.0.get(name).into_iter().flatten();
            items.filter_map(|item| match item {
                Item::Include(other) => Some(other),
                Item::Requirement(_) => None,
            })
        };
        let mut paths: Vec<Vec<&'a Spanned<String>>> =
            includes(name).map(|other| vec![other]).collect();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(path) = paths.pop() {
            let (first, last) = (path.first()?, path.last()?);
            if last.value == name {
                let names = path.iter().map(|other| other.value.as_str()).collect();
                return Some((names, first.span.clone()));
            }
            if !seen.contains(&last.value.as_str()) {
                seen.push(&last.value);
                let longer = includes(&last.value).map(|next| [path.as_slice(), &[next]].concat());
                paths.extend(longer);
            }
        }
        None
    }
}

/// A group that is not there.
pub(crate) fn unknown<'a>(
    group: &Spanned<String>,
    known: impl Iterator<Item = &'a String>,
) -> Diagnostic {
    let known: BTreeSet<_> = known.map(String::as_str).collect();
    let known: Vec<_> = known.into_iter().collect();
    let message = format!("unknown dependency group `{}`", escape(&group.value));
    let error = Diagnostic::error(message).at(&group.span);
    match nearest(&normalized(&group.value), known.iter().copied()) {
        Some(near) => error.help(format!("write `{near}`")),
        None if known.is_empty() => error.help("remove it; the project has no dependency groups"),
        None => error.help(format!("the project's groups are {}", tree::list(&known))),
    }
}

fn items(table: &Table<'_>, key: &str) -> Vec<Item> {
    let findings = table.findings();
    let mut items = Vec::new();
    for item in table.strings_or_tables(key) {
        match item {
            Ok(text) => items.extend(
                findings
                    .keep(Requirement::parse(text))
                    .map(Item::Requirement),
            ),
            Err(table) => {
                table.only(&["include-group"]);
                let include = table.string("include-group");
                items.extend(include.map(|name| Item::Include(name.map(|name| normalized(&name)))));
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    /// The requirements of the group `a`, or the errors.
    fn check(text: &str, expected: &[&str]) {
        let file = SourceFile::new("p", format!("[dependency-groups]\n{text}"));
        let findings = Findings::default();
        let tree = tree::parse(&file, &findings).unwrap();
        let groups = Groups::read(&Table::root(&tree, &file, &findings));
        let mut lines: Vec<_> = findings
            .into_all()
            .iter()
            .map(ToString::to_string)
            .collect();
        if lines.is_empty() {
            let found = groups.requirements("a");
            lines.extend(found.iter().map(ToString::to_string));
        }
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn includes_are_followed() {
        check(
            "a = ['x>=1', {include-group = 'B_c'}, 'y']\nb-c = ['Z', {include-group='d'}]\nd=['w']",
            &["x>=1", "z", "w", "y"],
        );
        check("b = ['x']", &[]);
        check(
            "a = [{include-group = 'b'}, {include-group='c'}]\nb = ['x', {include-group='c'}]\nc=['y']",
            &["x", "y"],
        );
    }

    #[test]
    fn mistakes_are_told_where_they_stand() {
        check(
            "a = [{include-group = 'b'}]\nb = [{include-group = 'a'}]",
            &[
                "p:2:23: error: groups include one another in a circle: `a` includes `b`, which includes `a` (remove one `include-group`)",
            ],
        );
        check(
            "a = [{include-group = 'a'}]",
            &[
                "p:2:23: error: groups include one another in a circle: `a` includes `a` (remove one `include-group`)",
            ],
        );
        check(
            "test = []\na = [{include-group = 'tset'}]",
            &["p:3:23: error: unknown dependency group `tset` (write `test`)"],
        );
        check(
            "a = []\nA = []",
            &[
                "p:3:1: error: the group `A` is there twice (rename one of them; capitals, `-`, `_` and `.` make no difference)",
            ],
        );
        check(
            "a = ['x', 3]",
            &[
                "p:2:11: error: `dependency-groups.a[1]` must be a string or a table, found an integer",
            ],
        );
        check(
            "a = [{include-gruop = 'x'}]",
            &[
                "p:2:7: error: unknown key `include-gruop` in `dependency-groups.a[0]` (write `include-group`)",
            ],
        );
    }
}
