//! Which folder of the build context is the project: a client sends the name of the definition without its folder.

use microb::{MemoryContext, SourceFile};
use microb_std::Config;

const API: &str = "[project]\nname = 'api'\nversion = '1'\ndynamic = ['dependencies']\n\
    [tool.setuptools.dynamic]\ndependencies = { file = 'requirements.txt' }\n";

/// A build that was started with this file, in a context with these files and not with the definition itself.
fn context(name: &str, text: &str, files: &[(&str, &str)]) -> MemoryContext {
    let cx = MemoryContext::with_definition(SourceFile::new(name, text)).without(name);
    files
        .iter()
        .fold(cx, |cx, (path, text)| cx.file(*path, *text))
}

#[track_caller]
fn resolve(cx: &MemoryContext) -> Config {
    Config::resolve(cx).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_project_is_where_the_same_file_is() {
    let files = [
        ("pyproject.toml", "[project]\nname = 'root'\n"),
        ("services/api/pyproject.toml", API),
        ("services/api/requirements.txt", "idna\n"),
        ("services/api/.python-version", "3.12\n"),
        ("services/web/pyproject.toml", "[project]\nname = 'web'\n"),
        (".venv/lib/pyproject.toml", API),
        ("node_modules/x/pyproject.toml", API),
    ];
    for files in [&files[..], &files[1..]] {
        let cx = context("pyproject.toml", API, files);
        let config = resolve(&cx);
        assert_eq!(config.project_dir, "services/api");
        assert_eq!(config.definition, None);
        assert_eq!(config.python.version.to_string(), "3.12");
        assert_eq!(config.dependencies.requirements_txt().unwrap(), "idna\n");
    }
}

#[test]
fn a_byte_order_mark_makes_no_other_file() {
    let file = format!("\u{feff}{API}");
    let files = [
        ("a/pyproject.toml", file.as_str()),
        ("a/requirements.txt", ""),
    ];
    let config = resolve(&context("pyproject.toml", &file, &files));
    assert_eq!(config.project_dir, "a");
    // Build backends cannot read one with such a mark.
    assert_eq!(config.definition.as_deref(), Some(API));
}

#[test]
fn the_root_comes_first_and_a_definition_of_another_name_is_about_it() {
    let plain = "[project]\nname = 'x'\nversion = '1'\n";
    let twice = [("pyproject.toml", plain), ("old/pyproject.toml", plain)];
    assert_eq!(
        resolve(&context("pyproject.toml", plain, &twice)).project_dir,
        ""
    );
    let other = [("pyproject.toml", "[project]\nname = 'y'\nversion = '1'\n")];
    let config = resolve(&context("prod.toml", plain, &other));
    assert_eq!(
        (config.project_dir.as_str(), config.definition.as_deref()),
        ("", Some(plain))
    );
    let there = [("a/prod.toml", plain), ("a/pyproject.toml", "")];
    let config = resolve(&context("prod.toml", plain, &there));
    assert_eq!(
        (config.project_dir.as_str(), config.definition.as_deref()),
        ("a", Some(plain))
    );
}

#[test]
fn a_build_argument_names_the_folder() {
    let plain = "[project]\nname = 'x'\nversion = '1'\n";
    let twice = [("a/pyproject.toml", plain), ("b/pyproject.toml", plain)];
    for name in ["b", "./b/", "a/../b"] {
        let cx = context("pyproject.toml", plain, &twice).arg("microb_project", name);
        assert_eq!(resolve(&cx).project_dir, "b", "{name}");
    }
    let cx = context("pyproject.toml", plain, &[("pyproject.toml", plain)]);
    assert_eq!(resolve(&cx.arg("microb_project", ".")).project_dir, "");
}

#[test]
fn what_is_not_one_folder_is_said() {
    let plain = "[project]\nname = 'x'\nversion = '1'\n";
    let a: &[(&str, &str)] = &[("a/pyproject.toml", plain)];
    let both = &[("a/b/pyproject.toml", plain), ("c/pyproject.toml", plain)];
    for (files, argument, expected) in [
        (
            &[][..],
            "",
            "no folder of the build context has this `pyproject.toml` (give the project's folder as the build context, \
             `docker build -f app/pyproject.toml app`, or name it with `--build-arg microb_project=DIR`)",
        ),
        (
            both,
            "",
            "several folders have this `pyproject.toml`: `a/b` and `c` (say which one is the project, \
             `--build-arg microb_project=a/b`)",
        ),
        (
            a,
            "b",
            "the build argument `microb_project=b`: there is no `b/pyproject.toml` in the build context \
             (name the folder that has it, relative to the root)",
        ),
        (
            a,
            "../a",
            "the build argument `microb_project=../a` leads out of the build context \
             (name a folder of the build context, relative to its root)",
        ),
    ] {
        let cx = context("pyproject.toml", plain, files).arg("microb_project", argument);
        let Err(errors) = Config::resolve(&cx) else {
            panic!("no error: {expected}");
        };
        let found: Vec<_> = errors
            .iter()
            .map(|error| {
                let place = error.span.as_ref().map(ToString::to_string);
                assert_eq!(place.as_deref(), Some("pyproject.toml:1:1"));
                let help = error.help.as_deref().unwrap_or_default();
                format!("{} ({help})", error.message)
            })
            .collect();
        assert_eq!(found, [expected]);
    }
}

#[test]
fn a_definition_that_is_kept_out_of_the_context_is_about_the_root() {
    let plain = "[project]\nname = 'x'\nversion = '1'\n";
    for file in [".dockerignore", "pyproject.toml.dockerignore"] {
        let cx = context("pyproject.toml", plain, &[(file, "*\n!src\n")]);
        let config = resolve(&cx);
        assert_eq!(config.project_dir, "");
        assert_eq!(config.definition.as_deref(), Some(plain));
    }
}
