//! Input that is wrong, and the one message about each mistake: file, line, and what to do.
//!
//! The messages were written before they were compared with what is said.

use microb::{MemoryContext, SourceFile};
use microb_std::Config;

/// A project that is fine.
const APP: &str = "[project]\nname = 'app'\nversion = '1'\n";

/// A context whose `pyproject.toml` is the definition.
fn project(pyproject: &str, files: &[(&str, &[u8])]) -> MemoryContext {
    files
        .iter()
        .fold(MemoryContext::new(pyproject), |cx, (path, bytes)| {
            cx.file(*path, *bytes)
        })
}

#[track_caller]
fn check_context(cx: &MemoryContext, expected: &str) {
    match Config::resolve(cx) {
        Ok(config) => panic!("nothing is wrong with it: {config:?}\nexpected {expected}"),
        Err(errors) => assert_eq!(errors.to_string(), expected),
    }
}

/// What is said of a `pyproject.toml`.
#[track_caller]
fn check(pyproject: &str, expected: &str) {
    check_context(&project(pyproject, &[]), expected);
}

/// What is said of an app with these lines more.
#[track_caller]
fn app(lines: &str, expected: &str) {
    check(&format!("{APP}{lines}\n"), expected);
}

/// What is said of a file beside an app; the lines more may name it.
#[track_caller]
fn beside(lines: &str, path: &str, content: impl AsRef<[u8]>, expected: &str) {
    let cx = project(&format!("{APP}{lines}\n"), &[(path, content.as_ref())]);
    check_context(&cx, expected);
}

