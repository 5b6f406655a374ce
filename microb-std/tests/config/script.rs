//! Scripts with inline metadata, PEP 723.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::{Context, MemoryContext, SourceFile, dockerfile};
use microb_std::{Config, Packaging, recipe};

fn context(text: &str) -> MemoryContext {
    MemoryContext::with_definition(SourceFile::new("tool.py", text))
}

#[track_caller]
fn resolve(text: &str) -> Config {
    let cx = context(text);
    let config = Config::resolve(&cx).unwrap_or_else(|errors| panic!("{errors}"));
    let mut warnings: Vec<_> = cx.warnings().iter().map(ToString::to_string).collect();
    warnings.retain(|warning| !warning.contains("`uv lock --script tool.py`"));
    assert_eq!(warnings, Vec::<String>::new());
    config
}

/// The only error as its place, its message and what is underlined.
#[track_caller]
fn check(text: &str, place: &str, message: &str, shown: &str) {
    let Err(errors) = Config::resolve(&context(text)) else {
        panic!("no error in {text}");
    };
    let found: Vec<_> = errors
        .iter()
        .map(|error| {
            let help = error.help.as_deref().unwrap_or_default();
            let span = error.span.clone().unwrap();
            (
                span.to_string(),
                format!("{} ({help})", error.message),
                span.text().to_owned(),
            )
        })
        .collect();
    let expected = (place.to_owned(), message.to_owned(), shown.to_owned());
    assert_eq!(found, [expected], "{text}");
}

const SCRIPT: &str = "#!/usr/bin/env -S uv run --script\n# syntax=microb:dev\n#\n# A tool — with a dash.\n\n\
    # /// script\n# requires-python = \">=3.11,<3.13\"\n# dependencies = [\n#   \"IDNA>=3\",\n#\n#   \"rich\",\n# ]\n\
    # [tool.microb]\n# env = { A = \"b\" }\n# ///\nimport idna\nprint(idna.encode('ä'))\n";

#[test]
fn a_script_says_what_it_needs_in_a_comment() {
    let config = resolve(SCRIPT);
    assert_eq!(
        config.dependencies.requirements_txt().unwrap(),
        "idna>=3\nrich\n"
    );
    assert_eq!(config.python.version.to_string(), "3.12");
    assert_eq!(config.python.span.unwrap().to_string(), "tool.py:7:21");
    assert_eq!(config.project.packaging, Packaging::Sources);
    assert_eq!(config.script.as_deref(), Some("tool.py"));
    assert_eq!(config.env["A"].value, "b");
    assert_eq!(config.target.unwrap().value, "default");
}

#[test]
fn the_line_ends_and_other_blocks_and_comments_are_as_one_likes() {
    for text in [
        SCRIPT.replace('\n', "\r\n"),
        format!("\u{feff}{SCRIPT}"),
        SCRIPT.replace(
            "# [tool",
            "# [tool.other]\n# x = '''\n# ///\n# '''\n# [tool",
        ),
        format!("{SCRIPT}# /// other\n# not toml\n# ///\n"),
        format!("# /// other\n# not toml\n\n{SCRIPT}"),
    ] {
        let config = resolve(&text);
        let requirements = config.dependencies.requirements_txt().unwrap();
        assert_eq!(requirements, "idna>=3\nrich\n", "{text}");
    }
}

#[test]
fn a_script_has_targets_as_a_project_has_them() {
    let text = "# /// script\n# dependencies = ['idna']\n# [tool.microb.target.a]\n# command = ['x']\n\
        # [tool.microb.target.b]\n# ///\n";
    let cx = context(text).with_target("a");
    let config = Config::resolve(&cx).unwrap();
    assert_eq!(config.command.unwrap().value, ["x"]);
    assert_eq!(resolve("# /// script\n# ///\n").target, None);
}

#[test]
fn the_file_need_not_be_called_py_if_it_has_a_block() {
    let cx = MemoryContext::with_definition(SourceFile::new("tool", SCRIPT));
    assert_eq!(Config::resolve(&cx).unwrap().script.unwrap(), "tool");
}

