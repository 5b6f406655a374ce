//! Whether a `uv.lock` was made for the project as it is: the lock repeats what it was made for.

use microb::{Diagnostic, Spanned};

use super::same_marker::same;
use super::uv_origin::{Origin, Origins, is_listed};
use super::{Question, stale};
use crate::dependencies;
use crate::extras;
use crate::location::within_context;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::specifier::Constraint;
use crate::tree::{Table, escape};
use crate::uv_workspace;

/// What a project lists, each with the extra that it belongs to.
type Listed = Vec<(Requirement, Option<String>)>;

/// Compares what the lock repeats of the whole workspace.
pub(super) fn check(root: &Table<'_>, question: &Question<'_>) -> Result<(), Diagnostic> {
    with_workspace(question, |workspace| {
        check_python(root, question, workspace)?;
        let made = Made::of(root, question);
        let comparison = made.comparison(workspace, question.folder, None).by_name();
        let manifest = root.table_if_any("manifest");
        // Settings of a uv.toml would come first.
        let uv_toml = uv_workspace::within(question.folder, "uv.toml");
        if matches!(question.cx.read(&uv_toml), Ok(Some(_))) {
            return Ok(());
        }
        let uv = workspace.tool("uv");
        for (key, locked) in [
            ("override-dependencies", "overrides"),
            ("constraint-dependencies", "constraints"),
        ] {
            let texts = uv.as_ref().map(|uv| uv.strings_if_any(key));
            let mut listed = Listed::new();
            for text in texts.unwrap_or_default() {
                listed.push((Requirement::parse(text)?, None));
            }
            let locked = manifest.as_ref().map(|manifest| manifest.tables(locked));
            comparison.check(&listed, &locked.unwrap_or_default())?;
        }
        check_excludes(uv.as_ref(), manifest.as_ref(), question)
    })
}

/// Compares `[package.metadata]` of the project in the lock with what the project lists.
pub(super) fn check_project(
    root: &Table<'_>,
    project: &Table<'_>,
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let metadata = project.table_if_any("metadata");
    let made = Made::of(root, question);
    with_workspace(question, |workspace| {
        let comparison = made
            .comparison(question.tables, question.project_dir, Some(workspace))
            .called(question.project.normalized_name.as_deref());
        if !question.listed.is_of_backend() {
            let lists = (&question.listed.dependencies[..], &question.listed.extras);
            comparison.check_lists(lists, metadata.as_ref())?;
        }
        let groups = metadata
            .as_ref()
            .and_then(|metadata| metadata.table_if_any("requires-dev"));
        comparison.check_groups(question, groups.as_ref())
    })
}

/// Compares the groups of a root that is no project.
pub(super) fn check_only_groups(
    root: &Table<'_>,
    groups: Option<&Table<'_>>,
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let made = Made::of(root, question);
    let comparison = made.comparison(question.tables, question.project_dir, None);
    comparison.check_groups(question, groups)
}

/// Compares `[package.metadata]` of another project of the build context, which the target needs, with what it lists.
///
/// What only its build backend knows is not compared, nor what cannot be read.
pub(super) fn check_other(
    root: &Table<'_>,
    package: &Table<'_>,
    folder: &str,
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let made = Made::of(root, question);
    let compared = uv_workspace::with_tables(question.cx, folder, |tables| {
        let project = tables.project.as_ref()?;
        let listed = dependencies::listed(tables, question.cx, folder, false);
        if listed.is_of_backend() || tables.root.findings().first_error().is_some() {
            return None;
        }
        let name = project.string_if_any("name");
        let name = name.map(|name| normalized(&name.value));
        let lists = (&listed.dependencies[..], &listed.extras);
        let metadata = package.table_if_any("metadata");
        let is_member = uv_workspace::is_member(question.cx, question.folder, folder);
        Some(with_workspace(question, |workspace| {
            let workspace = is_member.then_some(workspace);
            let comparison = made.comparison(tables, folder, workspace);
            comparison
                .called(name.as_deref())
                .check_lists(lists, metadata.as_ref())
        }))
    });
    compared.unwrap_or(Ok(()))
}

