//! `pdm.lock`: a list of packages with groups and markers, or a graph where the lock was made without
//! `inherit_metadata`.

use std::collections::{BTreeMap, BTreeSet};

use microb::digest::sha256;
use microb::{Diagnostic, Spanned};

use super::condition::Condition;
use super::environment::{Environment, machine};
use super::fields::{
    at_path, checked_url, checked_version, git, hashes, index, local, name, required, string,
    wheels,
};
use super::json::{Json, Separators};
use super::walk::reach;
use super::{Question, edge_to_nowhere, not_for_image, other_digest, unknown_version};
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::specifier::Constraint;
use crate::tree::Table;

/// The group of what is in no group.
const DEFAULT: &str = "default";

/// The packages that the target gets.
pub(super) fn read(root: &Table<'_>, question: &Question<'_>) -> Result<Vec<Pinned>, Diagnostic> {
    let Some(metadata) = root.table_if_any("metadata") else {
        return Err(unknown_version(root, "metadata"));
    };
    let version = metadata
        .string_if_any("lock_version")
        .map(|text| text.value);
    if !version.is_some_and(|version| version.starts_with("4.")) {
        return Err(unknown_version(&metadata, "lock_version"));
    }
    check_targets(&metadata, question)?;
    let packages = Packages::read(root, question.overridden())?;
    question.compare(|| check(&metadata, question, |name| packages.versions(name)))?;
    let locked: Vec<String> = metadata
        .strings_if_any("groups")
        .iter()
        .map(|group| normalized(&group.value))
        .filter(|group| group != DEFAULT)
        .collect();
    let chosen = question.chosen(&locked, &locked)?;
    let mut groups = chosen.extras;
    groups.extend(chosen.groups);
    groups.insert(DEFAULT.to_owned());
    let environment = question.environment(BTreeSet::new());
    let strategy = metadata.strings_if_any("strategy");
    let found = if strategy.iter().any(|flag| flag.value == "inherit_metadata") {
        packages.listed(&groups, &environment)?
    } else {
        packages.walked(question, &environment)?
    };
    let mut pins = Vec::new();
    for (package, condition) in found {
        pins.push(packages.all[package].pin(&condition, question)?);
    }
    Ok(pins)
}

/// Whether the lock was made for the image's interpreter and platform: since PDM 2.17 it may be for some only.
fn check_targets(metadata: &Table<'_>, question: &Question<'_>) -> Result<(), Diagnostic> {
    let targets = metadata.tables("targets");
    let environment = question.environment(BTreeSet::new());
    let machine = machine(question.cx.platform());
    let mut fits = targets.is_empty();
    for target in &targets {
        let python = target.string_if_any("requires_python");
        let python = python.and_then(|text| Constraint::pep440(&text.value).ok());
        let is_platform = |platform: Spanned<String>| {
            let is_linux = ["linux", "manylinux", "musllinux"]
                .iter()
                .any(|start| platform.value.starts_with(start));
            // Of `manylinux_2_17_x86_64`, the end is the machine.
            is_linux && machine.is_none_or(|machine| platform.value.ends_with(machine))
        };
        let is_implementation = |name: Spanned<String>| name.value == "cpython";
        fits = fits
            || python.is_none_or(|python| environment.allows(&python))
                && target.string_if_any("platform").is_none_or(is_platform)
                && target
                    .string_if_any("implementation")
                    .is_none_or(is_implementation);
    }
    if fits {
        return Ok(());
    }
    let machine = machine.unwrap_or("x86_64");
    Err(not_for_image(&metadata.key_span("targets")).help(format!(
        "run `pdm lock --append --platform manylinux_2_28_{machine} --python \"==3.{}.*\"`",
        question.python.version.minor
    )))
}

/// Compares the digest that the lock has of the project.
///
/// What it is of: `PyProject.content_hash` in <https://github.com/pdm-project/pdm/blob/2.26.2/src/pdm/project/project_file.py>.
fn check(
    metadata: &Table<'_>,
    question: &Question<'_>,
    has: impl Fn(&str) -> Vec<String>,
) -> Result<(), Diagnostic> {
    let tables = question.tables;
    // PDM translates other tools' tables before it takes the digest.
    let Some(project) = &tables.project else {
        return Ok(());
    };
    let known = string(metadata, "content_hash")?;
    let pdm = tables.tool("pdm");
    let of_pdm = |key: &str| pdm.as_ref().and_then(|pdm| pdm.raw(key));
    let requires = project
        .raw("requires-python")
        .map_or(Json::Text(String::new()), Json::Toml);
    let resolution = of_pdm("resolution");
    let of_overrides = pdm
        .as_ref()
        .and_then(|pdm| pdm.table_if_any("resolution"))
        .and_then(|resolution| resolution.raw("overrides"));
    let older = || Json::or_empty(of_pdm("dev-dependencies"));
    let digest = |groups: Json<'_>, last: (&'static str, Json<'_>)| {
        let all = Json::table([
            ("sources", Json::or_empty_list(of_pdm("source"))),
            (
                "dependencies",
                Json::or_empty_list(project.raw("dependencies")),
            ),
            ("dev-dependencies", groups),
            (
                "optional-dependencies",
                Json::or_empty(project.raw("optional-dependencies")),
            ),
            ("requires-python", requires.clone()),
            last,
        ]);
        format!("sha256:{}", sha256(all.text(Separators::SPACED).as_bytes()))
    };
    let digests = [
        digest(groups(question), ("resolution", Json::or_empty(resolution))),
        // Until PDM 2.19, and until 2.12.
        digest(older(), ("resolution", Json::or_empty(resolution))),
        digest(older(), ("overrides", Json::or_empty(of_overrides))),
    ];
    if digests.contains(&known.value) {
        return Ok(());
    }
    let changed = question.missing_requirement(has);
    Err(other_digest(question.file_name(), &known.span, changed))
}

