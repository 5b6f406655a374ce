//! From a `pyproject.toml` to a [`Config`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use microb::context::BuildArg;
use microb::{Context, Diagnostic, Diagnostics, Spanned, nearest};

use crate::backend;
use crate::config::{BuildSystem, Config, Member};
use crate::dependencies::{self, Listed};
use crate::discovery;
use crate::extends;
use crate::files;
use crate::groups::Groups;
use crate::lock;
use crate::metadata::{self, Metadata, Tables};
use crate::mistake::Findings;
use crate::pipfile;
use crate::program;
use crate::project_dir;
use crate::python::Wanted;
use crate::python_version_file;
use crate::rules;
use crate::script::{self, Block};
use crate::target;
use crate::target_table;
use crate::text;
use crate::tool_versions;
use crate::tree::{self, Table};
use crate::unheard::Unheard;
use crate::uv_version;
use crate::version_from_git;

/// Patterns of the files that [`Config::resolve`] may read in the build context, besides the definition.
///
/// A hint for one fetch of all of them: a file that matches none, such as a requirements file with a name of
/// its own, is read too when the definition names it.
pub const READS: &[&str] = READ.as_slice();

const READ: [&str; FILES.len() + program::READS.len()] = concat();

const FILES: &[&str] = &[
    ".python-version",
    ".tool-versions",
    "mise.toml",
    ".mise.toml",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "*.txt",
    "*.in",
    "*.lock",
    "Pipfile",
    "pylock*.toml",
    "requirements/*",
    // Whether a virtual environment would be sent, and what keeps it out.
    "*.dockerignore",
    ".venv/pyvenv.cfg",
    "venv/pyvenv.cfg",
    "env/pyvenv.cfg",
];

const fn concat() -> [&'static str; FILES.len() + program::READS.len()] {
    let mut all = [""; FILES.len() + program::READS.len()];
    let (files, code) = all.split_at_mut(FILES.len());
    files.copy_from_slice(FILES);
    code.copy_from_slice(program::READS);
    all
}

/// The build argument that names the target, where a client has no `--target`.
const TARGET_ARGS: &[&str] = &["microb_target", "MICROB_TARGET"];

impl Config {
    /// What the definition file means for the target that was asked for.
    ///
    /// The target is `--target`, else the build argument `microb_target`, else the one called `default`, else
    /// the only one. All targets are checked.
    ///
    /// # Errors
    ///
    /// Every mistake that was found, in the order of the file.
    pub fn resolve(cx: &dyn Context) -> Result<Self, Diagnostics> {
        resolve(cx, None)
    }

    /// The same for the target of this name, for a copy [from](crate::CopyFrom::Target) it.
    ///
    /// # Errors
    ///
    /// As [`Config::resolve`]; also when there is no such target.
    pub fn resolve_target(cx: &dyn Context, name: &str) -> Result<Self, Diagnostics> {
        resolve(cx, Some(name))
    }
}

/// What all targets of a file share.
pub(crate) struct Shared {
    pub(crate) project_dir: String,
    pub(crate) definition: Option<String>,
    /// The file name of a script.
    pub(crate) script: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) build_system: BuildSystem,
    pub(crate) listed: Listed,
    pub(crate) groups: Groups,
    pub(crate) version_file: Option<Spanned<Wanted>>,
    pub(crate) targets: Vec<Spanned<String>>,
}

fn resolve(cx: &dyn Context, name: Option<&str>) -> Result<Config, Diagnostics> {
    let findings = Findings::default();
    let config = config(cx, name, &findings);
    // For a further target, the file's own warnings have been told with the first.
    if name.is_none() {
        findings.tell_warnings(cx);
    }
    findings.into_result(config)
}

fn config(cx: &dyn Context, name: Option<&str>, findings: &Findings) -> Option<Config> {
    with_tables(cx, findings, |tables| of_tables(cx, name, tables, findings))?
}