#[test]
fn of_the_project() {
    check(
        "[project]\nname = 'app'\n",
        "pyproject.toml:1:1: error: `project.version` is required (add `version = \"…\"`, or list it in `dynamic`)",
    );
    check(
        "[project]\nversion = '1'\n",
        "pyproject.toml:1:1: error: `project.name` is required (add `name = \"…\"`)",
    );
    check(
        "[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\nuser = 'a'\n[tool.x]\nuser = 'b'\n[tool.microb.target.default]\n",
        "pyproject.toml:8:21: error: the table `[tool.microb.target.default]` is there twice (remove one of the two; the first is in line 4)",
    );
    check(
        "[project]\nname = 'app'\nversion = '1'\n[tool.x]\na = 1\n[tool.y]\nb = 2\na = 1\nb = 2\n",
        "pyproject.toml:9:1: error: the key `b` is there twice (remove one of the two; the first is in line 7)",
    );
    // All that follows would be wrong too.
    for (lines, place, what, end) in [
        (
            "a = ['x'\nb = ['y']\nc = { d = 1 }\n[tool.z]\ne = 'f'\n",
            "5:5",
            "list",
            "]",
        ),
        (
            "a = { b = 'x'\nc = ['y']\nd = 1\n[tool.z]\ne = 'f'\n",
            "5:5",
            "table",
            "}",
        ),
        ("a = [{ b = 'x' ]\nc = ['y']\nd = 1\n", "5:6", "table", "}"),
        ("a = \"\"\"x\nc = ['y']\nd = 1\n", "5:5", "string", "\"\"\""),
    ] {
        app(
            &format!("[tool.x]\n{lines}"),
            &format!(
                "pyproject.toml:{place}: error: invalid TOML: the {what} is not closed (write `{end}` where it ends)"
            ),
        );
    }
    check(
        "[project]\nname = 'app'\nname = 'app'\nversion = '1'\n",
        "pyproject.toml:3:1: error: the key `name` is there twice (remove one of the two; the first is in line 2)",
    );
    app(
        "[project.dependencies]\nflask = '^3'",
        "pyproject.toml:4:10: error: `project.dependencies` must be a list of strings, found a table (write `dependencies = [\"NAME>=1\"]`, or use `[tool.poetry.dependencies]`)",
    );
    app(
        "dependencies = 'flask'",
        "pyproject.toml:4:16: error: `project.dependencies` must be a list of strings, found a string (write a list: `dependencies = [\"flask\"]`)",
    );
    app(
        "dependencies = ['idna>=3 ; python_version > 3']",
        "pyproject.toml:4:45: error: `3` is neither a marker variable nor a quoted string (put quotes around it: `'3'`)",
    );
    app(
        "dependencies = ['flask ^3.0']",
        "pyproject.toml:4:24: error: `^3.0` is no version specifier of PEP 440 (that is Poetry's syntax; write `>=3.0,<4.0`)",
    );
    app(
        "dependencies = ['git+https://example.com/a.git']",
        "pyproject.toml:4:18: error: `git+https://example.com/a.git` has no package name (write `NAME @ git+https://example.com/a.git`)",
    );
    app(
        "requires-python = '^3.9'",
        "pyproject.toml:4:20: error: `^3.9` is no version specifier of PEP 440 (that is Poetry's syntax; write `>=3.9,<4.0`)",
    );
    app(
        "requires-python = '>=3.x'",
        "pyproject.toml:4:20: error: `>=3.x` is no version specifier of PEP 440 (write for instance `>=3.9,<4`)",
    );
    app(
        "dynamic = ['version']",
        "pyproject.toml:4:12: error: `version` is both dynamic and given (remove it from `dynamic`)",
    );
    app(
        "scripts = { app = 'nope' }",
        "pyproject.toml:4:19: error: the script `app` calls `nope`, which is no function (write `module:function`)",
    );
    app(
        "[build-system]\nbuild-backend = 'hatchling.build'",
        "pyproject.toml:4:1: error: `build-system.requires` is required (add `requires = [\"hatchling\"]`, or the backend that you use)",
    );
    app(
        "[tool.microb.target.default]\nentry_point = ['app']",
        "pyproject.toml:5:1: error: unknown key `entry_point` in `tool.microb.target.default` (write `entrypoint`)",
    );
    check(
        "[project]\nname = 'app'\n<<<<<<< HEAD\nversion = '1'\n=======\nversion = '2'\n>>>>>>> other\n",
        "pyproject.toml:3:1: error: `pyproject.toml` has conflicts of a merge (keep one of the two sides, and remove the marks)",
    );
    check(
        "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\ndjango = '^5'\n",
        "pyproject.toml:3:14: error: there is no `poetry.lock`, and only Poetry knows what it would install for a project that is no package (run `poetry lock`)",
    );
    check(
        "[tool.poetry]\nversion = '1'\n[tool.poetry.dependencies]\npython = '^3.11'\n",
        "pyproject.toml:1:1: error: `tool.poetry.name` is required (add `name = \"…\"`, or `package-mode = false`)",
    );
}

#[test]
fn what_cannot_be_installed_without_a_lock_is_told_once() {
    for pyproject in [
        "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\ndjango = '^5'\n",
        "[project]\nname = 'app'\nversion = '1'\ndynamic = ['dependencies']\n[tool.uv]\npackage = false\n",
    ] {
        let cx = MemoryContext::new(pyproject);
        let errors = Config::resolve(&cx).unwrap_err();
        assert_eq!(errors.to_string().matches("error: ").count(), 1, "{errors}");
        let warnings = cx.warnings();
        assert!(
            !warnings.iter().any(|told| told.message.contains("lock")),
            "{warnings:?}"
        );
    }
}

/// What a version that git alone knows is told to be without a repository, for what builds the project.
const NO_GIT: &str = "pyproject.toml:3:12: error: the version comes from git, by `TOOL`, and the build context has no `.git` \
    (build in a clone, give a git URL `--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1`, \
    or say the version: `env = { VARIABLE = \"1.0\" }`)";

