//! One `[tool.microb.target.NAME]`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use microb::context::BuildArg;
use microb::{Context, Diagnostic, Span, Spanned};

use crate::certificates;
use crate::config::{Config, Dependencies, Index, Installer, Member, Python};
use crate::dependencies::{self, Wanted};
use crate::files::{self, Place};
use crate::healthcheck;
use crate::index_table;
use crate::indices;
use crate::interpreter;
use crate::labels;
use crate::members;
use crate::metadata::Tables;
use crate::mistake::{Findings, part};
use crate::named_image;
use crate::packages;
use crate::program::{self, Program};
use crate::requirement::Requirement;
use crate::resolve::Shared;
use crate::rules::UNDEFINED_VARIABLE;
use crate::source_path;
use crate::substitute::substitute;
use crate::system_needs::{self, Asked, SystemNeed};
use crate::table::{Map, Table as _, Value as _};
use crate::target_table::{IndexTable, TargetTable};
use crate::targets::comment_about;
use crate::tool_indices::{self, Lists};
use crate::tree::{Table, escape};
use crate::unread;
use crate::words::quoted;

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
    let mut target = read(table)?;
    let has = |key: &str| table.is_some_and(|table| table.has(key));
    let named = target.base_image.as_ref().or(target.build_image.as_ref());
    if let (false, Some(image)) = (has("flavor"), named) {
        target.flavor = named_image::flavor(&image.value).unwrap_or_default();
    }
    let (python, mut wanted) = installed(shared, tables, table, &target, cx, findings);
    let project = &shared.metadata.project;
    let system_needs = system_needs(shared, &target, &wanted.dependencies, python.as_ref(), cx);
    unread::tell(tables, &wanted.dependencies, findings);
    let mut labels = labels::automatic(&shared.metadata, target.api_version, tables.root.span());
    let inherited = |keys| table.map_or_else(Vec::new, |table| inherited(table, keys));
    let of_labels = merged(target.labels, inherited(&["labels"]));
    labels.extend(variables(of_labels, cx, findings, check_label));
    let annotations = merged(target.annotations, inherited(&["annotations"]));
    let annotations = variables(annotations, cx, findings, check_label);
    let packages = |list, of| {
        let listed = packages::resolve(list, target.flavor, findings);
        packages::with(listed, SystemNeed::packages(&system_needs, of))
    };
    let copies = |list, place| files::copies(list, place, &shared.targets, cx, findings);
    let members = members::resolve(cx, &wanted.dependencies, &wanted.folders, findings);
    let needed = build_requirements(shared, &members);
    let build_needs = |needs| first(&needed, needs);
    let mut lists = Lists {
        listed: &shared.listed,
        build: &needed,
        dependencies: &mut wanted.dependencies,
        installer: target.installer,
    };
    check_installer(target.installer, target.uv_version.as_ref(), findings);
    let indices = indices(target.indices, tables, cx, &mut lists, findings);
    let mut config = Config {
        extends: target.extends,
        api_version: target.api_version,
        project_dir: shared.project_dir.clone(),
        definition: shared.definition.clone(),
        script: shared.script.clone(),
        project: project.clone(),
        build_system: shared.build_system.clone(),
        other_projects: members::other_projects(&wanted.dependencies, &shared.project_dir),
        members,
        dependencies: wanted.dependencies,
        flavor: target.flavor,
        build_deps: packages(target.build_deps, |need| &need.build),
        system_deps: packages(target.system_deps, |need| &need.runtime),
        system_needs,
        env: variables(
            merged(target.env, inherited(&["env", "environment"])),
            cx,
            findings,
            check_env_name,
        ),
        labels,
        annotations,
        indices,
        netrc_secret: target.netrc_secret,
        certificates: certificates::resolve(target.certificates, &shared.project_dir, cx, findings),
        entrypoint: target.entrypoint,
        command: target.command,
        copy_files: copies(target.copy_files, Place::Image),
        add_files: files::adds(target.add_files, findings),
        copy_files_before_build: copies(target.copy_files_before_build, Place::Builder),
        add_files_before_build: files::adds(target.add_files_before_build, findings),
        ssh: wanted.ssh.or_else(|| build_needs(Requirement::needs_ssh)),
        git: wanted.git.or_else(|| build_needs(Requirement::needs_git)),
        python: python?,
        target: name,
        user: target.user,
        workdir: target.workdir,
        expose: target.expose,
        volumes: target.volumes,
        stop_signal: target.stop_signal,
        healthcheck: None,
        base_image: target.base_image,
        build_image: target.build_image,
        installer: target.installer,
        check_libraries: target.check_libraries,
        uv_version: target.uv_version,
        build_network: target.build_network,
        run: target.run.into_iter().map(|step| step.0).collect(),
        compile: target.compile,
        prune: target.prune,
        source_path: None,
        program: None,
    };
    config.program = found_program(&config, tables, cx, findings);
    config.source_path = source_path::of(cx, &config);
    let check = target.healthcheck;
    config.healthcheck = check.and_then(|check| healthcheck::resolve(check, &config, findings));
    Some(config)
}

