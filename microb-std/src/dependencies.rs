//! Where a project lists what it needs.

use microb::{Context, Diagnostic, Span, Spanned};

use crate::config::{Dependencies, Packaging, Project, Python, RequirementsFile};
use crate::extras::{self, Extras};
use crate::groups;
use crate::location::within_context;
use crate::lock::{self, Format, Question};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSet};
use crate::pipfile;
use crate::requirement::{Requirement, is_git, is_name, is_ssh, normalized};
use crate::requirements;
use crate::resolve::Shared;
use crate::rules::{NO_LOCK, ONLY_PROJECT_REQUIRED};
use crate::table::Keyed;
use crate::target_table::TargetTable;
use crate::text;
use crate::tree::{Table, escape};

/// What the project lists, whatever the target.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) dependencies: Vec<Requirement>,
    pub(crate) extras: Extras,
    /// What says that only the backend knows the dependencies.
    backend_knows: Option<Span>,
    /// What says that only the backend knows the extras.
    backend_knows_extras: Option<Span>,
    /// URLs in Poetry's tables, which the backend will list.
    urls: Vec<Spanned<String>>,
    /// Whether the definition says nothing of dependencies, not even that there are none.
    is_silent: bool,
}

impl Listed {
    /// Whether only the build backend knows the dependencies, or the extras.
    pub(crate) fn is_of_backend(&self) -> bool {
        self.backend_knows.is_some() || self.backend_knows_extras.is_some()
    }
}

/// What to install, and where it says that git and ssh are needed.
pub(crate) struct Wanted {
    pub(crate) dependencies: Dependencies,
    pub(crate) ssh: Option<Span>,
    pub(crate) git: Option<Span>,
}

/// Reads the lists of the file, and files that setuptools would read.
pub(crate) fn listed(
    tables: &Tables<'_>,
    cx: &dyn Context,
    project_dir: &str,
    has_setup: bool,
) -> Listed {
    if let Some(project) = &tables.project {
        return pep621(project, tables, cx, project_dir);
    }
    if let Some(poetry) = &tables.poetry {
        return self::poetry(poetry);
    }
    let is_old_flit = tables.tool("flit").is_some_and(|flit| flit.has("metadata"));
    if has_setup || is_old_flit {
        Listed {
            backend_knows: Some(tables.root.span().clone()),
            backend_knows_extras: Some(tables.root.span().clone()),
            ..Listed::default()
        }
    } else {
        Listed {
            is_silent: true,
            ..Listed::default()
        }
    }
}

/// The list of a script.
pub(crate) fn of_script(root: &Table<'_>) -> Listed {
    let texts = root.strings("dependencies");
    let texts = texts.map_or_else(Vec::new, |list| list.value);
    Listed {
        dependencies: requirements(texts, root.findings()),
        ..Listed::default()
    }
}

fn pep621(project: &Table<'_>, tables: &Tables<'_>, cx: &dyn Context, project_dir: &str) -> Listed {
    let findings = project.findings();
    let mut listed = Listed {
        is_silent: !project.has("dependencies") && !tables.is_dynamic("dependencies"),
        ..Listed::default()
    };
    if project.table_if_any("dependencies").is_some() {
        findings.add(
            Diagnostic::error("`project.dependencies` must be a list of strings, found a table")
                .at(&project.key_span("dependencies"))
                .help("write `dependencies = [\"NAME>=1\"]`, or use `[tool.poetry.dependencies]`"),
        );
    } else if let Some(texts) = project.strings("dependencies") {
        listed.dependencies = requirements(texts.value, findings);
    }
    if let Some(table) = project.table("optional-dependencies") {
        for key in table.keys() {
            let texts = table
                .strings(&key.value)
                .map_or_else(Vec::new, |list| list.value);
            add_extra(
                &mut listed.extras,
                &key,
                requirements(texts, findings),
                findings,
            );
        }
    }
    let files = setuptools(tables);
    if tables.is_dynamic("dependencies") {
        match files.as_ref().filter(|files| files.has("dependencies")) {
            Some(files) => {
                listed.dependencies = from_files(files, "dependencies", cx, project_dir);
            }
            None => listed.backend_knows = Some(project.key_span("dynamic")),
        }
    }
    if tables.is_dynamic("optional-dependencies") {
        match files.and_then(|files| files.table_if_any("optional-dependencies")) {
            Some(files) => {
                for key in files.keys() {
                    let texts = from_files(&files, &key.value, cx, project_dir);
                    add_extra(&mut listed.extras, &key, texts, findings);
                }
            }
            None => listed.backend_knows_extras = Some(project.key_span("dynamic")),
        }
    }
    if let (Some(_), Some(poetry)) = (&listed.backend_knows, &tables.poetry) {
        listed.urls = poetry_urls(poetry);
    }
    listed
}

