//! `microb schema`.
#![cfg(all(feature = "cli", feature = "microb"))]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

use serde_json::Value;

fn microb(args: &[&str]) -> Output {
    let mut microb = Command::new(env!("CARGO_BIN_EXE_microb"));
    microb.arg("schema").args(args).output().unwrap()
}

#[test]
fn the_schema_in_the_repository_is_what_the_command_prints() {
    let printed = microb(&[]);
    assert!(printed.status.success());
    assert!(
        printed.stdout == include_bytes!("../../microb.schema.json"),
        "write it again: cargo run --bin microb -- schema > microb.schema.json"
    );
}

#[test]
fn the_schema_of_one_table_is_a_document_of_its_own() {
    let schema: Value =
        serde_json::from_slice(&microb(&["--table", "tool.microb"]).stdout).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["title"], "tool.microb");
    let target = &schema["properties"]["target"]["additionalProperties"];
    assert_eq!(target["properties"]["flavor"]["default"], "debian");
}

#[test]
fn a_table_that_is_not_described_is_an_error() {
    let found = microb(&["--table", "tool.micro"]);
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(found.stderr).unwrap(),
        "error: `micro` in `tool.micro` is no table that is described\nhelp: write `microb`\n"
    );
}
