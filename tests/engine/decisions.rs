//! What a build says of its own accord: what was chosen where the file leaves it open.

use crate::docker::Ran;
use crate::program::microb;
use crate::project::Project;

const DECIDED: [&str; 3] = [
    "Python 3.14: the project requires `>=3.12`",
    "the files as they are in /app: there is no [build-system] to make a package with",
    "runs python count.py: the main module `count.py`",
];

fn project() -> Project {
    Project::empty()
        .file(
            "pyproject.toml",
            "#syntax=microb:dev\n[project]\nname = \"count\"\nversion = \"1\"\nrequires-python = \">=3.12\"\n",
        )
        .file("count.py", "if __name__ == '__main__':\n    print(3)\n")
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_progress_of_a_build_and_explain_say_what_was_decided() {
    let project = project();
    let told = project.try_build(&["--progress=plain"]).succeeded();
    let lines = DECIDED.map(|decision| format!("[microb] {decision}\n"));
    told.says(lines.iter().map(String::as_str));
    // No vertex has a name that only says how it is told.
    assert!(!told.stderr.contains("MKDIR '/microb"), "{}", told.stderr);
    let mut explain = microb();
    let told = Ran::of(explain.arg("explain").current_dir(project.folder())).succeeded();
    let lines = DECIDED.map(|decision| format!("\n  {decision}\n"));
    told.says(lines.iter().map(String::as_str));
    // What it chose is news, and what is never sent is the same for all projects.
    let at = |text: &str| told.stdout.find(text).unwrap();
    assert!(at("so it decided:") < at("so these are not sent:"));
}
