//! What build backends find by themselves. Each row is what the backend did with such a project: setuptools 80,
//! hatchling 1.33, flit-core 4.2, pdm-backend 2.5, poetry-core 2.5 and uv-build 0.13.

use microb::{Context as _, MemoryContext};
use microb_std::Config;
use microb_std::config::Packaging;

const BACKENDS: [(&str, &str, &str); 6] = [
    ("setuptools", "setuptools.build_meta", "s"),
    ("hatchling", "hatchling.build", "h"),
    ("flit_core", "flit_core.buildapi", "f"),
    ("pdm-backend", "pdm.backend", "p"),
    ("poetry-core", "poetry.core.masonry.api", "o"),
    ("uv_build", "uv_build", "u"),
];

/// The project's name, its files, and the letters of the backends that refuse it, or build a wheel with nothing in it.
const LAYOUTS: &[(&str, &[&str], &str)] = &[
    ("my-api", &["app/__init__.py", "app/main.py"], "hfou"),
    ("my-api", &["main.py"], "hfou"),
    ("my-api", &["app/main.py"], "hfpou"),
    ("my-api", &["my_api/__init__.py", "my_api/main.py"], "u"),
    ("my-api", &["src/my_api/__init__.py"], ""),
    ("my-api", &["src/app/__init__.py"], "hfou"),
    ("my-api", &["app/__init__.py", "main.py"], "hfou"),
    ("my-api", &["app/__init__.py", "tests/__init__.py"], "hfou"),
    ("my-api", &["main.py", "config.py"], "shfou"),
    ("my-api", &["app/__init__.py", "core/__init__.py"], "shfou"),
    ("my-api", &["src/main.py"], "hfou"),
    ("my-api", &["my_api.py"], "u"),
    ("my-api", &["my_api/main.py"], "hpu"),
    ("my-api", &["src/my_api/main.py"], "hpu"),
    ("my-api", &["src/my_api.py"], "hu"),
    (
        "my-api",
        &["src/app/__init__.py", "src/core/__init__.py"],
        "hfou",
    ),
    ("MyApp", &["myapp/__init__.py"], "u"),
    ("my-api", &["lib/my_api/__init__.py"], "fpou"),
    (
        "my-api",
        &["my_api/__init__.py", "alembic/env.py", "config.py"],
        "su",
    ),
];

fn project(name: &str, backend: (&str, &str), more: &str, files: &[&str]) -> MemoryContext {
    let (requires, backend) = backend;
    let text = format!(
        "[project]\nname = '{name}'\nversion = '1'\n{more}\
         [build-system]\nrequires = ['{requires}']\nbuild-backend = '{backend}'\n"
    );
    let cx = MemoryContext::new(text);
    files.iter().fold(cx, |cx, file| cx.file(*file, ""))
}

#[test]
fn where_a_backend_finds_nothing_the_files_are_copied() {
    for (name, files, refused) in LAYOUTS {
        for (requires, backend, letter) in BACKENDS {
            let cx = project(name, (requires, backend), "", files);
            let packaging = Config::resolve(&cx).unwrap().project.packaging;
            let expected = if refused.contains(letter) {
                Packaging::Sources
            } else {
                Packaging::Wheel
            };
            assert_eq!(packaging, expected, "{requires} {name} {files:?}");
        }
    }
}

#[test]
fn why_the_files_are_copied_is_said() {
    for (backend, files, expected) in [
        (
            ("poetry-core", "poetry.core.masonry.api"),
            &["main.py"][..],
            "poetry-core finds no package `my_api`",
        ),
        (
            ("setuptools", "setuptools.build_meta"),
            &["app/main.py", "core/__init__.py"],
            "setuptools finds several packages, `app` and `core` for instance",
        ),
        (
            ("pdm-backend", "pdm.backend"),
            &["app/main.py"],
            "pdm-backend finds no folder with an `__init__.py`",
        ),
    ] {
        let cx = project("my-api", backend, "", files);
        let config = Config::resolve(&cx).unwrap();
        assert_eq!(config.project.no_package.as_deref(), Some(expected));
        let told = config.decisions().into_iter().map(|one| one.to_string());
        let expected = format!("the files as they are in /app: {expected}");
        assert!(told.into_iter().any(|one| one == expected), "{expected}");
    }
}

