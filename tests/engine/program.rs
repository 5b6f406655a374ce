//! The command line as a program.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use crate::docker::Ran;

/// The program, built once, beside this test: a dynamic executable with debug information.
static MICROB: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap().to_owned();
    let mut build = Command::new(env!("CARGO"));
    build
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--bin",
            "microb",
            "--target-dir",
        ])
        .arg(profile.parent().unwrap());
    Ran::of(&mut build).succeeded();
    profile.join("microb")
});

/// `microb`, for arguments.
pub(crate) fn microb() -> Command {
    Command::new(&*MICROB)
}
