//! `[tool.uv.sources]` where there is no lock: where single packages come from.
//!
//! <https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources>

use std::collections::BTreeSet;

use microb::{Context, Diagnostic, Spanned};

use crate::backend;
use crate::dependencies;
use crate::extras;
use crate::location::within_context;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::text;
use crate::tree::{self, Table, escape};
use crate::uv_workspace;

/// Keys that make a source hold for a part of the builds only.
pub(crate) const CONDITIONS: &[&str] = &["marker", "extra", "group"];

/// The requirements after the sources had their say.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// What the installer looks for: each with the URL that its source says. One from an index of its own stays as it is.
    pub(crate) requirements: Vec<Requirement>,
    /// Projects in folders of the build context.
    pub(crate) folders: Vec<Folder>,
    /// The folders that were read, with the extras that are wanted of them.
    seen: BTreeSet<(String, Vec<String>)>,
}

/// A project in a folder of the build context.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// Its name in PEP 503's normal form.
    pub(crate) name: String,
    /// Its path in the build context, with the place of what asks for it.
    pub(crate) path: Spanned<String>,
}

/// What a source comes to.
enum Place {
    /// The indices decide.
    Index,
    Url(String),
    /// A folder of the build context.
    Folder(String),
}

/// Reads the sources of the requirements, and of the projects in folders that they name.
pub(crate) fn apply(
    requirements: Vec<Requirement>,
    tables: &Tables<'_>,
    project_dir: &str,
    cx: &dyn Context,
    findings: &Findings,
) -> Applied {
    let mut applied = Applied::default();
    // The project itself is installed anyway.
    applied.seen.insert((project_dir.to_owned(), Vec::new()));
    applied.visit(requirements, tables, project_dir, cx, findings);
    applied
}

impl Applied {
    /// Adds the requirements of a project in a folder.
    fn visit(
        &mut self,
        requirements: Vec<Requirement>,
        tables: &Tables<'_>,
        folder: &str,
        cx: &dyn Context,
        findings: &Findings,
    ) {
        let uv = tables.tool("uv");
        let sources = uv.and_then(|uv| uv.table_if_any("sources"));
        for mut requirement in requirements {
            let is_it = |key: &Spanned<String>| normalized(&key.value) == requirement.name;
            let key = sources.as_ref().filter(|_| !requirement.is_url());
            let key = key.and_then(|sources| sources.keys().into_iter().find(is_it));
            let place = match (&sources, &key) {
                (Some(sources), Some(key)) => place(sources, key, folder, cx),
                _ => Ok(Place::Index),
            };
            match (findings.keep(place), key) {
                (Some(Place::Folder(path)), Some(key)) => {
                    self.folder(&requirement, &key, &path, cx, findings);
                }
                (Some(Place::Url(url)), _) => {
                    requirement.version = VersionOrUrl::Url(url);
                    self.requirements.push(requirement);
                }
                _ => self.requirements.push(requirement),
            }
        }
    }

    /// Adds a project in a folder, with what it requires itself.
    fn folder(
        &mut self,
        requirement: &Requirement,
        key: &Spanned<String>,
        path: &str,
        cx: &dyn Context,
        findings: &Findings,
    ) {
        if requirement.marker.is_some() {
            findings.add(needs_lock(key, "is in a folder, for some builds only"));
            return;
        }
        if !self
            .seen
            .insert((path.to_owned(), requirement.extras.clone()))
        {
            return;
        }
        let definition = uv_workspace::within(path, "pyproject.toml");
        let Some(file) = findings.keep(text::read(cx, &definition)).flatten() else {
            let message = format!("`{}` is not in the build context", escape(&definition));
            let error = Diagnostic::error(message).at(&key.span);
            findings.add(error.help("check the path, and `.dockerignore`"));
            return;
        };
        let Some(tree) = tree::parse(&file, findings) else {
            return;
        };
        let tables = Tables::of(Table::root(&tree, &file, findings));
        let has_setup = tables.project.is_none() && backend::has_setup(cx, path);
        let listed = dependencies::listed(&tables, cx, path, has_setup);
        if listed.is_of_backend() {
            findings.add(needs_lock(
                key,
                "is in a folder, and only its backend knows what it requires",
            ));
            return;
        }
        let span = &requirement.text.span;
        let wanted = requirement.extras.iter();
        let wanted: Vec<_> = wanted
            .map(|extra| Spanned::new(extra.clone(), span.clone()))
            .collect();
        let name = Some(requirement.name.as_str());
        let inside = extras::expand(
            name,
            &listed.dependencies,
            &listed.extras,
            &wanted,
            findings,
        );
        if !self.folders.iter().any(|known| known.path.value == path) {
            self.folders.push(Folder {
                name: requirement.name.clone(),
                path: Spanned::new(path.to_owned(), key.span.clone()),
            });
        }
        self.visit(inside, &tables, path, cx, findings);
    }
}

