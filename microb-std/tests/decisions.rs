//! What a recipe says of its own accord: what it chose, and why.

use microb::MemoryContext;
use microb_std::builder::UV_VERSION;
use microb_std::recipe;

#[track_caller]
fn check(cx: &MemoryContext, expected: &[&str]) {
    let _stage = recipe(cx).expect("the project has no mistake");
    let decisions: Vec<_> = cx.decisions().iter().map(ToString::to_string).collect();
    assert_eq!(decisions, expected);
}

#[test]
fn what_a_file_leaves_open_is_told_with_its_reason() {
    let app = "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.12'\ndependencies = ['fastapi', 'uvicorn']\n";
    let cx = MemoryContext::new(app).file("main.py", "import fastapi\napp = fastapi.FastAPI()\n");
    check(
        &cx,
        &[
            "Python 3.14: the project requires `>=3.12`",
            "the files as they are in /app: there is no [build-system] to make a package with",
            "runs uvicorn --host=0.0.0.0 --port=8000 main:app: the FastAPI app `app` of `main.py`, served by uvicorn",
        ],
    );
}

#[test]
fn packages_of_the_distribution_are_told_with_what_needs_them() {
    let app = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['pycairo', 'psycopg2']\n\
        [tool.microb.target.default]\npython_version = '3.13'\nentrypoint = ['shop']\n[build-system]\nrequires = ['hatchling']\n";
    check(
        &MemoryContext::new(app),
        &[
            "libpq5 in the image: psycopg2 needs it",
            "libcairo2-dev for the build, libcairo2 in the image: pycairo needs them",
        ],
    );
}

#[test]
fn a_lock_and_a_version_file_are_reasons() {
    let project = "[project]\nname = 'shop'\nversion = '1'\nscripts = { shop = 'shop:main' }\n[build-system]\nrequires = ['hatchling']\n";
    let lock = "lock-version = '1.0'\ncreated-by = 'pip'\n[[packages]]\nname = 'idna'\nversion = '3.10'\n\
        [[packages.wheels]]\nurl = 'https://example.com/idna-3.10-py3-none-any.whl'\nhashes = { sha256 = 'HASH' }\n";
    let cx = MemoryContext::new(project)
        .file(".python-version", "3.13\n")
        .file("pylock.toml", lock.replace("HASH", &"a".repeat(64)));
    check(
        &cx,
        &[
            "Python 3.13: .python-version says so",
            "1 package: pylock.toml pins it",
            "runs shop: the script `shop` of the project",
        ],
    );
}

#[test]
fn what_another_file_says_is_told() {
    let place = "the files as they are in /app: there is no [build-system] to make a package with";
    let runs = "runs python bot.py: the main module `bot.py`";
    for (file, text, dependencies) in [
        (
            "requirements.txt",
            "idna\n",
            "the dependencies of requirements.txt: pyproject.toml lists none",
        ),
        (
            "Pipfile",
            "[packages]\nidna = '*'\n",
            "the dependencies of Pipfile: pyproject.toml lists none",
        ),
    ] {
        let cx = MemoryContext::new("#syntax=microb\n")
            .file(".tool-versions", "python 3.13\n")
            .file("bot.py", "print(1)\n")
            .file(file, text);
        check(
            &cx,
            &[
                "Python 3.13: .tool-versions says so",
                dependencies,
                place,
                runs,
            ],
        );
    }
}

#[test]
fn what_only_the_build_backend_knows_is_asked_of_it() {
    let project = "[project]\nname = 'shop'\nversion = '1'\ndynamic = ['dependencies']\n\
        [build-system]\nrequires = ['setuptools']\n[tool.microb.target.default]\npython_version = '3.13'\nentrypoint = ['shop']\n";
    let cx = MemoryContext::new(project).file(
        "setup.py",
        "import setuptools\nsetuptools.setup(install_requires=read())\n",
    );
    check(
        &cx,
        &["the build backend is asked for the dependencies: pyproject.toml does not list them"],
    );
    let poetry = "[tool.poetry]\nname = 'shop'\nversion = '1'\n[tool.poetry.dependencies]\npython = '^3.13'\nidna = '^3'\n\
        [tool.microb.target.default]\npython_version = '3.13'\nentrypoint = ['shop']\n";
    check(
        &MemoryContext::new(poetry),
        &[
            "the build backend is asked for the dependencies: there is no lock, and the table is Poetry's own",
        ],
    );
}

