//! Projects in folders of one build context: `docker build -f services/api/pyproject.toml .`

use std::sync::PoisonError;

use crate::docker::WITHOUT_CACHE;
use crate::project::{Project, unique};

fn pyproject(name: &str, dependency: &str) -> String {
    format!(
        "#syntax=microb:dev\n[project]\nname = \"{name}\"\nversion = \"1\"\ndynamic = [\"dependencies\"]\n\
         scripts = {{ {name} = \"{name}:main\" }}\n[build-system]\nrequires = [\"setuptools\"]\n\
         build-backend = \"setuptools.build_meta\"\n[tool.setuptools.dynamic]\n\
         dependencies = {{ file = [\"{dependency}\"] }}\n"
    )
}

/// A root that is a project itself, and two services. The flag comes after the one of [`Project::command`], and wins.
fn monorepo(service: &str) -> Project {
    let code = |name: &str| {
        format!("import idna\ndef main():\n    print('{name}', idna.encode('ä').decode())\n")
    };
    Project::empty()
        .file(
            "pyproject.toml",
            "[project]\nname = \"root\"\nversion = \"1\"\n",
        )
        .file("services/api/pyproject.toml", pyproject("api", "needs.txt"))
        .file("services/api/needs.txt", "idna>=3,<4\n")
        .file("services/api/.python-version", "3.13\n")
        .file("services/api/src/api/__init__.py", code("api"))
        .file(
            "services/web/pyproject.toml",
            pyproject("web", "../needs.txt"),
        )
        .file("services/needs.txt", "idna>=3,<4\n")
        .file("services/web/src/web/__init__.py", code("web"))
        .flag(format!("--file=services/{service}/pyproject.toml"))
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_project_is_the_folder_of_the_file() {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    let project = monorepo("api");
    let (image, progress) = project.build_with_progress(&[]);
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "api xn--4ca\n");
    let version = image.output(&["python", "-V"]);
    assert!(version.starts_with("Python 3.13."), "{version}");
    // One transfer finds the folder, one has all that is read there.
    let loads = |name: &str| {
        let vertices = progress.vertices.values();
        vertices.filter(|vertex| vertex.name.contains(name)).count()
    };
    assert_eq!(loads("[internal] look for pyproject.toml"), 1);
    assert_eq!(loads("load project files of services/api"), 1);
    assert_eq!(loads("load project files of services/web"), 0);
    // Another service's edit runs nothing.
    let project = project.file("services/web/src/web/__init__.py", unique());
    let progress = project.build_for_progress(&[]);
    assert_eq!(progress.steps_that_ran(), [""; 0]);
}

