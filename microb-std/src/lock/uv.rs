//! `uv.lock`: a graph of packages for all platforms at once.
//!
//! The format is documented by its writer: <https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile>.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Span, Spanned};

use super::condition::Condition;
use super::environment::Environment;
use super::fields::{
    self, checked_name, checked_url, checked_version, hashes, index, local, name, required, string,
};
use super::walk::reach;
use super::{Question, absent, edge_to_nowhere, unknown_version, uv_metadata};
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::normalized;
use crate::tree::Table;

/// The version of the format that is read; its revisions only add to it.
const VERSION: &str = "1";

/// The packages of the lock, each with its place in the list.
struct Packages<'a> {
    all: Vec<Package<'a>>,
    by_name: BTreeMap<String, Vec<usize>>,
}

struct Package<'a> {
    name: String,
    version: Option<Spanned<String>>,
    source: Source,
    table: Table<'a>,
}

/// `source = { registry = "https://…" }`: the key and its value.
#[derive(PartialEq, Eq)]
struct Source {
    kind: Kind,
    value: String,
    span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Registry,
    Git,
    Url,
    Path,
    Folder,
    /// The folder of a project that is no package.
    Virtual,
}

const KINDS: &[(&str, Kind)] = &[
    ("registry", Kind::Registry),
    ("git", Kind::Git),
    ("url", Kind::Url),
    ("path", Kind::Path),
    ("directory", Kind::Folder),
    ("editable", Kind::Folder),
    ("virtual", Kind::Virtual),
];

/// What the packages of a target are reached from, in an environment.
type Roots<'a> = dyn Fn(&Environment) -> Result<Vec<(Node, Condition)>, Diagnostic> + 'a;

/// A package, or one of its extras, which needs the package itself too.
type Node = (usize, Option<String>);

/// The packages that the target gets.
pub(super) fn read(root: &Table<'_>, question: &Question<'_>) -> Result<Vec<Pinned>, Diagnostic> {
    if root.integer_if_any("version").as_deref() != Some(VERSION) {
        return Err(unknown_version(root, "version"));
    }
    let packages = Packages::read(root)?;
    if question.is_script {
        return of_script(root, &packages, question);
    }
    let project = packages.project(root, question)?;
    uv_metadata::check(&packages.all[project].table, question)?;
    let table = &packages.all[project].table;
    let chosen = chosen(table, question)?;
    let mut environment = question.environment(chosen.names());
    environment
        .extras
        .extend(chosen.encoded(&packages.all[project].name));
    let roots = |environment: &Environment| packages.roots(project, &chosen, environment);
    packages.pins(&roots, Some(project), environment, question)
}

/// The folders of all projects of the lock, whatever the target needs.
pub(super) fn folders(
    root: &Table<'_>,
    question: &Question<'_>,
) -> Result<Vec<String>, Diagnostic> {
    let mut folders = Vec::new();
    for table in root.tables("package") {
        let source = Source::of(&table)?;
        if matches!(source.kind, Kind::Folder | Kind::Virtual) {
            // One outside of the build context is a mistake only if it is needed.
            folders.extend(local(question.folder, &source.text()).ok());
        }
    }
    Ok(folders)
}

/// The packages of a script, which is no package of its lock.
fn of_script(
    root: &Table<'_>,
    packages: &Packages<'_>,
    question: &Question<'_>,
) -> Result<Vec<Pinned>, Diagnostic> {
    question.chosen_extras(&[])?;
    question.chosen_groups(&[])?;
    let manifest = root.table_if_any("manifest");
    let requirements = manifest.map(|manifest| manifest.tables("requirements"));
    let requirements = requirements.unwrap_or_default();
    uv_metadata::check_script(&requirements, question)?;
    let roots = |environment: &Environment| packages.required(&requirements, environment);
    packages.pins(
        &roots,
        None,
        question.environment(BTreeSet::new()),
        question,
    )
}

/// The extras and groups of the project that the target asks for.
struct Chosen {
    extras: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Chosen {
    fn names(&self) -> BTreeSet<String> {
        self.extras.clone()
    }

    /// What uv calls them in the markers of packages that are in conflict.
    fn encoded(&self, project: &str) -> Vec<String> {
        let extras = self
            .extras
            .iter()
            .map(|name| encoded("extra", project, name));
        let groups = self
            .groups
            .iter()
            .map(|name| encoded("group", project, name));
        let itself = format!("project-{}-{project}", project.len());
        extras.chain(groups).chain([itself]).collect()
    }
}

fn encoded(what: &str, package: &str, name: &str) -> String {
    format!("{what}-{}-{package}-{name}", package.len())
}

fn chosen(table: &Table<'_>, question: &Question<'_>) -> Result<Chosen, Diagnostic> {
    let metadata = table.table_if_any("metadata");
    let in_metadata = |key| {
        metadata
            .as_ref()
            .and_then(|metadata| metadata.table_if_any(key))
    };
    let keys = |table: Option<Table<'_>>| -> Vec<String> {
        let keys = table.map(|table| table.keys()).unwrap_or_default();
        keys.iter().map(|key| normalized(&key.value)).collect()
    };
    let mut extras = keys(table.table_if_any("optional-dependencies"));
    if let Some(metadata) = &metadata {
        let all = metadata.strings_if_any("provides-extras");
        extras.extend(all.iter().map(|name| normalized(&name.value)));
    }
    let mut groups = keys(table.table_if_any("dev-dependencies"));
    groups.extend(keys(in_metadata("requires-dev")));
    Ok(Chosen {
        extras: question.chosen_extras(&extras)?,
        groups: question.chosen_groups(&groups)?,
    })
}