/// Compares the manifest of a script's lock with what the script lists.
pub(super) fn check_script(
    root: &Table<'_>,
    requirements: &[Table<'_>],
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let listed = question.listed_requirements().unwrap_or_default();
    let made = Made::of(root, question);
    let comparison = made.comparison(question.tables, question.project_dir, None);
    comparison.check(&listed, requirements)
}

/// With the tables beside the lock: those of the workspace's root, or the project's own.
fn with_workspace(
    question: &Question<'_>,
    compare: impl FnOnce(&Tables<'_>) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    if question.is_script || question.folder == question.project_dir {
        return compare(question.tables);
    }
    let compared =
        uv_workspace::with_tables(question.cx, question.folder, |tables| Some(compare(tables)));
    compared.unwrap_or(Ok(()))
}

/// Compares `requires-python`, of which the lock has what all members of the workspace allow.
fn check_python(
    root: &Table<'_>,
    question: &Question<'_>,
    workspace: &Tables<'_>,
) -> Result<(), Diagnostic> {
    let Some(locked) = root.string_if_any("requires-python") else {
        return Ok(());
    };
    let constraint = Constraint::pep440(&locked.value).map_err(|mistake| mistake.at(&locked))?;
    if let (Some(wanted), Some(own)) = (
        wanted_python(root, question, workspace),
        own_python(question.tables),
    ) && !wanted.has_same_bounds(&constraint)
    {
        let message = format!(
            "`{}`: `{}` was made for Python `{}`",
            escape(&own.value),
            question.file_name(),
            escape(&locked.value)
        );
        return Err(stale(message, &own.span));
    }
    question.check_python(&locked, &constraint)
}

/// `requires-python` of a project, or of a script.
fn own_python(tables: &Tables<'_>) -> Option<Spanned<String>> {
    if tables.is_script {
        return tables.root.string_if_any("requires-python");
    }
    tables.project.as_ref()?.string_if_any("requires-python")
}

/// What all members of the workspace allow; `None` if one of them cannot be read, or none says anything.
fn wanted_python(
    root: &Table<'_>,
    question: &Question<'_>,
    workspace: &Tables<'_>,
) -> Option<Constraint> {
    let mut all: Vec<String> = Vec::new();
    all.extend(own_python(question.tables).map(|text| text.value));
    all.extend(own_python(workspace).map(|text| text.value));
    let members = root
        .table_if_any("manifest")
        .map(|manifest| manifest.strings_if_any("members"))
        .unwrap_or_default();
    for package in root.tables("package") {
        let name = package.string_if_any("name")?;
        if !members.iter().any(|member| member.value == name.value) {
            continue;
        }
        let source = package.table_if_any("source")?;
        let path = ["editable", "virtual", "directory"]
            .iter()
            .find_map(|key| source.string_if_any(key))?;
        let folder = within_context(question.folder, &path.value)?;
        let python = uv_workspace::with_tables(question.cx, &folder, |tables| {
            Some(own_python(tables).map(|text| text.value))
        });
        all.extend(python?);
    }
    Constraint::pep440(&all.join(","))
        .ok()
        .filter(|_| !all.is_empty())
}

fn check_excludes(
    uv: Option<&Table<'_>>,
    manifest: Option<&Table<'_>>,
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let names = |table: Option<&Table<'_>>, key| {
        let names = table.map(|table| table.strings_if_any(key));
        let names = names.unwrap_or_default().into_iter();
        let names = names.map(|name| name.map(|name| normalized(&name)));
        names.collect::<Vec<_>>()
    };
    let listed = names(uv, "exclude-dependencies");
    let locked = names(manifest, "excludes");
    let other = |all: &[Spanned<String>], one: &Spanned<String>| {
        !all.iter().any(|known| known.value == one.value)
    };
    let lock = question.file_name();
    if let Some(new) = listed.iter().find(|one| other(&locked, one)) {
        let message = format!("`{}`: `{lock}` was made without it", escape(&new.value));
        return Err(stale(message, &new.span));
    }
    match locked.iter().find(|one| other(&listed, one)) {
        None => Ok(()),
        Some(gone) => {
            let message = format!(
                "`{lock}` was made without `{}`, which the project does not exclude",
                escape(&gone.value)
            );
            Err(stale(message, &gone.span))
        }
    }
}

