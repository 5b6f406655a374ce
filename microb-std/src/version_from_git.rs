//! Versions that the build backend takes from git: whether there is a repository that it can ask.

use microb::patterns::Patterns;
use microb::{Context, Diagnostic, Span, Spanned};

use crate::config::{BuildSystem, Config};
use crate::ignored;
use crate::indices::in_variable;
use crate::location::within_context;
use crate::members;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::project_dir::within;
use crate::requirement::normalized;
use crate::text;
use crate::tree::escape;

/// What takes the version from git.
struct Tool {
    name: &'static str,
    /// The variable that gives it one instead, if it knows any.
    variable: Option<&'static str>,
    /// How to say where the repository is, with `ROOT` in its place; `None` for what finds one in any folder above.
    root: Option<&'static str>,
}

const SETUPTOOLS_SCM: Tool = Tool {
    name: "setuptools-scm",
    variable: Some("SETUPTOOLS_SCM_PRETEND_VERSION"),
    root: Some("write `root = \"ROOT\"` in `[tool.setuptools_scm]`"),
};
const HATCH_VCS: Tool = Tool {
    name: "hatch-vcs",
    variable: Some("SETUPTOOLS_SCM_PRETEND_VERSION"),
    root: Some("write `raw-options = { root = \"ROOT\" }` in `[tool.hatch.version]`"),
};
const UV_DYNAMIC: Tool = Tool {
    name: "uv-dynamic-versioning",
    variable: Some("UV_DYNAMIC_VERSIONING_BYPASS"),
    root: None,
};
const PDM: Tool = Tool {
    name: "pdm-backend",
    variable: Some("PDM_BUILD_SCM_VERSION"),
    root: None,
};
const POETRY_DYNAMIC: Tool = Tool {
    name: "poetry-dynamic-versioning",
    variable: Some("POETRY_DYNAMIC_VERSIONING_BYPASS"),
    root: None,
};
const VERSIONINGIT: Tool = Tool {
    name: "versioningit",
    variable: None,
    root: None,
};

/// The variable of pbr, which finds a version in many ways.
const PBR_VERSION: &str = "PBR_VERSION";

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
    let known = [SETUPTOOLS_SCM, UV_DYNAMIC, PDM, POETRY_DYNAMIC].map(|tool| tool.variable);
    let mut known = known.into_iter().flatten().chain([PBR_VERSION]);
    known.any(|known| variable.starts_with(known))
}

/// Tells of versions that nobody can say, before a build finds out; else sees to it that the backend finds the repository.
pub(crate) fn check(
    tables: &Tables<'_>,
    config: &mut Config,
    cx: &dyn Context,
    findings: &Findings,
) {
    let own = Asking {
        cx,
        config,
        folder: &config.project_dir,
        name: config.project.name.as_ref().map(|name| name.value.as_str()),
        system: &config.build_system,
    };
    let own = own.found(tables, findings);
    let of_members = config.members.iter().map(|member| {
        let asking = Asking {
            cx,
            config,
            folder: &member.path.value,
            name: Some(&member.name),
            system: &member.build_system,
        };
        // What is wrong in its file has been told.
        let quiet = Findings::default();
        members::with_tables(cx, asking.folder, &quiet, |tables| {
            asking.found(tables, findings)
        })
        .flatten()
    });
    let of_members: Vec<_> = of_members.collect();
    if let Some(found) = own {
        found.keep(
            &config.project_dir,
            &mut config.build_system,
            &mut config.git,
        );
        // What is in the repository and not beside it, git calls deleted, and the version another one.
        config.other_projects.clear();
    }
    for (member, found) in config.members.iter_mut().zip(of_members) {
        if let Some(found) = found {
            found.keep(
                &member.path.value,
                &mut member.build_system,
                &mut config.git,
            );
        }
    }
}

/// A repository that a version comes from.
struct Repository {
    /// Its folder in the build context.
    folder: String,
    /// `version` in `dynamic`.
    asked_by: Span,
}

impl Repository {
    /// Sees to it that the backend of the project in this folder finds it.
    fn keep(self, project_dir: &str, system: &mut BuildSystem, git: &mut Option<Span>) {
        if self.folder != project_dir {
            system.within = Some(project_dir.to_owned());
        }
        git.get_or_insert(self.asked_by);
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

/// A project that is built: the one of the definition, or a member.
struct Asking<'a> {
    cx: &'a dyn Context,
    config: &'a Config,
    /// Its folder in the build context.
    folder: &'a str,
    name: Option<&'a str>,
    system: &'a BuildSystem,
}

impl Asking<'_> {
    /// The repository that its version comes from, if it does; tells when there is none.
    fn found(&self, tables: &Tables<'_>, findings: &Findings) -> Option<Repository> {
        let fields = tables.project.as_ref()?.strings_if_any("dynamic");
        let field = fields.into_iter().find(|field| field.value == "version")?;
        let question = question(tables, self.system)?;
        let variable = question.tool.variable;
        if variable.is_some_and(|variable| self.is_said(variable)) {
            return None;
        }
        let folders = question.folders(self.folder);
        let is_asked = |folder: &&String| ASKED.iter().any(|path| is_there(self.cx, folder, path));
        if let Some(folder) = folders.iter().find(is_asked) {
            return Some(Repository {
                folder: folder.clone(),
                asked_by: field.span,
            });
        }
        let is_brought = !self.config.copy_files_before_build.is_empty()
            || !self.config.add_files_before_build.is_empty();
        if !is_brought {
            findings.add(self.missing(&field, &question, &folders));
        }
        None
    }

