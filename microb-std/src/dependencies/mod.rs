//! Where a project lists what it needs.

mod file;
mod listed;

use microb::{Context, Diagnostic, Span, Spanned};

pub(crate) use listed::{Listed, listed, of_script};

use crate::backend;
use crate::config::{Dependencies, Packaging, Project, Python};
use crate::extras;
use crate::groups;
use crate::location::within_context;
use crate::lock::{self, Lock, Question};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSet};
use crate::pipfile;
use crate::requirement::{Requirement, is_git, is_ssh, normalized};
use crate::resolve::Shared;
use crate::rules::{NO_LOCK, UNREAD_REQUIREMENTS};
use crate::table::Keyed;
use crate::target_table::TargetTable;
use crate::text;
use crate::uv_sources::{self, Folder};

/// What to install, and where it says that git and ssh are needed.
pub(crate) struct Wanted {
    pub(crate) dependencies: Dependencies,
    pub(crate) ssh: Option<Span>,
    pub(crate) git: Option<Span>,
    /// Projects in folders that a list names. A lock has them among its packages.
    pub(crate) folders: Vec<Folder>,
}

/// What the target installs.
pub(crate) fn wanted(
    shared: &Shared,
    tables: &Tables<'_>,
    target: &TargetTable,
    python: Option<&Python>,
    cx: &dyn Context,
    findings: &Findings,
) -> Wanted {
    if let Some(path) = &target.requirements {
        let others = [
            ("extras", target.extras.as_ref().map(|extras| &extras.key)),
            ("groups", target.groups.as_ref().map(|groups| &groups.key)),
            ("lock", target.lock.as_ref().map(|lock| &lock.key)),
        ];
        for (key, place) in others {
            if let Some(place) = place {
                findings.add(
                    Diagnostic::error(format!("`{key}` cannot be used with `requirements`"))
                        .at(place)
                        .help("remove one of the two; `requirements` replaces the project's own lists"),
                );
            }
        }
        return file::from_file(shared, path, cx, findings);
    }
    let list = |list: Option<&'_ Keyed<Vec<Spanned<String>>>>| {
        list.map_or_else(Vec::new, |list| list.value.clone())
    };
    let (extras, groups) = (list(target.extras.as_ref()), list(target.groups.as_ref()));
    let place = place(shared, tables);
    match lock_of(shared, target, cx, &place) {
        Ok(None) => {
            let asks_for_nothing = extras.is_empty() && groups.is_empty();
            if shared.listed.is_silent
                && asks_for_nothing
                && let Some(wanted) = beside_the_definition(shared, &place, cx, findings)
            {
                return wanted;
            }
            let wanted = listed_by_project(shared, tables, &extras, &groups, cx, findings);
            let lists_nothing =
                matches!(&wanted.dependencies, Dependencies::Listed(listed) if listed.is_empty());
            if !lists_nothing {
                // What cannot be installed without a lock has been told.
                if !is_for_backend_alone(&wanted.dependencies, &shared.metadata.project) {
                    findings.add(not_locked(shared, tables, &place));
                }
            } else if asks_for_nothing && shared.script.is_none() {
                findings.extend(unread_requirements(shared, &place, cx));
            }
            wanted
        }
        Ok(Some(lock)) => {
            let question = |python| Question {
                cx,
                tables,
                project_dir: &shared.project_dir,
                project: &shared.metadata.project,
                is_script: shared.script.is_some(),
                requires: shared.metadata.requires.as_ref(),
                listed: &shared.listed,
                groups: &shared.groups,
                python,
                extras: &extras,
                wanted_groups: &groups,
                folder: lock.folder(),
                lock: &lock,
                is_sound: tables.root.findings().first_error().is_none(),
                findings,
            };
            // Without an interpreter there is an error already, and nothing that markers could be compared with.
            let set = python.and_then(|python| findings.keep(lock::read(&question(python))));
            set.map_or_else(Wanted::nothing, Wanted::locked)
        }
        Err(error) => {
            findings.add(error);
            Wanted::nothing()
        }
    }
}

/// The lock that the target installs from, if there is one.
fn lock_of(
    shared: &Shared,
    target: &TargetTable,
    cx: &dyn Context,
    place: &Span,
) -> Result<Option<Lock>, Diagnostic> {
    let named = target.lock.as_ref().map(|lock| &lock.value);
    let beside = lock::Beside {
        folder: &shared.project_dir,
        script: shared.script.as_deref(),
    };
    lock::find(cx, beside, named, place)
}

