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
use super::question::Chosen;
use super::uv_origin::decoded;
use super::walk::reach;
use super::{Question, absent, edge_to_nowhere, not_for_image, unknown_version, uv_metadata};
use crate::location::within_context;
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::normalized;
use crate::tree::Table;

/// The version of the format that is read; its revisions only add to it.
const VERSION: &str = "1";

/// The packages of the lock, each with its place in the list.
struct Packages<'a> {
    root: Table<'a>,
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
    check_platform(root, question)?;
    question.compare(|| uv_metadata::check(root, question))?;
    let packages = Packages::read(root)?;
    if question.is_script {
        return of_script(root, &packages, question);
    }
    if question.tables.project.is_none()
        && let Some(manifest) = root.table_if_any("manifest")
    {
        return of_no_project(&manifest, &packages, question);
    }
    let project = packages.project(root, question)?;
    let table = &packages.all[project].table;
    question.compare(|| uv_metadata::check_project(root, table, question))?;
    let chosen = chosen(table, question)?;
    let mut environment = question.environment(chosen.extras.clone());
    environment
        .extras
        .extend(all_encoded(&chosen, &packages.all[project].name));
    let roots = |environment: &Environment| packages.roots(project, &chosen, environment);
    packages.pins(&roots, Some(project), environment, question)
}

/// Whether the image's platform is one that the lock was made for: other packages than theirs are not in it.
fn check_platform(root: &Table<'_>, question: &Question<'_>) -> Result<(), Diagnostic> {
    if question.is_for_image(&root.strings_if_any("supported-markers"))? {
        return Ok(());
    }
    Err(not_for_image(&root.key_span("supported-markers"))
        .help("add `sys_platform == 'linux'` to `environments` in `[tool.uv]`, and run `uv lock`"))
}

/// The folders of all projects of the lock, whatever the target needs.
pub(super) fn folders(
    root: &Table<'_>,
    question: &Question<'_>,
) -> Result<Vec<String>, Diagnostic> {
    let mut folders = Vec::new();
    for table in root.tables("package") {
        let source = Source::of(&table)?;
        if source.is_folder() {
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
    question.chosen(&[], &[])?;
    let manifest = root.table_if_any("manifest");
    let requirements = manifest.map(|manifest| manifest.tables("requirements"));
    let requirements = requirements.unwrap_or_default();
    question.compare(|| uv_metadata::check_script(root, &requirements, question))?;
    let roots = |environment: &Environment| packages.required(&requirements, environment);
    packages.pins(
        &roots,
        None,
        question.environment(BTreeSet::new()),
        question,
    )
}

/// The packages of a root that is no project: all members of the workspace, and the chosen groups, as `uv sync` has them.
fn of_no_project(
    manifest: &Table<'_>,
    packages: &Packages<'_>,
    question: &Question<'_>,
) -> Result<Vec<Pinned>, Diagnostic> {
    let groups = manifest.table_if_any("dependency-groups");
    question
        .compare(|| uv_metadata::check_only_groups(&packages.root, groups.as_ref(), question))?;
    let keys = groups.as_ref().map(Table::keys).unwrap_or_default();
    let known: Vec<_> = keys.iter().map(|key| normalized(&key.value)).collect();
    let chosen = question.chosen(&[], &known)?;
    let is_chosen = |key: &&Spanned<String>| chosen.groups.contains(&normalized(&key.value));
    let mut requirements = Vec::new();
    if let Some(groups) = &groups {
        let keys = keys.iter().filter(is_chosen);
        requirements.extend(keys.flat_map(|key| groups.tables(&key.value)));
    }
    let members = manifest.strings_if_any("members");
    let roots = |environment: &Environment| {
        let mut roots = packages.required(&requirements, environment)?;
        for member in &members {
            let member = checked_name(member.clone())?;
            let package = packages.folder_of(&member.value);
            let package = package.ok_or_else(|| absent(&member.value, &member.span))?;
            roots.push(((package, None), Condition::always()));
        }
        Ok(roots)
    };
    packages.pins(
        &roots,
        None,
        question.environment(BTreeSet::new()),
        question,
    )
}

/// What uv calls the chosen extras and groups in the markers of packages that are in conflict.
fn all_encoded(chosen: &Chosen, project: &str) -> Vec<String> {
    let of = |what: &'static str, names: &BTreeSet<String>| -> Vec<String> {
        let names = names.iter();
        names.map(|name| encoded(what, project, name)).collect()
    };
    let mut all = of("extra", &chosen.extras);
    all.extend(of("group", &chosen.groups));
    all.push(format!("project-{}-{project}", project.len()));
    all
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
    question.chosen(&extras, &groups)
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
        Ok(Self {
            root: root.clone(),
            all,
            by_name,
        })
    }

    /// The package of this name that is a project in a folder.
    fn folder_of(&self, name: &str) -> Option<usize> {
        let is_folder = |package: &usize| self.all[*package].source.is_folder();
        let all = self.by_name.get(name).into_iter().flatten();
        all.copied().find(is_folder)
    }

    /// The package that is the project itself.
    fn project(&self, root: &Table<'_>, question: &Question<'_>) -> Result<usize, Diagnostic> {
        let name = question.project_name()?;
        let here = |&&package: &&usize| {
            let source = &self.all[package].source;
            source.is_folder()
                && within_context(question.folder, &source.value).as_deref()
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
                self.check(package, question)?;
                pins.extend(self.all[package].pin(&condition, question)?);
            }
        }
        Ok(pins)
    }

    /// Whether a project in a folder of the build context is still the one that the lock was made for.
    fn check(&self, package: usize, question: &Question<'_>) -> Result<(), Diagnostic> {
        let Package { source, table, .. } = &self.all[package];
        match within_context(question.folder, &source.value).filter(|_| source.is_folder()) {
            None => Ok(()),
            Some(folder) => {
                question.compare(|| uv_metadata::check_other(&self.root, table, &folder, question))
            }
        }
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

    /// Whether it is a project in a folder.
    fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder | Kind::Virtual)
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
        // uv has what the index says, and no index needs to say any.
        let may_lack = matches!(source, PinnedSource::OnlyIndex(_));
        let place = (self.name.as_str(), self.table.span());
        let hashes = required(self.hashes()?, &source, may_lack, place)?;
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
            Kind::Path => fields::file(local(question.folder, &text)?),
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
    let subdirectory = subdirectory.map(|path| part(&decoded(path)));
    fields::git(&part(url), &part(commit), subdirectory.as_ref())
}
