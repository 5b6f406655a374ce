//! The files of a build context, as a client would send them.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use microb_dsl::Diagnostic;
use microb_dsl::digest::hexadecimal;
use microb_dsl::explain::{Entry, EntryKind, Tree};
use microb_dsl::patterns::Patterns;
use sha2::{Digest, Sha256};

use super::arguments::Inputs;
use crate::directory_context::DirectoryContext;
use crate::ignore::IGNORE_FILE;

/// What stands for the content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    /// Nothing: who compares knows by other means what differs.
    Ignored,
    /// A digest.
    Hashed,
}

/// The files of the folder that are not ignored.
pub(super) fn tree(
    cx: &DirectoryContext,
    ignored: &Patterns,
    contents: Contents,
) -> Result<Tree, Diagnostic> {
    let mut walk = Walk {
        ignored,
        contents,
        tree: Tree::default(),
    };
    walk.folder(cx.folder(), "").map_err(|(path, error)| {
        Diagnostic::error(format!("cannot read `{}`: {error}", path.display()))
    })?;
    Ok(walk.tree)
}

/// The name of the ignore file, and its content: the one beside the definition wins.
pub(super) fn ignore_file(cx: &DirectoryContext, inputs: &Inputs) -> Option<(String, Vec<u8>)> {
    let beside = match definition_path(cx, inputs) {
        Some(path) => {
            let name = format!("{path}{IGNORE_FILE}");
            cx.look_at(&name)
                .ok()
                .flatten()
                .map(|content| (name, content))
        }
        None => inputs.file.as_ref().and_then(|file| {
            let own = format!("{}{IGNORE_FILE}", file.display());
            let content = fs::read(&own).ok()?;
            Some((own, content))
        }),
    };
    beside.or_else(|| {
        let content = cx.look_at(IGNORE_FILE).ok().flatten()?;
        Some((IGNORE_FILE.to_owned(), content))
    })
}

/// The path of the definition in the folder, if it is there.
pub(super) fn definition_path(cx: &DirectoryContext, inputs: &Inputs) -> Option<String> {
    let file = std::path::absolute(inputs.file.as_ref()?).ok()?;
    let folder = fs::canonicalize(file.parent()?).ok()?;
    let path = folder.join(file.file_name()?);
    let path = path.strip_prefix(cx.folder()).ok()?;
    Some(path.to_str()?.to_owned())
}

struct Walk<'a> {
    ignored: &'a Patterns,
    contents: Contents,
    tree: Tree,
}

type Failed = (std::path::PathBuf, io::Error);

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, above: &str) -> Result<(), Failed> {
        let failed = |error| (folder.to_owned(), error);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A name that is not UTF-8 is in no pattern and in no recipe.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if above.is_empty() {
                name
            } else {
                format!("{above}/{name}")
            };
            self.entry(&entry.path(), path)?;
        }
        Ok(())
    }

    fn entry(&mut self, file: &Path, path: String) -> Result<(), Failed> {
        let failed = |error| (file.to_owned(), error);
        let metadata = fs::symlink_metadata(file).map_err(failed)?;
        let is_ignored = self.ignored.leave_out(&path);
        if metadata.is_dir() {
            if is_ignored && !self.ignored.take_back() {
                return Ok(());
            }
            let before = self.tree.len();
            self.folder(file, &path)?;
            // The folder of an exception is sent with it.
            if is_ignored && self.tree.len() == before {
                return Ok(());
            }
        } else if is_ignored {
            return Ok(());
        }
        if let Some(kind) = self.kind(file, &metadata).map_err(failed)? {
            let mode = mode(&metadata);
            self.tree.insert(path, Entry { kind, mode });
        }
        Ok(())
    }

    /// Sockets, pipes and devices are no part of it.
    fn kind(&self, file: &Path, metadata: &Metadata) -> io::Result<Option<EntryKind>> {
        let kind = metadata.file_type();
        Ok(if kind.is_symlink() {
            let target = fs::read_link(file)?;
            Some(EntryKind::Link(target.to_string_lossy().into_owned()))
        } else if kind.is_dir() {
            Some(EntryKind::Folder)
        } else if kind.is_file() {
            Some(EntryKind::File(match self.contents {
                Contents::Ignored => String::new(),
                Contents::Hashed => digest(file)?,
            }))
        } else {
            None
        })
    }
}

fn digest(file: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = fs::File::open(file)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
    Ok(hexadecimal(&hash.finalize()))
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o7777
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    if metadata.is_dir() { 0o755 } else { 0o644 }
}