fn requirements(texts: Vec<Spanned<String>>, findings: &Findings) -> Vec<Requirement> {
    texts
        .into_iter()
        .filter_map(|text| findings.keep(Requirement::parse(text)))
        .collect()
}

fn add_extra(
    extras: &mut Extras,
    key: &Spanned<String>,
    requirements: Vec<Requirement>,
    findings: &Findings,
) {
    let error = |message: String, help: &str| {
        findings.add(Diagnostic::error(message).at(&key.span).help(help));
    };
    if !is_name(&key.value) {
        error(
            format!("`{}` is no name of an extra", escape(&key.value)),
            "a name is letters and digits with `.`, `_` and `-` between them",
        );
    } else if extras
        .insert(normalized(&key.value), requirements)
        .is_some()
    {
        error(
            format!("`{}` is the same extra as another one", escape(&key.value)),
            "rename one of them; case, `-`, `_` and `.` make no difference",
        );
    }
}

/// `[tool.setuptools.dynamic]`, if setuptools is the backend.
fn setuptools<'a>(tables: &Tables<'a>) -> Option<Table<'a>> {
    let backend = tables
        .build_system
        .as_ref()
        .and_then(|table| table.string_if_any("build-backend"));
    let is_setuptools = backend.is_none_or(|backend| backend.value.starts_with("setuptools."));
    let dynamic = tables.tool("setuptools")?.table_if_any("dynamic")?;
    is_setuptools.then_some(dynamic)
}

/// `dependencies = { file = ["requirements.txt"] }`: one requirement a line, and comments.
///
/// <https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata>
fn from_files(
    table: &Table<'_>,
    key: &str,
    cx: &dyn Context,
    project_dir: &str,
) -> Vec<Requirement> {
    let findings = table.findings();
    let Some(directive) = table.table(key) else {
        return Vec::new();
    };
    let paths = match directive.string_if_any("file") {
        Some(path) => vec![path],
        None => directive
            .strings("file")
            .map_or_else(Vec::new, |list| list.value),
    };
    let mut requirements = Vec::new();
    for path in paths {
        let Some(inside) = within_context(project_dir, &path.value) else {
            findings.add(outside(&path));
            continue;
        };
        let file = match text::read(cx, &inside) {
            Ok(Some(file)) => file,
            Ok(None) => {
                findings.add(missing(&path));
                continue;
            }
            Err(error) => {
                findings.add(error);
                continue;
            }
        };
        for Spanned { value: line, span } in text::lines(&file) {
            let line = line.split(" #").next().unwrap_or(line).trim_end();
            let text = Spanned::new(line.to_owned(), span.sub(0..line.len()));
            if line.starts_with('-') {
                findings.add(
                    Diagnostic::error(format!("setuptools does not read `{}`", escape(line)))
                        .at(&text.span)
                        .help("list requirements only, or use the option `requirements`"),
                );
                continue;
            }
            requirements.extend(findings.keep(Requirement::parse(text)));
        }
    }
    requirements
}

fn missing(path: &Spanned<String>) -> Diagnostic {
    Diagnostic::error(format!(
        "`{}` is not in the build context",
        escape(&path.value)
    ))
    .at(&path.span)
    .help("check the path, and `.dockerignore`")
}

fn outside(path: &Spanned<String>) -> Diagnostic {
    Diagnostic::error(format!(
        "`{}` is outside the build context",
        escape(&path.value)
    ))
    .at(&path.span)
    .help("write a path inside the build context, relative to `pyproject.toml`")
}