#[test]
fn of_versions_from_git() {
    let scm = "SETUPTOOLS_SCM_PRETEND_VERSION";
    let hatch = "[tool.hatch.version]\nsource = 'vcs'\n";
    let uv = "[tool.hatch.version]\nsource = 'uv-dynamic-versioning'\n";
    for (tool, tables, variable, fallback) in [
        (
            "setuptools-scm",
            "[tool.setuptools_scm]\n",
            scm,
            "fallback_version = '0'\n",
        ),
        ("hatch-vcs", hatch, scm, "fallback-version = '0'\n"),
        (
            "uv-dynamic-versioning",
            uv,
            "UV_DYNAMIC_VERSIONING_BYPASS",
            "[tool.uv-dynamic-versioning]\nfallback-version = '0'\n",
        ),
        (
            "pdm-backend",
            "[tool.pdm.version]\nsource = 'scm'\n",
            "PDM_BUILD_SCM_VERSION",
            "fallback_version = '0'\n",
        ),
    ] {
        let toml = format!(
            "[project]\nname = 'app'\ndynamic = ['version']\n[build-system]\nrequires = ['{tool}']\n{tables}"
        );
        let expected = NO_GIT.replace("TOOL", tool).replace("VARIABLE", variable);
        check(&toml, &expected);
        let env = format!("{toml}[tool.microb.target.default]\nenv = {{ {variable} = '2' }}\n");
        let fallback = format!("{toml}{fallback}");
        let is_fine = |cx: &MemoryContext| Config::resolve(cx).is_ok();
        assert!(
            is_fine(&project(&env, &[])) && is_fine(&project(&fallback, &[])),
            "{tool}"
        );
        // A repository, and what stands for one in an archive of git or a source distribution.
        for file in [".git/HEAD", ".git_archival.txt", "PKG-INFO"] {
            assert!(is_fine(&project(&toml, &[(file, b"")])), "{tool}: {file}");
        }
    }
}

/// An app whose version comes from git by this tool.
fn from_git(tool: &str, tables: &str) -> String {
    format!(
        "[project]\nname = 'app'\ndynamic = ['version']\n[build-system]\nrequires = ['{tool}']\n{tables}\n"
    )
}

const SCM: &str = "[tool.setuptools_scm]";

#[test]
fn of_an_ignore_file_that_hides_the_repository() {
    let told = |place: &str, line: &str, mend: &str| {
        format!(
            "{place}: error: `{line}` keeps `.git` out of the build context, and the version at pyproject.toml:3:12 comes from \
             there, by `setuptools-scm` ({mend}, give a git URL `--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1`, \
             or say the version: `env = {{ SETUPTOOLS_SCM_PRETEND_VERSION = \"1.0\" }}`)"
        )
    };
    let toml = from_git("setuptools-scm", SCM);
    for (file, place, line, mend) in [
        (
            "# what is big\ndocs\n  .git/\n",
            "3:3",
            ".git/",
            "remove the line",
        ),
        ("**/.git\n!docs", "1:1", "**/.git", "remove the line"),
        (".git\n!.git\n.*\n", "3:1", ".*", "write `!.git` below it"),
        ("*\n!src\n", "1:1", "*", "write `!.git` below it"),
    ] {
        let cx = project(&toml, &[(".dockerignore", file.as_bytes())]);
        let expected = told(&format!(".dockerignore:{place}"), line, mend);
        check_context(&cx, &expected);
    }
    // The file beside the definition counts, and not the other.
    let own = "pyproject.toml.dockerignore";
    let cx = project(&toml, &[(".dockerignore", b"docs"), (own, b".git")]);
    check_context(&cx, &told(&format!("{own}:1:1"), ".git", "remove the line"));
    let plain = NO_GIT
        .replace("TOOL", "setuptools-scm")
        .replace("VARIABLE", "SETUPTOOLS_SCM_PRETEND_VERSION");
    let cx = project(&toml, &[(".dockerignore", b".git"), (own, b"docs")]);
    check_context(&cx, &plain);
    check_context(
        &project(&toml, &[(".dockerignore", b".git\n!.git")]),
        &plain,
    );
}

