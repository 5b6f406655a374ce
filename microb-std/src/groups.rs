//! Dependency groups: PEP 735's `[dependency-groups]`, and what tools had before.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Span, Spanned, nearest};
use pep440_rs::VersionSpecifier;

use crate::mistake::Findings;
use crate::requirement::{Requirement, normalized};
use crate::specifier::specifiers;
use crate::tree::{self, Table, escape};

/// One item of a group.
#[derive(Debug, Clone)]
enum Item {
    Requirement(Requirement),
    /// `{ include-group = "…" }`, by the normal name.
    Include(Spanned<String>),
}

/// A dependency group.
#[derive(Debug, Default)]
struct Group {
    items: Vec<Item>,
    /// The marker under which all of it is wanted, if that is a part of the interpreters only.
    condition: Option<String>,
}

/// The groups of a project by their normal names.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<String, Group>);

impl Groups {
    /// Reads `[dependency-groups]`, and what uv and PDM had before. Mistakes are reported once, here.
    pub(crate) fn read(root: &Table<'_>) -> Self {
        let mut groups = Self::default();
        let findings = root.findings();
        if let Some(table) = root.table("dependency-groups") {
            for key in table.keys() {
                let items = items(&table, &key.value);
                let group = Group {
                    items,
                    condition: None,
                };
                if groups.0.insert(normalized(&key.value), group).is_some() {
                    let message = format!("the group `{}` is there twice", escape(&key.value));
                    findings.add(
                        Diagnostic::error(message).at(&key.span).help(
                            "rename one of them; capitals, `-`, `_` and `.` make no difference",
                        ),
                    );
                }
            }
        }
        let tool = root.table_if_any("tool");
        let tool = |name| tool.as_ref().and_then(|tool| tool.table_if_any(name));
        if let Some(uv) = tool("uv") {
            groups.of_uv(&uv, findings);
        }
        if let Some(older) = tool("pdm").and_then(|pdm| pdm.table_if_any("dev-dependencies")) {
            groups.of_pdm(&older, findings);
        }
        groups.check(findings);
        groups
    }

    /// uv's older `dev-dependencies`, which it joins with the group `dev`, and for which interpreters a group is.
    fn of_uv(&mut self, uv: &Table<'_>, findings: &Findings) {
        let older = uv.strings_if_any("dev-dependencies");
        if !older.is_empty() {
            self.add_requirements("dev", older, findings);
        }
        let Some(settings) = uv.table_if_any("dependency-groups") else {
            return;
        };
        for key in settings.keys() {
            let python = settings
                .table_if_any(&key.value)
                .and_then(|settings| settings.string_if_any("requires-python"));
            if let (Some(python), Some(group)) = (python, self.0.get_mut(&normalized(&key.value))) {
                let specifiers = specifiers(&python.value).map_err(|mistake| mistake.at(&python));
                let specifiers = findings.keep(specifiers).unwrap_or_default();
                let each: Vec<_> = specifiers.iter().map(of_python).collect();
                group.condition = (!each.is_empty()).then(|| each.join(" and "));
            }
        }
    }

    /// `[tool.pdm.dev-dependencies]`, which may have `-e file:///${PROJECT_ROOT}/lib#egg=lib` too.
    fn of_pdm(&mut self, older: &Table<'_>, findings: &Findings) {
        for key in older.keys() {
            let written = older.strings_if_any(&key.value).into_iter();
            // An installed package is a copy: nobody edits it in an image.
            let requirements = written.filter_map(|text| {
                let Some(url) = text.value.strip_prefix("-e ") else {
                    return Some(text);
                };
                let (_, name) = url.split_once("#egg=")?;
                let named = format!("{name} @ {}", url.trim());
                Some(Spanned::new(named, text.span))
            });
            self.add_requirements(&normalized(&key.value), requirements.collect(), findings);
        }
    }

    fn add_requirements(&mut self, name: &str, texts: Vec<Spanned<String>>, findings: &Findings) {
        let items = &mut self.0.entry(name.to_owned()).or_default().items;
        let read = texts.into_iter();
        let read = read.filter_map(|text| findings.keep(Requirement::parse(text)));
        items.extend(read.map(Item::Requirement));
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
        self.add(name, &BTreeSet::new(), &mut read, &mut found);
        found
    }

    fn add<'a>(
        &'a self,
        name: &'a str,
        conditions: &BTreeSet<String>,
        read: &mut Vec<&'a str>,
        found: &mut Vec<Requirement>,
    ) {
        if read.contains(&name) {
            return;
        }
        read.push(name);
        let Some(group) = self.0.get(name) else {
            return;
        };
        let mut conditions = conditions.clone();
        conditions.extend(group.condition.clone());
        for item in &group.items {
            match item {
                Item::Requirement(requirement) => {
                    found.push(requirement.clone().only_if(conditions.clone()));
                }
                Item::Include(other) => self.add(&other.value, &conditions, read, found),
            }
        }
    }

    /// Reports includes of groups that are not there, and groups that include themselves.
    fn check(&self, findings: &Findings) {
        for (name, group) in &self.0 {
            for item in &group.items {
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
            let items = self.0.get(name).into_iter();
            let items = items.flat_map(|group| &group.items);
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

/// A specifier for interpreters as a marker.
fn of_python(specifier: &VersionSpecifier) -> String {
    let text = specifier.to_string();
    let at = text
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(text.len());
    let (operator, version) = text.split_at(at);
    format!("python_full_version {} '{version}'", operator.trim())
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
    fn what_tools_had_before_is_joined() {
        check(
            "a = ['x', {include-group='dev'}]\n[tool.uv]\ndev-dependencies = ['y']",
            &["x", "y"],
        );
        check(
            "a = ['x']\n[tool.pdm.dev-dependencies]\nA = ['y', '-e file:///${PROJECT_ROOT}/lib#egg=lib']",
            &["x", "y", "lib @ file:///${PROJECT_ROOT}/lib#egg=lib"],
        );
    }

    #[test]
    fn a_group_for_some_interpreters_is_one_with_a_marker() {
        check(
            "a = ['x', {include-group='b'}]\nb = [\"y ; os_name == 'nt'\"]\n[tool.uv.dependency-groups]\nb = {requires-python = '>=3.12, <4'}",
            &[
                "x",
                "y ; (os_name == 'nt') and (python_full_version >= '3.12' and python_full_version < '4')",
            ],
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
