//! Our own projects for what each of railpack's 23 Python examples is about, in `tests/projects`: built as they are,
//! with one `#syntax` line, and run with as few rights as a container can have.

use std::fs;
use std::path::{Path, PathBuf};

use super::databases::Databases;
use crate::docker::{Image, Ran, docker};
use crate::project::Project;
use crate::service::{CONFINED, Service};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects")
}

fn build(name: &str) -> Image {
    Project::copy(&folder().join(name)).build(&[])
}

/// The program ends and has printed this last.
#[track_caller]
fn prints(name: &str, expected: &str) {
    let ran = build(name).run(&CONFINED, &[]).succeeded();
    assert_eq!(ran.stdout, format!("{expected}\n"), "{}", ran.stderr);
}

/// The server answers with this text at `/` of port 8000, on every interface.
#[track_caller]
fn answers(name: &str, expected: &str) {
    let image = build(name);
    let service = Service::start(&image, &CONFINED, &[]);
    let answer = service.answer(8000);
    assert!(answer.contains(expected), "{answer}");
    assert!(service.is_on_every_interface(8000));
}

/// The program asks the databases, prints this and ends.
#[track_caller]
fn prints_with_databases(name: &str, expected: &str) {
    let databases = Databases::start();
    let image = build(name);
    let network = databases.network();
    let words = ["run", "--rm", &network].into_iter().chain(CONFINED);
    let ran = Ran::of(docker(words).arg(&image.0)).succeeded();
    assert_eq!(ran.stdout, format!("{expected}\n"), "{}", ran.stderr);
}

/// The build ends with these words.
#[track_caller]
fn is_refused(name: &str, expected: &[&str]) {
    let ran = Project::copy(&folder().join(name)).try_build(&[]).failed();
    ran.says(expected.iter().copied());
}

#[test]
fn each_of_the_23_is_tested() {
    let tests = include_str!("counterparts.rs");
    let names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 23);
    for name in names {
        assert!(
            tests.contains(&format!("(\"{name}\"")),
            "{name} is not tested"
        );
        let text = fs::read_to_string(folder().join(&name).join("pyproject.toml")).unwrap();
        assert!(text.starts_with("#syntax=microb:dev\n"), "{name}");
    }
}

macro_rules! projects {
    ($($test:ident: $check:ident($name:literal, $expected:expr);)*) => {$(
        #[test]
        #[ignore = "needs an engine: make conformance"]
        fn $test() {
            $check($name, $expected);
        }
    )*};
}

projects! {
    a_bot_is_a_file_with_no_other: prints("bot-only", "beep\nboop");
    a_requirements_file_is_enough: answers("flask", "from flask");
    fasthtml_is_served_by_uvicorn: answers("fasthtml", "from fasthtml");
    fastapi_is_served_by_uvicorn: answers("fastapi", "{\"from\":\"fastapi\"}");
    uv_s_project_is_served_by_gunicorn: answers("uv", "from uv");
    poetry_s_project_is_served_by_flask: answers("poetry", "from poetry");
    pdm_s_lock_is_installed: prints("pdm", "{'total': 10}");
    a_pipfile_says_packages_and_python: prints("pipfile", "3rd (3, 13)");
    the_newest_python_is_the_default: prints("latest", "from Python 3.14");
    the_newest_python_installs_uv_s_lock: prints("uv-latest-locked", "1st with Python 3.14");
    uv_s_backend_makes_the_script: prints("uv-packaged", "2nd packaged 1.0.0");
    a_workspace_member_is_installed: prints("uv-workspace", "1st hello, workspace");
    programs_and_libraries_of_the_system_are_found: prints("system-deps", "(72, 144) application/pdf True");
    a_browser_of_the_system_is_driven: prints("playwright", "from playwright");
    psycopg_with_its_own_library: prints_with_databases("psycopg-binary", "postgres 42 binary");
    psycopg_with_the_library_of_the_system: prints_with_databases("psycopg", "postgres 42 python");
    a_member_compiles_its_driver: prints_with_databases("uv-workspace-postgres", "postgres 42");
    // CPython 3.7 has no image that gets security fixes, and no official one of this age is at hand.
    what_is_too_old_is_refused: is_refused("compiled", &[
        "pyproject.toml:5", "==3.7.*",
    ]);
    // Docker's official images have no build without the lock of the interpreter.
    a_freethreaded_python_has_no_image: is_refused("freethreaded", &[
        ".python-version:1", "there is no official image of the build `3.13t`",
    ]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn asdf_s_file_says_which_python_and_which_uv() {
    prints("uv-tool-versions", "1st with Python 3.13");
    let built = Project::copy(&folder().join("uv-tool-versions")).try_build(&[]);
    built.succeeded().says([
        "[microb] Python 3.13.5: .tool-versions says so\n",
        "[microb] uv 0.7.22: .tool-versions says so\n",
        "pip install uv==0.7.22",
    ]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn django_asks_postgres_and_redis() {
    let databases = Databases::start();
    let network = databases.network();
    let flags = [&CONFINED[..], &[&network]].concat();
    let image = build("django");
    let service = Service::start(&image, &flags, &[]);
    assert_eq!(service.answer(8000), "postgres 42, redis 1");
}

/// No git server of the internet is in reach: the plan has the repository, and the image a folder instead.
#[test]
#[ignore = "needs an engine: make conformance"]
fn a_requirement_of_a_repository_is_installed_with_git() {
    const REPOSITORY: &str = "weights @ git+https://example.com/weights.git@v1";
    let planned = dockerfile("pip");
    assert!(planned.contains(REPOSITORY), "{planned}");
    assert!(planned.contains("FROM python:3.11 "), "{planned}");
    let image = Project::copy(&folder().join("pip"))
        .edit("requirements.txt", REPOSITORY, "./weights")
        .file("weights/weights.py", "UNIT = 'kg'\n")
        .file(
            "weights/pyproject.toml",
            "[project]\nname = \"weights\"\nversion = \"1\"\n",
        )
        .build(&[]);
    let ran = image.run(&CONFINED, &[]).succeeded();
    assert_eq!(ran.stdout, "5120 kg (3, 11)\n");
}

/// What would be built, for what is out of reach here.
fn dockerfile(name: &str) -> String {
    let folder = folder().join(name);
    let file = folder.join("pyproject.toml");
    let cx = microb_frontend::directory_context::DirectoryContext::open(&folder, &file).unwrap();
    let stage = microb_std::recipe(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    microb::dockerfile::render(&stage).unwrap()
}

/// No Python 3.10 is in reach.
#[test]
fn the_oldest_python_has_the_image_of_its_version() {
    let dockerfile = dockerfile("oldest");
    for line in [
        "FROM python:3.10-slim AS system\n",
        "ENTRYPOINT [\"python\", \"main.py\"]\n",
    ] {
        assert!(dockerfile.contains(line), "{dockerfile}");
    }
}
