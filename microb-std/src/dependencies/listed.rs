//! What a project lists, in each of the places where it may.

use microb::{Context, Diagnostic, Span, Spanned};

use crate::extras::Extras;
use crate::location::within_context;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, is_name, normalized};
use crate::text;
use crate::tree::{Table, escape};

/// What the project lists, whatever the target.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) dependencies: Vec<Requirement>,
    pub(crate) extras: Extras,
    /// What says that only the backend knows the dependencies.
    pub(super) backend_knows: Option<Span>,
    /// What says that only the backend knows the extras.
    pub(super) backend_knows_extras: Option<Span>,
    /// What Poetry's table lists, without versions, whose syntax is its backend's.
    pub(super) of_poetry: Option<Vec<Requirement>>,
    /// URLs in Poetry's tables, which the backend will list.
    pub(super) urls: Vec<Spanned<String>>,
    /// Whether the definition says nothing of dependencies, not even that there are none.
    pub(crate) is_silent: bool,
}

impl Listed {
    /// Whether only the build backend knows the dependencies, or the extras.
    pub(crate) fn is_of_backend(&self) -> bool {
        self.backend_knows.is_some() || self.backend_knows_extras.is_some()
    }
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
        listed.of_poetry = poetry_names(poetry);
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

pub(super) fn outside(path: &Spanned<String>) -> Diagnostic {
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
        of_poetry: poetry_names(poetry),
        ..Listed::default()
    }
}

/// The names of what Poetry's table lists, but for what only extras install, with extras and markers.
fn poetry_names(poetry: &Table<'_>) -> Option<Vec<Requirement>> {
    let table = poetry.table_if_any("dependencies")?;
    let requirement = |name: Spanned<String>| {
        let details = table.table_if_any(&name.value);
        let details = details.as_ref();
        let is_optional = details.and_then(|one| one.boolean_if_any("optional"));
        if name.value == "python" || is_optional == Some(true) {
            return None;
        }
        let extras = details.map_or_else(Vec::new, |one| one.strings_if_any("extras"));
        let extras: Vec<_> = extras.into_iter().map(|extra| extra.value).collect();
        let marker = details.and_then(|one| one.string_if_any("markers"));
        let marker = marker.map_or_else(String::new, |marker| format!(" ; {}", marker.value));
        let text = name.map(|name| format!("{name}[{}]{marker}", extras.join(",")));
        // What is wrong in there, the backend says.
        Requirement::parse(text).ok()
    };
    Some(table.keys().into_iter().filter_map(requirement).collect())
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