fn read(table: Option<&Table<'_>>) -> Option<TargetTable> {
    match table {
        Some(table) => TargetTable::from_keys(table),
        None => TargetTable::missing(),
    }
}

/// The interpreter, and what is installed for it.
fn installed(
    shared: &Shared,
    tables: &Tables<'_>,
    table: Option<&Table<'_>>,
    target: &TargetTable,
    cx: &dyn Context,
    findings: &Findings,
) -> (Option<Python>, Wanted) {
    let is_said = table.is_some_and(|table| table.has("python_version"));
    interpreter::choose(shared, target, is_said, findings, |python, findings| {
        dependencies::wanted(shared, tables, target, python, cx, findings)
    })
}

/// The members that the target installs.
pub(crate) fn members(
    shared: &Shared,
    tables: &Tables<'_>,
    table: Option<&Table<'_>>,
    cx: &dyn Context,
    findings: &Findings,
) -> Vec<Member> {
    let Some(target) = read(table) else {
        return Vec::new();
    };
    if !dependencies::may_have_folders(shared, tables, &target, cx) {
        return Vec::new();
    }
    let (_, wanted) = installed(shared, tables, table, &target, cx, findings);
    members::resolve(cx, &wanted.dependencies, &wanted.folders, findings)
}

/// What runs where the target does not say.
fn found_program(
    config: &Config,
    tables: &Tables<'_>,
    cx: &dyn Context,
    findings: &Findings,
) -> Option<Program> {
    if config.entrypoint.is_some() {
        return None;
    }
    if let Some(command) = &config.command {
        options_alone(command, config, tables, cx, findings);
        return None;
    }
    // Where a list could not be read, what is missing from it is no news: a server, for instance.
    let quiet = Findings::default();
    let told = if findings.has_mistake() {
        &quiet
    } else {
        findings
    };
    program::infer(cx, config, tables, told)
}

/// A command that is only options needs a program in front of it. What another base image starts is not known.
fn options_alone(
    command: &Spanned<Vec<String>>,
    config: &Config,
    tables: &Tables<'_>,
    cx: &dyn Context,
    findings: &Findings,
) {
    let first = command.value.first().filter(|word| word.starts_with('-'));
    let (Some(option), None) = (first, &config.base_image) else {
        return;
    };
    let found = program::infer(cx, config, tables, &Findings::default());
    let argv = found.map_or_else(|| vec!["PROGRAM".to_owned()], |program| program.argv.value);
    let words: Vec<_> = argv.iter().map(|word| quoted(word)).collect();
    let error = Diagnostic::error(format!("`{}` is an option and no program", escape(option)));
    findings.add(error.at(&command.span).help(format!(
        "add `entrypoint = [{}]`, whose arguments these are then",
        words.join(", ")
    )));
}

