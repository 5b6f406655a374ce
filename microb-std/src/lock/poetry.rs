//! `poetry.lock`: since format 2.1 a list of packages with groups and markers, before that a graph.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Spanned};
use pep440_rs::Version;

use super::condition::Condition;
use super::environment::Environment;
use super::fields::{
    checked_url, checked_version, file, git, hashes, index, local, name, required, string, wheels,
};
use super::poetry_project::{self, Wants, table_of};
use super::walk::reach;
use super::{Question, edge_to_nowhere, poetry_hash, unknown_version};
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::normalized;
use crate::specifier::Constraint;
use crate::tree::Table;

/// The group of what is in no group.
const MAIN: &str = "main";

/// The packages that the target gets.
pub(super) fn read(root: &Table<'_>, question: &Question<'_>) -> Result<Vec<Pinned>, Diagnostic> {
    let Some(metadata) = root.table_if_any("metadata") else {
        return Err(unknown_version(root, "metadata"));
    };
    let version = metadata
        .string_if_any("lock-version")
        .map(|text| text.value);
    let (major, minor) = version
        .as_deref()
        .and_then(|text| text.split_once('.'))
        .unwrap_or_default();
    let has_markers = match (major, minor.parse::<u32>()) {
        ("1", Ok(_)) | ("2", Ok(0)) => false,
        // Later minor versions are readable for who reads 2.1, as Poetry says itself.
        ("2", Ok(_)) => true,
        _ => return Err(unknown_version(&metadata, "lock-version")),
    };
    let packages = Packages::read(root, &metadata)?;
    let wants = poetry_project::wants(question)?;
    question.compare(|| {
        poetry_hash::check(&metadata, question, &wants, |name| packages.versions(name))
    })?;
    let of_lock = root.table_if_any("extras");
    let known = of_lock.as_ref().map(Table::keys).unwrap_or_default();
    let known: Vec<_> = known.iter().map(|key| normalized(&key.value)).collect();
    let chosen = question.chosen(&known, &poetry_project::groups(question))?;
    let mut groups = chosen.groups;
    groups.insert(MAIN.to_owned());
    let environment = question.environment(chosen.extras);
    let found = if has_markers {
        packages.listed(&groups, &environment)?
    } else {
        let optional = of_lock
            .map(|table| optional(&table, &environment.extras))
            .unwrap_or_default();
        packages.walked(&wants, &groups, &optional, &environment)?
    };
    let mut pins = Vec::new();
    for (package, condition) in found {
        pins.push(packages.all[package].pin(&condition, question)?);
    }
    Ok(pins)
}

/// The packages that the chosen extras are for.
fn optional(extras: &Table<'_>, chosen: &BTreeSet<String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for key in extras.keys() {
        if chosen.contains(&normalized(&key.value)) {
            names.extend(
                extras
                    .strings_if_any(&key.value)
                    .iter()
                    .map(|text| name_of(&text.value)),
            );
        }
    }
    names
}

/// The name in `name (>=1)`, `name[extra]>=1 ; marker`.
fn name_of(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    normalized(&text[..end])
}

struct Packages<'a> {
    all: Vec<Package<'a>>,
    /// The packages of a name, the highest version first.
    by_name: BTreeMap<String, Vec<usize>>,
}

struct Package<'a> {
    name: String,
    version: Spanned<String>,
    table: Table<'a>,
    hashes: Vec<Spanned<String>>,
}

/// A package, or one of its extras, which needs the package itself too.
type Node = (usize, Option<String>);

