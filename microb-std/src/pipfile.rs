//! A `Pipfile` without its lock: what it lists, and the Python that it wants.
//!
//! The format: <https://pipenv.pypa.io/en/latest/pipfile.html>.

use microb::{Context, Diagnostic, SourceFile, Spanned};

use crate::mistake::Findings;
use crate::python::Requires;
use crate::requirement::{Requirement, is_name};
use crate::specifier::Constraint;
use crate::text;
use crate::tree::{self, Table, escape};

/// The name of the file, beside the `pyproject.toml`.
const NAME: &str = "Pipfile";

/// Variables of markers that are keys of a package too: `sys_platform = "== 'linux'"`.
const MARKERS: &[&str] = &[
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
];

/// What `[packages]` lists; `None` if there is no such file.
pub(crate) fn packages(
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Option<Vec<Requirement>> {
    let file = findings.keep(text::read(cx, &path(project_dir)))??;
    with_root(&file, findings, |root| {
        let packages = root.table("packages");
        let keys = packages.iter().flat_map(Table::keys);
        keys.filter_map(|key| findings.keep(requirement(packages.as_ref()?, &key)))
            .collect()
    })
}

/// `[requires]`: the Python that the project wants.
pub(crate) fn requires(
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Option<Requires> {
    let file = text::read(cx, &path(project_dir)).ok()??;
    with_root(&file, findings, |root| {
        let table = root.table_if_any("requires")?;
        let text = ["python_full_version", "python_version"]
            .iter()
            .find_map(|key| table.string_if_any(key))
            .filter(|text| text.value != "*")?;
        let is_minor = text.value.split('.').count() < 3;
        let written = text.value.trim();
        let specifier = format!("=={written}{}", if is_minor { ".*" } else { "" });
        let Ok(constraint) = Constraint::pep440(&specifier) else {
            findings.add(
                Diagnostic::error(format!("`{}` is no Python version", escape(written)))
                    .at(&text.span)
                    .help("write for instance `3.14`"),
            );
            return None;
        };
        Some(Requires {
            text: Spanned::new(specifier, text.span),
            constraint,
        })
    })?
}

fn path(project_dir: &str) -> String {
    match project_dir {
        "" => NAME.to_owned(),
        folder => format!("{folder}/{NAME}"),
    }
}

fn with_root<T>(
    file: &SourceFile,
    findings: &Findings,
    read: impl FnOnce(&Table<'_>) -> T,
) -> Option<T> {
    let tree = tree::parse(file, findings)?;
    Some(read(&Table::root(&tree, file, findings)))
}

/// An entry as pip would write it.
fn requirement(packages: &Table<'_>, key: &Spanned<String>) -> Result<Requirement, Diagnostic> {
    let name = &key.value;
    if !is_name(name) {
        let message = format!("`{}` is no name of a package", escape(name));
        return Err(Diagnostic::error(message)
            .at(&key.span)
            .help("a name is letters and digits with `.`, `_` and `-` between them"));
    }
    if let Some(version) = packages.string_if_any(name) {
        let text = format!("{name}{}", specifier(&version.value));
        return Requirement::parse(Spanned::new(text, version.span));
    }
    let Some(entry) = packages.table_if_any(name) else {
        return Err(Diagnostic::error(format!("`{name}` has no version"))
            .at(&key.span)
            .help(format!("write `{name} = \"*\"`")));
    };
    let version = entry.string_if_any("version");
    let extras = entry.strings_if_any("extras");
    let extras: Vec<_> = extras.iter().map(|extra| extra.value.as_str()).collect();
    let mut text = name.clone();
    if !extras.is_empty() {
        text.extend(["[", &extras.join(","), "]"]);
    }
    match url(&entry) {
        Some(url) => text.extend([" @ ", &url]),
        None if entry.has("path") => return Err(local(&entry, name)),
        None => text.push_str(version.as_ref().map_or("", |text| specifier(&text.value))),
    }
    let mut markers: Vec<String> = entry
        .string_if_any("markers")
        .into_iter()
        .map(|own| format!("({})", own.value))
        .collect();
    markers.extend(MARKERS.iter().filter_map(|variable| {
        let condition = entry.string_if_any(variable)?;
        Some(format!("{variable} {}", condition.value))
    }));
    if !markers.is_empty() {
        text.extend([" ; ", &markers.join(" and ")]);
    }
    Requirement::parse(Spanned::new(text, entry.span().clone()))
}

fn specifier(version: &str) -> &str {
    match version.trim() {
        "*" => "",
        version => version,
    }
}

/// An archive, or a repository as pip writes it.
fn url(entry: &Table<'_>) -> Option<String> {
    let file = entry.string_if_any("file");
    if let Some(file) = file.filter(|file| file.value.contains("://")) {
        return Some(file.value);
    }
    let repository = entry.string_if_any("git")?;
    let mut url = match repository.value.strip_prefix("git+") {
        Some(_) => repository.value,
        None => format!("git+{}", repository.value),
    };
    if let Some(commit) = entry.string_if_any("ref") {
        url.extend(["@", &commit.value]);
    }
    if let Some(folder) = entry.string_if_any("subdirectory") {
        url.extend(["#subdirectory=", &folder.value]);
    }
    Some(url)
}

fn local(entry: &Table<'_>, name: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "`{name}` is a folder, which needs a `Pipfile.lock`"
    ))
    .at(&entry.key_span("path"))
    .help("run `pipenv lock`")
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    fn check(packages: &str, expected: &str) {
        let cx = MemoryContext::new("").file(NAME, format!("[packages]\n{packages}\n"));
        let findings = Findings::default();
        let listed = super::packages(&cx, "", &findings).unwrap_or_default();
        let mut found: Vec<String> = listed.iter().map(ToString::to_string).collect();
        found.extend(findings.into_all().iter().map(ToString::to_string));
        assert_eq!(found.join("\n"), expected, "{packages}");
    }

    #[test]
    fn every_form_of_a_package_is_a_requirement() {
        for (packages, expected) in [
            ("", ""),
            ("Flask = '*'", "flask"),
            ("flask = '>=3,<4'", "flask>=3,<4"),
            (
                "flask = { version = '*', extras = ['async'] }",
                "flask[async]",
            ),
            (
                "a = { version = '==1', markers = \"os_name == 'nt' or os_name == 'posix'\", sys_platform = \"!= 'win32'\" }",
                "a==1 ; (os_name == 'nt' or os_name == 'posix') and sys_platform != 'win32'",
            ),
            (
                "a = { git = 'https://example.com/a.git', ref = 'v1', subdirectory = 'b' }",
                "a @ git+https://example.com/a.git@v1#subdirectory=b",
            ),
            (
                "a = { file = 'https://example.com/a-1.tar.gz' }",
                "a @ https://example.com/a-1.tar.gz",
            ),
        ] {
            check(packages, expected);
        }
    }

    #[test]
    fn what_is_none_is_told_with_its_place() {
        check(
            "a = { path = './a', editable = true }",
            "Pipfile:2:7: error: `a` is a folder, which needs a `Pipfile.lock` (run `pipenv lock`)",
        );
        check(
            "a = 1",
            "Pipfile:2:1: error: `a` has no version (write `a = \"*\"`)",
        );
    }
}