#[test]
fn who_tells_the_backend_what_to_build_is_left_to_it() {
    let hatch = ("hatchling", "hatchling.build");
    let poetry = ("poetry-core", "poetry.core.masonry.api");
    let flat = &["app/__init__.py", "core/__init__.py"][..];
    for (backend, more) in [
        (
            hatch,
            "[tool.hatch.build.targets.wheel]\npackages = ['app']\n",
        ),
        (hatch, "[tool.hatch.build]\ninclude = ['app/**']\n"),
        // Until 1.19 it took whatever there was.
        (("hatchling<1.19", hatch.1), ""),
        (("hatchling==1.18.0", hatch.1), ""),
        (poetry, "[tool.poetry]\npackages = [{ include = 'app' }]\n"),
        (
            ("flit_core", "flit_core.buildapi"),
            "[tool.flit.module]\nname = 'app'\n",
        ),
        (
            ("uv_build", "uv_build"),
            "[tool.uv.build-backend]\nmodule-name = 'app'\n",
        ),
        (
            ("pdm-backend", "pdm.backend"),
            "[tool.pdm.build]\nincludes = ['app']\n",
        ),
        (
            ("setuptools", "setuptools.build_meta"),
            "[tool.setuptools]\npackages = ['app']\n",
        ),
        (
            ("setuptools", "setuptools.build_meta"),
            "[tool.setuptools.packages.find]\n",
        ),
        // What another backend does is not known.
        (("maturin", "maturin"), ""),
    ] {
        let cx = project("my-api", backend, more, flat);
        let packaging = Config::resolve(&cx).unwrap().project.packaging;
        assert_eq!(packaging, Packaging::Wheel, "{}", cx.definition().text());
    }
    let cx = project("my-api", hatch, "", flat).file("hatch.toml", "[build]\n");
    assert_eq!(
        Config::resolve(&cx).unwrap().project.packaging,
        Packaging::Wheel
    );
    let setuptools = ("setuptools", "setuptools.build_meta");
    let cx = project("my-api", setuptools, "", flat).file("setup.py", "");
    assert_eq!(
        Config::resolve(&cx).unwrap().project.packaging,
        Packaging::Wheel
    );
}

#[test]
fn scripts_of_a_package_that_nobody_finds_are_a_mistake() {
    let scripts = "scripts = { api = 'app.main:main' }\n";
    let files = &["app/__init__.py", "app/main.py", "core/__init__.py"];
    for ((requires, backend, _), expected) in BACKENDS.into_iter().zip([
        "setuptools finds several packages, `app` and `core` for instance (add `[tool.setuptools]` with `packages = [\"app\"]`, or `py-modules` for a file)",
        "hatchling finds no package `my_api` (add `[tool.hatch.build.targets.wheel]` with `packages = [\"app\"]`)",
        "flit-core finds no package `my_api` (add `[tool.flit.module]` with `name = \"app\"`)",
        "",
        "poetry-core finds no package `my_api` (add `packages = [{ include = \"app\" }]` to `[tool.poetry]`, or `package-mode = false`)",
        "uv-build finds no package `my_api` (add `[tool.uv.build-backend]` with `module-name = \"app\"` and `module-root = \"\"`)",
    ]) {
        let resolved = Config::resolve(&project("my-api", (requires, backend), scripts, files));
        let found = resolved.err().map(|error| error.to_string()).unwrap_or_default();
        let expected = match expected {
            "" => String::new(),
            expected => format!("pyproject.toml:4:1: error: there is no package to build: {expected}"),
        };
        assert_eq!(found.trim_end(), expected, "{requires}");
    }
}

#[test]
fn a_module_in_src_that_a_command_names_is_found_there() {
    for (argv, files, expected) in [
        (
            "['python', '-m', 'shop']",
            &["src/shop/__init__.py"][..],
            true,
        ),
        (
            "['uvicorn', 'shop.main:app', '--host=0.0.0.0']",
            &["src/shop/main.py"],
            true,
        ),
        ("['flask', '--app=shop:app', 'run']", &["src/shop.py"], true),
        ("['python', 'src/shop.py']", &["src/shop.py"], false),
        ("['python', '-m', 'src.shop']", &["src/shop.py"], false),
        (
            "['python', '-m', 'shop']",
            &["src/shop.py", "shop.py"],
            false,
        ),
    ] {
        let text = format!(
            "[project]\nname = 'x'\nversion = '1'\n[tool.microb.target.default]\nentrypoint = {argv}\n"
        );
        let cx = files
            .iter()
            .fold(MemoryContext::new(text), |cx, file| cx.file(*file, ""));
        let dockerfile = microb::dockerfile::render(&microb_std::recipe(&cx).unwrap()).unwrap();
        let is_found = dockerfile.contains("ENV PYTHONPATH=/app/src\n");
        assert_eq!(is_found, expected, "{argv} {files:?}\n{dockerfile}");
    }
}
