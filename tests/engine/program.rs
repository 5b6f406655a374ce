//! The command line as a program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::docker::Ran;

/// The program, built once, beside this test: a dynamic executable with debug information.
static MICROB: LazyLock<PathBuf> =
    LazyLock::new(|| cargo_build(&["--workspace", "--bin", "microb"]).join("microb"));

/// The folder of the recipes of `cargo run --example`, built once.
static EXAMPLES: LazyLock<PathBuf> = LazyLock::new(|| {
    let packages = ["--package", "microb", "--package", "microb-frontend"];
    cargo_build(&[&packages[..], &["--examples"]].concat()).join("examples")
});

/// The program of the crate with the foreign definition, built once as its own lock says, in a folder of its own.
static FOREIGN_LLB: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = profile().parent().unwrap().join("foreign-llb");
    let mut build = cargo();
    build
        .current_dir(crate::project::example("foreign-llb"))
        .args(["build", "--quiet", "--locked", "--target-dir"])
        .arg(&target);
    Ran::of(&mut build).succeeded();
    target.join("debug/foreign-llb")
});

/// Where cargo put the programs of this profile.
fn profile() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    cargo
}

/// Builds what these flags say, and gives the folder of the programs.
fn cargo_build(flags: &[&str]) -> PathBuf {
    let profile = profile();
    let mut build = cargo();
    build
        .args(["build", "--quiet", "--target-dir"])
        .arg(profile.parent().unwrap())
        .args(flags);
    Ran::of(&mut build).succeeded();
    profile
}

/// `microb`, for arguments.
pub(crate) fn microb() -> Command {
    Command::new(&*MICROB)
}

/// The program of an example, for arguments.
pub(crate) fn example_program(name: &str) -> Command {
    Command::new(EXAMPLES.join(name))
}

/// The program of `examples/foreign-llb`, for arguments.
pub(crate) fn foreign_llb() -> Command {
    Command::new(&*FOREIGN_LLB)
}
