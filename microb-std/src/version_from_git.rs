//! Versions that the build backend takes from git: whether there is a repository that it can ask.

use microb::patterns::Patterns;
use microb::{Context, Diagnostic, Spanned};

use crate::config::{BuildSystem, Config};
use crate::ignored;
use crate::location::within_context;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::project_dir::within;
use crate::text;
use crate::tree::escape;

/// What takes the version from git, and the variable that gives it one instead.
struct Tool {
    name: &'static str,
    variable: &'static str,
    /// How to say where the repository is, with `ROOT` in its place; `None` for what finds one in any folder above.
    root: Option<&'static str>,
}

const SETUPTOOLS_SCM: Tool = Tool {
    name: "setuptools-scm",
    variable: "SETUPTOOLS_SCM_PRETEND_VERSION",
    root: Some("write `root = \"ROOT\"` in `[tool.setuptools_scm]`"),
};
const HATCH_VCS: Tool = Tool {
    name: "hatch-vcs",
    variable: "SETUPTOOLS_SCM_PRETEND_VERSION",
    root: Some("write `raw-options = { root = \"ROOT\" }` in `[tool.hatch.version]`"),
};
const UV_DYNAMIC: Tool = Tool {
    name: "uv-dynamic-versioning",
    variable: "UV_DYNAMIC_VERSIONING_BYPASS",
    root: None,
};
const PDM: Tool = Tool {
    name: "pdm-backend",
    variable: "PDM_BUILD_SCM_VERSION",
    root: None,
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
const ELSEWHERE: [&str; 4] = ["fallback_root", "fallback_version", "parse", "relative_to"];

/// The build argument by which the engine keeps the repository of a git URL.
const KEEP_GIT: &str = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";

/// Whether a variable says the version of a project; setuptools-scm knows it with the project's name at the end too.
pub(crate) fn says_version(variable: &str) -> bool {
    let known = [SETUPTOOLS_SCM, UV_DYNAMIC, PDM].map(|tool| tool.variable);
    let mut known = known.iter().chain(&OTHERS);
    known.any(|known| variable.starts_with(known))
}

/// Tells of a version that nobody can say, before a build finds out; else sees to it that the backend finds the repository.
pub(crate) fn check(
    tables: &Tables<'_>,
    config: &mut Config,
    cx: &dyn Context,
    findings: &Findings,
) {
    let dynamic = tables.project.as_ref().map(|project| {
        let fields = project.strings_if_any("dynamic");
        fields.into_iter().find(|field| field.value == "version")
    });
    let (Some(Some(field)), Some(question)) = (dynamic, question(tables, &config.build_system))
    else {
        return;
    };
    let variable = question.tool.variable;
    if config.env.keys().any(|name| name.starts_with(variable)) {
        return;
    }
    let folders = question.folders(&config.project_dir);
    let is_asked = |folder: &&String| ASKED.iter().any(|path| is_there(cx, folder, path));
    if let Some(found) = folders.iter().find(is_asked) {
        if *found != config.project_dir {
            config.build_system.within = Some(config.project_dir.clone());
        }
        config.git.get_or_insert_with(|| field.span.clone());
        // What is in the repository and not beside it, git calls deleted, and the version another one.
        config.other_projects.clear();
        return;
    }
    let is_brought =
        !config.copy_files_before_build.is_empty() || !config.add_files_before_build.is_empty();
    if !is_brought {
        let project = Asking {
            cx,
            project_dir: &config.project_dir,
            field: &field,
        };
        findings.add(project.missing(&question, &folders));
    }
}

fn is_there(cx: &dyn Context, folder: &str, path: &str) -> bool {
    !matches!(cx.read(&within(folder, path)), Ok(None))
}

/// What asks git for the version, and where it looks for the repository.
struct Question {
    tool: Tool,
    /// `root`, relative to the project's folder.
    root: Option<Spanned<String>>,
    /// Whether it looks in the folders above too.
    looks_above: bool,
}

impl Question {
    /// The folders of the build context where the repository may be; none if that is outside.
    fn folders(&self, project_dir: &str) -> Vec<String> {
        let root = self.root.as_ref().map_or("", |root| &root.value);
        let Some(first) = within_context(project_dir, root) else {
            return Vec::new();
        };
        let mut folders = vec![first];
        while self.looks_above
            && let Some(last) = folders.last().filter(|last| !last.is_empty())
        {
            folders.push(above(last).to_owned());
        }
        folders
    }
}

/// The folder that this one is in; empty for the root.
fn above(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(above, _)| above)
}

/// A project whose version nobody says.
struct Asking<'a> {
    cx: &'a dyn Context,
    project_dir: &'a str,
    /// `version` in `dynamic`.
    field: &'a Spanned<String>,
}

