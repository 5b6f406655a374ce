//! A script with inline metadata (PEP 723) as a whole project: `docker build -f tool.py .`

use std::sync::PoisonError;

use crate::docker::{Ran, WITHOUT_CACHE};
use crate::project::{Project, unique};

/// A script that is made of its dependencies in a comment, and of this code.
fn script(code: &str) -> String {
    format!(
        "#!/usr/bin/env -S uv run --script\n# syntax=microb:dev\n\n\
         # /// script\n# requires-python = \">=3.11,<3.14\"\n# dependencies = [\n#   \"idna>=3,<4\",\n# ]\n# ///\n{code}"
    )
}

fn project(code: &str) -> Project {
    // What is around a script is not the script's.
    Project::empty()
        .file("tool.py", script(code))
        .file(".python-version", "3.9\n")
        .flag("--file=tool.py")
}

const CODE: &str = "import sys, idna\nprint(idna.encode('ä').decode(), sys.argv[1:], sys.version_info[:2], __file__)\n";

#[test]
#[ignore = "needs an engine: make test"]
fn a_script_is_an_image_that_runs_it() {
    let image = project(CODE).build(&[]);
    let flags = ["--read-only", "--cap-drop=ALL", "--user=12345:12345"];
    let ran = image.run(&flags, &["--flag", "x"]).succeeded();
    assert_eq!(ran.stdout, "xn--4ca ['--flag', 'x'] (3, 13) /app/tool.py\n");
    let files = image.output(&["find", "/app", "-maxdepth", "1", "-type", "f"]);
    assert_eq!(files, "/app/tool.py\n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_edit_of_the_code_installs_nothing_again() {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    let project = project(CODE);
    project.build(&[]);
    let code = format!("{CODE}# {}\n", unique());
    let project = project.file("tool.py", script(&code));
    let progress = project.build_for_progress(&[]);
    let steps = [
        "COPY <<EOF /app/tool.py",
        "COPY <<EOF /inspection/facts.py",
        "MKDIR /inspection",
        "look at the finished image",
    ];
    assert_eq!(progress.steps_that_ran(), steps);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_mistake_in_a_script_is_shown_in_its_own_lines() {
    let check = |text: String, said: &[&str]| {
        let project = project("").file("tool.py", text);
        let ran: Ran = project.try_build(&[]).failed();
        ran.says(said.iter().copied());
    };
    check(
        script("").replace("idna>=3,<4", "idna>=3,<x"),
        &["tool.py:7", "#   \"idna>=3,<x\","],
    );
    check(
        "# syntax=microb:dev\nprint(1)\n".to_owned(),
        &[
            "`tool.py` has no inline metadata",
            "`# /// script`",
            "tool.py:1",
        ],
    );
}
