//! Finds the shared libraries that a dynamic executable needs, as its loader would.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::elf::{self, Elf};

/// Where glibc and musl look last, in `ld.so(8)`'s order.
const DEFAULT_FOLDERS: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// `ld.so.conf` files include each other; a cycle must end.
const MAX_INCLUDES: usize = 64;

/// The libraries that `executable` needs, and those that they need, by file name.
///
/// # Errors
///
/// The name of the first library that is not there.
pub(super) fn find(executable: &Path, elf: &Elf) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let system = system_folders(Path::new("/etc/ld.so.conf"));
    let mut found = BTreeMap::new();
    let mut open: VecDeque<(PathBuf, Elf)> = VecDeque::from([(executable.to_owned(), elf.clone())]);
    while let Some((path, needing)) = open.pop_front() {
        let folders = folders(&path, &needing, &system);
        for name in &needing.needed {
            if found.contains_key(name) {
                continue;
            }
            let (path, library, bytes) = lookup(name, &folders, elf).ok_or_else(|| name.clone())?;
            found.insert(name.clone(), bytes);
            open.push_back((path, library));
        }
    }
    Ok(found)
}

/// The first file of this name that is for the same processor.
fn lookup(name: &str, folders: &[PathBuf], like: &Elf) -> Option<(PathBuf, Elf, Vec<u8>)> {
    folders.iter().find_map(|folder| {
        let path = folder.join(name);
        let bytes = fs::read(&path).ok()?;
        let library = elf::read(&bytes)?;
        (library.platform == like.platform).then_some((path, library, bytes))
    })
}

/// Where the libraries of one file are looked for.
fn folders(path: &Path, elf: &Elf, system: &[PathBuf]) -> Vec<PathBuf> {
    let origin = path.parent().unwrap_or(Path::new("/")).to_string_lossy();
    let own = elf
        .library_path
        .replace("${ORIGIN}", &origin)
        .replace("$ORIGIN", &origin);
    // Cargo sets it for `cargo run`, so that a dynamic libstd is found.
    let environment = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    std::env::split_paths(&environment)
        .chain(std::env::split_paths(&own))
        .filter(|folder| folder.is_absolute())
        .chain(system.iter().cloned())
        .chain(DEFAULT_FOLDERS.map(PathBuf::from))
        .collect()
}

/// The folders that `/etc/ld.so.conf` and the files that it includes list, in order.
fn system_folders(file: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let mut open = VecDeque::from([file.to_owned()]);
    for _ in 0..MAX_INCLUDES {
        let Some(file) = open.pop_front() else { break };
        for line in fs::read_to_string(&file).unwrap_or_default().lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(pattern) = line.strip_prefix("include") {
                open.extend(included(&file, pattern.trim()));
            } else if line.starts_with('/') {
                folders.push(PathBuf::from(line));
            }
        }
    }
    folders
}

/// The files that an `include` line names; its last part may have one `*`.
fn included(file: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = file.parent().unwrap_or(Path::new("/")).join(pattern);
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Vec::new();
    };
    let name = name.to_string_lossy();
    let Some((start, end)) = name.split_once('*') else {
        return vec![pattern];
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        })
        .collect();
    files.sort();
    files
}