    /// Whether `env` says the version, by the variable itself or with the project's name at its end.
    fn is_said(&self, variable: &str) -> bool {
        let says = |name: &String| {
            name.strip_prefix(variable).is_some_and(|rest| {
                let named = rest.strip_prefix("_FOR_").map(normalized);
                rest.is_empty() || named.is_some() && named == self.name.map(normalized)
            })
        };
        self.config.env.keys().any(says)
    }

    /// What to do when there is no repository, and what else.
    fn help(&self, tool: &Tool, mend: &str) -> String {
        let Some(variable) = tool.variable else {
            return mend.to_owned();
        };
        // Without a name it is the version of everything that is built.
        let of_one = self
            .name
            .filter(|_| tool.name == SETUPTOOLS_SCM.name && self.is_member());
        let of_one = of_one.map(|name| format!("_FOR_{}", in_variable(name)));
        let of_one = of_one.unwrap_or_default();
        format!("{mend}, or say the version: `env = {{ {variable}{of_one} = \"1.0\" }}`")
    }

    fn is_member(&self) -> bool {
        self.folder != self.config.project_dir
    }

    /// Why there is no repository in any of these folders.
    fn missing(
        &self,
        field: &Spanned<String>,
        question: &Question,
        folders: &[String],
    ) -> Diagnostic {
        let tool = &question.tool;
        let name = tool.name;
        let at = &field.span;
        let (Some(nearest), Some(last)) = (folders.first(), folders.last()) else {
            return self.outside(field, question);
        };
        let hidden = folders.iter().find_map(|folder| self.hides_git(folder));
        if let Some(line) = hidden {
            let mend = match line.value.trim_end_matches('/') {
                ".git" | "/.git" | "**/.git" => "remove the line".to_owned(),
                _ => format!("write `!{}` below it", within(last, ".git")),
            };
            let mend = format!("{mend}, give a git URL `--build-arg {KEEP_GIT}=1`");
            return Diagnostic::error(format!(
                "`{}` keeps `.git` out of the build context, and the version at {at} comes from there, by `{name}`",
                escape(&line.value)
            ))
            .at(&line.span)
            .help(self.help(tool, &mend));
        }
        let error = |problem: &str| {
            Diagnostic::error(format!(
                "the version comes from git, by `{name}`, and {problem}"
            ))
            .at(at)
        };
        if let (Some(hint), Some(root)) = (tool.root, self.repository_above(nearest)) {
            let hint = hint.replace("ROOT", &root);
            return error("the repository is in a folder above").help(self.help(tool, &hint));
        }
        // In a worktree and in a submodule.
        if matches!(self.cx.read(&within(last, ".git")), Ok(Some(_))) {
            return error("`.git` is a file that names a repository elsewhere")
                .help(self.help(tool, "build in a clone"));
        }
        let mend = format!("build in a clone, give a git URL `--build-arg {KEEP_GIT}=1`");
        error("the build context has no `.git`").help(self.help(tool, &mend))
    }

    fn outside(&self, field: &Spanned<String>, question: &Question) -> Diagnostic {
        let name = question.tool.name;
        let root = question.root.as_ref().unwrap_or(field);
        let shown = escape(&root.value);
        let command = if self.is_member() {
            String::new()
        } else {
            format!(", in this folder `docker build -f pyproject.toml {shown}`")
        };
        Diagnostic::error(format!(
            "`{shown}` is outside of the build context, and the version comes from git there, by `{name}`"
        ))
        .at(&root.span)
        .help(self.help(
            &question.tool,
            &format!("give the repository as the build context{command}"),
        ))
    }

    /// The line of the ignore file that keeps the folder's repository out.
    fn hides_git(&self, folder: &str) -> Option<Spanned<String>> {
        let file = ignored::file(self.cx, &self.config.project_dir)?;
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
    let versioningit =
        || version("hatch", VERSIONINGIT.name).or_else(|| tables.tool(VERSIONINGIT.name));
    let poetry = tables.tool(POETRY_DYNAMIC.name).filter(|table| {
        table.boolean_if_any("enable") == Some(true) && !table.has("fallback-version")
    });
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
        (POETRY_DYNAMIC, poetry),
        (
            VERSIONINGIT,
            versioningit().filter(|table| !table.has("default-version")),
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