impl<'a> Packages<'a> {
    fn read(root: &Table<'a>, metadata: &Table<'a>) -> Result<Self, Diagnostic> {
        let mut all: Vec<Package<'a>> = Vec::new();
        let files = Files::all(metadata);
        for table in root.tables("package") {
            let name = name(&table)?.value;
            all.push(Package {
                version: string(&table, "version")?,
                hashes: hashes_of(&table, &files, &name),
                name,
                table,
            });
        }
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (n, package) in all.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(n);
        }
        for same in by_name.values_mut() {
            same.sort_by_cached_key(|&n| std::cmp::Reverse(all[n].parsed_version()));
        }
        Ok(Self { all, by_name })
    }

    fn versions(&self, name: &str) -> Vec<String> {
        let all = self.by_name.get(name).into_iter().flatten();
        all.map(|&n| self.all[n].version.value.clone()).collect()
    }

    /// Format 2.1: each package says its groups, and the marker under which each of them has it.
    fn listed(
        &self,
        groups: &BTreeSet<String>,
        environment: &Environment,
    ) -> Result<Vec<(usize, Condition)>, Diagnostic> {
        let mut found = Vec::new();
        for (n, package) in self.all.iter().enumerate() {
            let table = &package.table;
            let mut condition = Condition::never();
            for group in table.strings_if_any("groups") {
                if groups.contains(&normalized(&group.value)) {
                    let marker = match table.table_if_any("markers") {
                        Some(each) => each.string_if_any(&group.value),
                        None => table.string_if_any("markers"),
                    };
                    condition = condition.or(&environment.holds(marker.as_ref())?);
                }
            }
            if !condition.is_never() {
                found.push((n, condition));
            }
        }
        Ok(found)
    }

    /// Older formats: what can be reached from what the project asks for.
    fn walked(
        &self,
        wants: &[Wants],
        groups: &BTreeSet<String>,
        optional: &BTreeSet<String>,
        environment: &Environment,
    ) -> Result<Vec<(usize, Condition)>, Diagnostic> {
        let mut roots = Vec::new();
        for wanted in wants.iter().filter(|wanted| groups.contains(&wanted.group)) {
            if wanted.is_optional && !optional.contains(&wanted.name) {
                continue;
            }
            roots.extend(self.meant("the project", wanted, environment, &environment.extras)?);
        }
        let reached = reach(roots, |node| self.edges(node, environment))?;
        let is_package =
            |((n, extra), condition): (Node, Condition)| extra.is_none().then_some((n, condition));
        Ok(reached.into_iter().filter_map(is_package).collect())
    }

    /// What a package needs, or one of its extras.
    fn edges(
        &self,
        (n, extra): &Node,
        environment: &Environment,
    ) -> Result<Vec<(Node, Condition)>, Diagnostic> {
        let package = &self.all[*n];
        let Some(dependencies) = package.table.table_if_any("dependencies") else {
            return Ok(Vec::new());
        };
        let mut edges = Vec::new();
        let mut of_extra = BTreeSet::new();
        let mut extras = BTreeSet::new();
        if let Some(extra) = extra {
            edges.push(((*n, None), Condition::always()));
            extras.insert(extra.clone());
            if let Some(table) = package.table.table_if_any("extras") {
                of_extra = optional(&table, &extras);
            }
        }
        for wanted in table_of(&dependencies, MAIN)? {
            let is_of_extra = wanted.is_optional && of_extra.contains(&wanted.name);
            if is_of_extra || (!wanted.is_optional && extra.is_none()) {
                edges.extend(self.meant(&package.name, &wanted, environment, &extras)?);
            }
        }
        Ok(edges)
    }

    /// The package that is meant by a dependency, with the extras that it asks for.
    fn meant(
        &self,
        from: &str,
        wanted: &Wants,
        environment: &Environment,
        extras: &BTreeSet<String>,
    ) -> Result<Vec<(Node, Condition)>, Diagnostic> {
        let condition = match &wanted.markers {
            Some(marker) => environment.holds_for(marker, extras)?,
            None => Condition::always(),
        };
        if condition.is_never() || !environment.allows(&wanted.python) {
            return Ok(Vec::new());
        }
        let candidates = self
            .by_name
            .get(&wanted.name)
            .map_or(&[][..], Vec::as_slice);
        let fits = |n: &&usize| {
            let package = &self.all[**n];
            let version = package.parsed_version();
            version.is_some_and(|version| wanted.constraint.allows(&version))
                && package.allows(environment)
        };
        let Some(&n) = candidates.iter().find(fits) else {
            let name = Spanned::new(wanted.name.clone(), wanted.span.clone());
            return Err(edge_to_nowhere(from, &name));
        };
        let with_extra = |extra: &String| ((n, Some(extra.clone())), condition.clone());
        let mut nodes: Vec<_> = wanted.extras.iter().map(with_extra).collect();
        nodes.push(((n, None), condition.clone()));
        Ok(nodes)
    }
}

/// The files of all packages, which older formats have in one table, by the normal names.
struct Files<'a> {
    table: Table<'a>,
    keys: BTreeMap<String, String>,
}

impl<'a> Files<'a> {
    fn all(metadata: &Table<'a>) -> Vec<Self> {
        let tables = ["files", "hashes"].iter();
        let tables = tables.filter_map(|key| metadata.table_if_any(key));
        let with_keys = |table: Table<'a>| {
            let keys = table.keys().into_iter();
            let keys = keys
                .map(|key| (normalized(&key.value), key.value))
                .collect();
            Self { table, keys }
        };
        tables.map(with_keys).collect()
    }

    fn of(&self, name: &str) -> Vec<Table<'a>> {
        let key = self.keys.get(name);
        key.map_or_else(Vec::new, |key| self.table.tables(key))
    }
}

/// The hashes of a package: its own, or in older formats those of its name.
fn hashes_of(table: &Table<'_>, of_names: &[Files<'_>], name: &str) -> Vec<Spanned<String>> {
    let mut files = table.tables("files");
    for others in of_names {
        if files.is_empty() {
            files = others.of(name);
        }
    }
    files
        .iter()
        .filter_map(|file| file.string_if_any("hash"))
        .collect()
}

impl Package<'_> {
    fn parsed_version(&self) -> Option<Version> {
        self.version.value.parse().ok()
    }

    /// Whether it is for the interpreter.
    fn allows(&self, environment: &Environment) -> bool {
        let python = self.table.string_if_any("python-versions");
        let constraint = python.and_then(|text| Constraint::poetry(&text.value).ok());
        constraint.is_none_or(|constraint| environment.allows(&constraint))
    }

    fn pin(&self, condition: &Condition, question: &Question<'_>) -> Result<Pinned, Diagnostic> {
        let source = self.source(question)?;
        let hashes = required(
            hashes(&self.hashes)?,
            &source,
            false,
            (&self.name, self.table.span()),
        )?;
        Ok(Pinned {
            name: self.name.clone(),
            version: Some(checked_version(&self.version)?),
            source,
            hashes,
            wheels: wheels(&self.table.tables("files")),
            marker: condition.marker(),
            span: self.table.key_span("name"),
        })
    }

    fn source(&self, question: &Question<'_>) -> Result<PinnedSource, Diagnostic> {
        let Some(source) = self.table.table_if_any("source") else {
            return Ok(PinnedSource::Index);
        };
        let kind = string(&source, "type")?;
        let url = string(&source, "url")?;
        match kind.value.as_str() {
            "legacy" => index(&self.name, &url),
            "url" => Ok(PinnedSource::Url(checked_url(&url)?)),
            "file" => Ok(file(local(question.folder, &url)?)),
            "directory" => Ok(PinnedSource::Folder(local(question.folder, &url)?)),
            "git" => git(
                &url,
                &string(&source, "resolved_reference")?,
                source.string_if_any("subdirectory").as_ref(),
            ),
            other => {
                let message = format!("`{other}` is no source that is known here");
                Err(Diagnostic::error(message).at(&kind.span))
            }
        }
    }
}