#[test]
fn of_a_repository_that_is_elsewhere() {
    let say = "or say the version: `env = { SETUPTOOLS_SCM_PRETEND_VERSION = \"1.0\" }`";
    let toml = from_git("setuptools-scm", SCM);
    check_context(
        &project(&toml, &[(".git", b"gitdir: ../main/.git/worktrees/a")]),
        &format!(
            "pyproject.toml:3:12: error: the version comes from git, by `setuptools-scm`, and `.git` is a file that names \
             a repository elsewhere (build in a clone, {say})"
        ),
    );
    let in_a_folder = |toml: &str, head: &str| {
        MemoryContext::new(toml)
            .without("pyproject.toml")
            .file("services/api/pyproject.toml", toml)
            .file(head, "")
    };
    let hatch = from_git("hatch-vcs", "[tool.hatch.version]\nsource = 'vcs'");
    for (tool, toml, key) in [
        (
            "setuptools-scm",
            &toml,
            "`root = \"../..\"` in `[tool.setuptools_scm]`",
        ),
        (
            "hatch-vcs",
            &hatch,
            "`raw-options = { root = \"../..\" }` in `[tool.hatch.version]`",
        ),
    ] {
        check_context(
            &in_a_folder(toml, ".git/HEAD"),
            &format!(
                "pyproject.toml:3:12: error: the version comes from git, by `{tool}`, and the repository is in a folder above \
                 (write {key}, {say})"
            ),
        );
    }
    // `root` leads out of the build context, which is the project's folder.
    check(
        &from_git("setuptools-scm", &format!("{SCM}\nroot = '../..'")),
        &format!(
            "pyproject.toml:7:8: error: `../..` is outside of the build context, and the version comes from git there, by \
             `setuptools-scm` (give the repository as the build context, in this folder `docker build -f pyproject.toml ../..`, {say})"
        ),
    );
    let raw = "raw-options = { root = '../..' }";
    let hatch = format!("{hatch}{raw}");
    let pdm = from_git("pdm-backend", "[tool.pdm.version]\nsource = 'scm'");
    let above = format!("{toml}search_parent_directories = true");
    let root = format!("{toml}root = '../..'");
    for toml in [&root, &above, &hatch, &pdm] {
        let found = Config::resolve(&in_a_folder(toml, ".git/HEAD"));
        let within = found.map(|config| config.build_system.within);
        assert_eq!(within, Ok(Some("services/api".to_owned())), "{toml}");
    }
    // Its own repository is all that a project needs.
    for toml in [&above, &pdm] {
        let found = Config::resolve(&in_a_folder(toml, "services/api/.git/HEAD"));
        let within = found.map(|config| config.build_system.within);
        assert_eq!(within, Ok(None), "{toml}");
    }
}

/// A workspace whose `app` needs `core` in `packages/core`, and where `other` is not needed.
fn workspace(app: &str, core: &str) -> MemoryContext {
    let toml = format!(
        "[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['core']\n\
         [build-system]\nrequires = ['setuptools']\n[tool.uv.sources]\ncore = {{ workspace = true }}\n\
         [tool.uv.workspace]\nmembers = ['packages/*']\n{app}"
    );
    let lock = "version = 1\nrequires-python = '>=3.11'\n[manifest]\nmembers = ['app', 'core', 'other']\n\
                [[package]]\nname = 'app'\nversion = '1'\nsource = { editable = '.' }\ndependencies = [{ name = 'core' }]\n\
                [package.metadata]\nrequires-dist = [{ name = 'core', editable = 'packages/core' }]\n\
                [[package]]\nname = 'core'\nsource = { editable = 'packages/core' }\n\
                [[package]]\nname = 'other'\nsource = { editable = 'packages/other' }\n";
    let member = |text: String| text + "requires-python = '>=3.11'\n";
    let dynamic = |text: &str, name: &str| {
        member(format!(
            "[project]\nname = '{name}'\ndynamic = ['version']\n"
        )) + text
    };
    MemoryContext::new(toml)
        .file("uv.lock", lock)
        .file("packages/core/pyproject.toml", dynamic(core, "core"))
        .file(
            "packages/other/pyproject.toml",
            dynamic(SCM_BACKEND, "other"),
        )
}

const SCM_BACKEND: &str = "[build-system]\nrequires = ['setuptools-scm']\n[tool.setuptools_scm]\n";

