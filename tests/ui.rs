//! What the compiler says about each mistake that the macros look for.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the files again; look at the difference.

use std::process::Command;

#[test]
fn each_mistake_has_one_message_at_its_token() {
    let compiler = Command::new("rustc").arg("--version").output().unwrap();
    let compiler = String::from_utf8_lossy(&compiler.stdout).into_owned();
    let wanted = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"));
    if !compiler.starts_with(wanted) {
        // The frame around our words follows the compiler.
        eprintln!("not compared: the messages are those of {wanted}, and this is {compiler}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
