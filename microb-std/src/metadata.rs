//! The project's metadata: PEP 621's `[project]`, else Poetry's `[tool.poetry]`, else Flit's `[tool.flit.metadata]`.

use std::collections::BTreeMap;
use std::str::FromStr;

use microb::{Diagnostic, Spanned, nearest};
use pep440_rs::Version;

use crate::config::{Packaging, Project};
use crate::mistake::Findings;
use crate::python::Requires;
use crate::requirement::{is_name, normalized};
use crate::rules::UNKNOWN_PROJECT_KEY;
use crate::specifier::Constraint;
use crate::tree::{Table, escape};

/// The keys of `[project]`: PEP 621, PEP 639, PEP 794.
const PROJECT_KEYS: &[&str] = &[
    "authors",
    "classifiers",
    "dependencies",
    "description",
    "dynamic",
    "entry-points",
    "gui-scripts",
    "import-names",
    "import-namespaces",
    "keywords",
    "license",
    "license-files",
    "maintainers",
    "name",
    "optional-dependencies",
    "readme",
    "requires-python",
    "scripts",
    "urls",
    "version",
];

/// The tables of a `pyproject.toml` that more than one reader needs.
pub(crate) struct Tables<'a> {
    pub(crate) root: Table<'a>,
    pub(crate) project: Option<Table<'a>>,
    pub(crate) build_system: Option<Table<'a>>,
    pub(crate) tool: Option<Table<'a>>,
    pub(crate) poetry: Option<Table<'a>>,
    /// Whether they are those of a script.
    pub(crate) is_script: bool,
}

impl<'a> Tables<'a> {
    pub(crate) fn of(root: Table<'a>) -> Self {
        let tool = root.table("tool");
        Self {
            project: root.table("project"),
            build_system: root.table("build-system"),
            poetry: tool.as_ref().and_then(|tool| tool.table("poetry")),
            tool,
            root,
            is_script: false,
        }
    }

    /// A table of another tool, whose form is not ours to check.
    pub(crate) fn tool(&self, name: &str) -> Option<Table<'a>> {
        self.tool.as_ref()?.table_if_any(name)
    }

    /// `project.dynamic`
    pub(crate) fn is_dynamic(&self, field: &str) -> bool {
        self.project.as_ref().is_some_and(|project| {
            project
                .strings_if_any("dynamic")
                .iter()
                .any(|dynamic| dynamic.value == field)
        })
    }
}

/// All that is known of the project besides its dependencies.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) project: Project,
    pub(crate) description: Option<Spanned<String>>,
    /// An SPDX expression.
    pub(crate) license: Option<Spanned<String>>,
    /// `Name <mail>`, in order.
    pub(crate) authors: Vec<Spanned<String>>,
    pub(crate) urls: Vec<(Spanned<String>, Spanned<String>)>,
    pub(crate) requires: Option<Requires>,
}

/// Reads the metadata; what must be there depends on `packaging`.
pub(crate) fn read(tables: &Tables<'_>, packaging: Packaging) -> Metadata {
    let mut metadata = match (&tables.project, &tables.poetry) {
        (Some(project), poetry) => pep621(project, tables, poetry.as_ref(), packaging),
        (None, Some(poetry)) => self::poetry(poetry, packaging),
        (None, None) => tables
            .tool("flit")
            .map_or_else(Metadata::default, |table| flit(&table)),
    };
    let findings = tables.root.findings();
    if let Some(name) = &metadata.project.name {
        if !is_name(&name.value) {
            findings.add(
                Diagnostic::error(format!("`{}` is no name of a project", escape(&name.value)))
                    .at(&name.span)
                    .help("a name is letters and digits with `.`, `_` and `-` between them"),
            );
        }
        metadata.project.normalized_name = Some(normalized(&name.value));
    }
    if let Some(version) = &metadata.project.version
        && Version::from_str(version.value.trim()).is_err()
    {
        findings.add(
            Diagnostic::error(format!(
                "`{}` is no version of PEP 440",
                escape(&version.value)
            ))
            .at(&version.span)
            .help("write for instance `1.0.0` or `1.0.0rc1`"),
        );
    }
    metadata.project.packaging = packaging;
    metadata
}