/// Poetry's own tables, which its backend translates.
fn poetry(poetry: &Table<'_>) -> Listed {
    let needs_backend = poetry
        .table_if_any("dependencies")
        .is_some_and(|table| table.keys().iter().any(|key| key.value != "python"));
    let span = poetry.key_span("dependencies");
    Listed {
        backend_knows: needs_backend.then_some(span.clone()),
        backend_knows_extras: poetry.has("extras").then_some(span),
        extras: poetry_extras(poetry),
        urls: poetry_urls(poetry),
        ..Listed::default()
    }
}

/// The names of Poetry's extras; what is in them only the backend knows.
fn poetry_extras(poetry: &Table<'_>) -> Extras {
    let table = poetry.table_if_any("extras");
    let names = table.iter().flat_map(Table::keys);
    names
        .map(|key| (normalized(&key.value), Vec::new()))
        .collect()
}

/// Repositories among Poetry's dependencies, as pip would write them.
fn poetry_urls(poetry: &Table<'_>) -> Vec<Spanned<String>> {
    let Some(dependencies) = poetry.table_if_any("dependencies") else {
        return Vec::new();
    };
    dependencies
        .keys()
        .iter()
        .filter_map(|name| {
            let url = dependencies
                .table_if_any(&name.value)?
                .string_if_any("git")?;
            Some(url.map(|url| format!("git+{url}")))
        })
        .collect()
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
        return from_file(shared, path, cx, findings);
    }
    let list = |list: Option<&'_ Keyed<Vec<Spanned<String>>>>| {
        list.map_or_else(Vec::new, |list| list.value.clone())
    };
    let (extras, groups) = (list(target.extras.as_ref()), list(target.groups.as_ref()));
    let named = target.lock.as_ref().map(|lock| &lock.value);
    let place = place(shared, tables);
    let beside = lock::Beside {
        folder: &shared.project_dir,
        script: shared.script.as_deref(),
    };
    match lock::find(cx, beside, named, &place) {
        Ok(None) => {
            let asks_for_nothing = extras.is_empty() && groups.is_empty();
            if shared.listed.is_silent
                && asks_for_nothing
                && let Some(wanted) = beside_the_definition(shared, &place, cx, findings)
            {
                return wanted;
            }
            let wanted = listed_by_project(shared, &extras, &groups, findings);
            if !matches!(&wanted.dependencies, Dependencies::Listed(listed) if listed.is_empty()) {
                findings.add(not_locked(shared, tables, &place));
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
        let finding = NO_LOCK
            .finding("no lock file: the versions are chosen when the image is built")
            .at(place);
        return finding.help(format!("run `uv lock --script {script}`"));
    }
    let tool = match (&tables.project, &tables.poetry) {
        (_, Some(_)) => "poetry",
        _ if tables.tool("pdm").is_some() => "pdm",
        _ => "uv",
    };
    without_lock(place, &format!("{tool} lock"))
}

fn without_lock(place: &Span, command: &str) -> Diagnostic {
    NO_LOCK
        .finding("no lock file: the versions are chosen when the image is built")
        .at(place)
        .help(format!("run `{command}`"))
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
        return Some(from_file(shared, &path, cx, findings));
    }
    let requirements = pipfile::packages(cx, &shared.project_dir, findings)?;
    if let Some(first) = requirements.first() {
        findings.add(without_lock(&first.text.span, "pipenv lock"));
    }
    Some(Wanted::listed(requirements))
}

impl Wanted {
    fn nothing() -> Self {
        Self {
            dependencies: Dependencies::Listed(Vec::new()),
            ssh: None,
            git: None,
        }
    }

    fn listed(requirements: Vec<Requirement>) -> Self {
        let place_of = |needs: fn(&Requirement) -> bool| {
            let first = requirements.iter().find(|one| needs(one))?;
            Some(first.text.span.clone())
        };
        Self {
            ssh: place_of(Requirement::needs_ssh),
            git: place_of(Requirement::needs_git),
            dependencies: Dependencies::Listed(requirements),
        }
    }

    fn locked(set: PinnedSet) -> Self {
        let place = |pin: &Pinned| pin.span.clone();
        Self {
            ssh: set.first_over_ssh().map(place),
            git: set.first_from_git().map(place),
            dependencies: Dependencies::Locked(set),
        }
    }
}

