//! Which questions are answered (`frontend/subrequests/describe.go` in moby/buildkit).

use serde::Serialize;

use super::table::table;
use super::{VERSION, result};
use crate::gateway::{Failure, Outcome};

/// One question (`frontend/subrequests/types.go`).
#[derive(Debug, Serialize)]
struct Question {
    name: &'static str,
    version: &'static str,
    r#type: &'static str,
    description: &'static str,
    opts: Vec<Named>,
    inputs: Vec<Named>,
    metadata: Vec<Named>,
    refs: Vec<Named>,
}

#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    description: &'static str,
}

fn question(name: &'static str, description: &'static str) -> Question {
    let metadata = ["result.json", "result.txt"];
    Question {
        name,
        version: VERSION,
        r#type: "rpc",
        description,
        opts: Vec::new(),
        inputs: Vec::new(),
        metadata: metadata.into_iter().map(unexplained).collect(),
        refs: Vec::new(),
    }
}

fn unexplained(name: &'static str) -> Named {
    Named {
        name,
        description: "",
    }
}

fn questions() -> [Question; 4] {
    let mut outline = question(
        "frontend.outline",
        "List all parameters current build target supports",
    );
    outline.opts.push(Named {
        name: "target",
        description: "Target build stage",
    });
    let mut lint = question("frontend.lint", "Check the definition file");
    lint.metadata.push(unexplained("result.statuscode"));
    [
        outline,
        question(
            "frontend.targets",
            "List all targets current build supports",
        ),
        lint,
        question(
            "frontend.subrequests.describe",
            "List available subrequest types",
        ),
    ]
}

pub(super) fn answer() -> Result<Outcome, Failure> {
    let questions = questions();
    let mut lines = vec![["NAME", "VERSION", "DESCRIPTION"]];
    lines.extend(questions.iter().map(|question| {
        let name = question.name.trim_start_matches("frontend.");
        [name, question.version, question.description]
    }));
    result(&questions, table(&lines, 1), VERSION)
}