#[test]
fn who_said_everything_is_told_nothing() {
    let project = "[project]\nname = 'shop'\nversion = '1'\n[build-system]\nrequires = ['hatchling']\n\
        [tool.microb.target.default]\npython_version = '3.13'\nentrypoint = ['shop']\n";
    check(&MemoryContext::new(project), &[]);
}

#[test]
fn an_image_without_a_program_says_what_it_runs_instead() {
    let project = "[project]\nname = 'shop'\nversion = '1'\n[build-system]\nrequires = ['hatchling']\n\
        [tool.microb.target.default]\npython_version = '3'\n";
    check(
        &MemoryContext::new(project),
        &["runs python: no program was found"],
    );
}

/// What is said of uv, and the requirement that pip installs.
#[track_caller]
fn check_uv(uv: &str, target: &str, files: &[(&str, &str)], decision: &str, requirement: &str) {
    let app = format!(
        "[project]\nname = 'a'\nversion = '1'\ndependencies = ['idna']\n[tool.uv]\n{uv}\n[tool.microb.target.default]\n{target}\n"
    );
    let cx = MemoryContext::new(app);
    let cx = files
        .iter()
        .fold(cx, |cx, (path, text)| cx.file(*path, *text));
    let stage = recipe(&cx).expect("the project has no mistake");
    let dockerfile = microb::dockerfile::render(&stage).expect("it can be rendered");
    let installed = dockerfile
        .lines()
        .find(|line| line.contains("--target=/opt/uv"));
    let installed = installed.map_or("", |line| line.rsplit('"').nth(1).unwrap_or_default());
    assert_eq!(installed, requirement, "{dockerfile}");
    let decisions = cx.decisions().into_iter().map(|one| one.to_string());
    let of_uv: Vec<_> = decisions.filter(|one| one.starts_with("uv ")).collect();
    assert_eq!(of_uv.join("\n"), decision, "{files:?}");
}

#[test]
fn uv_is_that_which_the_project_is_worked_on_with() {
    let own = format!("uv {UV_VERSION}");
    let default = format!("uv=={UV_VERSION}");
    let asdf = [(".tool-versions", "uv 0.7.22\n")];
    let mise = ("mise.toml", "[tools]\nuv = '0.8'\n");
    check_uv(
        "",
        "",
        &asdf,
        "uv 0.7.22: .tool-versions says so",
        "uv==0.7.22",
    );
    check_uv(
        "",
        "",
        &[asdf[0], mise],
        "uv 0.8.*: mise.toml says so",
        "uv==0.8.*",
    );
    // What is written in the definition itself is no decision.
    check_uv("", "uv_version = '0.9.1'", &asdf, "", "uv==0.9.1");
    check_uv("required-version = '==0.9.2'", "", &asdf, "", "uv==0.9.2");
    check_uv(
        "required-version = '>=0.5'",
        "",
        &asdf,
        "uv 0.7.22: .tool-versions says so",
        "uv==0.7.22",
    );
    check_uv("required-version = '>=0.5'", "", &[], "", &default);
    check_uv("", "", &[(".tool-versions", "uv latest\n")], "", &default);
    check_uv("", "installer = 'pip'", &asdf, "", "");
    // An index of its own with a login needs a newer one.
    let index = "indices = [{ url = 'https://a.example/', username = 'a', password = 'b', packages = ['idna'] }]";
    let why = "is older than 0.8.18, the oldest that has what this project needs";
    let told = format!("{own}: `0.7.22` in .tool-versions {why}");
    check_uv("", index, &asdf, &told, &default);
    check_uv(
        "",
        index,
        &[mise],
        "uv 0.8.*: mise.toml says so",
        "uv==0.8.*",
    );
    for (uv, file, why) in [
        (
            "",
            "uv 0.5.7",
            "`0.5.7` in .tool-versions is older than 0.5.8, the oldest that has what this project needs",
        ),
        (
            "",
            "uv ref:main",
            "`ref:main` in .tool-versions names no version",
        ),
        (
            "required-version = '<0.9'",
            "",
            "`<0.9` in pyproject.toml names no version",
        ),
        (
            "required-version = '==0.4.30'",
            "",
            "`==0.4.30` in pyproject.toml is older than 0.5.8, the oldest that has what this project needs",
        ),
    ] {
        check_uv(
            uv,
            "",
            &[(".tool-versions", file)],
            &format!("{own}: {why}"),
            &default,
        );
    }
}