/// `[dependency-groups]` and `[tool.pdm.dev-dependencies]` together, by their normal names.
fn groups<'a>(question: &Question<'a>) -> Json<'a> {
    let mut all: BTreeMap<String, Vec<Json<'a>>> = BTreeMap::new();
    let pdm = question.tables.tool("pdm");
    let older = pdm.and_then(|pdm| pdm.table_if_any("dev-dependencies"));
    let groups = question.tables.root.table_if_any("dependency-groups");
    for table in [groups, older].iter().flatten() {
        for key in table.keys() {
            let value = table.raw(&key.value);
            let items = value.and_then(|value| value.as_array());
            let items = items.into_iter().flat_map(|items| items.iter());
            let group = all.entry(normalized(&key.value)).or_default();
            group.extend(items.map(|item| Json::Toml(item.get_ref())));
        }
    }
    Json::Table(
        all.into_iter()
            .map(|(name, items)| (name, Json::List(items)))
            .collect(),
    )
}

struct Packages<'a> {
    all: Vec<Package<'a>>,
    by_name: BTreeMap<String, Vec<usize>>,
    /// Names whose versions nobody else decides.
    overridden: BTreeSet<String>,
}

struct Package<'a> {
    name: String,
    version: Option<Spanned<String>>,
    /// A package with extras is an entry of its own, with what these need.
    extras: Vec<String>,
    table: Table<'a>,
}

impl<'a> Packages<'a> {
    fn read(root: &Table<'a>, overridden: BTreeSet<String>) -> Result<Self, Diagnostic> {
        let mut all = Vec::new();
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for table in root.tables("package") {
            let name = name(&table)?.value;
            by_name.entry(name.clone()).or_default().push(all.len());
            let extras = table.strings_if_any("extras");
            let mut extras: Vec<_> = extras
                .iter()
                .map(|extra| normalized(&extra.value))
                .collect();
            extras.sort();
            all.push(Package {
                version: table.string_if_any("version"),
                name,
                extras,
                table,
            });
        }
        Ok(Self {
            all,
            by_name,
            overridden,
        })
    }

    fn versions(&self, name: &str) -> Vec<String> {
        let all = self.by_name.get(name).into_iter().flatten();
        all.map(|&n| match &self.all[n].version {
            Some(version) => version.value.clone(),
            None => String::new(),
        })
        .collect()
    }

    /// One entry for the entries of a package with extras and without.
    fn without_extras(
        &self,
        found: impl IntoIterator<Item = (usize, Condition)>,
    ) -> Vec<(usize, Condition)> {
        let mut packages: BTreeMap<(&str, Option<&str>), (usize, Condition)> = BTreeMap::new();
        for (n, condition) in found {
            let package = &self.all[n];
            let version = package
                .version
                .as_ref()
                .map(|version| version.value.as_str());
            let known = packages.entry((&package.name, version));
            let known = known.or_insert_with(|| (n, Condition::never()));
            known.1 = known.1.or(&condition);
            // The hashes stand in the entry without extras.
            if package.extras.is_empty() {
                known.0 = n;
            }
        }
        packages.into_values().collect()
    }

    fn listed(
        &self,
        groups: &BTreeSet<String>,
        environment: &Environment,
    ) -> Result<Vec<(usize, Condition)>, Diagnostic> {
        let mut found = Vec::new();
        for (n, package) in self.all.iter().enumerate() {
            let mut of_package = package.table.strings_if_any("groups").into_iter();
            if !of_package.any(|group| groups.contains(&normalized(&group.value))) {
                continue;
            }
            let marker = package.table.string_if_any("marker");
            let condition = environment.holds(marker.as_ref())?;
            if !condition.is_never() {
                found.push((n, condition));
            }
        }
        Ok(self.without_extras(found))
    }

