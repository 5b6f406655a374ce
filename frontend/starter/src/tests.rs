//! The recipe as a Dockerfile, to look at in a review.

use std::path::Path;
use std::{env, fs};

use microb::{MemoryContext, dockerfile};

const EXAMPLE: &str = include_str!("../example/pyproject.toml");

/// `UPDATE=1 cargo test` writes the snapshot again. The first run writes it: commit it.
#[test]
fn the_example_gives_the_dockerfile_of_the_snapshot() {
    let cx = MemoryContext::new(EXAMPLE)
        .file("pyproject.toml", EXAMPLE)
        .file("hello.py", include_str!("../example/hello.py"));
    let stage = crate::recipe(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let rendered = dockerfile::render(&stage).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/example.Dockerfile");
    if env::var_os("UPDATE").is_some() || !file.exists() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &rendered).unwrap();
    }
    let snapshot = fs::read_to_string(&file).unwrap();
    assert!(
        rendered == snapshot,
        "the Dockerfile is another one: `UPDATE=1 cargo test` writes it, and `git diff` shows what changed"
    );
}

#[test]
fn a_service_without_a_team_is_told_so_at_its_table() {
    let cx = MemoryContext::new(EXAMPLE.replace("team = ", "taem = "));
    let mistakes = crate::recipe(&cx).unwrap_err().to_string();
    assert!(
        mistakes.contains("unknown key `taem` in `tool.{{name}}` (write `team`)"),
        "{mistakes}"
    );
    assert!(
        mistakes.contains("`tool.{{name}}` has no `team` (add `team = \"payments\"`)"),
        "{mistakes}"
    );
}