#[test]
fn what_a_project_around_the_script_says_is_not_about_the_script() {
    let cx = context(SCRIPT)
        .file(".python-version", "3.9\n")
        .file("pyproject.toml", "[project]\nname = 'other'\n")
        .file("setup.py", "");
    let config = Config::resolve(&cx).unwrap();
    assert_eq!(config.python.version.to_string(), "3.12");
    let said: Vec<_> = cx.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    // Without a word of its own it runs where uv would run it.
    let cx = context("# /// script\n# ///\n").file(".python-version", "3.11\n");
    let config = Config::resolve(&cx).unwrap();
    assert_eq!(config.python.version.to_string(), "3.11");
}

#[test]
fn the_image_has_the_script_and_runs_it() {
    let text = dockerfile::render(&recipe(&context(SCRIPT)).unwrap()).unwrap();
    let script = format!("COPY <<\"EOF\" /app/tool.py\n{SCRIPT}EOF\n");
    for lines in [
        script.as_str(),
        "ENTRYPOINT [\"python\", \"/app/tool.py\"]",
        "STOPSIGNAL SIGINT",
        "FROM python:3.12-slim AS system",
    ] {
        assert!(text.contains(lines), "no {lines} in\n{text}");
    }
    assert!(!text.contains("AS wheel"), "{text}");
}

#[test]
fn the_script_runs_itself_or_a_server_runs_its_app() {
    for (dependencies, code, argv) in [
        ("", "print(1)", &["python", "/app/tool.py"][..]),
        (
            "'fastapi', 'uvicorn'",
            "from fastapi import FastAPI\napp = FastAPI()\n",
            &["uvicorn", "--host=0.0.0.0", "--port=8000", "tool:app"],
        ),
        (
            "'fastapi', 'uvicorn'",
            "from fastapi import FastAPI\napp = FastAPI()\nif __name__ == '__main__':\n    import uvicorn; uvicorn.run(app)\n",
            &["python", "/app/tool.py"],
        ),
        (
            "'streamlit'",
            "import streamlit\nstreamlit.write('x')\n",
            &[
                "streamlit",
                "run",
                "/app/tool.py",
                "--server.address=0.0.0.0",
                "--server.port=8501",
                "--server.headless=true",
            ],
        ),
        ("", "this is no Python", &["python", "/app/tool.py"]),
    ] {
        let text = format!("# /// script\n# dependencies = [{dependencies}]\n# ///\n{code}");
        let program = resolve(&text).program.unwrap();
        assert_eq!(program.argv.value, argv, "{code}");
    }
}

#[test]
fn a_block_that_is_none_is_shown_where_it_is() {
    let add = "add the lines `# /// script`, `# requires-python = \">=3.12\"`, `# dependencies = []` and `# ///` below this one";
    check(
        "#!/usr/bin/python\n# syntax=microb\nprint(1)\n",
        "tool.py:2:1",
        &format!("`tool.py` has no inline metadata ({add})"),
        "# syntax=microb",
    );
    check(
        "",
        "tool.py:1:1",
        &format!("`tool.py` has no inline metadata ({add})"),
        "",
    );
    check(
        "x = 1\n#/// script\n# ///\n",
        "tool.py:2:1",
        "a block of inline metadata does not begin like this (write `# /// script`, with nothing before and after it)",
        "#/// script",
    );
    check(
        "# /// script\n# dependencies = []\nimport x\n# ///\n",
        "tool.py:1:1",
        "the block `# /// script` has no end (end it with the line `# ///`)",
        "# /// script",
    );
    check(
        "# /// script\n# dependencies = [\n#'idna']\n# ///\n",
        "tool.py:3:1",
        "the block `# /// script` has no end (begin the lines of the block with `# `, and end it with the line `# ///`)",
        "#'idna']",
    );
    let twice = "the script has a second block `# /// script`; the first is in line 1 (write all into one block)";
    for (between, place) in [("", "tool.py:3:1"), ("\n", "tool.py:4:1")] {
        check(
            &format!("# /// script\n# ///\n{between}# /// script\n# ///\n"),
            place,
            twice,
            "# /// script",
        );
    }
}