    fn walked(
        &self,
        question: &Question<'_>,
        environment: &Environment,
    ) -> Result<Vec<(usize, Condition)>, Diagnostic> {
        let mut roots = Vec::new();
        for requirement in question.chosen_requirements() {
            roots.extend(self.meant("the project", &requirement, environment)?);
        }
        let reached = reach(roots, |&n| self.edges(n, environment))?;
        Ok(self.without_extras(reached))
    }

    fn edges(
        &self,
        n: usize,
        environment: &Environment,
    ) -> Result<Vec<(usize, Condition)>, Diagnostic> {
        let package = &self.all[n];
        let mut edges = Vec::new();
        for text in package.table.strings_if_any("dependencies") {
            let requirement = Requirement::parse(text)?;
            edges.extend(self.meant(&package.name, &requirement, environment)?);
        }
        Ok(edges)
    }

    /// The entry that is meant by a requirement.
    fn meant(
        &self,
        from: &str,
        requirement: &Requirement,
        environment: &Environment,
    ) -> Result<Option<(usize, Condition)>, Diagnostic> {
        let span = &requirement.text.span;
        let marker = requirement
            .marker
            .clone()
            .map(|marker| Spanned::new(marker, span.clone()));
        let condition = environment.holds(marker.as_ref())?;
        if condition.is_never() {
            return Ok(None);
        }
        let constraint = match &requirement.version {
            VersionOrUrl::Version(text) if !self.overridden.contains(&requirement.name) => {
                Constraint::pep440(text).ok()
            }
            VersionOrUrl::Version(_) | VersionOrUrl::Url(_) => None,
        };
        let fits = |n: &&usize| {
            let package = &self.all[**n];
            package.extras == requirement.extras && package.fits(constraint.as_ref(), environment)
        };
        let candidates = self
            .by_name
            .get(&requirement.name)
            .map_or(&[][..], Vec::as_slice);
        let found = candidates.iter().find(fits);
        let same_name = Spanned::new(requirement.name.clone(), span.clone());
        let found = found.ok_or_else(|| edge_to_nowhere(from, &same_name))?;
        Ok(Some((*found, condition)))
    }
}

impl Package<'_> {
    fn fits(&self, constraint: Option<&Constraint>, environment: &Environment) -> bool {
        let python = self.table.string_if_any("requires_python");
        let python = python.and_then(|text| Constraint::pep440(&text.value).ok());
        let version = self
            .version
            .as_ref()
            .and_then(|text| text.value.parse().ok());
        let has_version = match (constraint, version) {
            (Some(constraint), Some(version)) => constraint.allows(&version),
            _ => true,
        };
        has_version && python.is_none_or(|python| environment.allows(&python))
    }

    fn pin(&self, condition: &Condition, question: &Question<'_>) -> Result<Pinned, Diagnostic> {
        let table = &self.table;
        let place = table.key_span("name");
        let source = self.source(question)?;
        let files: Vec<_> = table
            .tables("files")
            .iter()
            .filter_map(|file| file.string_if_any("hash"))
            .collect();
        let hashes = required(hashes(&files)?, &source, false, (&self.name, &place))?;
        Ok(Pinned {
            name: self.name.clone(),
            version: self.version.as_ref().map(checked_version).transpose()?,
            source,
            hashes,
            wheels: wheels(&table.tables("files")),
            marker: condition.marker(),
            span: place,
        })
    }

    fn source(&self, question: &Question<'_>) -> Result<PinnedSource, Diagnostic> {
        let table = &self.table;
        if let Some(url) = table.string_if_any("git") {
            let subdirectory = table.string_if_any("subdirectory");
            return git(&url, &string(table, "revision")?, subdirectory.as_ref());
        }
        if let Some(path) = table.string_if_any("path") {
            let inside = local(question.folder, &path)?;
            return Ok(at_path(inside));
        }
        if let Some(url) = table.string_if_any("url") {
            return Ok(PinnedSource::Url(checked_url(&url)?));
        }
        string(table, "version")?;
        source_of(&self.name, question)
    }
}

/// The index that `[[tool.pdm.source]]` names for a package. The lock itself does not say.
fn source_of(package: &str, question: &Question<'_>) -> Result<PinnedSource, Diagnostic> {
    let sources = question
        .tables
        .tool("pdm")
        .map(|pdm| pdm.tables("source"))
        .unwrap_or_default();
    let includes = |source: &&Table<'_>| {
        let patterns = source.strings_if_any("include_packages");
        patterns
            .iter()
            .any(|pattern| matches(&pattern.value, package))
    };
    let is_default = |source: &&Table<'_>| {
        source
            .string_if_any("name")
            .is_some_and(|name| name.value == "pypi")
    };
    let source = sources
        .iter()
        .find(includes)
        .or_else(|| sources.iter().find(is_default));
    match source {
        None => Ok(PinnedSource::Index),
        Some(source) => index(package, &string(source, "url")?),
    }
}

/// `fnmatch`, as far as names of packages need it: `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.split_once('*') {
        None => normalized(&pattern) == name,
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    }
}