/// The project's own lists, with the chosen extras and groups.
fn listed_by_project(
    shared: &Shared,
    extras: &[Spanned<String>],
    groups: &[Spanned<String>],
    findings: &Findings,
) -> Wanted {
    let listed = &shared.listed;
    let project = &shared.metadata.project;
    let mut of_groups = Vec::new();
    for group in groups {
        if shared.groups.has(&group.value) {
            of_groups.extend(shared.groups.requirements(&normalized(&group.value)));
        } else {
            findings.add(groups::unknown(group, shared.groups.names()));
        }
    }
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
                .help("lock the project, for instance with `uv lock`"),
            );
        }
        return from_backend(listed, project, extras, span, findings);
    }
    let dependencies = [listed.dependencies.as_slice(), &of_groups].concat();
    let requirements = extras::expand(
        project.normalized_name.as_deref(),
        &dependencies,
        &listed.extras,
        extras,
        findings,
    );
    Wanted::listed(requirements)
}

fn from_backend(
    listed: &Listed,
    project: &Project,
    extras: &[Spanned<String>],
    span: &Span,
    findings: &Findings,
) -> Wanted {
    if project.packaging == Packaging::Sources {
        findings.add(
            Diagnostic::error(
                "only a build backend can read these dependencies, and the project says that it is no package",
            )
            .at(span)
            .help("export them to a requirements file, and name it with `requirements`"),
        );
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
            extras,
            span: Some(span.clone()),
        },
        ssh: url(is_ssh),
        git: url(is_git),
    }
}

fn from_file(
    shared: &Shared,
    path: &Spanned<String>,
    cx: &dyn Context,
    findings: &Findings,
) -> Wanted {
    let project_dir = shared.project_dir.as_str();
    let (listed, project) = (&shared.listed, &shared.metadata.project);
    let inside = within_context(project_dir, &path.value)
        .filter(|inside| !inside.is_empty() && !path.value.starts_with('/'));
    let Some(inside) = inside else {
        findings.add(outside(path));
        return Wanted::nothing();
    };
    if Format::of(&inside).is_some_and(|format| format != Format::Requirements) {
        findings.add(
            Diagnostic::error(format!(
                "`{}` is a lock file, no requirements file",
                escape(&path.value)
            ))
            .at(&path.span)
            .help(format!("write `lock = \"{}\"`", escape(&path.value))),
        );
        return Wanted::nothing();
    }
    let mut flat = requirements::read(cx, project_dir, &inside, &path.span, findings);
    let nothing_else = flat.requirements.is_empty() && flat.own_extras.is_empty();
    if let (Some(span), true) = (&flat.itself, nothing_else) {
        findings.add(
            ONLY_PROJECT_REQUIRED
                .finding("the requirements file lists nothing but the project itself, whose dependencies are not installed then")
                .at(span)
                .help("remove `requirements` to install the project's dependencies"),
        );
    }
    // A file with hashes is a lock, and lists what the extras need.
    if !flat.has_hashes && !flat.own_extras.is_empty() && listed.backend_knows_extras.is_none() {
        let name = project.normalized_name.as_deref();
        let more = extras::expand(name, &[], &listed.extras, &flat.own_extras, findings);
        for requirement in &more {
            if requirement.needs_ssh() {
                flat.ssh
                    .get_or_insert_with(|| requirement.text.span.clone());
            }
            if requirement.needs_git() {
                flat.git
                    .get_or_insert_with(|| requirement.text.span.clone());
            }
        }
        flat.requirements
            .extend(more.iter().map(ToString::to_string));
    }
    let text = |lines: Vec<String>| -> String {
        lines
            .into_iter()
            .flat_map(|line| [line, "\n".to_owned()])
            .collect()
    };
    let local_paths = flat.local_paths.into_iter();
    Wanted {
        ssh: flat.ssh,
        git: flat.git,
        dependencies: Dependencies::File(RequirementsFile {
            path: Spanned::new(inside, path.span.clone()),
            requirements: text(flat.requirements),
            constraints: text(flat.constraints),
            has_hashes: flat.has_hashes,
            local_paths: local_paths
                .map(|(path, span)| Spanned::new(path, span))
                .collect(),
        }),
    }
}
