//! What the standard recipe makes of a project, read as a Dockerfile.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use microb::{MemoryContext, dockerfile};
use microb_std::recipe;

/// The lines of one stage of the Dockerfile.
fn stage(pyproject: &str, name: &str) -> String {
    let text = dockerfile::render(&recipe(&MemoryContext::new(pyproject)).unwrap()).unwrap();
    let start = format!(" AS {name}\n");
    let stages = text.split("\n\n");
    let found = stages.into_iter().find(|stage| stage.contains(&start));
    found.unwrap().to_owned()
}

#[test]
fn ssh_is_mounted_where_a_requirement_needs_it() {
    let ssh = "git+ssh://git@example.com/a/b.git";
    let mounted = |project: &str| {
        ["builder", "build-requirements"]
            .map(|name| stage(project, name).contains("--mount=type=ssh,required"))
    };
    let project = "[project]\nname = 'app'\nversion = '1'\nscripts = { app = 'app:main' }\n";
    let plain = format!("{project}dependencies = ['idna']\n");
    assert_eq!(mounted(&plain), [false, false]);
    let dependency = format!("{project}dependencies = ['b @ {ssh}']\n");
    assert_eq!(mounted(&dependency), [true, false]);
    let build = format!(
        "{project}dependencies = ['idna']\n[build-system]\nrequires = ['setuptools', 'b @ {ssh}']\n\
         build-backend = 'setuptools.build_meta'\n"
    );
    assert!(mounted(&build)[1]);
}

#[test]
fn installers_keep_what_they_built_for_the_image_that_it_was_built_in() {
    let project = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['idna']\nscripts = { app = 'app:main' }\n";
    let id = |lines: &str| {
        let of = stage(
            &format!("{project}[tool.microb.target.default]\n{lines}\n"),
            "builder",
        );
        let mount = "--mount=type=cache,target=/root/.cache/";
        let (_, after) = of.split_once(mount).unwrap();
        let (_, id) = after.split_once("id=").unwrap();
        id.split([' ', ',']).next().unwrap().to_owned()
    };
    let ids = [
        "python_version = '3.13'",
        "python_version = '3.13'\nflavor = 'alpine'",
        "base_image = 'acme/python:bookworm'",
        "base_image = 'acme/python:trixie'",
        "python_version = '3.13'\ninstaller = 'pip'",
    ]
    .map(id);
    assert_eq!(BTreeSet::from(ids.clone()).len(), ids.len(), "{ids:?}");
    // A digest is bumped often, and the distribution stays the same.
    let digest = "0".repeat(64);
    let pinned = id(&format!(
        "base_image = 'acme/python:trixie@sha256:{digest}'"
    ));
    assert_eq!(pinned, ids[3]);
}

#[test]
fn alpine_has_git_where_the_version_comes_from_it() {
    let project = |lines: &str| {
        format!(
            "[project]\nname = 'app'\ndynamic = ['version']\nscripts = {{ app = 'app:main' }}\n\
             [build-system]\nrequires = ['setuptools', 'setuptools-scm']\n[tool.setuptools_scm]\n\
             [tool.microb.target.default]\nflavor = 'alpine'\n{lines}\n"
        )
    };
    let has_git = |lines: &str| {
        let cx = MemoryContext::new(project(lines)).file(".git/HEAD", "ref: refs/heads/main\n");
        let text = dockerfile::render(&recipe(&cx).unwrap()).unwrap();
        text.lines()
            .any(|line| line.contains("apk add ") && line.contains(" git "))
    };
    assert!(has_git(""));
    assert!(!has_git("env = { SETUPTOOLS_SCM_PRETEND_VERSION = '2' }"));
}

#[test]
fn a_variable_that_says_the_version_is_seen_by_the_wheel_and_by_no_dependency() {
    let project = "[project]\nname = 'app'\ndynamic = ['version']\ndependencies = ['idna']\nscripts = { app = 'app:main' }\n\
        [build-system]\nrequires = ['setuptools', 'setuptools-scm']\n[tool.setuptools_scm]\n\
        [tool.microb.target.default]\nrun = [['pytest']]\n\
        env = { SETUPTOOLS_SCM_PRETEND_VERSION_FOR_APP = '2', CFLAGS = '-O2' }\n";
    let sees = |name: &str| {
        let stage = stage(project, name);
        ["SETUPTOOLS_SCM", "CFLAGS"].map(|variable| stage.contains(&format!("ENV {variable}")))
    };
    assert_eq!(sees("packages"), [false, true]);
    for inherits in ["build-requirements", "builder"] {
        assert_eq!(sees(inherits), [false, false], "{inherits}");
    }
    for (builds, expected) in [("wheel", [true, false]), ("installed", [true, false])] {
        assert_eq!(sees(builds), expected, "{builds}");
    }
}
