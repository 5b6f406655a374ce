//! What is not part of a build context, when the user has no `.dockerignore`.

use microb::{Context, SourceFile};

use crate::backend;
use crate::members;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::project_dir::{self, within};
use crate::requirement::normalized;
use crate::resolve::{members_of_target, with_tables};
use crate::script::file_name;
use crate::text;

/// The folder whose history some build backends take the version from.
const GIT: &str = "**/.git";

/// What never belongs into an image, whatever a `.dockerignore` says: a virtual environment of another machine would be
/// laid over the image's own, and the others hold what nobody should read there.
///
/// Of the files `.env.NAME`, those that show what to write stay: `example`, `sample`, `template`, `default`, `dist`. They
/// are not taken back with `!`, since a client has to walk through all that is left out then. `.npmrc` stays, too:
/// `npm ci` reads it.
pub(crate) const NEVER_IN_AN_IMAGE: [&str; 14] = [
    "**/.venv",
    "**/.env",
    "**/.env.[^dest]*",
    "**/.env.de[^f]*",
    "**/.env.do*",
    "**/.env.s[^a]*",
    "**/.env.te[^m]*",
    "**/.envrc",
    "**/.streamlit/secrets.toml",
    "**/.git-credentials",
    "**/.netrc",
    "**/.pypirc",
    GIT,
    "**/__pycache__",
];

/// What tools make beside a project, none of which a build reads.
const MADE_BY_TOOLS: [&str; 23] = [
    "**/*.py[cod]",
    "**/.tox",
    "**/.nox",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    "**/.hypothesis",
    "**/.pyre",
    "**/.pytype",
    "**/.ipynb_checkpoints",
    "**/.pdm-build",
    "**/.eggs",
    "**/*.egg-info",
    "**/.coverage",
    "**/.coverage.*",
    "**/htmlcov",
    "**/node_modules",
    "**/.DS_Store",
    // What setuptools left of an earlier build would get into the next wheel.
    "build/lib",
    "build/lib.*",
    "build/bdist.*",
    "dist/*.whl",
    "dist/*.tar.gz",
];

/// What editors write, and many a team has in its repository: without it, git calls the sources changed, and the version
/// that is made of its history is another one every day.
const MADE_BY_EDITORS: [&str; 2] = ["**/.idea", "**/.vscode"];

/// Names of virtual environments that are also names of packages: only with this file in them they are the former.
const MAYBE_ENVIRONMENTS: [&str; 2] = ["venv", "env"];
const ENVIRONMENT_FILE: &str = "pyvenv.cfg";

/// Parts of the names of distributions and tables that read `.git`, as setuptools-scm and hatch-vcs do.
///
/// One too many costs a transfer, one too few a wrong version.
const READS_GIT: [&str; 6] = [
    "scm", "vcs", "git",
    // poetry-dynamic-versioning, uv-dynamic-versioning, versioningit, versioneer.
    "version", "dunamai", "pbr",
];

/// Patterns, as in `.dockerignore`, of what a build context without an ignore file leaves out.
///
/// `.git` stays when the build may ask it for the version of the project or of a member that it needs, or when the build argument `BUILDKIT_CONTEXT_KEEP_GIT_DIR`
/// is true.
pub fn ignored(cx: &dyn Context) -> Vec<String> {
    patterns(cx, keeps_git(cx))
}

/// The same, where it is known whether `.git` stays.
pub(crate) fn patterns(cx: &dyn Context, keeps_git: bool) -> Vec<String> {
    let patterns = NEVER_IN_AN_IMAGE.iter().chain(&MADE_BY_TOOLS);
    let editors = MADE_BY_EDITORS.iter().filter(|_| !keeps_git);
    let environments = MAYBE_ENVIRONMENTS.iter().filter(|folder| {
        let file = format!("{folder}/{ENVIRONMENT_FILE}");
        matches!(cx.read(&file), Ok(Some(_)))
    });
    patterns
        .chain(editors)
        .chain(environments)
        .filter(|pattern| **pattern != GIT || !keeps_git)
        .map(|pattern| (*pattern).to_owned())
        .collect()
}

/// The user's own ignore file: the one of the definition, which stands beside it in `folder`, else that of the build context.
pub(crate) fn file(cx: &dyn Context, folder: &str) -> Option<SourceFile> {
    let own = format!("{}.dockerignore", file_name(cx.definition()));
    let mut paths = [within(folder, &own), ".dockerignore".to_owned()].into_iter();
    paths.find_map(|path| text::read(cx, &path).ok().flatten())
}

fn keeps_git(cx: &dyn Context) -> bool {
    // The values of Go's `strconv.ParseBool`.
    let asked = cx.build_arg("BUILDKIT_CONTEXT_KEEP_GIT_DIR");
    if asked.is_some_and(|asked| ["1", "t", "T", "true", "TRUE", "True"].contains(&asked)) {
        return true;
    }
    // A file that cannot be read is told by who builds it.
    let quiet = Findings::default();
    with_tables(cx, &quiet, |tables| {
        if tables.is_script {
            return false;
        }
        let project_dir = project_dir::of(cx, tables.root.span(), &quiet).unwrap_or_default();
        version_may_be_from_git(cx, &project_dir, Some(tables))
            || members_of_target(cx, tables).iter().any(|member| {
                let folder = &member.path.value;
                members::with_tables(cx, folder, &quiet, |tables| {
                    version_may_be_from_git(cx, folder, Some(tables))
                })
                .unwrap_or_else(|| version_may_be_from_git(cx, folder, None))
            })
    })
    .unwrap_or(true)
}

/// Whether something that builds the project in this folder reads `.git`. `tables` is `None` without a `pyproject.toml`.
fn version_may_be_from_git(cx: &dyn Context, folder: &str, tables: Option<&Tables<'_>>) -> bool {
    let reads_git = |name: &str| READS_GIT.iter().any(|part| normalized(name).contains(part));
    let says = |tables: &Tables<'_>| {
        let system = backend::build_system(tables);
        let requires = system.requires.iter().any(|one| reads_git(&one.name));
        // A backend of the project's own can do anything.
        let own = !system.backend_path.is_empty();
        let tools = tables.tool.as_ref();
        let configured =
            tools.is_some_and(|tools| tools.keys().iter().any(|key| reads_git(&key.value)));
        requires || own || configured || version_is_from_git(tables)
    };
    tables.is_some_and(says) || setup_reads_git(cx, folder, reads_git)
}

/// `[tool.pdm.version] source = "scm"`; Hatch's and Poetry's need a further requirement.
fn version_is_from_git(tables: &Tables<'_>) -> bool {
    let version = tables
        .tool("pdm")
        .and_then(|pdm| pdm.table_if_any("version"));
    let source = version.and_then(|version| version.string_if_any("source"));
    source.is_some_and(|source| source.value == "scm")
}

/// Whether setuptools' older files speak of such a tool, or of git itself.
fn setup_reads_git(cx: &dyn Context, folder: &str, reads_git: impl Fn(&str) -> bool) -> bool {
    ["setup.py", "setup.cfg"].iter().any(|file| {
        let content = cx.read(&within(folder, file)).ok().flatten();
        content.is_some_and(|content| reads_git(&String::from_utf8_lossy(&content)))
    })
}