impl<'a> Packages<'a> {
    fn read(root: &Table<'a>) -> Result<Self, Diagnostic> {
        let mut all = Vec::new();
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for table in root.tables("package") {
            let name = name(&table)?.value;
            by_name.entry(name.clone()).or_default().push(all.len());
            all.push(Package {
                version: table.string_if_any("version"),
                source: Source::of(&table)?,
                name,
                table,
            });
        }
        Ok(Self { all, by_name })
    }

    /// The package that is the project itself.
    fn project(&self, root: &Table<'_>, question: &Question<'_>) -> Result<usize, Diagnostic> {
        let name = question.project_name()?;
        let here = |&&package: &&usize| {
            let source = &self.all[package].source;
            matches!(source.kind, Kind::Folder | Kind::Virtual)
                && crate::location::within_context(question.folder, &source.value).as_deref()
                    == Some(question.project_dir)
        };
        let found = self.by_name.get(name).and_then(|all| all.iter().find(here));
        found.copied().ok_or_else(|| absent(name, root.span()))
    }

    /// All that is reached from the roots in this environment, but the project itself.
    fn pins(
        &self,
        roots: &Roots<'_>,
        project: Option<usize>,
        mut environment: Environment,
        question: &Question<'_>,
    ) -> Result<Vec<Pinned>, Diagnostic> {
        let reached = loop {
            let reached = reach(roots(&environment)?, |node| self.edges(node, &environment))?;
            // Extras of other packages can be in conflict with one another too.
            let before = environment.extras.len();
            let encoded = reached.keys().filter_map(|(package, extra)| {
                Some(encoded(
                    "extra",
                    &self.all[*package].name,
                    extra.as_deref()?,
                ))
            });
            let encoded: Vec<_> = encoded.collect();
            environment.extras.extend(encoded);
            if environment.extras.len() == before {
                break reached;
            }
            environment = question.environment(environment.extras);
        };
        let mut pins = Vec::new();
        for ((package, extra), condition) in reached {
            if extra.is_none() && Some(package) != project {
                pins.extend(self.all[package].pin(&condition, question)?);
            }
        }
        Ok(pins)
    }