/// Reads the tables of the definition: those of a `pyproject.toml`, or of a script. `None` after an error.
pub(crate) fn with_tables<T>(
    cx: &dyn Context,
    findings: &Findings,
    use_tables: impl FnOnce(&Tables<'_>) -> T,
) -> Option<T> {
    let file = cx.definition();
    if !script::is_script(file) {
        let tree = tree::parse(file, findings)?;
        return Some(use_tables(&Tables::of(Table::root(&tree, file, findings))));
    }
    let block = findings.keep(Block::of(file))?;
    let tree = block.parse(file, findings)?;
    let place = block.opening.clone();
    let root = Table::below(tree.get_ref(), place, String::new(), file, findings);
    Some(use_tables(&script::tables(root)))
}

fn of_tables(
    cx: &dyn Context,
    name: Option<&str>,
    tables: &Tables<'_>,
    findings: &Findings,
) -> Option<Config> {
    let target_tables = extends::link(&target_tables(tables), findings);
    let shared = if tables.is_script {
        shared_of_script(cx, tables, &target_tables)
    } else {
        shared(cx, tables, &target_tables)?
    };
    check_cycles(&target_tables, findings);
    let chosen = choose(cx, name, &shared.targets, findings);
    let mut config = None;
    for table in &target_tables {
        let is_chosen = chosen.as_deref() == Some(table.0.value.as_str());
        // Warnings are about the image that is made, errors about the file.
        let own = Findings::default();
        let table = (table.0.clone(), table.1.reporting_to(&own));
        let unheard = Unheard(cx);
        let cx = if is_chosen { cx } else { &unheard };
        let resolved = target::resolve(&shared, tables, Some(&table), cx, &own);
        findings.take(own, is_chosen);
        if is_chosen {
            config = resolved;
        }
    }
    if target_tables.is_empty() && chosen.is_some() {
        config = target::resolve(&shared, tables, None, cx, findings);
    }
    if let Some(config) = &mut config {
        // What another target copies may not be made yet.
        files::check_sources(config, cx, findings);
        version_from_git::check(tables, config, cx, findings);
        let decision = uv_version::choose(tables, config, cx, findings);
        // Of a further target, nobody hears.
        if let Some(decision) = decision.filter(|_| name.is_none()) {
            cx.decided(decision);
        }
    }
    config
}

/// The members that are built for the chosen target, and for those that it copies files from. What is wrong is told by who
/// builds it.
pub(crate) fn members_of_target(cx: &dyn Context, tables: &Tables<'_>) -> Vec<Member> {
    let quiet = Findings::default();
    let target_tables = extends::link(&target_tables(tables), &quiet);
    let Some(shared) = shared(cx, tables, &target_tables) else {
        return Vec::new();
    };
    let members =
        |table: Option<&Table<'_>>| target::members(&shared, tables, table, &Unheard(cx), &quiet);
    if target_tables.is_empty() {
        return members(None);
    }
    let mut built: Vec<String> = choose(cx, None, &shared.targets, &quiet)
        .into_iter()
        .collect();
    let mut all = Vec::new();
    let mut next = 0;
    while let Some(name) = built.get(next) {
        next += 1;
        let Some((_, table)) = target_tables.iter().find(|(known, _)| known.value == *name) else {
            continue;
        };
        all.extend(members(Some(&table.reporting_to(&quiet))));
        for from in copied_from(table) {
            if !built.contains(&from.value) {
                built.push(from.value);
            }
        }
    }
    all
}

fn shared(
    cx: &dyn Context,
    tables: &Tables<'_>,
    targets: &[(Spanned<String>, Table<'_>)],
) -> Option<Shared> {
    let project_dir = project_dir::of(cx, tables.root.span(), tables.root.findings())?;
    let needs_version_file = needs_version_file(targets);
    let has_metadata = tables.project.is_some() || tables.poetry.is_some();
    let has_setup = !has_metadata && backend::has_setup(cx, &project_dir);
    let is_uv = lock::is_of_uv(cx, &project_dir);
    let mut build_system = backend::build_system(tables);
    build_system.may_ask = backend::may_ask(&build_system, Some(tables), cx, &project_dir);
    let choice = backend::packaging(tables, has_setup, is_uv, || {
        discovery::finds_nothing(&build_system, tables, cx, &project_dir)
    });
    let mut metadata = metadata::read(tables, choice.packaging);
    metadata.project.no_package = choice.no_package;
    if let Some(missing) = choice.missing {
        let place = backend::place_of_installed(tables);
        let error = missing.error(&metadata.project, &place);
        tables.root.findings().extend(error);
    }
    let of_pipfile = || pipfile::requires(cx, &project_dir, tables.root.findings());
    metadata.requires = match metadata.requires.take() {
        None => of_pipfile(),
        // Its lock has what this interpreter needs.
        Some(own) if lock::is_of_pipenv(cx, &project_dir) => Some(match of_pipfile() {
            Some(other) => own.and(other),
            None => own,
        }),
        own => own,
    };
    Some(Shared {
        metadata,
        build_system,
        listed: dependencies::listed(tables, cx, &project_dir, has_setup),
        groups: Groups::read(&tables.root),
        version_file: needs_version_file
            .then(|| version_file(cx, &project_dir, tables.root.findings()))
            .flatten(),
        targets: targets.iter().map(|(name, _)| name.clone()).collect(),
        definition: project_dir::definition(cx, &project_dir, tables.root.findings()),
        script: None,
        project_dir,
    })
}

/// A script needs no other file. Its own words about the interpreter are stronger than those of a project around it.
fn shared_of_script(
    cx: &dyn Context,
    tables: &Tables<'_>,
    targets: &[(Spanned<String>, Table<'_>)],
) -> Shared {
    // Only its lock is looked for in its folder.
    let project_dir = project_dir::of(cx, tables.root.span(), &Findings::default());
    let project_dir = project_dir.unwrap_or_default();
    let needs_version_file = needs_version_file(targets) && !tables.root.has("requires-python");
    Shared {
        metadata: script::metadata(tables),
        build_system: backend::build_system(tables),
        listed: dependencies::of_script(&tables.root),
        groups: Groups::default(),
        version_file: needs_version_file
            .then(|| version_file(cx, &project_dir, tables.root.findings()))
            .flatten(),
        targets: targets.iter().map(|(name, _)| name.clone()).collect(),
        definition: Some(cx.definition().text().to_owned()),
        script: Some(script::file_name(cx.definition()).to_owned()),
        project_dir,
    }
}

/// What nobody asks for cannot be wrong.
fn needs_version_file(targets: &[(Spanned<String>, Table<'_>)]) -> bool {
    let is_without = |(_, table): &(_, Table<'_>)| !table.has("python_version");
    targets.is_empty() || targets.iter().any(is_without)
}

/// `.python-version` beside the `pyproject.toml`, else in the root of the build context; else what mise or asdf read there.
pub(crate) fn version_file(
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Option<Spanned<Wanted>> {
    let mut folders = vec![project_dir, ""];
    folders.dedup();
    for folder in folders {
        let path = project_dir::within(folder, python_version_file::NAME);
        if let Some(file) = findings.keep(text::read(cx, &path))? {
            return python_version_file::read(&file, findings);
        }
    }
    let words = tool_versions::of("python", cx, project_dir, findings);
    python_version_file::first(words, findings)
}

/// The tables of `[tool.microb.target]` with their names, in the order of the file.
pub(crate) fn target_tables<'a>(tables: &Tables<'a>) -> Vec<(Spanned<String>, Table<'a>)> {
    let microb = tables.tool.as_ref().and_then(|tool| tool.table("microb"));
    if let Some(only) = script::only_target(tables) {
        return vec![only];
    }
    let Some(microb) = microb else {
        return Vec::new();
    };
    for key in microb.keys() {
        if target_table::names().any(|name| name == key.value) {
            microb.findings().add(
                Diagnostic::error(format!("`{}` stands outside of a target", key.value))
                    .at(&key.span)
                    .help("move it to `[tool.microb.target.default]`"),
            );
        }
    }
    let known: Vec<_> = ["target"]
        .into_iter()
        .chain(target_table::names())
        .collect();
    if microb
        .keys()
        .iter()
        .any(|key| !known.contains(&key.value.as_str()))
    {
        microb.only_of(&known, &["target"]);
    }
    let Some(targets) = microb.table("target") else {
        return Vec::new();
    };
    targets
        .keys()
        .into_iter()
        .filter_map(|name| {
            let table = targets.table(&name.value)?;
            Some((name, table))
        })
        .collect()
}

/// The name of the target to make; empty for a file that has none.
fn choose(
    cx: &dyn Context,
    name: Option<&str>,
    targets: &[Spanned<String>],
    findings: &Findings,
) -> Option<String> {
    let wanted = name.or_else(|| asked_for(cx, findings));
    let has = |name: &str| targets.iter().any(|target| target.value == name);
    match (wanted, targets) {
        (Some(wanted), _) if has(wanted) => Some(wanted.to_owned()),
        (None | Some("default"), []) => Some(String::new()),
        (Some(wanted), _) => {
            findings.add(unknown(wanted, targets));
            None
        }
        (None, _) if has("default") => Some("default".to_owned()),
        (None, [only]) => Some(only.value.clone()),
        (None, [first, ..]) => {
            findings.add(
                Diagnostic::error(format!(
                    "the targets are {}, and none is called `default`",
                    tree::list(&names(targets))
                ))
                .at(&first.span)
                .help(format!(
                    "choose one, for instance with `--target {}`",
                    first.value
                )),
            );
            None
        }
    }
}

fn asked_for<'a>(cx: &'a dyn Context, findings: &Findings) -> Option<&'a str> {
    let option = cx.target().filter(|name| !name.is_empty());
    for name in TARGET_ARGS {
        cx.declare_build_arg(BuildArg {
            name: (*name).to_owned(),
            default: None,
            description: Some("The target, for clients without --target".to_owned()),
            span: None,
        });
    }
    let argument = TARGET_ARGS.iter().find_map(|arg| {
        let value = cx.build_arg(arg).filter(|name| !name.is_empty())?;
        Some((*arg, value))
    });
    match (option, argument) {
        (Some(option), Some((arg, value))) if option != value => {
            findings.add(
                rules::IGNORED_TARGET.finding(format!(
                    "the build argument `{arg}={value}` is ignored, since `--target {option}` is given"
                ))
                .help("give one of the two"),
            );
            Some(option)
        }
        (Some(option), _) => Some(option),
        (None, argument) => argument.map(|(_, value)| value),
    }
}

fn names(targets: &[Spanned<String>]) -> Vec<&str> {
    targets.iter().map(|target| target.value.as_str()).collect()
}

fn unknown(wanted: &str, targets: &[Spanned<String>]) -> Diagnostic {
    let names = names(targets);
    let error = Diagnostic::error(format!("unknown target `{}`", tree::escape(wanted)));
    let Some(first) = targets.first() else {
        return error.help("remove it; the file has no `[tool.microb.target.NAME]`");
    };
    let error = error.at(&first.span);
    match nearest(wanted, names.iter().copied()) {
        Some(near) => error.help(format!(
            "write `{near}`; the targets are {}",
            tree::list(&names)
        )),
        None => error.help(format!("the targets are {}", tree::list(&names))),
    }
}

/// Reports targets that copy from one another in a circle.
fn check_cycles(targets: &[(Spanned<String>, Table<'_>)], findings: &Findings) {
    let mut edges: BTreeMap<&str, Vec<Spanned<String>>> = BTreeMap::new();
    for (name, table) in targets {
        edges.insert(&name.value, copied_from(table));
    }
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for (name, _) in targets {
        let Some(circle) = circle(&name.value, &edges) else {
            continue;
        };
        let names: Vec<&str> = circle.iter().map(|from| from.value.as_str()).collect();
        // One circle is one mistake, whichever of its targets comes first.
        if names.iter().any(|name| reported.contains(*name)) {
            continue;
        }
        let problem = match names.as_slice() {
            [itself] => format!("the target `{itself}` copies from itself"),
            _ => format!(
                "targets copy from each other in a circle: `{}` from `{}`",
                name.value,
                names.join("` from `")
            ),
        };
        findings.add(
            Diagnostic::error(problem)
                .at(&circle[0].span)
                .help("copy from `builder`, or from a target that does not need this one"),
        );
        reported.extend(names);
    }
}

/// What a target copies files from: names of others, or of images.
fn copied_from(table: &Table<'_>) -> Vec<Spanned<String>> {
    let quiet = Findings::default();
    let table = table.reporting_to(&quiet);
    ["copy_files", "copy_files_before_build"]
        .iter()
        .flat_map(|key| table.tables(key))
        .filter_map(|copy| copy.string_if_any("from"))
        .filter(|from| from.value != "builder")
        .collect()
}

/// The copies that lead from a target back to itself, by the shortest way.
fn circle<'a>(
    target: &str,
    edges: &'a BTreeMap<&str, Vec<Spanned<String>>>,
) -> Option<Vec<&'a Spanned<String>>> {
    let from = |name: &str| edges.get(name).into_iter().flatten();
    let mut paths: VecDeque<Vec<_>> = from(target).map(|copy| vec![copy]).collect();
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop_front() {
        let last = path.last()?;
        if last.value == target {
            return Some(path);
        }
        if seen.insert(last.value.as_str()) {
            let longer = from(&last.value).map(|copy| [path.as_slice(), &[copy]].concat());
            paths.extend(longer);
        }
    }
    None
}
