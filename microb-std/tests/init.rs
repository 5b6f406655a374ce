//! What `microb init` writes, and what it refuses.

use microb::{MemoryContext, SourceFile, dockerfile};
use microb_std::{init, recipe};

const PROJECT: &str = "[project]\nname = \"app\"\nversion = \"1\"\nrequires-python = \">=3.11\"\n";

/// Of all that the projects list.
const LOCK: &str = "fastapi==1.0\npsycopg2==2.9\npycairo==1.28\nuvicorn==0.40\n";

fn with_app(text: &str) -> MemoryContext {
    MemoryContext::new(text)
        .file("main.py", "from fastapi import FastAPI\napp = FastAPI()\n")
        .file("requirements.lock", LOCK)
}

#[test]
fn the_table_says_what_is_decided_without_it() {
    let text = init(&MemoryContext::new(PROJECT), "microb:dev").unwrap();
    assert_eq!(
        text,
        format!(
            "#syntax=microb:dev\n{PROJECT}\n[tool.microb.target.default]\n# The interpreter, the best that >=3.11 allows.\n\
             python_version = \"3.14\"\n# No program was chosen: say what runs.\n# entrypoint = [\"python\", \"-m\", \"app\"]\n\
             # Who it runs as; 65532.\nuser = \"nonroot\"\n\
             # Packages of the distribution that it needs when it runs, and that building needs.\n\
             # system_deps = [\"libpq5\"]  # for example\n# build_deps = [\"libpq-dev\"]  # for example\n"
        )
    );
}

#[test]
fn each_line_says_where_it_is_from_and_what_for() {
    let served = format!("{PROJECT}dependencies = [\"fastapi\", \"uvicorn\"]\n");
    let app = "from fastapi import FastAPI\napp = FastAPI()\n";
    for (name, version) in [
        (".tool-versions", "python 3.13\n"),
        ("mise.toml", "[tools]\npython = \"3.13\"\n"),
    ] {
        let cx = MemoryContext::new(served.as_str())
            .file("src/main.py", app)
            .file(name, version);
        let text = init(&cx, "microb:dev").unwrap();
        assert!(
            text.contains(&format!(
                "# The interpreter, from {name}.\npython_version = \"3.13\"\n"
            )),
            "{text}"
        );
        assert!(
            text.contains(
                "# So that its modules are found.\nenv = { PYTHONPATH = \"/app/src\" }\n"
            ),
            "{text}"
        );
    }
    let dash = format!("{PROJECT}dependencies = [\"dash\"]\n");
    let app = "import dash\napp = dash.Dash()\nif __name__ == '__main__':\n    app.run()\n";
    let cx = MemoryContext::new(dash).file("src/app.py", app);
    let text = init(&cx, "microb:dev").unwrap();
    assert!(text.contains("# So that its modules are found, and its server is reached from outside of the container.\n"), "{text}");
}

#[test]
fn packages_that_are_needed_are_written_out() {
    let project = format!("{PROJECT}dependencies = [\"pycairo\", \"psycopg2\"]\n");
    let text = init(&MemoryContext::new(project), "microb:dev").unwrap();
    let end = "that building needs; psycopg2, pycairo need those that are listed.\n\
        system_deps = [\"libpq5\", \"libcairo2\"]\nbuild_deps = [\"libcairo2-dev\"]\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn the_image_is_the_same_with_the_table() {
    let script = format!("{PROJECT}[project.scripts]\nserve = \"app:main\"\n");
    let served = format!("{PROJECT}dependencies = [\"fastapi\", \"uvicorn\"]\n");
    let cairo = format!("{PROJECT}dependencies = [\"pycairo\", \"psycopg2\"]\n");
    for project in [PROJECT, &script, &served, &cairo] {
        let render = |text: &str| {
            let text = dockerfile::render(&recipe(&with_app(text)).unwrap()).unwrap();
            // The stage of a target has its name.
            text.replace(" AS final\n", " AS default\n")
        };
        let written = init(&with_app(project), "microb:dev").unwrap();
        let (without, with) = (render(project), render(&written));
        let without = without.lines().filter(|line| !line.contains("AS "));
        let with = with.lines().filter(|line| !line.contains("AS "));
        assert_eq!(
            without.collect::<Vec<_>>(),
            with.collect::<Vec<_>>(),
            "{written}"
        );
    }
}

#[test]
fn a_first_line_and_the_ends_of_lines_stay() {
    for (start, expected) in [
        ("", "#syntax=acme/py:1\n[project]"),
        ("# syntax = other\n", "# syntax = other\n[project]"),
        (
            "# check=skip=A\n#syntax=other\n",
            "# check=skip=A\n#syntax=other\n[project]",
        ),
        ("# a comment\n", "#syntax=acme/py:1\n# a comment\n[project]"),
    ] {
        let text = init(
            &MemoryContext::new(format!("{start}{PROJECT}")),
            "acme/py:1",
        )
        .unwrap();
        assert!(text.starts_with(expected), "{text}");
    }
    let windows = PROJECT.replace('\n', "\r\n");
    let text = init(&MemoryContext::new(windows), "microb:dev").unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let cut = init(&MemoryContext::new(PROJECT.trim_end()), "microb:dev").unwrap();
    assert!(cut.contains("\">=3.11\"\n\n[tool.microb"), "{cut}");
}

#[test]
fn a_file_that_has_the_table_or_mistakes_is_refused() {
    for (text, expected) in [
        (
            format!("{PROJECT}[tool.microb.target.web]\n"),
            "pyproject.toml:5:7: error: the file has `[tool.microb]` already (edit it, or remove it first; `microb explain` says what it means)",
        ),
        (
            PROJECT.replace(">=3.11", ">=9"),
            "pyproject.toml:4:19: error: ",
        ),
        (
            format!("tool = {{ x = 1 }}\n{PROJECT}"),
            "pyproject.toml:1:1: error: no table can be added to this file, since `tool` is written in one line (write its tables with headers, `[tool.NAME]`)",
        ),
        ("[project\n".to_owned(), "pyproject.toml:1:8: error: "),
    ] {
        let error = init(&MemoryContext::new(text.as_str()), "microb:dev").unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let script = SourceFile::new("tool.py", "# /// script\n# dependencies = []\n# ///\n");
    let error = init(&MemoryContext::with_definition(script), "microb:dev").unwrap_err();
    assert!(
        error.to_string().contains("a script has its table"),
        "{error}"
    );
}
