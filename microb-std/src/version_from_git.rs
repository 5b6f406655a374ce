//! Versions that the build backend takes from git: whether there is a repository that it can ask.

use microb::{Context, Diagnostic};

use crate::config::{BuildSystem, Config};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::project_dir::within;
use crate::tree::Table;

/// What takes the version from git, and the variable that gives it one instead.
struct Tool {
    name: &'static str,
    variable: &'static str,
}

const SETUPTOOLS_SCM: Tool = Tool {
    name: "setuptools-scm",
    variable: "SETUPTOOLS_SCM_PRETEND_VERSION",
};
const HATCH_VCS: Tool = Tool {
    name: "hatch-vcs",
    variable: "SETUPTOOLS_SCM_PRETEND_VERSION",
};
const UV_DYNAMIC: Tool = Tool {
    name: "uv-dynamic-versioning",
    variable: "UV_DYNAMIC_VERSIONING_BYPASS",
};
const PDM: Tool = Tool {
    name: "pdm-backend",
    variable: "PDM_BUILD_SCM_VERSION",
};

/// Variables that say a version to tools that a project need not require by these names.
const OTHERS: [&str; 2] = ["PBR_VERSION", "POETRY_DYNAMIC_VERSIONING_BYPASS"];

/// What shows that the tool has something to ask: a repository of git or Mercurial, or what `git archive` and a source
/// distribution have in its place.
const ASKED: [&str; 5] = [
    ".git/HEAD",
    ".git_archival.txt",
    ".hg/requires",
    ".hg_archival.txt",
    "PKG-INFO",
];

/// Keys of `[tool.setuptools_scm]` by which it may find a version elsewhere.
const ELSEWHERE: [&str; 6] = [
    "fallback_root",
    "fallback_version",
    "parse",
    "relative_to",
    "root",
    "search_parent_directories",
];

/// Whether a variable says the version of a project; setuptools-scm knows it with the project's name at the end too.
pub(crate) fn says_version(variable: &str) -> bool {
    let known = [SETUPTOOLS_SCM, UV_DYNAMIC, PDM].map(|tool| tool.variable);
    let mut known = known.iter().chain(&OTHERS);
    known.any(|known| variable.starts_with(known))
}

/// Tells of a version that nobody can say, before a build finds out.
pub(crate) fn check(tables: &Tables<'_>, config: &Config, cx: &dyn Context, findings: &Findings) {
    let dynamic = tables.project.as_ref().map(|project| {
        let fields = project.strings_if_any("dynamic");
        fields.into_iter().find(|field| field.value == "version")
    });
    let (Some(Some(field)), Some(tool)) = (dynamic, tool(tables, &config.build_system)) else {
        return;
    };
    let is_said = config
        .env
        .keys()
        .any(|name| name.starts_with(tool.variable));
    let is_brought =
        !config.copy_files_before_build.is_empty() || !config.add_files_before_build.is_empty();
    let is_there = |path: &&str| !matches!(cx.read(&within(&config.project_dir, path)), Ok(None));
    if is_said || is_brought || ASKED.iter().any(is_there) {
        return;
    }
    let Tool { name, variable } = tool;
    findings.add(
        Diagnostic::error(format!(
            "the version comes from git, by `{name}`, and the build context has no `.git`"
        ))
        .at(&field.span)
        .help(format!(
            "take `.git` out of `.dockerignore`, build a git URL with `--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1`, \
             or say the version: `env = {{ {variable} = \"1.0\" }}`"
        )),
    );
}

/// The tool that asks git, if it has no other way to find a version.
fn tool(tables: &Tables<'_>, system: &BuildSystem) -> Option<Tool> {
    let version = |tool: &str, source: &str| {
        let version = tables.tool(tool)?.table_if_any("version")?;
        (version.string_if_any("source")?.value == source).then_some(version)
    };
    let uv = || tables.tool(UV_DYNAMIC.name);
    let has_fallback = || uv().is_some_and(|table| table.has("fallback-version"));
    let candidates = [
        (
            SETUPTOOLS_SCM,
            tables.tool("setuptools_scm"),
            &ELSEWHERE[..],
        ),
        (
            HATCH_VCS,
            version("hatch", "vcs"),
            &["fallback-version", "raw-options"],
        ),
        (
            UV_DYNAMIC,
            version("hatch", UV_DYNAMIC.name).filter(|_| !has_fallback()),
            &[],
        ),
        (PDM, version("pdm", "scm"), &["fallback_version"]),
    ];
    let is_certain = |tool: &Tool, table: &Table<'_>, elsewhere: &[&str]| {
        let is_required = system.requires.iter().any(|one| one.name == tool.name);
        is_required && !elsewhere.iter().any(|key| table.has(key))
    };
    candidates.into_iter().find_map(|(tool, table, elsewhere)| {
        table.filter(|table| is_certain(&tool, table, elsewhere))?;
        Some(tool)
    })
}