fn pep621(
    project: &Table<'_>,
    tables: &Tables<'_>,
    poetry: Option<&Table<'_>>,
    packaging: Packaging,
) -> Metadata {
    let findings = project.findings();
    check_keys(project);
    check_dynamic(project);
    // With `package-mode = false`, Poetry wants neither.
    let is_only_files = packaging == Packaging::Sources && poetry.is_some();
    if !project.has("name") && !is_only_files {
        findings.add(
            Diagnostic::error("`project.name` is required")
                .at(project.span())
                .help("add `name = \"…\"`"),
        );
    }
    // Poetry 2 takes the version from its own table if `[project]` has none.
    let version = project
        .string("version")
        .or_else(|| poetry.and_then(|poetry| poetry.string_if_any("version")));
    let is_said = version.is_some() || project.has("version") || tables.is_dynamic("version");
    if !is_said && !is_only_files {
        findings.add(
            Diagnostic::error("`project.version` is required")
                .at(project.span())
                .help("add `version = \"…\"`, or list it in `dynamic`"),
        );
    }
    let requires = match project.string("requires-python") {
        Some(text) => constraint(text, Constraint::pep440, findings),
        None => None,
    };
    let mut authors = people(project, "authors");
    if authors.is_empty() {
        authors = people(project, "maintainers");
    }
    Metadata {
        project: Project {
            name: project.string("name"),
            version,
            scripts: scripts(project, &project.string_map("scripts")),
            ..Project::default()
        },
        description: project.string("description"),
        license: license(project),
        authors,
        urls: project.string_map("urls"),
        requires,
    }
}

/// Backends refuse or ignore what they do not know; a typing mistake is told before they are asked.
fn check_keys(project: &Table<'_>) {
    for key in project.keys() {
        if PROJECT_KEYS.contains(&key.value.as_str()) {
            continue;
        }
        if let Some(near) = nearest(&key.value, PROJECT_KEYS.iter().copied()) {
            project.findings().add(
                UNKNOWN_PROJECT_KEY
                    .finding(format!("unknown key `{}` in `project`", escape(&key.value)))
                    .at(&key.span)
                    .help(format!("write `{near}`")),
            );
        }
    }
}

fn check_dynamic(project: &Table<'_>) {
    let Some(dynamic) = project.strings("dynamic") else {
        return;
    };
    for field in dynamic.value {
        let error = match field.value.as_str() {
            "name" => "`name` cannot be dynamic".to_owned(),
            name if project.has(name) => format!("`{name}` is both dynamic and given"),
            _ => continue,
        };
        project.findings().add(
            Diagnostic::error(error)
                .at(&field.span)
                .help("remove it from `dynamic`"),
        );
    }
}

pub(crate) fn constraint(
    text: Spanned<String>,
    read: fn(&str) -> Result<Constraint, crate::mistake::Mistake>,
    findings: &Findings,
) -> Option<Requires> {
    match read(&text.value) {
        Ok(constraint) => Some(Requires { text, constraint }),
        Err(mistake) => {
            findings.add(mistake.at(&text));
            None
        }
    }
}

/// `authors = [{ name = "…", email = "…" }]` as `Name <mail>`.
fn people(project: &Table<'_>, key: &str) -> Vec<Spanned<String>> {
    let tables = project.tables(key);
    tables
        .iter()
        .filter_map(|one| person(one, "name", "email"))
        .collect()
}

fn person(table: &Table<'_>, name: &str, mail: &str) -> Option<Spanned<String>> {
    let text = match (table.string(name), table.string(mail)) {
        (Some(name), Some(mail)) => format!("{} <{}>", name.value.trim(), mail.value.trim()),
        (Some(only), None) | (None, Some(only)) => only.value.trim().to_owned(),
        (None, None) => return None,
    };
    Some(Spanned::new(text, table.span().clone()))
}

/// PEP 639's string, or the text of the older table if it is an expression and not a whole license.
fn license(project: &Table<'_>) -> Option<Spanned<String>> {
    let text = match project.table_if_any("license") {
        Some(table) => table.string_if_any("text")?,
        None => project.string_if_any("license")?,
    };
    is_spdx(&text.value).then_some(text)
}