    /// What the requirements of a script name. Of several versions the one is meant whose markers hold.
    fn required(
        &self,
        requirements: &[Table<'_>],
        environment: &Environment,
    ) -> Result<Vec<(Node, Condition)>, Diagnostic> {
        let mut roots = Vec::new();
        for table in requirements {
            let marker = table.string_if_any("marker");
            let condition = environment.holds(marker.as_ref())?;
            if condition.is_never() {
                continue;
            }
            let name = name(table)?;
            let mut meant = None;
            for &package in self.by_name.get(&name.value).into_iter().flatten() {
                let markers = self.all[package].table.strings_if_any("resolution-markers");
                let mut holds = markers.is_empty();
                for marker in &markers {
                    holds |= !environment.holds(Some(marker))?.is_never();
                }
                if holds {
                    meant = Some(package);
                    break;
                }
            }
            let package = meant.ok_or_else(|| absent(&name.value, &name.span))?;
            roots.push(((package, None), condition.clone()));
            for extra in table.strings_if_any("extras") {
                let extra = checked_name(extra)?.value;
                roots.push(((package, Some(extra)), condition.clone()));
            }
        }
        Ok(roots)
    }

    fn roots(
        &self,
        project: usize,
        chosen: &Chosen,
        environment: &Environment,
    ) -> Result<Vec<(Node, Condition)>, Diagnostic> {
        let mut roots = vec![((project, None), Condition::always())];
        let extras = chosen.extras.iter();
        roots.extend(extras.map(|extra| ((project, Some(extra.clone())), Condition::always())));
        if let Some(groups) = self.all[project].table.table_if_any("dev-dependencies") {
            for key in groups.keys() {
                if chosen.groups.contains(&normalized(&key.value)) {
                    roots.extend(self.listed(project, &groups.tables(&key.value), environment)?);
                }
            }
        }
        Ok(roots)
    }

    /// What a package or an extra needs.
    fn edges(
        &self,
        (package, extra): &Node,
        environment: &Environment,
    ) -> Result<Vec<(Node, Condition)>, Diagnostic> {
        let table = &self.all[*package].table;
        let Some(extra) = extra else {
            return self.listed(*package, &table.tables("dependencies"), environment);
        };
        let mut edges = vec![((*package, None), Condition::always())];
        if let Some(extras) = table.table_if_any("optional-dependencies") {
            for key in extras.keys() {
                if normalized(&key.value) == *extra {
                    edges.extend(self.listed(*package, &extras.tables(&key.value), environment)?);
                }
            }
        }
        Ok(edges)
    }

    /// The packages that a list of dependencies names.
    fn listed(
        &self,
        from: usize,
        list: &[Table<'_>],
        environment: &Environment,
    ) -> Result<Vec<(Node, Condition)>, Diagnostic> {
        let mut edges = Vec::new();
        for table in list {
            let marker = table.string_if_any("marker");
            let condition = environment.holds(marker.as_ref())?;
            if condition.is_never() {
                continue;
            }
            let package = self.named(from, table)?;
            edges.push(((package, None), condition.clone()));
            for extra in table.strings_if_any("extra") {
                let extra = checked_name(extra)?.value;
                edges.push(((package, Some(extra)), condition.clone()));
            }
        }
        Ok(edges)
    }

    /// The package that an entry of a list of dependencies means: the version and the source stand there if the name
    /// alone does not tell.
    fn named(&self, from: usize, table: &Table<'_>) -> Result<usize, Diagnostic> {
        let name = name(table)?;
        let version = table.string_if_any("version");
        let source = table.has("source").then(|| Source::of(table)).transpose()?;
        let is_meant = |&&package: &&usize| {
            let package = &self.all[package];
            let same = |version: &Spanned<String>| {
                package.version.as_ref().map(|own| &own.value) == Some(&version.value)
            };
            version.as_ref().is_none_or(same)
                && source
                    .as_ref()
                    .is_none_or(|source| package.source.is(source))
        };
        let candidates = self.by_name.get(&name.value);
        let found = candidates.and_then(|all| all.iter().find(is_meant));
        found
            .copied()
            .ok_or_else(|| edge_to_nowhere(&self.all[from].name, &name))
    }
}

impl Source {
    fn of(table: &Table<'_>) -> Result<Self, Diagnostic> {
        let Some(source) = table.table_if_any("source") else {
            let message = format!("`{}` has no `source`", table.path());
            return Err(Diagnostic::error(message).at(table.span()));
        };
        for (key, kind) in KINDS {
            if let Some(value) = source.string_if_any(key) {
                return Ok(Self {
                    kind: *kind,
                    value: value.value,
                    span: value.span,
                });
            }
        }
        let message = format!("`{}` is of an unknown kind", source.path());
        Err(Diagnostic::error(message).at(source.span()))
    }

    fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.value == other.value
    }

    fn text(&self) -> Spanned<String> {
        Spanned::new(self.value.clone(), self.span.clone())
    }
}

impl Package<'_> {
    /// The package for the installer; `None` if it is no package, but a project that is only sources.
    fn pin(
        &self,
        condition: &Condition,
        question: &Question<'_>,
    ) -> Result<Option<Pinned>, Diagnostic> {
        let source = self.source(question)?;
        let Some(source) = source else {
            return Ok(None);
        };
        let hashes = required(self.hashes()?, &source, &self.name, self.table.span())?;
        let version = self.version.as_ref().map(checked_version).transpose()?;
        if version.is_none() && matches!(source, PinnedSource::Index | PinnedSource::OnlyIndex(_)) {
            string(&self.table, "version")?;
        }
        Ok(Some(Pinned {
            name: self.name.clone(),
            version,
            source,
            hashes,
            wheels: fields::wheels(&self.table.tables("wheels")),
            marker: condition.marker(),
            span: self.table.key_span("name"),
        }))
    }

    fn source(&self, question: &Question<'_>) -> Result<Option<PinnedSource>, Diagnostic> {
        let text = self.source.text();
        Ok(Some(match self.source.kind {
            Kind::Registry => index(&self.name, &text)?,
            Kind::Git => git(&text)?,
            Kind::Url => {
                let url = checked_url(&text)?;
                let part = self.table.table_if_any("source");
                match part.and_then(|source| source.string_if_any("subdirectory")) {
                    Some(path) => PinnedSource::Url(format!("{url}#subdirectory={}", path.value)),
                    None => PinnedSource::Url(url),
                }
            }
            Kind::Path => PinnedSource::File(local(question.folder, &text)?),
            Kind::Folder => PinnedSource::Folder(local(question.folder, &text)?),
            Kind::Virtual => return Ok(None),
        }))
    }

    fn hashes(&self) -> Result<Vec<String>, Diagnostic> {
        let mut files = self.table.tables("wheels");
        files.extend(self.table.table_if_any("sdist"));
        let written: Vec<_> = files
            .iter()
            .filter_map(|file| file.string_if_any("hash"))
            .collect();
        hashes(&written)
    }
}

/// `https://host/repository?rev=v1&subdirectory=a#COMMIT`
fn git(text: &Spanned<String>) -> Result<PinnedSource, Diagnostic> {
    let (url, commit) = text.value.split_once('#').unwrap_or((&text.value, ""));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let subdirectory = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("subdirectory="));
    let part = |part: &str| Spanned::new(part.to_owned(), text.span.clone());
    let subdirectory = subdirectory.map(|path| part(&path.replace("%2F", "/")));
    fields::git(&part(url), &part(commit), subdirectory.as_ref())
}