impl Asking<'_> {
    /// Why there is no repository in any of these folders.
    fn missing(&self, question: &Question, folders: &[String]) -> Diagnostic {
        let Tool { name, variable, .. } = question.tool;
        let at = &self.field.span;
        let say = format!("or say the version: `env = {{ {variable} = \"1.0\" }}`");
        let (Some(nearest), Some(last)) = (folders.first(), folders.last()) else {
            return self.outside(question, &say);
        };
        let hidden = folders.iter().find_map(|folder| self.hides_git(folder));
        if let Some(line) = hidden {
            let mend = match line.value.trim_end_matches('/') {
                ".git" | "/.git" | "**/.git" => "remove the line".to_owned(),
                _ => format!("write `!{}` below it", within(last, ".git")),
            };
            return Diagnostic::error(format!(
                "`{}` keeps `.git` out of the build context, and the version at {at} comes from there, by `{name}`",
                escape(&line.value)
            ))
            .at(&line.span)
            .help(format!("{mend}, give a git URL `--build-arg {KEEP_GIT}=1`, {say}"));
        }
        let error = |problem: &str| {
            Diagnostic::error(format!(
                "the version comes from git, by `{name}`, and {problem}"
            ))
            .at(at)
        };
        if let (Some(hint), Some(root)) = (question.tool.root, self.repository_above(nearest)) {
            let hint = hint.replace("ROOT", &root);
            return error("the repository is in a folder above").help(format!("{hint}, {say}"));
        }
        // In a worktree and in a submodule.
        if matches!(self.cx.read(&within(last, ".git")), Ok(Some(_))) {
            return error("`.git` is a file that names a repository elsewhere")
                .help(format!("build in a clone, {say}"));
        }
        error("the build context has no `.git`").help(format!(
            "build in a clone, give a git URL `--build-arg {KEEP_GIT}=1`, {say}"
        ))
    }

    fn outside(&self, question: &Question, say: &str) -> Diagnostic {
        let name = question.tool.name;
        let root = question.root.as_ref().unwrap_or(self.field);
        let shown = escape(&root.value);
        Diagnostic::error(format!(
            "`{shown}` is outside of the build context, and the version comes from git there, by `{name}`"
        ))
        .at(&root.span)
        .help(format!(
            "give the repository as the build context, in this folder `docker build -f pyproject.toml {shown}`, {say}"
        ))
    }

    /// The line of the ignore file that keeps the folder's repository out.
    fn hides_git(&self, folder: &str) -> Option<Spanned<String>> {
        let file = ignored::file(self.cx, self.project_dir)?;
        let git = within(folder, ASKED[0]);
        if !Patterns::read(&file).ok()?.leave_out(&git) {
            return None;
        }
        // The last pattern that matches decides.
        let hides = |line: &Spanned<&str>| Patterns::of([line.value]).leave_out(&git);
        let line = text::lines(&file).filter(hides).last()?;
        Some(line.map(str::to_owned))
    }

    /// The way from the project's folder to the nearest repository above this one.
    fn repository_above(&self, folder: &str) -> Option<String> {
        let (mut folder, mut way) = (folder, Vec::new());
        while !folder.is_empty() {
            folder = above(folder);
            way.push("..");
            if is_there(self.cx, folder, ASKED[0]) {
                return Some(way.join("/"));
            }
        }
        None
    }
}

/// The tool that asks git, if it has no other way to find a version.
fn question(tables: &Tables<'_>, system: &BuildSystem) -> Option<Question> {
    let version = |tool: &str, source: &str| {
        let version = tables.tool(tool)?.table_if_any("version")?;
        (version.string_if_any("source")?.value == source).then_some(version)
    };
    let uv = || tables.tool(UV_DYNAMIC.name);
    let has_fallback = || uv().is_some_and(|table| table.has("fallback-version"));
    let hatch = version("hatch", "vcs").filter(|table| !table.has("fallback-version"));
    let candidates = [
        (SETUPTOOLS_SCM, tables.tool("setuptools_scm")),
        (
            HATCH_VCS,
            hatch.map(|table| table.table_if_any("raw-options").unwrap_or(table)),
        ),
        (
            UV_DYNAMIC,
            version("hatch", UV_DYNAMIC.name).filter(|_| !has_fallback()),
        ),
        (
            PDM,
            version("pdm", "scm").filter(|table| !table.has("fallback_version")),
        ),
    ];
    candidates.into_iter().find_map(|(tool, table)| {
        let table = table?;
        let is_required = system.requires.iter().any(|one| one.name == tool.name);
        if !is_required {
            return None;
        }
        // Only these two have such keys, and the others look above by themselves.
        if tool.root.is_none() {
            return Some(Question {
                tool,
                root: None,
                looks_above: true,
            });
        }
        let root = table.string_if_any("root");
        let is_elsewhere = ELSEWHERE.iter().any(|key| table.has(key))
            || table.has("root") && root.as_ref().is_none_or(|root| root.value.starts_with('/'));
        let looks_above = table.boolean_if_any("search_parent_directories") == Some(true);
        (!is_elsewhere).then_some(Question {
            tool,
            root,
            looks_above,
        })
    })
}
