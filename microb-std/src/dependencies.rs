//! Where a project lists what it needs.

use microb::{Context, Diagnostic, Span, Spanned};

use crate::config::{Dependencies, Packaging, Project, RequirementsFile};
use crate::extras::{self, Extras};
use crate::location::within_context;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, is_git, is_name, is_ssh, normalized};
use crate::requirements;
use crate::target_table::TargetTable;
use crate::text;
use crate::tree::{Table, escape};
use crate::unread;

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
        Listed::default()
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
    let mut listed = Listed::default();
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
    listed: &Listed,
    project: &Project,
    target: &TargetTable,
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Wanted {
    if let Some(path) = &target.requirements {
        if let Some(extras) = &target.extras {
            findings.add(
                Diagnostic::error("`extras` cannot be used with `requirements`")
                    .at(&extras.key)
                    .help("remove one of the two; `requirements` replaces the project's own lists"),
            );
        }
        return from_file(listed, project, path, cx, project_dir, findings);
    }
    let extras = target.extras.as_ref();
    let extras = extras.map_or(&[][..], |extras| extras.value.as_slice());
    let backend = listed.backend_knows.as_ref();
    let backend_for_extras = listed
        .backend_knows_extras
        .as_ref()
        .filter(|_| !extras.is_empty());
    if let Some(span) = backend.or(backend_for_extras) {
        return from_backend(listed, project, extras, span, findings);
    }
    let requirements = extras::expand(
        project.normalized_name.as_deref(),
        &listed.dependencies,
        &listed.extras,
        extras,
        findings,
    );
    let place_of = |needs: fn(&Requirement) -> bool| {
        let first = requirements.iter().find(|one| needs(one))?;
        Some(first.text.span.clone())
    };
    Wanted {
        ssh: place_of(Requirement::needs_ssh),
        git: place_of(Requirement::needs_git),
        dependencies: Dependencies::Listed(requirements),
    }
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
    listed: &Listed,
    project: &Project,
    path: &Spanned<String>,
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Wanted {
    let inside = within_context(project_dir, &path.value)
        .filter(|inside| !inside.is_empty() && !path.value.starts_with('/'));
    let Some(inside) = inside else {
        findings.add(outside(path));
        return Wanted {
            dependencies: Dependencies::Listed(Vec::new()),
            ssh: None,
            git: None,
        };
    };
    if let Some(command) = unread::export_command(&inside) {
        findings.add(
            Diagnostic::error(format!(
                "`{}` is a lock file, no requirements file",
                escape(&path.value)
            ))
            .at(&path.span)
            .help(format!(
                "run `{command}`, and write `requirements = \"requirements.txt\"`"
            )),
        );
        return Wanted {
            dependencies: Dependencies::Listed(Vec::new()),
            ssh: None,
            git: None,
        };
    }
    let mut flat = requirements::read(cx, project_dir, &inside, &path.span, findings);
    let nothing_else = flat.requirements.is_empty() && flat.own_extras.is_empty();
    if let (Some(span), true) = (&flat.itself, nothing_else) {
        findings.add(
            Diagnostic::warning("the requirements file lists nothing but the project itself, whose dependencies are not installed then")
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
