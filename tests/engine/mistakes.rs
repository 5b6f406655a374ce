//! Mistakes in a project, as `docker build` shows them.

use crate::docker::Image;
use crate::project::Project;

const PROJECT: &str = "#syntax=microb:dev\n[project]\nname = \"app\"\nversion = \"1.0\"\n";

/// Builds what cannot be built: the client says each of these texts, and leaves no image.
#[track_caller]
fn check(pyproject: &str, flags: &[&str], texts: &[&str]) {
    let project = Project::empty().file("pyproject.toml", pyproject);
    check_project(&project, flags, texts);
}

#[track_caller]
fn check_project(project: &Project, flags: &[&str], texts: &[&str]) {
    let image = Image::new();
    let tagged = [flags, &["--progress=plain", "--tag", &image.0]].concat();
    let failed = crate::docker::Ran::of(&mut project.command(&tagged)).failed();
    failed.says(texts.iter().copied());
    assert!(image.inspect().is_null(), "an image was left");
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_unknown_key_is_shown_with_the_one_that_was_meant() {
    let text = format!("{PROJECT}[tool.microb.target.default]\nentrypont = [\"app\"]\n");
    check(
        &text,
        &[],
        &[
            "entrypont",
            "`entrypoint`",
            "pyproject.toml:6",
            ">>> entrypont = [\"app\"]",
        ],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn two_mistakes_are_shown_at_once() {
    let text = format!(
        "{PROJECT}[tool.microb.target.default]\napi_version = \"v2\"\nflavor = \"debain\"\n"
    );
    check(
        &text,
        &[],
        &[
            "pyproject.toml:6",
            "`v2`",
            "pyproject.toml:7",
            "`debain`",
            "\"debian\"",
        ],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn broken_toml_is_shown_where_it_breaks() {
    let text = "#syntax=microb:dev\n[project]\nname = \"app\nversion = \"1.0\"\n";
    check(text, &[], &["pyproject.toml:3", ">>> name = \"app"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_missing_requirements_file_is_named() {
    let text = format!("{PROJECT}[tool.microb.target.default]\nrequirements = \"locked.txt\"\n");
    check(&text, &[], &["`locked.txt`", "pyproject.toml:6"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn files_to_copy_that_are_not_there_are_told_before_anything_is_built_and_none_is_sent_for_it() {
    let large = vec![0; 3 << 20];
    let text = format!(
        "{PROJECT}[tool.microb.target.default]\ncopy_files = [\n{}]\n",
        [
            "data",
            "data/sub/*.bin",
            "*/b.json",
            "absent/x",
            "data/*.json",
            "left-out",
            "here.d"
        ]
        .map(|src| format!("{{ src = \"{src}\", dst = \"/x/\" }},\n"))
        .concat()
    );
    let project = Project::empty()
        .file("pyproject.toml", text)
        .file("data/sub/a.bin", &large)
        .file("conf/b.json", "")
        .file("left-out/large", &large)
        .file("here.d/kept", &large)
        .file(".dockerignore", "left-out\nhere.d\n!here.d/kept\n");
    let flags = ["--progress=plain"];
    let failed = crate::docker::Ran::of(&mut project.command(&flags)).failed();
    failed.says([
        "`absent/x` is not in the build context",
        "EmptyPattern: `data/*.json` matches nothing in the build context",
        "`left-out` is not in the build context",
        "pyproject.toml:10",
        "look for files to copy",
    ]);
    let log = &failed.stderr;
    assert_eq!(log.matches("in the build context\n").count(), 2, "{log}");
    assert!(!log.contains("MB"), "{log}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_unknown_target_is_an_error_that_lists_those_there_are() {
    let text = format!("{PROJECT}[tool.microb.target.web]\n[tool.microb.target.worker]\n");
    for flags in [["--target=wbe"], ["--build-arg=microb_target=wbe"]] {
        check(&text, &flags, &["`wbe`", "`web`", "`worker`"]);
    }
    // No target is the default one.
    check(&text, &[], &["`web`", "`worker`"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_package_that_does_not_exist_underlines_its_line() {
    let project = Project::app("system_deps = [\n    \"no-such-package-at-all\",\n]");
    check_project(
        &project,
        &[],
        &[
            "Unable to locate package no-such-package-at-all",
            "pyproject.toml:11",
            ">>>     \"no-such-package-at-all\"",
        ],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_dependency_that_does_not_exist_underlines_its_line() {
    let project = Project::app("").edit(
        "pyproject.toml",
        "version = \"1.0\"",
        "version = \"1.0\"\ndependencies = [\n    \"humanize==0.0.0.1\",\n]",
    );
    check_project(
        &project,
        &[],
        &[
            "humanize==0.0.0.1",
            "pyproject.toml:6",
            ">>>     \"humanize==0.0.0.1\"",
        ],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_impossible_python_is_an_error() {
    let text = format!("{PROJECT}requires-python = \">=3.13,<3.12\"\n");
    check(&text, &[], &["pyproject.toml:5", ">=3.13,<3.12"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn requirements_and_extras_exclude_each_other() {
    let text = format!(
        "{PROJECT}[project.optional-dependencies]\na = []\n[tool.microb.target.default]\n\
         requirements = \"r.txt\"\nextras = [\"a\"]\n"
    );
    let project = Project::empty()
        .file("pyproject.toml", text)
        .file("r.txt", "");
    check_project(
        &project,
        &[],
        &["`extras`", "`requirements`", "pyproject.toml:9"],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn values_that_make_no_sense_are_all_shown() {
    let text = format!(
        "{PROJECT}[tool.microb.target.default]\nindices = [{{ url = \"nonsense\" }}]\n\
         env = {{ A = \"${{OPEN\" }}\ncopy_files = [{{ src = \"a\", dst = \"\" }}]\n"
    );
    let lines = ["pyproject.toml:6", "pyproject.toml:7", "pyproject.toml:8"];
    check(&text, &[], &lines);
    check(
        &text,
        &[],
        &["`nonsense`", "${OPEN", "destination path is empty"],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_file_that_is_not_utf8_is_an_error() {
    let mut bytes = PROJECT.as_bytes().to_vec();
    bytes.extend(b"description = \"caf\xe9\"\n");
    let project = Project::empty().file("pyproject.toml", bytes);
    check_project(&project, &[], &["UTF-8", "pyproject.toml:5", "0xe9"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_pyproject_of_ten_megabytes_is_refused_at_once() {
    let text = format!("{PROJECT}# {}\n", "x".repeat(10 << 20));
    check(&text, &[], &["pyproject.toml", "large"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn windows_line_ends_and_a_byte_order_mark_are_no_mistakes() {
    let windows = |text: &str| text.replace('\n', "\r\n");
    let project = Project::empty()
        .file("pyproject.toml", windows(PROJECT))
        .file("app.py", "");
    project.try_build(&[]).succeeded();
    // Python's own reader, which build backends use, takes no mark: so there is nothing to build here.
    let sources = format!("\u{feff}{PROJECT}[tool.uv]\npackage = false\n");
    let project = project
        .file("pyproject.toml", windows(&sources))
        .flag("--build-arg=BUILDKIT_SYNTAX=microb:dev");
    project.try_build(&[]).succeeded();
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_image_that_is_not_there_underlines_what_asks_for_it() {
    let target = "[tool.microb.target.default]\n";
    // The domain `invalid` never exists.
    for (lines, texts) in [
        (
            "copy_files = [{ from = \"shraed\", src = \"a\", dst = \"/a\" }]\n",
            [
                ">>> copy_files = [{ from = \"shraed\"",
                "`shraed` is no target and no build context, so it is taken for an image; pass `--build-context shraed=…`",
            ],
        ),
        (
            "copy_files = [{ from = \"registry.invalid/a:1\", src = \"a\", dst = \"/a\" }]\n",
            [
                ">>> copy_files = [{ from = \"registry.invalid/a:1\"",
                "cannot resolve the image `registry.invalid/a:1`: failed to do request: Head \"https://registry.invalid/",
            ],
        ),
        (
            "python_version = \"3.14.999\"\n",
            [
                ">>> python_version = \"3.14.999\"",
                "cannot resolve the image `python:3.14.999",
            ],
        ),
    ] {
        let text = format!("{PROJECT}{target}{lines}");
        check(&text, &[], &texts);
        check(&text, &[], &["pyproject.toml:6"]);
    }
}
