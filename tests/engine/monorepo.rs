//! Projects in folders of one build context: `docker build -f services/api/pyproject.toml .`

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
    assert_eq!(loads("services/api"), 3, "{:?}", progress.vertices);
    // Another service's edit runs nothing.
    let project = project.file("services/web/src/web/__init__.py", unique());
    let (_, progress) = project.build_with_progress(&[]);
    assert_eq!(progress.steps_that_ran(), [""; 0]);
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
