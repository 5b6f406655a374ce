//! Projects of `fresh/` as the tools locked them: such a lock is installed, and after a change it is not.
//!
//! The locks are those of uv 0.13, Poetry 2.5, PDM 2.26 and Pipenv 2026. That of `pdm-2.12.4` is by that release; that of
//! `pdm-2.17.3`, which runs beside older libraries only, is by 2.26 with the digest that 2.17.3 computes.

use std::fs;
use std::path::{Path, PathBuf};

use microb::MemoryContext;
use microb_std::{Config, Dependencies, Pinned};

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/locks/fresh")
        .join(case)
}

/// All files below a folder, by their paths.
fn files(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

/// A project, some of its files changed.
struct Case {
    files: Vec<(String, String)>,
    /// The folder of the project that is built.
    member: String,
    target: String,
}

impl Case {
    #[track_caller]
    fn of(name: &str) -> Self {
        let mut all = Vec::new();
        files(&folder(name), "", &mut all);
        Self {
            files: all,
            member: String::new(),
            target: "python_version = '3.12'".to_owned(),
        }
    }

    fn member(mut self, folder: &str) -> Self {
        self.member = format!("{folder}/");
        self
    }

    fn target(mut self, text: &str) -> Self {
        self.target = format!("{}\n{text}", self.target);
        self
    }

    /// Replaces the first place in a file, which must be there.
    #[track_caller]
    fn changed(mut self, path: &str, from: &str, to: &str) -> Self {
        let file = self.files.iter_mut().find(|(known, _)| known == path);
        let (_, text) = file.unwrap_or_else(|| panic!("no {path}"));
        assert!(text.contains(from), "no {from:?} in\n{text}");
        *text = text.replacen(from, to, 1);
        self
    }

    fn context(&self) -> MemoryContext {
        let definition = format!("{}pyproject.toml", self.member);
        let text = self.files.iter().find(|(path, _)| *path == definition);
        let text = text.map(|(_, text)| text.as_str()).unwrap_or_default();
        let text = format!("{text}\n[tool.microb.target.default]\n{}\n", self.target);
        let mut cx = MemoryContext::new(text.clone());
        for (path, content) in &self.files {
            let content = if *path == definition { &text } else { content };
            cx = cx.file(path.as_str(), content.as_str());
        }
        cx
    }

    #[track_caller]
    fn pins(&self) -> Vec<Pinned> {
        match Config::resolve(&self.context()) {
            Err(errors) => panic!("{errors}"),
            Ok(config) => match config.dependencies {
                Dependencies::Locked(set) => set.pins,
                other => panic!("not locked: {other:?}"),
            },
        }
    }

    /// The names of the packages that are installed.
    #[track_caller]
    fn installs(&self, expected: &[&str]) {
        let pins = self.pins();
        let names: Vec<_> = pins.iter().map(|pin| pin.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    /// What is said.
    #[track_caller]
    fn says(&self, expected: &str) {
        let found = match Config::resolve(&self.context()) {
            Ok(config) => format!("{:?}", config.dependencies),
            Err(errors) => errors.to_string(),
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn what_a_build_backend_made_of_the_requirements_is_the_same() {
    Case::of("uv-hatchling")
        .target("extras = ['all']")
        .installs(&["idna", "iniconfig", "six"]);
    Case::of("uv-poetry-core").installs(&["idna", "six"]);
    Case::of("uv-poetry-core")
        .changed("pyproject.toml", "idna~=3.4", "idna~=3.5")
        .says("pyproject.toml:5:17: error: `idna~=3.5`: `uv.lock` was made for `idna>=3.4,<4.0` (run `uv lock`)");
    Case::of("uv-hatchling")
        .changed("pyproject.toml", "App[old]", "App[old] ; os_name == 'nt'")
        .says("pyproject.toml:9:8: error: `six>=1.16,<2 ; os_name == 'posix'`: `uv.lock` was made for `six>=1.16,<2 ; os_name == 'posix' and extra == 'all'` (run `uv lock`)");
}

#[test]
fn a_member_of_a_workspace_has_the_sources_of_its_root() {
    Case::of("uv-workspace").installs(&["core", "six"]);
    Case::of("uv-workspace")
        .member("packages/core")
        .installs(&["six"]);
    Case::of("uv-workspace")
        .member("packages/extra")
        .installs(&["core", "idna", "six"]);
}

#[test]
fn a_member_that_is_needed_is_compared_too() {
    Case::of("uv-workspace")
        .changed("packages/core/pyproject.toml", "[\"six\"]", "[\"six\", \"idna\"]")
        .says("packages/core/pyproject.toml:5:24: error: `idna`: `uv.lock` was made without it (run `uv lock`)");
    // Nothing of it is installed.
    Case::of("uv-workspace")
        .changed(
            "packages/extra/pyproject.toml",
            "[\"idna\",",
            "[\"idna\", \"attrs\",",
        )
        .installs(&["core", "six"]);
}

#[test]
fn groups_are_as_uv_has_them() {
    Case::of("uv-group-python")
        .target("groups = ['docs']")
        .installs(&["idna", "iniconfig", "six"]);
    Case::of("uv-group-python")
        .target("groups = ['docs']")
        .changed("pyproject.toml", ">=3.12\" }", ">=3.13\" }")
        .says("pyproject.toml:8:8: error: `six`: `uv.lock` was made for `six ; python_full_version >= '3.12'` (run `uv lock`)");
    Case::of("uv-dev")
        .target("groups = ['dev']")
        .installs(&["idna", "iniconfig", "six"]);
    Case::of("uv-only-groups")
        .target("groups = ['prod']")
        .installs(&["six"]);
    Case::of("uv-only-groups").installs(&[]);
    Case::of("uv-only-groups")
        .changed("pyproject.toml", "\"six\"", "\"six<2\"")
        .says("pyproject.toml:2:9: error: `six<2`: `uv.lock` was made for `six` (run `uv lock`)");
}

#[test]
fn an_extra_may_be_there_twice() {
    Case::of("uv-repeated-extra").installs(&["idna"]);
}

/// What `**` and `exclude` mean to uv.
#[test]
fn the_members_of_a_workspace_are_those_of_its_patterns() {
    let case = |to: &str| {
        Case::of("uv-workspace").member("packages/core").changed(
            "pyproject.toml",
            "[\"packages/*\"]",
            to,
        )
    };
    for patterns in [
        "[\"**\"]",
        "[\"packages/**\"]",
        "[\"packages/c*\", \"packages/extra\"]",
    ] {
        case(patterns).installs(&["six"]);
    }
    for patterns in [
        "[\"packages/*\"]\nexclude = [\"packages/co*\"]",
        "[\"other/*\"]",
    ] {
        let config = Config::resolve(&case(patterns).context()).unwrap();
        assert!(matches!(config.dependencies, Dependencies::Listed(_)));
    }
}

#[test]
fn groups_of_poetry_need_its_lock() {
    let mut case = Case::of("poetry-dialect")
        .target("groups = ['dev']")
        .changed(
            "pyproject.toml",
            "[tool.poetry.dependencies]",
            "[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n[tool.poetry.dependencies]",
        )
        .changed("pyproject.toml", "package-mode = false\n", "");
    case.files.retain(|(path, _)| path != "poetry.lock");
    case.says("pyproject.toml:20:11: error: `groups` need a lock file where only the build backend knows the dependencies (run `poetry lock`)");
}

#[test]
fn a_branch_may_have_a_slash() {
    Case::of("uv-branch").installs(&["attrs", "demo"]);
    Case::of("uv-branch")
        .changed("pyproject.toml", "@feature/x", "@feature/y")
        .says("pyproject.toml:5:17: error: `demo @ git+https://git.example/demo@feature/y`: `uv.lock` was made for `demo @ https://git.example/demo?rev=feature%2Fx` (run `uv lock`)");
}

#[test]
fn a_folder_of_a_repository_may_have_a_space() {
    let pins = Case::of("uv-subdirectory").pins();
    let demo = pins.iter().find(|pin| pin.name == "demo-sp").unwrap();
    assert!(
        demo.line("/r").ends_with("#subdirectory=my%20pkg"),
        "{}",
        demo.line("/r")
    );
}

#[test]
fn the_lock_of_another_project_is_not_taken() {
    Case::of("uv-above").installs(&["idna"]);
    let cx = Case::of("uv-above").member("tool").context();
    let config = Config::resolve(&cx).unwrap();
    assert_eq!(config.dependencies.requirements_txt().unwrap(), "six\n");
}

#[test]
fn a_lock_of_no_dependencies_is_not_one_of_some() {
    Case::of("uv-empty").installs(&[]);
    Case::of("uv-empty")
        .changed("pyproject.toml", "[]", "[\"six\"]")
        .says("pyproject.toml:5:17: error: `six`: `uv.lock` was made without it (run `uv lock`)");
}

#[test]
fn sources_and_settings_of_uv_are_compared() {
    let case = || Case::of("uv-sources");
    case().installs(&["demo", "demo-sub", "idna", "six"]);
    for (from, to, expected) in [
        (
            "tag = \"v0.3\"",
            "branch = \"v0.3\"",
            "5:17: error: `demo`: `uv.lock` was made for `demo @ https://git.example/demo?tag=v0.3`",
        ),
        (
            "tag = \"v0.3\"",
            "tag = \"v0.4\"",
            "5:17: error: `demo`: `uv.lock` was made for `demo @ https://git.example/demo?tag=v0.3`",
        ),
        (
            "subdirectory = \"sub\"",
            "subdirectory = \"other\"",
            "5:40: error: `demo-sub`: `uv.lock` was made for `demo-sub @ https://git.example/demo?subdirectory=sub&branch=feature%2Fx`",
        ),
        (
            "six-1.17.0-",
            "six-1.18.0-",
            "5:25: error: `six`: `uv.lock` was made for `six @ https://files.pythonhosted.org/packages/b7/ce/149a00dd41f10bc29e5921b496af8b574d8413afcd5e30dfa0ed46c2cc5e/six-1.17.0-py2.py3-none-any.whl`",
        ),
        (
            "six = {",
            "sax = {",
            "5:25: error: `six`: `uv.lock` was made for `six @ https://files.pythonhosted.org/packages/b7/ce/149a00dd41f10bc29e5921b496af8b574d8413afcd5e30dfa0ed46c2cc5e/six-1.17.0-py2.py3-none-any.whl`",
        ),
        (
            "url = \"https://pypi.org/simple\"",
            "url = \"https://pypi.example/simple\"",
            "5:32: error: `idna`: `uv.lock` was made for `idna from https://pypi.org/simple`",
        ),
        (
            "iniconfig<3",
            "iniconfig<2",
            "9:28: error: `iniconfig<2`: `uv.lock` was made for `iniconfig<3`",
        ),
        (
            "\"attrs\"",
            "\"attrs\", \"pip\"",
            "10:34: error: `pip`: `uv.lock` was made without it",
        ),
    ] {
        case()
            .changed("pyproject.toml", from, to)
            .says(&format!("pyproject.toml:{expected} (run `uv lock`)"));
    }
    case()
        .changed("pyproject.toml", "override-dependencies = [\"idna<3.9\"]", "")
        .says("uv.lock:7:23: error: `uv.lock` was made for `idna<3.9 from https://pypi.org/simple`, which the project does not list (run `uv lock`)");
    // A source for some builds only is not compared.
    case()
        .changed(
            "pyproject.toml",
            "tag = \"v0.3\"",
            "tag = \"v0.4\", marker = \"os_name == 'nt'\"",
        )
        .installs(&["demo", "demo-sub", "idna", "six"]);
}

#[test]
fn a_lock_is_for_its_interpreters() {
    Case::of("uv-python").installs(&["idna"]);
    Case::of("uv-python")
        .changed("pyproject.toml", ">=3.10,", ">=3.9,")
        .says("pyproject.toml:4:19: error: `>=3.9,<3.13`: `uv.lock` was made for Python `>=3.10, <3.13` (run `uv lock`)");
    Case::of("uv-python")
        .changed("pyproject.toml", ">=3.10,<3.13", ">=3.10,<3.13,!=3.11.0")
        .installs(&["idna"]);
    // The workspace's lock is for what all members allow.
    Case::of("uv-workspace")
        .changed("packages/extra/pyproject.toml", ">=3.12", ">=3.13")
        .says("pyproject.toml:4:19: error: `>=3.11`: `uv.lock` was made for Python `>=3.12` (run `uv lock`)");
}

#[test]
fn a_lock_is_for_its_platforms() {
    Case::of("uv-darwin").says(
        "uv.lock:7:1: error: the lock is for other platforms or interpreters than the image's (add `sys_platform == 'linux'` to `environments` in `[tool.uv]`, and run `uv lock`)",
    );
}

#[test]
fn digests_of_older_releases_of_pdm_are_known() {
    Case::of("pdm-2.12.4")
        .target("groups = ['dev']")
        .installs(&["idna", "six"]);
    Case::of("pdm-2.17.3")
        .target("groups = ['dev', 'extra']")
        .installs(&["idna", "iniconfig", "six"]);
    for case in ["pdm-2.12.4", "pdm-2.17.3"] {
        Case::of(case)
            .changed("pyproject.toml", "\"six\"", "\"six>=1\"")
            .says("pdm.lock:8:16: error: `pdm.lock` was made for another state of the project, whose digest it has here (run `pdm lock`)");
    }
}

#[test]
fn what_pdm_was_told_is_stronger_than_what_is_listed() {
    let pins = Case::of("pdm-override").pins();
    let idna = pins.iter().find(|pin| pin.name == "idna").unwrap();
    assert_eq!(idna.version.as_deref(), Some("3.8"));
}

#[test]
fn older_groups_of_pdm_are_groups() {
    Case::of("pdm-dev").installs(&["idna"]);
    Case::of("pdm-dev")
        .target("groups = ['dev']")
        .installs(&["idna", "six"]);
}

#[test]
fn a_lock_of_pdm_is_for_its_targets() {
    Case::of("pdm-targets").says(
        "pdm.lock:10:12: error: the lock is for other platforms or interpreters than the image's (run `pdm lock --append --platform manylinux_2_28_x86_64 --python \"==3.12.*\"`)",
    );
    Case::of("pdm-targets")
        .changed("pdm.lock", "macos_14_0_arm64", "manylinux_2_17_x86_64")
        .installs(&["idna"]);
    Case::of("pdm-targets")
        .changed("pdm.lock", "\"macos_14_0_arm64\"", "\"manylinux_2_17_x86_64\"\nimplementation = \"pypy\"")
        .says(
            "pdm.lock:10:12: error: the lock is for other platforms or interpreters than the image's (run `pdm lock --append --platform manylinux_2_28_x86_64 --python \"==3.12.*\"`)",
        );
}

/// The warnings of a case with a command, so that nothing is said of the program.
fn warnings(case: Case) -> Vec<String> {
    let cx = case.target("command = ['python']").context();
    let _ = Config::resolve(&cx);
    cx.warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn a_source_that_the_lock_does_not_name_is_told() {
    assert_eq!(
        warnings(Case::of("pdm-source")),
        [
            "pyproject.toml:7:12: warning: `tool.pdm.source` is not read (write its URL into `indices`)"
        ]
    );
    // This one says for which packages it is.
    let named = Case::of("../cases/pdm-index");
    assert_eq!(warnings(named), Vec::<String>::new());
}

#[test]
fn what_a_tool_has_no_hash_of_is_installed_with_a_warning() {
    for (case, expected) in [
        (
            "pipenv-file",
            "Pipfile.lock:28:9: warning: the lock has no hash of `six` (take it from an index that has hashes)",
        ),
        (
            "uv-no-hash",
            "uv.lock:6:1: warning: the lock has no hash of `alpha` (take it from an index that has hashes)",
        ),
    ] {
        let pins = Case::of(case).pins();
        let open: Vec<_> = pins.iter().filter(|pin| pin.hashes.is_empty()).collect();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(warnings(Case::of(case)), [expected]);
    }
}

#[test]
fn poetrys_constraints_are_read_as_poetry_reads_them() {
    Case::of("poetry-dialect").installs(&[
        "attrs",
        "idna",
        "iniconfig",
        "packaging",
        "six",
        "sniffio",
    ]);
}

#[test]
fn a_pipfile_says_for_which_python_its_lock_is() {
    Case::of("pipenv-file")
        .target("")
        .changed("Pipfile", "", "")
        .installs(&["idna", "six"]);
    let mut case = Case::of("pipenv-file");
    case.target = "python_version = '3.11'".to_owned();
    case.says("pyproject.toml:3:18: error: Python 3.11 contradicts `==3.12.*` at Pipfile:11:18 (change one of the two)");
    // Both are heard: the project alone would take a newer one.
    let mut case = Case::of("pipenv-file");
    case.target = String::new();
    case.files.push((
        "pyproject.toml".to_owned(),
        "[project]\nname = \"app\"\nversion = \"1\"\nrequires-python = \">=3.10\"\n".to_owned(),
    ));
    let config = Config::resolve(&case.context()).unwrap();
    assert_eq!(config.python.version.minor, 12);
    case.changed("pyproject.toml", ">=3.10", ">=3.13").says(
        "Pipfile:11:18: error: no Python that is known here satisfies `>=3.13,==3.12.*` (allow one of 3.8 to 3.15)",
    );
}

#[test]
fn locks_that_say_nothing_of_the_project_are_compared_with_what_it_lists() {
    for (case, lock, command) in [
        (
            "pylock",
            "pylock.toml",
            "uv export --format pylock.toml --output-file pylock.toml",
        ),
        (
            "requirements",
            "requirements.lock",
            "uv pip compile --generate-hashes pyproject.toml --output-file requirements.lock",
        ),
    ] {
        Case::of(case).installs(&["idna"]);
        // What the image does not need may be missing.
        Case::of(case)
            .changed("pyproject.toml", "\"six ;", "\"attrs ;")
            .installs(&["idna"]);
        for (to, what) in [
            ("\"idna<3.1\"", "it has 3.20 for `idna<3.1`"),
            ("\"idna\", \"attrs>=2\"", "`attrs>=2` is not in it"),
        ] {
            let place = if to.contains("attrs") { "5:25" } else { "5:17" };
            Case::of(case).changed("pyproject.toml", "\"idna\"", to).says(&format!(
                "pyproject.toml:{place}: error: `{lock}` was made for another state of the project: {what} (run `{command}`)"
            ));
        }
    }
}

#[test]
fn a_pylock_may_know_more_than_the_installer() {
    Case::of("pylock")
        .changed(
            "pylock.toml",
            "hashes = { ",
            "hashes = { sha3_256 = \"00\", ",
        )
        .installs(&["idna"]);
    Case::of("pylock")
        .changed("pylock.toml", "version = \"3.20\"", "version = \"3.20\"\nrequires-python = \">=3.13\"")
        .says("pylock.toml:10:19: error: `idna` of the lock is for Python `>=3.13` (choose another `python_version`, or lock again)");
    let pins = Case::of("pylock")
        .changed(
            "pylock.toml",
            "[[packages]]\nname = \"six\"",
            "[[packages]]\nname = \"lib\"\narchive = { path = \"lib.zip\", subdirectory = \"py\", hashes = { sha256 = \"a7db850025b95ded1eae8a46181a1a6c56c92c96f0e2b005d9ff8dc0210cab44\" } }\n\n[[packages]]\nname = \"six\"",
        )
        .pins();
    let lib = pins.iter().find(|pin| pin.name == "lib").unwrap();
    assert!(
        lib.line("/r")
            .starts_with("lib @ file:///r/lib.zip#subdirectory=py "),
        "{}",
        lib.line("/r")
    );
}

#[test]
fn one_mistake_is_told_once() {
    // The lock is not said to be made without what cannot be read.
    Case::of("uv-empty")
        .changed("pyproject.toml", "[]", "[\"six >=\"]")
        .says("pyproject.toml:5:22: error: `>=` is no version specifier of PEP 440 (write for instance `>=3.9,<4`)");
    Case::of("uv-hatchling")
        .target("extras = ['al', 'odl']\ngroups = ['dev']")
        .says(
            "pyproject.toml:20:11: error: unknown extra `al` (write `all`)\n\
             pyproject.toml:20:17: error: unknown extra `odl` (the project's extras are `all` and `old`)\n\
             pyproject.toml:21:11: error: unknown dependency group `dev` (remove it; the project has no dependency groups)",
        );
}

/// It was compiled with a newer interpreter than this one, so what only this one needs is not in it.
#[test]
fn a_requirements_file_for_another_interpreter_is_told() {
    let mut case = Case::of("../cases/requirements-universal");
    case.target = "python_version = '3.10'".to_owned();
    case.says("pyproject.toml:10:5: error: `requirements.lock` was made for another state of the project: `tomli>=2; python_version < '3.11'` is not in it (run `uv pip compile --generate-hashes pyproject.toml --output-file requirements.lock`)");
}