/// Whether folders of the build context may be among what [`wanted`] says, besides the project's own. Where a lock has none,
/// it is not read for this.
pub(crate) fn may_have_folders(
    shared: &Shared,
    tables: &Tables<'_>,
    target: &TargetTable,
    cx: &dyn Context,
) -> bool {
    if target.requirements.is_some() {
        return true;
    }
    let lock = lock_of(shared, target, cx, &place(shared, tables));
    lock.is_ok_and(|lock| lock.is_none_or(|lock| lock.may_have_folders(cx)))
}

/// Where the project's dependencies stand, for what has no place of its own.
fn place(shared: &Shared, tables: &Tables<'_>) -> Span {
    match (&tables.project, &tables.poetry) {
        _ if shared.script.is_some() => tables.root.key_span("dependencies"),
        (Some(project), _) => project.key_span("dependencies"),
        (None, Some(poetry)) => poetry.key_span("dependencies"),
        (None, None) => tables.root.span().clone(),
    }
}

/// The same definition gives another image tomorrow.
fn not_locked(shared: &Shared, tables: &Tables<'_>, place: &Span) -> Diagnostic {
    if let Some(script) = &shared.script {
        return without_lock(place, &format!("uv lock --script {script}"));
    }
    let tool = tool(tables);
    let command = format!("{tool} lock");
    let finding = without_lock(place, &command);
    let is_package = shared.metadata.project.packaging == Packaging::Wheel;
    let is_told = shared.build_system.declared || tables.tool("uv").is_some();
    if tool == "uv" && is_package && !is_told && tables.project.is_some() {
        // With a lock of uv, the same project is none.
        let help = format!(
            "add {}, so that it stays a package, and run `{command}`",
            backend::DECLARED
        );
        return finding.help(help);
    }
    finding
}

