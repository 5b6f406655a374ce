//! A project as it was at a git revision.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use microb_dsl::Diagnostic;
use microb_dsl::explain::{Entry, EntryKind, Tree};

use crate::directory_context::Earlier;

/// What differs between a revision and the working tree. What git ignores counts as unchanged.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    folder: PathBuf,
    name: String,
    /// Paths that are not as they were.
    pub(super) changed: BTreeSet<String>,
    /// Of these, the ones that were there, with their mode in git.
    files: BTreeMap<String, String>,
}

impl Revision {
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self, Diagnostic> {
        if name.starts_with('-') {
            return Err(Diagnostic::error(format!("`{name}` is no git revision")));
        }
        let git = |arguments: &[&str]| run(folder, arguments);
        let commit = format!("{name}^{{commit}}");
        let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).map_err(|reason| {
            let what = format!("`{name}` is neither a folder nor a git revision here");
            let error = Diagnostic::error(if reason.is_empty() { what } else { format!("{what}: {reason}") });
            error.help("name what was built last: a commit, a branch, or a folder with a copy of the project")
        })?;
        let commit = commit.trim();
        let told = |reason: String| Diagnostic::error(format!("git failed: {reason}"));
        let differ = git(&[
            "diff",
            "--name-only",
            "--no-renames",
            "--relative",
            "-z",
            commit,
            "--",
            ".",
        ])
        .map_err(told)?;
        let new = git(&["ls-files", "--others", "--exclude-standard", "-z"]).map_err(told)?;
        let changed: BTreeSet<String> = paths(&differ)
            .chain(paths(&new))
            .map(str::to_owned)
            .collect();
        let listing = git(&["ls-tree", "-r", "-z", commit]).map_err(told)?;
        let entries = paths(&listing).filter_map(|line| {
            let (facts, path) = line.split_once('\t')?;
            let mode = facts.split(' ').next()?;
            changed
                .contains(path)
                .then(|| (path.to_owned(), mode.to_owned()))
        });
        Ok(Self {
            files: entries.collect(),
            folder: folder.to_owned(),
            name: commit.to_owned(),
            changed,
        })
    }

    /// The tree as it was, given the tree as it is.
    pub(super) fn tree(&self, now: &Tree) -> Tree {
        let mut then = now.clone();
        for path in &self.changed {
            let entry = then.remove(path);
            if let Some(mode) = self.files.get(path) {
                then.insert(path, self.entry(path, mode, entry.as_ref()));
            }
        }
        self.mend_folders(now, &mut then);
        then
    }

    /// Git has no folders: those in which all is new were not there, those of files that are gone were.
    fn mend_folders(&self, now: &Tree, then: &mut Tree) {
        for path in &self.changed {
            let ends = path.match_indices('/').map(|(end, _)| end);
            for end in ends {
                let (folder, _) = path.split_at(end);
                let inside = format!("{folder}/");
                let holds = |tree: &Tree| {
                    tree.entries().any(|(path, entry)| {
                        entry.kind != EntryKind::Folder && path.starts_with(&inside)
                    })
                };
                match (holds(then), now.get(folder)) {
                    (false, Some(_)) if holds(now) => drop(then.remove(folder)),
                    (true, None) => then.insert(
                        folder,
                        Entry {
                            kind: EntryKind::Folder,
                            mode: 0o755,
                        },
                    ),
                    _ => {}
                }
            }
        }
    }

    /// Git knows of a file's mode only whether it is executable.
    fn entry(&self, path: &str, mode: &str, now: Option<&Entry>) -> Entry {
        let kind = if mode == "120000" {
            let target = self.read(path).unwrap_or_default();
            EntryKind::Link(String::from_utf8_lossy(&target).into_owned())
        } else {
            EntryKind::File(format!("at {}", self.name))
        };
        let is_executable = mode == "100755";
        let mode = match now {
            Some(now) if (now.mode & 0o100 != 0) == is_executable => now.mode,
            _ if is_executable => 0o755,
            _ => 0o644,
        };
        Entry { kind, mode }
    }

    /// For a recipe that looks at the folder as it was.
    pub(super) fn earlier(&self) -> Earlier {
        let this = self.clone();
        Earlier {
            paths: self
                .changed
                .iter()
                .map(|path| (path.clone(), self.files.contains_key(path)))
                .collect(),
            read: Box::new(move |path| this.read(path)),
        }
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path)?;
        let blob = format!("{}:./{path}", self.name);
        let shown = Command::new("git")
            .arg("-C")
            .arg(&self.folder)
            .args(["show", &blob])
            .output()
            .ok()?;
        shown.status.success().then_some(shown.stdout)
    }
}

fn paths(list: &str) -> impl Iterator<Item = &str> {
    list.split('\0').filter(|path| !path.is_empty())
}

/// What git prints, or what it complains about.
fn run(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let done = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        let complaint = String::from_utf8_lossy(&done.stderr);
        Err(complaint.trim().to_owned())
    }
}