/// What all comparisons with a lock share.
struct Made<'a> {
    /// uv leaves out of markers what this says already.
    requires: Constraint,
    question: &'a Question<'a>,
}

impl<'a> Made<'a> {
    fn of(root: &Table<'_>, question: &'a Question<'a>) -> Self {
        let locked = root.string_if_any("requires-python");
        let locked = locked.and_then(|text| Constraint::pep440(&text.value).ok());
        let own = question.requires.map(|requires| &requires.constraint);
        Self {
            requires: locked
                .or_else(|| own.cloned())
                .unwrap_or_else(Constraint::any),
            question,
        }
    }

    fn comparison<'t>(
        &'t self,
        tables: &'t Tables<'t>,
        folder: &'t str,
        workspace: Option<&'t Tables<'t>>,
    ) -> Comparison<'t> {
        let lock_folder = self.question.folder;
        let mut origins = vec![(tables, folder)];
        origins.extend(
            workspace
                .filter(|_| folder != lock_folder)
                .map(|workspace| (workspace, lock_folder)),
        );
        Comparison {
            requires: &self.requires,
            origins: Origins::of(&origins, lock_folder),
            only_names: false,
            name: None,
            lock: self.question.file_name(),
        }
    }
}

struct Comparison<'a> {
    requires: &'a Constraint,
    origins: Origins<'a>,
    /// Whether of packages that come from elsewhere only the names are compared.
    only_names: bool,
    /// The normal name of the project, which its extras may name too.
    name: Option<&'a str>,
    lock: &'a str,
}

/// A requirement of the lock's metadata.
struct Locked<'a> {
    name: Spanned<String>,
    table: &'a Table<'a>,
}

impl<'a> Comparison<'a> {
    fn by_name(mut self) -> Self {
        self.only_names = true;
        self
    }

    fn called(mut self, name: Option<&'a str>) -> Self {
        self.name = name;
        self
    }

    fn check_groups(
        &self,
        question: &Question<'_>,
        groups: Option<&Table<'_>>,
    ) -> Result<(), Diagnostic> {
        for name in question.groups.names() {
            let listed = question.groups.requirements(name).into_iter();
            let listed: Listed = listed.map(|requirement| (requirement, None)).collect();
            let key = groups.and_then(|groups| {
                let keys = groups.keys().into_iter();
                let mut same = keys.filter(|key| normalized(&key.value) == *name);
                Some((groups, same.next()?))
            });
            let locked = key.map_or_else(Vec::new, |(groups, key)| groups.tables(&key.value));
            self.check(&listed, &locked)?;
        }
        Ok(())
    }

    /// Compares the dependencies and the extras. No `metadata` means that there were none.
    fn check_lists(
        &self,
        (dependencies, extras): (&[Requirement], &extras::Extras),
        metadata: Option<&Table<'_>>,
    ) -> Result<(), Diagnostic> {
        let locked = metadata.map(|metadata| metadata.tables("requires-dist"));
        let locked = locked.unwrap_or_default();
        // Some build backends write what is in an extra of the project itself instead of its name.
        let has_itself = locked.iter().any(|table| {
            let name = table.string_if_any("name");
            name.is_some_and(|name| Some(normalized(&name.value).as_str()) == self.name)
        });
        let quiet = Findings::default();
        let expanded = |list: &[Requirement], extra: Option<&Spanned<String>>| match extra {
            _ if has_itself => list.to_vec(),
            None => extras::expand(self.name, list, extras, &[], &quiet),
            Some(extra) => {
                extras::expand(self.name, &[], extras, std::slice::from_ref(extra), &quiet)
            }
        };
        let mut listed: Listed = expanded(dependencies, None)
            .into_iter()
            .map(|one| (one, None))
            .collect();
        for (extra, list) in extras {
            // Nothing is told of it, since it is there.
            let place = list.first().map(|one| one.text.span.clone());
            let named = place.map(|place| Spanned::new(extra.clone(), place));
            let list = match &named {
                Some(named) => expanded(list, Some(named)),
                None => Vec::new(),
            };
            listed.extend(list.into_iter().map(|one| (one, Some(extra.clone()))));
        }
        self.check(&listed, &locked)
    }