#[test]
fn of_versions_of_members_from_git() {
    let say = "or say the version: `env = { SETUPTOOLS_SCM_PRETEND_VERSION_FOR_CORE = \"1.0\" }`";
    let error = "packages/core/pyproject.toml:3:12: error: the version comes from git, by `setuptools-scm`, and";
    let none = format!(
        "{error} the build context has no `.git` \
         (build in a clone, give a git URL `--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1`, {say})"
    );
    check_context(&workspace("", SCM_BACKEND), &none);
    // The ignore file is that of the definition, and not one of the member.
    let hidden = workspace("", &format!("{SCM_BACKEND}root = '../..'\n"))
        .file(".dockerignore", ".git\n")
        .file("packages/core/pyproject.toml.dockerignore", "docs\n");
    check_context(
        &hidden,
        &format!(
            ".dockerignore:1:1: error: `.git` keeps `.git` out of the build context, and the version at \
             packages/core/pyproject.toml:3:12 comes from there, by `setuptools-scm` \
             (remove the line, give a git URL `--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1`, {say})"
        ),
    );
    check_context(
        &workspace("", SCM_BACKEND).file(".git/HEAD", ""),
        &format!(
            "{error} the repository is in a folder above (write `root = \"../..\"` in `[tool.setuptools_scm]`, {say})"
        ),
    );
    check_context(
        &workspace("", &format!("{SCM_BACKEND}root = '../../..'")),
        &format!(
            "packages/core/pyproject.toml:8:8: error: `../../..` is outside of the build context, and the version comes from git \
             there, by `setuptools-scm` (give the repository as the build context, {say})"
        ),
    );
    check_context(
        &workspace(
            "",
            "[build-system]\nrequires = ['versioningit']\n[tool.versioningit]\n",
        ),
        "packages/core/pyproject.toml:3:12: error: the version comes from git, by `versioningit`, and the build context has no `.git` \
         (build in a clone, give a git URL `--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1`)",
    );
    let env = |name: &str| format!("[tool.microb.target.default]\nenv = {{ {name} = '2' }}\n");
    // What is said of another project is not said of this one.
    let other = "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_OTHER";
    check_context(&workspace(&env(other), SCM_BACKEND), &none);
    for name in [
        "SETUPTOOLS_SCM_PRETEND_VERSION",
        "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_CORE",
    ] {
        let found = Config::resolve(&workspace(&env(name), SCM_BACKEND));
        assert!(found.is_ok(), "{name}");
    }
}

#[test]
fn of_the_repository_of_a_member() {
    let root = format!("{SCM_BACKEND}root = '../..'\n");
    let hatch = "[build-system]\nrequires = ['hatch-vcs']\n[tool.hatch.version]\nsource = 'vcs'\nraw-options = { root = '../..' }\n";
    let pdm = "[build-system]\nrequires = ['pdm-backend']\n[tool.pdm.version]\nsource = 'scm'\n";
    let versioningit =
        "[build-system]\nrequires = ['versioningit']\n[tool.versioningit.vcs]\nmethod = 'git'\n";
    for (core, head, expected) in [
        (root.as_str(), ".git/HEAD", Some("packages/core")),
        (hatch, ".git/HEAD", Some("packages/core")),
        (pdm, ".git/HEAD", Some("packages/core")),
        (versioningit, ".git/HEAD", Some("packages/core")),
        // Its own repository is all that it needs.
        (pdm, "packages/core/.git/HEAD", None),
    ] {
        let cx = workspace("", core).file(head, "");
        let config = Config::resolve(&cx).unwrap_or_else(|errors| panic!("{errors}"));
        let within: Vec<_> = config
            .members
            .iter()
            .map(|one| one.build_system.within.as_deref())
            .collect();
        assert_eq!(within, [expected], "{core}");
        // The project itself has nothing to ask.
        assert_eq!(config.build_system.within, None, "{core}");
        assert_eq!(config.other_projects, ["packages/core", "packages/other"]);
        assert!(config.git.is_some());
    }
}

