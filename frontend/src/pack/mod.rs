//! Packs an executable as the image of a BuildKit frontend, without a Dockerfile and without an engine.
//!
//! The image is made from nothing: the executable and, when it is dynamic, its loader and its libraries.
//! The same files give the same bytes.

mod elf;
mod image;
mod libraries;

use std::fs;
use std::path::Path;

use microb_dsl::{Diagnostic, Platform};

pub use image::FrontendImage;

/// Where the libraries of a dynamic executable are put; `LD_LIBRARY_PATH` names it.
const LIBRARY_FOLDER: &str = "lib";

/// A file of the image.
struct Entry {
    /// The path in the image, without a leading `/`.
    path: String,
    content: Vec<u8>,
}

/// Packs the executable as a frontend image. `name` becomes the file's name in the image.
///
/// `platform` replaces what the ELF header says, for processors whose variant it does not tell (`linux/arm/v6`).
///
/// # Errors
///
/// When the file cannot be read, is no Linux executable, or needs a library that is not there.
pub fn pack(
    executable: &Path,
    name: &str,
    platform: Option<Platform>,
) -> Result<FrontendImage, Diagnostic> {
    let shown = executable.display();
    let bytes = fs::read(executable).map_err(|error| {
        Diagnostic::error(format!("cannot read the executable `{shown}`: {error}"))
    })?;
    let Some(elf) = elf::read(&bytes) else {
        return Err(no_linux_executable(executable, name, &Platform::host()));
    };
    let platform = platform.unwrap_or_else(|| elf.platform.clone());
    let mut entries = vec![Entry {
        path: name.to_owned(),
        content: bytes,
    }];
    let mut environment = Vec::new();
    if let Some(interpreter) = &elf.interpreter {
        add_loader(&mut entries, executable, interpreter, &elf)?;
        environment.push(format!("LD_LIBRARY_PATH=/{LIBRARY_FOLDER}"));
    }
    FrontendImage::new(&platform, name, &environment, &entries)
}

/// Adds the loader at the path where the kernel looks for it, and the libraries.
fn add_loader(
    entries: &mut Vec<Entry>,
    executable: &Path,
    interpreter: &str,
    elf: &elf::Elf,
) -> Result<(), Diagnostic> {
    let content = fs::read(interpreter)
        .map_err(|error| missing(executable, interpreter).help(format!("{error}")))?;
    entries.push(Entry {
        path: interpreter.trim_start_matches('/').to_owned(),
        content,
    });
    let libraries = libraries::find(executable, elf).map_err(|name| missing(executable, &name))?;
    for (name, content) in libraries {
        let path = format!("{LIBRARY_FOLDER}/{name}");
        if entries.iter().all(|entry| entry.path != path) {
            entries.push(Entry { path, content });
        }
    }
    Ok(())
}

fn missing(executable: &Path, needed: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "`{}` needs `{needed}`, which is not on this machine",
        executable.display()
    ))
    .help("build a static executable: add `-C target-feature=+crt-static` to RUSTFLAGS, and `--target`")
}

/// The message for an executable that no engine of this platform can run as a frontend.
pub(crate) fn no_linux_executable(executable: &Path, name: &str, wanted: &Platform) -> Diagnostic {
    let target = rust_target(wanted).unwrap_or("x86_64-unknown-linux-gnu");
    Diagnostic::error(format!(
        "`{}` is no executable for `{wanted}`, so the engine cannot run it as a frontend",
        executable.display()
    ))
    .help(format!(
        "build one with `cargo build --release --target {target}` and name it: \
         `--executable target/{target}/release/{name}`"
    ))
}

/// The Rust target that makes executables for a platform.
fn rust_target(platform: &Platform) -> Option<&'static str> {
    Some(
        match (platform.architecture.as_str(), platform.variant.as_str()) {
            ("amd64", _) => "x86_64-unknown-linux-gnu",
            ("arm64", _) => "aarch64-unknown-linux-gnu",
            ("arm", "v7") => "armv7-unknown-linux-gnueabihf",
            ("arm", _) => "arm-unknown-linux-gnueabihf",
            ("386", _) => "i686-unknown-linux-gnu",
            ("riscv64", _) => "riscv64gc-unknown-linux-gnu",
            ("ppc64le", _) => "powerpc64le-unknown-linux-gnu",
            ("s390x", _) => "s390x-unknown-linux-gnu",
            _ => return None,
        },
    )
}
