//! What a build context without an ignore file leaves out.

use microb::patterns::Patterns;
use microb::{MemoryContext, SourceFile};
use microb_std::ignored;

const PROJECT: &str = "[project]\nname = 'a'\nversion = '1'\n";

fn is_left_out(cx: &MemoryContext, path: &str) -> bool {
    Patterns::of(ignored(cx)).leave_out(path)
}

#[test]
fn every_pattern_is_one() {
    let text = ignored(&MemoryContext::new(PROJECT)).join("\n");
    Patterns::read(&SourceFile::new("patterns", text)).unwrap();
}

#[test]
fn sources_stay_and_what_tools_make_goes() {
    let cx = MemoryContext::new(PROJECT).file("venv/pyvenv.cfg", "");
    for path in [
        ".venv/bin/python",
        "services/api/.venv/lib/x.py",
        "venv/lib/x.py",
        ".env",
        "pkg/__pycache__/a.cpython-314.pyc",
        "pkg/a.pyo",
        ".git/HEAD",
        ".tox/py314/x",
        "node_modules/x/index.js",
        "src/a.egg-info/PKG-INFO",
        "build/lib/a/__init__.py",
        "build/lib.linux-x86_64-cpython-314/a.so",
        "dist/a-1.0-py3-none-any.whl",
        ".vscode/settings.json",
        ".env.local",
        ".env.production",
        "api/.env.prod",
        ".env.dev",
        ".env.development.local",
        ".env.docker",
        ".env.staging",
        ".env.secrets",
        ".env.test",
        ".envrc",
        ".streamlit/secrets.toml",
        ".netrc",
        ".pypirc",
        ".git-credentials",
    ] {
        assert!(is_left_out(&cx, path), "{path}");
    }
    for path in [
        "pyproject.toml",
        "uv.lock",
        "src/a/env/__init__.py",
        "env/__init__.py",
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.default",
        ".env.defaults",
        ".env.dist",
        ".npmrc",
        ".streamlit/config.toml",
        ".gitignore",
        ".python-version",
        "build/library.py",
        "build/assets/a.js",
        "dist/app.js",
        "a/pycache.py",
        "PKG-INFO",
    ] {
        assert!(!is_left_out(&cx, path), "{path}");
    }
}

#[track_caller]
fn check_git(cx: &MemoryContext, is_kept: bool) {
    assert_eq!(!is_left_out(cx, ".git/HEAD"), is_kept, "{cx:?}");
    // What is in the repository and not in the context, git calls deleted.
    assert_eq!(!is_left_out(cx, ".vscode/settings.json"), is_kept, "{cx:?}");
    assert!(!is_left_out(cx, ".gitignore"));
}

#[test]
fn the_history_stays_when_the_build_may_ask_it_for_the_version() {
    let built_by = |requires: &str| {
        MemoryContext::new(format!(
            "{PROJECT}[build-system]\nrequires = [{requires}]\n"
        ))
    };
    for requires in [
        "'setuptools', 'setuptools_scm[toml]>=8'",
        "'hatchling', 'hatch-vcs'",
        "'poetry-core', 'poetry-dynamic-versioning'",
        "'setuptools', 'versioningit'",
        "'setuptools', 'pbr'",
    ] {
        check_git(&built_by(requires), true);
    }
    for requires in ["'setuptools'", "'hatchling'", "'uv_build'"] {
        check_git(&built_by(requires), false);
    }
    for table in [
        "[tool.setuptools_scm]\n",
        "[tool.pdm.version]\nsource = 'scm'\n",
        "[build-system]\nrequires = []\nbuild-backend = 'own'\nbackend-path = ['.']\n",
    ] {
        check_git(&MemoryContext::new(format!("{PROJECT}{table}")), true);
    }
    let other = format!("{PROJECT}[tool.pdm.version]\nsource = 'file'\n");
    check_git(&MemoryContext::new(other), false);
    let setup = |text: &str| MemoryContext::new(PROJECT).file("setup.py", text);
    check_git(&setup("setup(use_scm_version=True)"), true);
    check_git(&setup("setup()"), false);
    let asked = MemoryContext::new(PROJECT).arg("BUILDKIT_CONTEXT_KEEP_GIT_DIR", "1");
    check_git(&asked, true); // A script is no package that could have a version.
    let script = "# /// script\n# dependencies = []\n# ///\nprint(1)\n";
    check_git(
        &MemoryContext::with_definition(SourceFile::new("tool.py", script)),
        false,
    );
}

#[test]
fn the_history_stays_when_a_member_that_is_built_may_ask_it() {
    let lock = "version = 1\nrequires-python = '>=3.11'\n[manifest]\nmembers = ['a', 'core', 'tools']\n\
                [[package]]\nname = 'a'\nversion = '1'\nsource = { editable = '.' }\ndependencies = [{ name = 'core' }]\n\
                [package.dev-dependencies]\ntools = [{ name = 'tools' }]\n\
                [package.metadata]\nrequires-dist = [{ name = 'core', editable = 'packages/core' }]\n\
                [package.metadata.requires-dev]\ntools = [{ name = 'tools', editable = 'packages/tools' }]\n\
                [[package]]\nname = 'core'\nversion = '1'\nsource = { editable = 'packages/core' }\n\
                [[package]]\nname = 'tools'\nversion = '1'\nsource = { editable = 'packages/tools' }\n";
    let workspace = |targets: &str, core: &str, tools: &str| {
        let toml = format!(
            "{PROJECT}requires-python = '>=3.11'\ndependencies = ['core']\n[dependency-groups]\ntools = ['tools']\n\
             [tool.uv.sources]\ncore = {{ workspace = true }}\ntools = {{ workspace = true }}\n\
             [tool.uv.workspace]\nmembers = ['packages/*']\n{targets}"
        );
        let member = |name: &str, requires: &str| {
            format!(
                "[project]\nname = '{name}'\nversion = '1'\nrequires-python = '>=3.11'\n[build-system]\nrequires = ['{requires}']\n"
            )
        };
        MemoryContext::new(toml)
            .file("uv.lock", lock)
            .file("packages/core/pyproject.toml", member("core", core))
            .file("packages/tools/pyproject.toml", member("tools", tools))
    };
    check_git(&workspace("", "hatch-vcs", "hatchling"), true);
    check_git(&workspace("", "hatchling", "hatchling"), false);
    // What is not installed has no say, unless files are copied from where it is.
    let targets = "[tool.microb.target.default]\n[tool.microb.target.tools]\ngroups = ['tools']\n";
    check_git(&workspace(targets, "hatchling", "hatch-vcs"), false);
    let asked = workspace(targets, "hatchling", "hatch-vcs").with_target("tools");
    check_git(&asked, true);
    let copying = "[[tool.microb.target.default.copy_files]]\nfrom = 'tools'\nsrc = '/app/x'\ndst = '/app/x'\n\
                   [tool.microb.target.tools]\ngroups = ['tools']\n";
    check_git(&workspace(copying, "hatchling", "hatch-vcs"), true);
    let setup = workspace("", "hatchling", "hatchling")
        .without("packages/core/pyproject.toml")
        .file("packages/core/setup.py", "setup(use_scm_version=True)");
    check_git(&setup, true);
}