/// The folder above is read too, for a lock and for a workspace.
#[test]
#[ignore = "needs an engine: make test"]
fn the_program_is_found_in_a_package_of_a_folder_two_levels_down() {
    let text = "#syntax=microb:dev\n[project]\nname = \"pages\"\nversion = \"1\"\n\
        [build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
    for folder in ["apps/pages/pages", "apps/pages/src/pages"] {
        let image = Project::empty()
            .file("apps/pages/pyproject.toml", text)
            .file(&format!("{folder}/__init__.py"), "")
            .file(&format!("{folder}/__main__.py"), "print('page 1')\n")
            .flag("--file=apps/pages/pyproject.toml")
            .build(&[]);
        assert_eq!(image.run(&[], &[]).succeeded().stdout, "page 1\n");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn two_folders_with_the_same_file_need_a_build_argument() {
    let project = monorepo("api");
    let same = pyproject("api", "needs.txt");
    let project = project
        .file("copy/pyproject.toml", same)
        .file("copy/needs.txt", "")
        .file(
            "copy/src/api/__init__.py",
            "def main():\n    print('copy')\n",
        );
    project.try_build(&[]).failed().says([
        "several folders have this `pyproject.toml`: `copy` and `services/api`",
        "--build-arg microb_project=copy",
    ]);
    let image = project.build(&["--build-arg=microb_project=copy"]);
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "copy\n");
}

/// A uv workspace: the app needs `core`, which needs `base`; nobody needs `other`.
fn workspace(file: &str) -> Project {
    let member = |name: &str, needs: &str, source: &str| {
        format!(
            "#syntax=microb:dev\n[project]\nname = \"{name}\"\nversion = \"1\"\nrequires-python = \">=3.11\"\n\
             dependencies = [{needs}]\n[build-system]\nrequires = [\"{source}\"]\nbuild-backend = \"{}\"\n",
            match source {
                "hatchling" => "hatchling.build",
                _ => "setuptools.build_meta",
            }
        )
    };
    let sources = |names: &[&str]| {
        let lines = names
            .iter()
            .map(|name| format!("{name} = {{ workspace = true }}\n"));
        format!("[tool.uv.sources]\n{}", lines.collect::<String>())
    };
    let main = "import idna, core\ndef main():\n    print(core.NAME, idna.encode('ä').decode())\n";
    Project::empty()
        .file(
            "pyproject.toml",
            format!(
                "{}[project.scripts]\napp = \"app:main\"\n[tool.uv.workspace]\nmembers = [\"packages/*\"]\n{}",
                member("app", "\"core\", \"idna\"", "setuptools"),
                sources(&["core"])
            ),
        )
        .file("src/app/__init__.py", main)
        .file("packages/core/pyproject.toml", member("core", "\"base\"", "hatchling") + &sources(&["base"]))
        .file("packages/core/src/core/__init__.py", "from base import NAME\n")
        .file("packages/base/pyproject.toml", member("base", "", "setuptools"))
        .file("packages/base/src/base/__init__.py", "NAME = 'base'\n")
        .file("packages/other/pyproject.toml", member("other", "", "setuptools"))
        .file("packages/other/src/other/__init__.py", "")
        .file("uv.lock", LOCK)
        .flag(format!("--file={file}"))
}

/// As uv locks this workspace.
const LOCK: &str = include_str!("../../microb-std/tests/config/members/uv.lock");

#[test]
#[ignore = "needs an engine: make test"]
fn the_members_that_a_workspace_project_needs_are_built_and_no_other() {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    let project = workspace("pyproject.toml");
    let image = project.build(&[]);
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "base xn--4ca\n");
    let names = image.output(&[
        "python",
        "-c",
        "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))",
    ]);
    assert_eq!(names, "['app', 'base', 'core', 'idna']\n");
    // An edit of a member that nobody needs runs nothing.
    let project = project.file("packages/other/src/other/__init__.py", unique());
    let progress = project.build_for_progress(&[]);
    assert_eq!(progress.steps_that_ran(), [""; 0]);
    // One of a member that is needed builds its wheel, and no dependency is installed again.
    let text = format!("NAME = 'edited'\n# {}\n", unique());
    let project = project.file("packages/base/src/base/__init__.py", text);
    let (image, progress) = project.build_with_progress(&[]);
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "edited xn--4ca\n");
    let ran = progress.steps_that_ran();
    let is_install = |step: &&str| step.contains("--requirements");
    assert!(!ran.iter().any(is_install), "{ran:?}");
    let wheels = ran.iter().filter(|step| **step == "build the wheel");
    assert_eq!(wheels.count(), 1, "{ran:?}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_member_of_a_workspace_is_a_project_with_the_lock_at_the_root() {
    let image = workspace("packages/core/pyproject.toml").build(&[]);
    let output = image.output(&["python", "-c", "import core; print(core.NAME)"]);
    assert_eq!(output, "base\n");
    let found = image.output(&[
        "python",
        "-c",
        "import importlib.util as u; print(u.find_spec('app'))",
    ]);
    assert_eq!(found, "None\n");
}

/// A build backend of the project's own that asks for a package, and fails without it.
const BACKEND: &str = "\
from setuptools.build_meta import *
from setuptools import build_meta

def get_requires_for_build_wheel(config_settings=None):
    print('a hook may print')
    return ['iniconfig>=2']

def build_wheel(*arguments, **keywords):
    import iniconfig
    return build_meta.build_wheel(*arguments, **keywords)
";

#[test]
#[ignore = "needs an engine: make test"]
fn what_the_build_backend_asks_for_is_installed_before_it_builds() {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    let pyproject = "#syntax=microb:dev\n[project]\nname = \"app\"\nversion = \"1\"\n\
        scripts = { app = \"app:main\" }\n[build-system]\nrequires = [\"setuptools\"]\n\
        build-backend = \"own\"\nbackend-path = [\"backend\"]\n[tool.setuptools]\npy-modules = [\"app\"]\n";
    let main = "def main():\n    print('built')\n";
    let project = Project::empty()
        .file("pyproject.toml", pyproject)
        .file("backend/own.py", BACKEND)
        .file("app.py", main);
    let image = project.build(&[]);
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "built\n");
    // It is asked after each edit, and its answer installs nothing again.
    let project = project.file("app.py", format!("{main}# {}\n", unique()));
    let progress = project.build_for_progress(&[]);
    let ran = progress.steps_that_ran();
    assert!(
        ran.contains(&"ask the build backend what it needs"),
        "{ran:?}"
    );
    assert!(
        !ran.iter().any(|step| step.contains("--requirements")),
        "{ran:?}"
    );
}