/// Whether a text can be an SPDX expression: identifiers, joined by `AND`, `OR`, `WITH` and parentheses.
fn is_spdx(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-.+:".contains(c))
    };
    let plain = text.replace(['(', ')'], " ");
    plain
        .split_whitespace()
        .enumerate()
        .all(|(n, word)| match n % 2 {
            0 => is_word(word),
            _ => ["AND", "OR", "WITH"].contains(&word),
        })
        && plain.split_whitespace().count() % 2 == 1
}

/// The scripts with their functions, `module:function`.
fn scripts(
    project: &Table<'_>,
    written: &[(Spanned<String>, Spanned<String>)],
) -> BTreeMap<String, Spanned<String>> {
    let mut scripts = BTreeMap::new();
    for (name, function) in written {
        // Entry points may end with the extras that they need: `blackd:main [d]`.
        let object = function.value.split('[').next().unwrap_or_default().trim();
        let is_reference = object.split_once(':').is_some_and(|(module, function)| {
            !module.trim().is_empty() && !function.trim().is_empty()
        });
        if !is_reference {
            project.findings().add(
                Diagnostic::error(format!(
                    "the script `{}` calls `{}`, which is no function",
                    escape(&name.value),
                    escape(&function.value)
                ))
                .at(&function.span)
                .help("write `module:function`"),
            );
            continue;
        }
        let object = Spanned::new(object.to_owned(), function.span.clone());
        scripts.insert(name.value.clone(), object);
    }
    scripts
}

fn poetry(poetry: &Table<'_>, packaging: Packaging) -> Metadata {
    let findings = poetry.findings();
    for key in ["name", "version"] {
        if packaging == Packaging::Wheel && !poetry.has(key) {
            findings.add(
                Diagnostic::error(format!("`tool.poetry.{key}` is required"))
                    .at(poetry.span())
                    .help(format!("add `{key} = \"…\"`, or `package-mode = false`")),
            );
        }
    }
    let python = poetry
        .table("dependencies")
        .filter(|dependencies| dependencies.has("python"))
        .and_then(|dependencies| dependencies.string("python"));
    let mut urls = poetry.string_map("urls");
    for key in ["homepage", "repository", "documentation"] {
        if let Some(url) = poetry.string(key) {
            urls.push((Spanned::new(key.to_owned(), poetry.key_span(key)), url));
        }
    }
    let authors = match poetry.strings("authors") {
        Some(authors) if !authors.value.is_empty() => authors.value,
        _ => poetry
            .strings("maintainers")
            .map_or_else(Vec::new, |all| all.value),
    };
    let of_scripts = poetry.table_if_any("scripts");
    let written: Vec<_> = of_scripts
        .iter()
        .flat_map(|table| {
            table.keys().into_iter().filter_map(|name| {
                let function = table.string_if_any(&name.value)?;
                Some((name, function))
            })
        })
        .collect();
    Metadata {
        project: Project {
            name: poetry.string("name"),
            version: poetry.string("version"),
            scripts: scripts(poetry, &written),
            ..Project::default()
        },
        description: poetry.string("description"),
        license: poetry
            .string("license")
            .filter(|license| is_spdx(&license.value)),
        authors: authors
            .into_iter()
            .map(|author| author.map(|author| author.trim().to_owned()))
            .filter(|author| !author.value.is_empty())
            .collect(),
        urls,
        requires: python.and_then(|text| constraint(text, Constraint::poetry, findings)),
    }
}

/// Flit's older table: <https://flit.pypa.io/en/stable/pyproject_toml.html#old-style-metadata>. Version and summary are
/// the module's, and what is installed only the backend knows.
fn flit(flit: &Table<'_>) -> Metadata {
    let Some(about) = flit.table_if_any("metadata") else {
        return Metadata::default();
    };
    let of_scripts = flit.table_if_any("scripts");
    let written = of_scripts.map_or_else(Vec::new, |table| table.string_map_if_any());
    let requires = about.string("requires-python");
    Metadata {
        project: Project {
            name: about.string("dist-name").or_else(|| about.string("module")),
            scripts: scripts(flit, &written),
            ..Project::default()
        },
        authors: person(&about, "author", "author-email")
            .into_iter()
            .collect(),
        urls: about.string_map("urls"),
        requires: requires.and_then(|text| constraint(text, Constraint::pep440, flit.findings())),
        ..Metadata::default()
    }
}
