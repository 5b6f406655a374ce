//! One `[tool.microb.target.NAME]`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use microb::context::BuildArg;
use microb::{Context, Diagnostic, Span, Spanned, nearest};

use crate::config::{ApiVersion, Config, Flavor, Python};
use crate::dependencies;
use crate::files;
use crate::index_table;
use crate::labels;
use crate::metadata::Tables;
use crate::mistake::{Findings, part};
use crate::packages;
use crate::python::{self, Question};
use crate::requirement::Requirement;
use crate::resolve::Shared;
use crate::rules::{DEPRECATED_KEY, UNDEFINED_VARIABLE};
use crate::substitute::substitute;
use crate::targets::comment_about;
use crate::tree::{Table, escape};
use crate::unread;

pub(crate) const COPY_FILES: &str = "copy_files";
pub(crate) const COPY_FILES_BEFORE_BUILD: &str = "copy_files_before_build";

/// The keys of a target.
pub(crate) const KEYS: &[&str] = &[
    "api_version",
    "python_version",
    "build_deps",
    "system_deps",
    "env",
    "indices",
    "labels",
    "entrypoint",
    "command",
    "extras",
    "requirements",
    COPY_FILES,
    "add_files",
    COPY_FILES_BEFORE_BUILD,
    "add_files_before_build",
    "flavor",
];

/// The old spelling of `env`.
const ENVIRONMENT: &str = "environment";

/// What a target means; `table` is `None` in a file without one. `None` after an error that leaves no image.
pub(crate) fn resolve(
    shared: &Shared,
    tables: &Tables<'_>,
    table: Option<&(Spanned<String>, Table<'_>)>,
    cx: &dyn Context,
    findings: &Findings,
) -> Option<Config> {
    let name = table.map(|(name, _)| name.clone());
    let table = table.map(|(_, table)| table);
    if let Some(table) = table {
        check_keys(table);
    }
    let api_version = table.map(api_version).unwrap_or_default();
    let flavor = table.map(flavor).unwrap_or_default();
    let python = python(shared, table, findings);
    let project = &shared.metadata.project;
    let wanted = dependencies::wanted(
        &shared.listed,
        project,
        table,
        cx,
        &shared.project_dir,
        findings,
    );
    unread::tell(
        cx,
        &shared.project_dir,
        tables,
        &wanted.dependencies,
        findings,
    );
    let mut labels = labels::automatic(&shared.metadata, api_version, tables.root.span());
    let own_labels = table.map(|table| variables(table, "labels", cx, findings, check_label));
    labels.extend(own_labels.unwrap_or_default());
    let packages = |key| {
        let list = table.and_then(|table| table.strings(key));
        packages::resolve(list, flavor, findings)
    };
    let copies = |key| {
        let copies = |table| files::copies(table, key, &shared.targets, cx);
        table.map(copies).unwrap_or_default()
    };
    let adds = |key| {
        let adds = |table| files::adds(table, key);
        table.map(adds).unwrap_or_default()
    };
    let build_needs = |needs| first(&shared.build_system.requires, needs);
    Some(Config {
        api_version,
        project_dir: shared.project_dir.clone(),
        definition: shared.definition.clone(),
        project: project.clone(),
        build_system: shared.build_system.clone(),
        dependencies: wanted.dependencies,
        flavor,
        build_deps: packages("build_deps"),
        system_deps: packages("system_deps"),
        env: table
            .map(|table| env(table, cx, findings))
            .unwrap_or_default(),
        labels,
        indices: table.map(index_table::resolve).unwrap_or_default(),
        entrypoint: table.and_then(|table| arguments(table, "entrypoint")),
        command: table.and_then(|table| arguments(table, "command")),
        copy_files: copies(COPY_FILES),
        add_files: adds("add_files"),
        copy_files_before_build: copies(COPY_FILES_BEFORE_BUILD),
        add_files_before_build: adds("add_files_before_build"),
        ssh: wanted.ssh.or_else(|| build_needs(Requirement::needs_ssh)),
        git: wanted.git.or_else(|| build_needs(Requirement::needs_git)),
        python: python?,
        target: name,
    })
}

/// The interpreter, from what the target, the version file and the project say.
fn python(shared: &Shared, table: Option<&Table<'_>>, findings: &Findings) -> Option<Python> {
    let written = table.and_then(|table| table.string("python_version"));
    let explicit = match written {
        None => None,
        // After a wrong version, another choice would only lead to errors about that.
        Some(text) => Some(Spanned::new(
            findings.keep(python::wanted(&text))?,
            text.span,
        )),
    };
    let question = Question {
        explicit: explicit.as_ref(),
        version_file: shared.version_file.as_ref(),
        requires: shared.metadata.requires.as_ref(),
    };
    python::choose(&question, findings)
}

/// The place of the first requirement that needs something.
fn first(requirements: &[Requirement], needs: fn(&Requirement) -> bool) -> Option<Span> {
    let found = requirements.iter().find(|one| needs(one))?;
    Some(found.text.span.clone())
}

fn check_keys(table: &Table<'_>) {
    let known: Vec<_> = KEYS.iter().copied().chain([ENVIRONMENT]).collect();
    table.only_of(&known, KEYS);
    if !table.has(ENVIRONMENT) {
        return;
    }
    let span = table.key_span(ENVIRONMENT);
    table.findings().add(if table.has("env") {
        Diagnostic::error("`environment` is the old spelling of `env`, and both are given")
            .at(&span)
            .help("move everything to `env`")
    } else {
        DEPRECATED_KEY
            .finding("`environment` is the old spelling of `env`")
            .at(&span)
            .help("write `env`")
    });
}

fn api_version(table: &Table<'_>) -> ApiVersion {
    let written = table.string("api_version");
    if let Some(other) = written.filter(|written| written.value != "v1") {
        table.findings().add(
            Diagnostic::error(format!("unknown api_version `{}`", escape(&other.value)))
                .at(&other.span)
                .help("write `\"v1\"`, the only one there is"),
        );
    }
    ApiVersion::V1
}

fn flavor(table: &Table<'_>) -> Flavor {
    let Some(written) = table.string("flavor") else {
        return Flavor::default();
    };
    for flavor in [Flavor::Debian, Flavor::Alpine] {
        if written.value == flavor.as_str() {
            return flavor;
        }
    }
    let error =
        Diagnostic::error(format!("unknown flavor `{}`", escape(&written.value))).at(&written.span);
    table
        .findings()
        .add(match nearest(&written.value, ["debian", "alpine"]) {
            Some(near) => error.help(format!("write `\"{near}\"`")),
            None => error.help("write `\"debian\"` or `\"alpine\"`"),
        });
    Flavor::default()
}

fn arguments(table: &Table<'_>, key: &str) -> Option<Spanned<Vec<String>>> {
    let list = table.strings(key)?;
    Some(list.map(|words| words.into_iter().map(|word| word.value).collect()))
}

fn env(
    table: &Table<'_>,
    cx: &dyn Context,
    findings: &Findings,
) -> BTreeMap<String, Spanned<String>> {
    let key = if table.has("env") { "env" } else { ENVIRONMENT };
    variables(table, key, cx, findings, check_env_name)
}

/// A table of names and values, in which build arguments are substituted.
fn variables(
    table: &Table<'_>,
    key: &str,
    cx: &dyn Context,
    findings: &Findings,
    check: fn(&str) -> Result<(), &'static str>,
) -> BTreeMap<String, Spanned<String>> {
    let mut variables = BTreeMap::new();
    if !table.has(key) {
        return variables;
    }
    for (name, value) in table.string_map(key) {
        if let Err(why) = check(&name.value) {
            findings.add(
                Diagnostic::error(format!("`{}` is no name: {why}", escape(&name.value)))
                    .at(&name.span)
                    .help("write for instance `MY_NAME`"),
            );
        }
        let asked = RefCell::new(BTreeSet::new());
        let value_of = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            value_of(cx, name)
        };
        match substitute(&value.value, &value_of) {
            Ok(done) => {
                for name in asked.take() {
                    cx.declare_build_arg(build_arg(&name, &value.span, &done.defaults));
                }
                for missing in done.undefined {
                    findings.add(undefined(&value, &missing));
                }
                variables.insert(name.value, Spanned::new(done.text, value.span));
            }
            Err(mistake) => findings.add(mistake.at(&value)),
        }
    }
    variables
}

