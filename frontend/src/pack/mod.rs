//! Packs an executable as the image of a BuildKit frontend, without a Dockerfile and without an engine.
//!
//! The image is made from nothing: the executable and, when it is dynamic, its loader and its libraries.
//! The same files give the same bytes.

mod blob;
mod elf;
mod image;
mod layout;
mod libraries;

use std::fs;
use std::path::{Path, PathBuf};

use microb_dsl::{Diagnostic, Platform};

use elf::Elf;
pub use image::FrontendImage;
pub use layout::Layout;

/// Where the libraries of a dynamic executable are put; `LD_LIBRARY_PATH` names it.
const LIBRARY_FOLDER: &str = "lib";

/// A file of the image.
struct Entry {
    /// The path in the image, without a leading `/`.
    path: String,
    content: Vec<u8>,
}

/// A program that is to be a frontend.
#[derive(Debug)]
pub struct Executable {
    path: PathBuf,
    bytes: Vec<u8>,
    /// `None` when it is no Linux program: then it can be no frontend.
    elf: Option<Elf>,
}

impl Executable {
    /// Reads an executable.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn open(path: &Path) -> Result<Self, Diagnostic> {
        let bytes = fs::read(path).map_err(|error| {
            let shown = path.display();
            Diagnostic::error(format!("cannot read the executable `{shown}`: {error}"))
        })?;
        Ok(Self {
            path: path.to_owned(),
            elf: elf::read(&bytes),
            bytes,
        })
    }

    /// Checks that it is for this processor.
    ///
    /// # Errors
    ///
    /// When it is not; the help says how to build one that is. `name` is the program's name.
    pub fn check_runs_on(&self, platform: &Platform, name: &str) -> Result<(), Diagnostic> {
        // The variant is not compared: an ELF header does not tell it.
        match &self.elf {
            Some(elf) if elf.platform.architecture == platform.architecture => Ok(()),
            _ => Err(self.wrong_platform(platform, name)),
        }
    }

    /// Packs it as a frontend image. `name` becomes the file's name in the image.
    ///
    /// `platform` replaces what the ELF header says, for processors whose variant it does not tell (`linux/arm/v6`).
    ///
    /// # Errors
    ///
    /// When it is no Linux executable for the processor, or needs a library that is not there.
    pub fn pack(
        &self,
        name: &str,
        platform: Option<Platform>,
    ) -> Result<FrontendImage, Diagnostic> {
        let Some(elf) = &self.elf else {
            return Err(self.wrong_platform(&platform.unwrap_or_else(Platform::host), name));
        };
        if let Some(platform) = &platform {
            self.check_runs_on(platform, name)?;
        }
        let mut entries = vec![Entry {
            path: name.to_owned(),
            content: self.bytes.clone(),
        }];
        let mut environment = Vec::new();
        if let Some(interpreter) = &elf.interpreter {
            self.add_loader(&mut entries, interpreter, elf)?;
            environment.push(format!("LD_LIBRARY_PATH=/{LIBRARY_FOLDER}"));
        }
        let platform = platform.unwrap_or_else(|| elf.platform.clone());
        FrontendImage::new(&platform, name, &environment, &entries)
    }

    /// Adds the loader at the path where the kernel looks for it, and the libraries.
    fn add_loader(
        &self,
        entries: &mut Vec<Entry>,
        interpreter: &str,
        elf: &Elf,
    ) -> Result<(), Diagnostic> {
        let content = fs::read(interpreter).map_err(|_| self.missing(interpreter))?;
        entries.push(Entry {
            path: interpreter.trim_start_matches('/').to_owned(),
            content,
        });
        let libraries = libraries::find(&self.path, elf).map_err(|name| self.missing(&name))?;
        for (name, content) in libraries {
            let path = format!("{LIBRARY_FOLDER}/{name}");
            // The loader is also a library that others need.
            if entries.iter().all(|entry| entry.path != path) {
                entries.push(Entry { path, content });
            }
        }
        Ok(())
    }

    fn missing(&self, needed: &str) -> Diagnostic {
        let shown = self.path.display();
        Diagnostic::error(format!("`{shown}` needs `{needed}`, which is not on this machine")).help(
            "build a static executable: set RUSTFLAGS=\"-C target-feature=+crt-static\" and name the `--target`",
        )
    }

    fn wrong_platform(&self, wanted: &Platform, name: &str) -> Diagnostic {
        let target = rust_target(wanted).unwrap_or("x86_64-unknown-linux-gnu");
        let shown = self.path.display();
        Diagnostic::error(format!(
            "`{shown}` is no executable for `{wanted}`, so the engine cannot run it as a frontend"
        ))
        .help(format!(
            "build one with `cargo build --release --target {target}` and name it: \
             `--executable target/{target}/release/{name}`"
        ))
    }
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