/// The sources of one package: a table, or a list of them.
pub(crate) fn entries<'a>(sources: &Table<'a>, name: &str) -> Vec<Table<'a>> {
    match sources.table_if_any(name) {
        Some(only) => vec![only],
        None => sources.tables(name),
    }
}

fn place(
    sources: &Table<'_>,
    key: &Spanned<String>,
    folder: &str,
    cx: &dyn Context,
) -> Result<Place, Diagnostic> {
    let entries = entries(sources, &key.value);
    let is_index = |entry: &Table<'_>| entry.has("index");
    if entries.iter().all(is_index) {
        return Ok(Place::Index);
    }
    let [entry] = entries.as_slice() else {
        return Err(needs_lock(key, "has several sources"));
    };
    if CONDITIONS.iter().any(|condition| entry.has(condition)) {
        return Err(needs_lock(key, "has a source for some builds only"));
    }
    if entry.boolean_if_any("workspace") == Some(true) {
        return uv_workspace::member(cx, folder, key).map(Place::Folder);
    }
    if let Some(path) = entry.string_if_any("path") {
        return local(&path, key, folder);
    }
    match url(entry) {
        Some(url) => Ok(Place::Url(url)),
        None => Err(needs_lock(key, "has a source that is not known here")),
    }
}

/// The URL that PEP 508 has for the source.
fn url(entry: &Table<'_>) -> Option<String> {
    let of = |key: &str| entry.string_if_any(key).map(|text| text.value);
    let subdirectory = of("subdirectory").map(|path| format!("#subdirectory={path}"));
    let subdirectory = subdirectory.unwrap_or_default();
    let Some(repository) = of("git") else {
        return of("url").map(|url| format!("{url}{subdirectory}"));
    };
    let reference = ["rev", "tag", "branch"].iter().find_map(|key| of(key));
    let reference = reference.map_or_else(String::new, |reference| format!("@{reference}"));
    let repository = repository.strip_prefix("git+").unwrap_or(&repository);
    Some(format!("git+{repository}{reference}{subdirectory}"))
}

fn local(path: &Spanned<String>, key: &Spanned<String>, folder: &str) -> Result<Place, Diagnostic> {
    if [".whl", ".gz", ".zip"]
        .iter()
        .any(|end| path.value.ends_with(end))
    {
        return Err(needs_lock(key, "is a file of the build context"));
    }
    let inside = within_context(folder, &path.value);
    let inside = inside.filter(|_| !path.value.starts_with('/'));
    inside.map(Place::Folder).ok_or_else(|| {
        let message = format!("`{}` is outside the build context", escape(&path.value));
        let error = Diagnostic::error(message).at(&path.span);
        error.help(
            "build with a context that has it, for instance `docker build -f app/pyproject.toml .`",
        )
    })
}

/// What only a lock can say.
fn needs_lock(key: &Spanned<String>, why: &str) -> Diagnostic {
    let message = format!(
        "`{}` {why}, which is not read without a lock",
        escape(&key.value)
    );
    Diagnostic::error(message)
        .at(&key.span)
        .help("run `uv lock`")
}
