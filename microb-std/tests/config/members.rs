//! Members of a workspace: what of them an image needs.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::{MemoryContext, SourceFile, dockerfile};
use microb_std::{Config, recipe};

/// Of `app`, which needs `core` and idna, `core`, which needs `base`, and `other`, by `uv lock`.
const LOCK: &str = include_str!("members/uv.lock");

fn member(name: &str, needs: &str, backend: &str) -> String {
    format!(
        "[project]\nname = '{name}'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = [{needs}]\n\
         [build-system]\nrequires = ['{backend}']\nbuild-backend = '{backend}.build'\n\
         [tool.uv.sources]\nbase = {{ workspace = true }}\ncore = {{ workspace = true }}\n"
    )
}

fn workspace(definition: &str) -> MemoryContext {
    let files = [
        (
            "pyproject.toml",
            member("app", "'core', 'idna'", "setuptools")
                + "[tool.uv.workspace]\nmembers = ['packages/*']\n",
        ),
        (
            "packages/core/pyproject.toml",
            member("core", "'base'", "hatchling"),
        ),
        (
            "packages/base/pyproject.toml",
            member("base", "", "setuptools"),
        ),
        (
            "packages/other/pyproject.toml",
            member("other", "", "setuptools"),
        ),
    ];
    let file = files.iter().find(|(path, _)| *path == definition).unwrap();
    let cx = MemoryContext::with_definition(SourceFile::new("pyproject.toml", file.1.clone()));
    files
        .iter()
        .fold(cx, |cx, (path, text)| cx.file(*path, text.as_str()))
        .file("uv.lock", LOCK)
}

#[track_caller]
fn resolve(cx: &MemoryContext) -> Config {
    Config::resolve(cx).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn a_project_has_the_members_that_it_needs() {
    for (definition, members, others) in [
        (
            "pyproject.toml",
            "base:packages/base core:packages/core",
            &["packages/base", "packages/core", "packages/other"][..],
        ),
        ("packages/core/pyproject.toml", "base:packages/base", &[]),
        ("packages/other/pyproject.toml", "", &[]),
    ] {
        let config = resolve(&workspace(definition));
        let found = config.members.iter();
        let found: Vec<_> = found
            .map(|member| format!("{}:{}", member.name, member.path.value))
            .collect();
        assert_eq!(found.join(" "), members, "{definition}");
        assert_eq!(config.other_projects, others, "{definition}");
    }
}

/// The lines that bring sources to a backend.
fn copies_of_sources(dockerfile: &str) -> Vec<&str> {
    let lines = dockerfile.lines();
    lines.filter(|line| line.ends_with(" /src")).collect()
}

#[test]
fn each_member_is_a_wheel_of_its_own_folder_only() {
    let text = dockerfile::render(&recipe(&workspace("pyproject.toml")).unwrap()).unwrap();
    assert_eq!(
        copies_of_sources(&text),
        [
            "COPY --exclude=packages/base --exclude=packages/core --exclude=packages/other . /src",
            "COPY packages/base /src",
            "COPY packages/core /src",
        ]
    );
    // What is built in folders is no requirement of the installed layer.
    assert!(!text.contains("file:///"), "{text}");
    assert!(
        text.contains("\nhatchling\n") && text.contains("\nsetuptools\n"),
        "{text}"
    );
}

#[test]
fn a_member_whose_version_comes_from_the_repository_above_is_built_within_it() {
    let text = member("core", "'base'", "hatchling")
        .replace("version = '1'", "dynamic = ['version']")
        + "[tool.hatch.version]\nsource = 'vcs'\nraw-options = { root = '../..' }\n";
    let text = text.replace(
        "requires = ['hatchling']",
        "requires = ['hatchling', 'hatch-vcs']",
    );
    let cx = workspace("pyproject.toml")
        .file("packages/core/pyproject.toml", text)
        .file(".git/HEAD", "");
    let text = dockerfile::render(&recipe(&cx).unwrap()).unwrap();
    assert_eq!(
        copies_of_sources(&text),
        [
            "COPY --exclude=packages/base --exclude=packages/core --exclude=packages/other . /src",
            "COPY packages/base /src",
            "COPY . /src",
        ]
    );
    assert!(text.contains("\"/src/packages/core\"]"), "{text}");
}

#[test]
fn a_member_that_is_not_there_is_said() {
    let cx = workspace("pyproject.toml").without("packages/base/pyproject.toml");
    let Err(errors) = Config::resolve(&cx) else {
        panic!("no error");
    };
    let found: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        found,
        [
            "`base` is locked in the folder `packages/base`, which has no `pyproject.toml` in the build context"
        ]
    );
}