#[test]
fn of_groups_and_extras() {
    app(
        "[dependency-groups]\na = [{ include-group = 'b' }]\nb = [{ include-group = 'a' }]",
        "pyproject.toml:5:24: error: groups include one another in a circle: `a` includes `b`, which includes `a` (remove one `include-group`)",
    );
    app(
        "[dependency-groups]\ndev = [{ include-group = 'tset' }]\ntest = []",
        "pyproject.toml:5:26: error: unknown dependency group `tset` (write `test`)",
    );
    app(
        "[dependency-groups]\nDev = []\ndev = []",
        "pyproject.toml:6:1: error: the group `dev` is there twice (rename one of them; capitals, `-`, `_` and `.` make no difference)",
    );
    app(
        "[dependency-groups]\ndev = ['idna']\n[tool.microb.target.default]\ngroups = ['prod']",
        "pyproject.toml:7:11: error: unknown dependency group `prod` (the project's groups are `dev`)",
    );
    app(
        "[project.optional-dependencies]\npdf = ['idna']\n[tool.microb.target.default]\nextras = ['pfd']",
        "pyproject.toml:7:11: error: unknown extra `pfd` (the project's extras are `pdf`)",
    );
    app(
        "[dependency-groups]\ndev = 'idna'",
        "pyproject.toml:5:7: error: `dependency-groups.dev` must be a list, found a string (write a list: `['idna']`)",
    );
}

#[test]
fn of_the_interpreter() {
    let range = "requires-python = '>=3.10'";
    beside(
        range,
        ".python-version",
        "3.9\n",
        ".python-version:1:1: error: Python 3.9 contradicts `>=3.10` at pyproject.toml:4:19 (change one of the two)",
    );
    beside(
        range,
        ".tool-versions",
        "python 3.9.1\n",
        ".tool-versions:1:8: error: Python 3.9.1 contradicts `>=3.10` at pyproject.toml:4:19 (change one of the two)",
    );
    beside(
        "",
        ".python-version",
        "",
        ".python-version:1:1: error: `.python-version` names no Python version (write a version such as `3.14`, `3.14.1`, `cpython-3.14` or `>=3.12,<3.15`)",
    );
    beside(
        "",
        ".python-version",
        "pypy3.11\n",
        ".python-version:1:1: error: there is no official image of the interpreter `pypy3.11` (write a version of CPython such as `3.14`)",
    );
    beside(
        "",
        ".tool-versions",
        "nodejs 24.0.0\npython 2.7.18\n",
        ".tool-versions:2:8: error: Python `2.7.18` is not supported (write 3.8 or newer, for instance `3.14`)",
    );
    beside(
        range,
        "mise.toml",
        "[tools]\npython = ['3.9']\n",
        "mise.toml:2:11: error: Python 3.9 contradicts `>=3.10` at pyproject.toml:4:19 (change one of the two)",
    );
    beside(
        "",
        "Pipfile",
        "[requires]\npython_version = 'three'\n",
        "Pipfile:2:18: error: `three` is no Python version (write for instance `3.14`)",
    );
    app(
        "requires-python = '>=3.13,<3.12'",
        "pyproject.toml:4:19: error: no Python that is known here satisfies `>=3.13,<3.12` (allow one of 3.8 to 3.15)",
    );
}

#[test]
fn of_requirements_files() {
    let of = |content: &[u8], expected: &str| beside("", "requirements.txt", content, expected);
    of(
        b"idna\ncaf\xe9\n",
        "requirements.txt:2:4: error: `requirements.txt` is not UTF-8 (save it as UTF-8)",
    );
    of(
        b"\xff\xfei\0d\0n",
        "requirements.txt:1:1: error: `requirements.txt` is broken UTF-16 (save it as UTF-8)",
    );
    of(
        b"-r base.txt\n",
        "requirements.txt:1:4: error: `base.txt` is not in the build context (check the path, and `.dockerignore`)",
    );
    of(
        b"-r ../base.txt\n",
        "requirements.txt:1:4: error: `../base.txt` is outside the build context (write a path inside the build context, relative to this file)",
    );
    of(
        b"idna\n--upgrade\n",
        "requirements.txt:2:1: error: `--upgrade` is no option of a requirements file (remove it)",
    );
    of(
        b"pip install idna\n",
        "requirements.txt:1:1: error: `pip install idna` is a command (write `idna`)",
    );
    of(
        b"idna = '3.7'\n",
        "requirements.txt:1:6: error: `= '3.7'` is no version specifier of PEP 440 (write `==3.7`)",
    );
    of(
        b"idna==3.7 --hash=sha256:abc\n",
        "requirements.txt:1:18: error: `sha256:abc` is no hash (copy all of it, or write the file with `uv pip compile --generate-hashes`)",
    );
    of(
        b"<<<<<<< HEAD\nidna==3.7\n=======\nidna==3.8\n>>>>>>> other\n",
        "requirements.txt:1:1: error: `requirements.txt` has conflicts of a merge (keep one of the two sides, and remove the marks)",
    );
}