/// What `docker build --call outline` says of a build argument: a comment above that begins with its name describes it.
fn build_arg(name: &str, span: &Span, defaults: &BTreeMap<String, String>) -> BuildArg {
    BuildArg {
        name: name.to_owned(),
        default: defaults.get(name).cloned(),
        description: comment_about(span, name),
        span: Some(span.clone()),
    }
}

fn undefined(value: &Spanned<String>, name: &str) -> Diagnostic {
    let at = value.value.find(name).unwrap_or_default();
    UNDEFINED_VARIABLE
        .finding(format!("`{name}` has no value"))
        .at(&part(value, at..at + name.len()))
        .help(format!(
            "give `--build-arg {name}=…`, or write `${{{name}:-default}}`, or `\\$` for a dollar"
        ))
}

/// A build argument, or one of the arguments that every build has.
///
/// <https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>
fn value_of(cx: &dyn Context, name: &str) -> Option<String> {
    if let Some(given) = cx.build_arg(name) {
        return Some(given.to_owned());
    }
    let (platform, part) = match name.strip_prefix("TARGET") {
        Some(part) => (cx.platform(), part),
        None => (cx.build_platform(), name.strip_prefix("BUILD")?),
    };
    match part {
        "PLATFORM" => Some(platform.to_string()),
        "OS" => Some(platform.os.clone()),
        "ARCH" => Some(platform.architecture.clone()),
        "VARIANT" => Some(platform.variant.clone()),
        _ => None,
    }
}

fn check_env_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("it is empty"),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => Err("it begins with a digit"),
        name if name.contains('=') => Err("it has a `=`"),
        name if name.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Err("it has white space")
        }
        _ => Ok(()),
    }
}

fn check_label(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("it is empty"),
        name if name.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Err("it has white space")
        }
        _ => Ok(()),
    }
}