#[test]
fn a_mistake_in_the_block_is_shown_where_it_stands_in_the_script() {
    let block = |lines: &str| format!("# é\n# /// script\n{lines}# ///\nprint(1)\n");
    for (lines, place, message, shown) in [
        (
            "# requires-python = '^3.9'\n",
            "tool.py:3:22",
            "`^3.9` is no version specifier of PEP 440 (that is Poetry's syntax; write `>=3.9,<4.0`)",
            "^3.9",
        ),
        (
            "# dependencies = ['idna', 'x y']\n",
            "tool.py:3:30",
            "",
            "y",
        ),
        (
            "# dependency = ['idna']\n",
            "tool.py:3:3",
            "unknown key `dependency` in the file (write `dependencies`)",
            "dependency",
        ),
        (
            "# dependencies = ['idna'\n",
            "tool.py:3:18",
            "invalid TOML: the list is not closed (write `]` where it ends)",
            "[",
        ),
        ("# a = 1 = 2\n", "tool.py:3:8", "", " "),
        (
            "# [tool.microb]\n# entry_point = ['a']\n",
            "tool.py:4:3",
            "unknown key `entry_point` in `tool.microb` (write `entrypoint`)",
            "entry_point",
        ),
        (
            "# [tool.microb]\n# env = { A = '''\n# x''' }\n",
            "tool.py:4:15",
            "a string of a script's block cannot go over several lines (write it in one line, with `\\n` for the end of a line)",
            "'''\n# x'''",
        ),
    ] {
        let cx = context(&block(lines));
        let Err(errors) = Config::resolve(&cx) else {
            panic!("no error in {lines}");
        };
        let errors: Vec<_> = errors.iter().collect();
        let [error] = errors.as_slice() else {
            panic!("{errors:?}");
        };
        let span = error.span.clone().unwrap();
        let help = error.help.as_deref().unwrap_or_default();
        let said = format!("{} ({help})", error.message);
        assert_eq!(
            (span.to_string().as_str(), span.text()),
            (place, shown),
            "{said}"
        );
        assert_eq!(span.file(), cx.definition());
        if !message.is_empty() {
            assert_eq!(said, message);
        }
    }
}

/// Made by `uv lock --script`.
const LOCK: &str = include_str!("script/tool.py.lock");

fn locked(dependencies: &str, python: &str) -> MemoryContext {
    let text = format!(
        "# /// script\n# requires-python = \">=3.9,<3.14\"\n# dependencies = [{dependencies}]\n\
         # [tool.microb]\n# python_version = \"{python}\"\n# ///\n"
    );
    context(&text).file("tool.py.lock", LOCK)
}

const LOCKED: &str = "'iniconfig', \"Markdown-It-Py[linkify]>=3; python_version>='3.9'\", \"colorama; sys_platform == 'win32'\"";

#[test]
fn the_lock_beside_a_script_pins_its_packages() {
    // As `uv export --script tool.py` has them.
    for (python, expected) in [
        (
            "3.9",
            "iniconfig==2.1.0 linkify-it-py==2.0.3 markdown-it-py==3.0.0 mdurl==0.1.2 uc-micro-py==1.0.3",
        ),
        (
            "3.13",
            "iniconfig==2.3.1 linkify-it-py==2.2.0 markdown-it-py==4.3.0 mdurl==0.1.2",
        ),
    ] {
        let cx = locked(LOCKED, python).file("uv.lock", "not this one");
        let config = Config::resolve(&cx).unwrap_or_else(|errors| panic!("{errors}"));
        let text = config.dependencies.requirements_txt().unwrap();
        let pins: Vec<_> = text
            .lines()
            .filter(|line| line.contains("=="))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(pins.join(" "), expected, "{text}");
        assert!(text.contains("--hash=sha256:"), "{text}");
    }
}

#[test]
fn a_lock_that_was_made_for_another_script_is_stale() {
    for (dependencies, message, help) in [
        (
            LOCKED.replace("iniconfig", "iniconfig>=2"),
            "`iniconfig>=2`: `tool.py.lock` was made for `iniconfig`",
            "run `uv lock --script tool.py`",
        ),
        (
            LOCKED.replace("'iniconfig', ", ""),
            "`tool.py.lock` was made for `iniconfig`, which the project does not list",
            "run `uv lock --script tool.py`",
        ),
    ] {
        let Err(errors) = Config::resolve(&locked(&dependencies, "3.13")) else {
            panic!("no error");
        };
        let errors: Vec<_> = errors.iter().collect();
        assert!(errors[0].message.ends_with(message), "{errors:?}");
        assert_eq!(errors[0].help.as_deref(), Some(help));
    }
}