/// The tool that locks the project.
fn tool(tables: &Tables<'_>) -> &'static str {
    match &tables.poetry {
        Some(_) => "poetry",
        None if tables.tool("pdm").is_some() => "pdm",
        None => "uv",
    }
}

fn without_lock(place: &Span, command: &str) -> Diagnostic {
    NO_LOCK
        .finding("no lock file: the versions are chosen when the image is built")
        .at(place)
        .help(format!("run `{command}`"))
}

/// Names of requirements files of what runs, the likeliest first.
const REQUIREMENTS_FILES: [&str; 6] = [
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements-prod.txt",
    "requirements.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
];

/// A project that lists nothing, and has a requirements file that does.
fn unread_requirements(shared: &Shared, place: &Span, cx: &dyn Context) -> Option<Diagnostic> {
    let lists = |name: &&str| {
        let path = within_context(&shared.project_dir, name);
        let file = path.and_then(|path| text::read(cx, &path).ok().flatten());
        let is_requirement =
            |line: &str| line.starts_with(char::is_alphabetic) || line.starts_with("-r");
        file.is_some_and(|file| file.text().lines().any(is_requirement))
    };
    let name = REQUIREMENTS_FILES.into_iter().find(|name| lists(name))?;
    let finding = UNREAD_REQUIREMENTS.finding(format!(
        "the project lists no dependencies, and `{name}` is not read"
    ));
    let help = format!("write `requirements = \"{name}\"` in `[tool.microb.target.default]`");
    Some(finding.at(place).help(help))
}

/// What a definition that says nothing of dependencies means: a `requirements.txt` beside it, else a `Pipfile`.
fn beside_the_definition(
    shared: &Shared,
    place: &Span,
    cx: &dyn Context,
    findings: &Findings,
) -> Option<Wanted> {
    let name = "requirements.txt";
    let file = text::read(cx, &within_context(&shared.project_dir, name)?);
    if !matches!(file, Ok(None)) {
        let whole = file.ok().flatten().map(|file| file.whole());
        let place = whole.unwrap_or_else(|| place.clone());
        let path = Spanned::new(name.to_owned(), place);
        return Some(file::from_file(shared, &path, cx, findings));
    }
    let requirements = pipfile::packages(cx, &shared.project_dir, findings)?;
    if let Some(first) = requirements.first() {
        findings.add(without_lock(&first.text.span, "pipenv lock"));
    }
    Some(Wanted::listed(requirements, Vec::new()))
}

impl Wanted {
    pub(super) fn nothing() -> Self {
        Self {
            dependencies: Dependencies::Listed(Vec::new()),
            ssh: None,
            git: None,
            folders: Vec::new(),
        }
    }

    fn listed(requirements: Vec<Requirement>, folders: Vec<Folder>) -> Self {
        let place_of = |needs: fn(&Requirement) -> bool| {
            let first = requirements.iter().find(|one| needs(one))?;
            Some(first.text.span.clone())
        };
        Self {
            ssh: place_of(Requirement::needs_ssh),
            git: place_of(Requirement::needs_git),
            dependencies: Dependencies::Listed(requirements),
            folders,
        }
    }

    fn locked(set: PinnedSet) -> Self {
        let place = |pin: &Pinned| pin.span.clone();
        Self {
            ssh: set.first_over_ssh().map(place),
            git: set.first_from_git().map(place),
            dependencies: Dependencies::Locked(set),
            folders: Vec::new(),
        }
    }
}

/// The project's own lists, with the chosen extras and groups.
fn listed_by_project(
    shared: &Shared,
    tables: &Tables<'_>,
    extras: &[Spanned<String>],
    groups: &[Spanned<String>],
    cx: &dyn Context,
    findings: &Findings,
) -> Wanted {
    let listed = &shared.listed;
    let project = &shared.metadata.project;
    let backend = listed.backend_knows.as_ref();
    let backend_for_extras = listed
        .backend_knows_extras
        .as_ref()
        .filter(|_| !extras.is_empty());
    if let Some(span) = backend.or(backend_for_extras) {
        if let Some(group) = groups.first() {
            findings.add(
                Diagnostic::error(
                    "`groups` need a lock file where only the build backend knows the dependencies",
                )
                .at(&group.span)
                .help(format!("run `{} lock`", tool(tables))),
            );
        }
        return from_backend(listed, project, extras, span, findings);
    }
    let mut of_groups = Vec::new();
    for group in groups {
        if shared.groups.has(&group.value) {
            of_groups.extend(shared.groups.requirements(&normalized(&group.value)));
        } else {
            findings.add(groups::unknown(group, shared.groups.names()));
        }
    }
    let dependencies = [listed.dependencies.as_slice(), &of_groups].concat();
    let requirements = extras::expand(
        project.normalized_name.as_deref(),
        &dependencies,
        &listed.extras,
        extras,
        findings,
    );
    let dir = &shared.project_dir;
    let applied = uv_sources::apply(requirements, tables, dir, cx, findings);
    Wanted::listed(applied.requirements, applied.folders)
}

/// Whether only a build backend can read the dependencies, and none is asked.
fn is_for_backend_alone(dependencies: &Dependencies, project: &Project) -> bool {
    matches!(dependencies, Dependencies::FromBackend { .. })
        && project.packaging == Packaging::Sources
}

fn from_backend(
    listed: &Listed,
    project: &Project,
    extras: &[Spanned<String>],
    span: &Span,
    findings: &Findings,
) -> Wanted {
    if project.packaging == Packaging::Sources {
        let (error, help) = match &listed.of_poetry {
            Some(_) => (
                "there is no `poetry.lock`, and only Poetry knows what it would install for a project that is no package",
                "run `poetry lock`",
            ),
            None => (
                "only a build backend can read these dependencies, and the project is no package",
                "export them to a requirements file, and name it with `requirements`",
            ),
        };
        findings.add(Diagnostic::error(error).at(span).help(help));
    }
    // Who else can say which extras there are is the backend.
    if listed.backend_knows_extras.is_none() || !listed.extras.is_empty() {
        for extra in extras {
            if !listed.extras.contains_key(&normalized(&extra.value)) {
                findings.add(extras::unknown(extra, &listed.extras));
            }
        }
    }
    let url = |is: fn(&str) -> bool| {
        let first = listed.urls.iter().find(|url| is(&url.value))?;
        Some(first.span.clone())
    };
    let mut extras: Vec<_> = extras
        .iter()
        .map(|extra| normalized(&extra.value))
        .collect();
    extras.sort();
    extras.dedup();
    Wanted {
        dependencies: Dependencies::FromBackend {
            listed: listed.of_poetry.clone(),
            extras,
            span: Some(span.clone()),
        },
        ssh: url(is_ssh),
        git: url(is_git),
        folders: Vec::new(),
    }
}
