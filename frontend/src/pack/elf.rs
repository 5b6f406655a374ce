//! What an ELF file says about itself: its processor, its interpreter, the libraries that it needs.

use microb_dsl::Platform;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endian, Endianness, FileKind};

/// The headers of an ELF executable or shared library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Elf {
    /// The platform whose processor it runs on.
    pub(super) platform: Platform,
    /// `PT_INTERP`: the absolute path of the dynamic loader; `None` in a static executable.
    pub(super) interpreter: Option<String>,
    /// `DT_NEEDED`: the file names of shared libraries.
    pub(super) needed: Vec<String>,
    /// `DT_RUNPATH` or `DT_RPATH`: folders with libraries between colons, `$ORIGIN` as it stands.
    pub(super) library_path: String,
}

/// Reads the headers; `None` when the bytes are no ELF file for a processor that images have a name for.
pub(super) fn read(bytes: &[u8]) -> Option<Elf> {
    match FileKind::parse(bytes).ok()? {
        FileKind::Elf32 => read_class::<FileHeader32<Endianness>>(bytes),
        FileKind::Elf64 => read_class::<FileHeader64<Endianness>>(bytes),
        _ => None,
    }
}

fn read_class<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Elf> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let mut found = Elf {
        platform: platform(header.e_machine(endian), endian)?,
        interpreter: None,
        needed: Vec::new(),
        library_path: String::new(),
    };
    for segment in header.program_headers(endian, bytes).ok()? {
        if let Some(path) = segment.interpreter(endian, bytes).ok()? {
            found.interpreter = Some(String::from_utf8(path.to_vec()).ok()?);
        }
    }
    let dynamic = header
        .sections(endian, bytes)
        .and_then(|sections| sections.dynamic_table(endian, bytes))
        .ok()?;
    for entry in &dynamic {
        let text = || String::from_utf8(dynamic.string(entry).ok()?.to_vec()).ok();
        match entry.tag {
            elf::DT_NEEDED => found.needed.push(text()?),
            elf::DT_RUNPATH | elf::DT_RPATH => found.library_path = text()?,
            _ => {}
        }
    }
    Some(found)
}

/// The OCI's name of an ELF machine, which is Go's `GOARCH`.
fn platform(machine: u16, endian: Endianness) -> Option<Platform> {
    let architecture = match (machine, endian.is_little_endian()) {
        (elf::EM_X86_64, _) => "amd64",
        (elf::EM_AARCH64, true) => "arm64",
        (elf::EM_ARM, true) => "arm",
        (elf::EM_386, _) => "386",
        (elf::EM_RISCV, true) => "riscv64",
        (elf::EM_PPC64, true) => "ppc64le",
        (elf::EM_S390, false) => "s390x",
        (elf::EM_LOONGARCH, true) => "loong64",
        _ => return None,
    };
    Some(Platform::new("linux", architecture, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_needs_the_c_library_and_names_its_loader() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = read(&bytes).unwrap();
        assert_eq!(found.platform, Platform::host());
        assert!(found.interpreter.unwrap().contains("ld-"));
        assert!(found.needed.iter().any(|name| name.starts_with("libc.")));
    }

    #[test]
    fn what_is_no_elf_file_is_refused_and_never_a_panic() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for other in [
            &b""[..],
            b"\x7fELF",
            b"#!/bin/sh\n",
            b"MZ\x90\x00",
            b"\xcf\xfa\xed\xfe",
        ] {
            assert_eq!(read(other), None);
        }
        for cut in [4, 16, 60, 64, 100, 500, 4000] {
            assert_eq!(read(&bytes[..cut]), None, "cut at {cut}");
        }
    }
}