/// What the dependencies are known to need of the distribution, where it is to be added.
fn system_needs(
    shared: &Shared,
    target: &TargetTable,
    dependencies: &Dependencies,
    python: Option<&Python>,
    cx: &dyn Context,
) -> Vec<SystemNeed> {
    // What another image has, and whether it can install anything, is not known.
    let is_official = target.base_image.is_none() && target.build_image.is_none();
    if !target.automatic_deps.unwrap_or(is_official) {
        return Vec::new();
    }
    let groups = target.groups.as_ref();
    let groups = groups.map_or(&[][..], |groups| &groups.value);
    let version = python.map(|python| python.version);
    let asked = Asked::of(dependencies, shared, groups, version, cx);
    system_needs::of(&asked, target.flavor)
}

/// What the build backends of the project and of its members ask for.
fn build_requirements(shared: &Shared, members: &[Member]) -> Vec<Requirement> {
    let of_members = members.iter().flat_map(|one| &one.build_system.requires);
    let all = shared.build_system.requires.iter().chain(of_members);
    all.cloned().collect()
}

/// The indices of the target, and those of uv's and Poetry's tables.
fn indices(
    written: Vec<IndexTable>,
    tables: &Tables<'_>,
    cx: &dyn Context,
    lists: &mut Lists<'_>,
    findings: &Findings,
) -> Vec<Index> {
    let is_pip = lists.installer == Installer::Pip;
    let own = index_table::resolve(written, findings);
    let all = tool_indices::resolve(own, tables, cx, lists, findings);
    if is_pip {
        indices::check_logins_of_pip(&all, findings);
    }
    all
}

/// What has no meaning for pip.
fn check_installer(
    installer: Installer,
    uv_version: Option<&Spanned<String>>,
    findings: &Findings,
) {
    if let (Installer::Pip, Some(version)) = (installer, uv_version) {
        let error = Diagnostic::error("there is no uv with `installer = \"pip\"`");
        let error = error.at(&version.span);
        findings.add(error.help("remove `uv_version`, or `installer`"));
    }
}

/// What the targets that this one extends say of a table of names, the nearest first.
fn inherited(table: &Table<'_>, keys: &[&str]) -> Vec<(Spanned<String>, Spanned<String>)> {
    let mut all = Vec::new();
    let mut next = table.below_it();
    while let Some(table) = next {
        for entry in keys.iter().filter_map(|key| table.own_entry(key)) {
            all.extend(Map::read(&entry).map_or_else(Vec::new, |map| map.0));
        }
        next = table.below_it();
    }
    all
}

/// The names that are not said yet are added.
fn merged(
    own: Map<Spanned<String>>,
    inherited: Vec<(Spanned<String>, Spanned<String>)>,
) -> Map<Spanned<String>> {
    let mut all = own.0;
    for (name, value) in inherited {
        if !all.iter().any(|(known, _)| known.value == name.value) {
            all.push((name, value));
        }
    }
    Map(all)
}

/// The place of the first requirement that needs something.
fn first(requirements: &[Requirement], needs: fn(&Requirement) -> bool) -> Option<Span> {
    let found = requirements.iter().find(|one| needs(one))?;
    Some(found.text.span.clone())
}

/// A table of names and values, in which build arguments are substituted.
fn variables(
    written: Map<Spanned<String>>,
    cx: &dyn Context,
    findings: &Findings,
    check: fn(&str) -> Result<(), &'static str>,
) -> BTreeMap<String, Spanned<String>> {
    let mut variables = BTreeMap::new();
    for (name, value) in written.0 {
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
                // That `PATH` cannot be extended, the rule about it tells with the folders to write.
                let is_own_path = |missing: &String| missing == "PATH" && name.value == "PATH";
                for missing in done.undefined.into_iter().filter(|one| !is_own_path(one)) {
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