#[test]
fn of_pipfiles() {
    beside(
        "",
        "Pipfile",
        "[packages]\nflask = \"*\n",
        "Pipfile:2:10: error: invalid TOML: invalid basic string, expected `\"`",
    );
    beside(
        "",
        "Pipfile",
        "[packages]\nflask = '^3'\n",
        "Pipfile:2:9: error: `^3` is no version specifier of PEP 440 (that is Poetry's syntax; write `>=3,<4`)",
    );
    beside(
        "",
        "Pipfile.lock",
        "{ \"_meta\": ",
        "Pipfile.lock:1:10: error: invalid JSON: a value expected (run `pipenv lock`)",
    );
}

#[test]
fn of_locks() {
    beside(
        "[tool.microb.target.default]\nlock = 'uv.lcok'",
        "uv.lock",
        "version = 1\n",
        "pyproject.toml:5:8: error: `uv.lcok` is no lock file that is known here (name one of `uv.lock`, `pylock.toml`, `poetry.lock`, `pdm.lock`, `Pipfile.lock` and `requirements.lock`, or a requirements file `….txt`)",
    );
    app(
        "[tool.microb.target.default]\nlock = 'uv.lock'",
        "pyproject.toml:5:8: error: `uv.lock` is not in the build context (check the path, and `.dockerignore`)",
    );
    let two: &[(&str, &[u8])] = &[("uv.lock", b""), ("poetry.lock", b"")];
    check_context(
        &project(APP, two),
        "pyproject.toml:1:1: error: there are several lock files: `uv.lock` and `poetry.lock` (choose one in `[tool.microb.target.NAME]`: `lock = \"uv.lock\"`)",
    );
    beside(
        "",
        "pylock.toml",
        "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'idna'\nversion = '3.7'\n",
        "pylock.toml:4:8: error: the lock has no file of `idna` (run `uv export --format pylock.toml --output-file pylock.toml`)",
    );
    beside(
        "",
        "uv.lock",
        "\u{0}",
        "uv.lock:1:1: error: invalid TOML: key with no value, expected `=` (run `uv lock`)",
    );
}

#[test]
fn of_scripts() {
    let script = |text: &str, expected: &str| {
        let cx = MemoryContext::with_definition(SourceFile::new("tool.py", text));
        check_context(&cx, expected);
    };
    script(
        "print(1)\n",
        "tool.py:1:1: error: `tool.py` has no inline metadata (add the lines `# /// script`, `# requires-python = \">=3.12\"`, `# dependencies = []` and `# ///` below this one)",
    );
    script(
        "# /// script\n# dependencies = []\nprint(1)\n",
        "tool.py:1:1: error: the block `# /// script` has no end (end it with the line `# ///`)",
    );
    script(
        "# /// script\n# dependencies = [\n# ///\n",
        "tool.py:2:18: error: invalid TOML: the list is not closed (write `]` where it ends)",
    );
}

/// Extras that need each other are one set: uv and pip install it.
#[test]
fn extras_in_a_circle_are_no_mistake() {
    let cx = project(
        &format!(
            "{APP}[project.optional-dependencies]\na = ['app[b]', 'idna']\nb = ['app[a]', 'six']\n\
             [tool.microb.target.default]\nextras = ['a']\n"
        ),
        &[],
    );
    let config = Config::resolve(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(
        config.dependencies.requirements_txt().unwrap(),
        "idna\nsix\n"
    );
}