    fn check(
        &self,
        listed: &[(Requirement, Option<String>)],
        locked: &[Table<'_>],
    ) -> Result<(), Diagnostic> {
        let mut all = Vec::new();
        for table in locked {
            let name = super::fields::name(table)?;
            all.push(Locked { name, table });
        }
        for (requirement, extra) in listed {
            let is_same =
                |locked: &&Locked<'_>| self.is_same(requirement, extra.as_deref(), locked);
            if all.iter().any(|locked| is_same(&locked)) {
                continue;
            }
            let mut others = all
                .iter()
                .filter(|locked| locked.name.value == requirement.name);
            // Of several, the one that is in no list of the project any more.
            let other = others
                .clone()
                .find(|locked| !self.is_listed(listed, locked))
                .or_else(|| others.next());
            let what = match other {
                Some(other) => format!("was made for `{}`", escape(&other.shown())),
                None => "was made without it".to_owned(),
            };
            return Err(stale(
                format!(
                    "`{}`: `{}` {what}",
                    escape(requirement.text.value.trim()),
                    self.lock
                ),
                &requirement.text.span,
            ));
        }
        match all.iter().find(|locked| !self.is_listed(listed, locked)) {
            None => Ok(()),
            Some(gone) => {
                let message = format!(
                    "`{}` was made for `{}`, which the project does not list",
                    self.lock,
                    escape(&gone.shown())
                );
                Err(stale(message, &gone.name.span))
            }
        }
    }

    fn is_listed(&self, listed: &[(Requirement, Option<String>)], locked: &Locked<'_>) -> bool {
        listed
            .iter()
            .any(|(requirement, extra)| self.is_same(requirement, extra.as_deref(), locked))
    }

    fn is_same(&self, requirement: &Requirement, extra: Option<&str>, locked: &Locked<'_>) -> bool {
        if requirement.name != locked.name.value || requirement.extras != locked.extras() {
            return false;
        }
        let origin = match &requirement.version {
            VersionOrUrl::Url(_) => Origin::Listed,
            VersionOrUrl::Version(_) => self.origins.of_package(&requirement.name),
        };
        if !matches!(origin, Origin::Listed) && self.only_names {
            return true;
        }
        let marker = match (&requirement.marker, extra) {
            (Some(marker), Some(extra)) => Some(format!("({marker}) and extra == '{extra}'")),
            (None, Some(extra)) => Some(format!("extra == '{extra}'")),
            (marker, None) => marker.clone(),
        };
        let locked_marker = locked.table.string_if_any("marker");
        let locked_marker = locked_marker.as_ref().map(|marker| marker.value.as_str());
        let is_same_marker = || same(marker.as_deref(), locked_marker, self.requires);
        match origin {
            // A source for some builds only splits the requirement.
            Origin::Several => true,
            Origin::Listed => is_same_marker() && is_listed(&requirement.version, locked.table),
            Origin::Source(source) => {
                is_same_marker() && source.is_of(&requirement.version, locked.table)
            }
        }
    }
}

impl Locked<'_> {
    /// The extras by their normal names, sorted, each once.
    fn extras(&self) -> Vec<String> {
        let extras = self.table.strings_if_any("extras").into_iter();
        let mut extras: Vec<_> = extras.map(|extra| normalized(&extra.value)).collect();
        extras.sort();
        extras.dedup();
        extras
    }

    /// The requirement, as a project would write it.
    fn shown(&self) -> String {
        let text = |key: &str| self.table.string_if_any(key).map(|text| text.value);
        let mut shown = self.name.value.clone();
        let extras = self.extras();
        if !extras.is_empty() {
            shown.extend(["[", &extras.join(","), "]"]);
        }
        shown.extend(text("specifier"));
        let places = ["git", "url", "path", "editable", "virtual", "directory"];
        if let Some(place) = places.iter().find_map(|key| text(key)) {
            shown.extend([" @ ", &place]);
        } else if let Some(index) = text("index") {
            shown.extend([" from ", &index]);
        }
        if let Some(marker) = text("marker") {
            shown.extend([" ; ", &marker]);
        }
        shown
    }
}
