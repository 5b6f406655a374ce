//! The files of a build context, as data.

use std::collections::BTreeMap;

/// The files of a build context that are sent, by path from its root.
///
/// Whoever makes one leaves out what `.dockerignore` excludes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree(BTreeMap<String, Entry>);

/// A file, a folder or a link of a [`Tree`]. Times and owners are not part of it: BuildKit's cache ignores those of a
/// client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// The permission bits.
    pub mode: u32,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A file, and a text that identifies its content, for instance a digest.
    File(String),
    /// A folder.
    Folder,
    /// A symbolic link and where it leads.
    Link(String),
}

impl Tree {
    /// Adds or replaces an entry; its path has `/` between its parts.
    pub fn insert(&mut self, path: impl Into<String>, entry: Entry) {
        self.0.insert(path.into(), entry);
    }

    /// The same tree with changed content at a path and below it; an empty path means all of it. A path that is not
    /// there becomes a file.
    #[must_use]
    pub fn with_changed(mut self, path: &str) -> Self {
        let mut found = false;
        for (other, entry) in &mut self.0 {
            if path.is_empty() || is_below(other, path) {
                found = true;
                entry.change();
            }
        }
        if !found && !path.is_empty() {
            let kind = EntryKind::File("new".to_owned());
            self.insert(path, Entry { kind, mode: 0o644 });
        }
        self
    }

    /// The entry at a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(path)
    }

    /// Removes the entry at a path.
    pub fn remove(&mut self, path: &str) -> Option<Entry> {
        self.0.remove(path)
    }

    /// All entries with their paths, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths that are not the same in the other tree, in order.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let paths = self.0.keys().chain(other.0.keys());
        let differ = |path: &&String| self.get(path) != other.get(path);
        let mut paths: Vec<String> = paths.filter(differ).cloned().collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

impl Entry {
    fn change(&mut self) {
        match &mut self.kind {
            EntryKind::File(content) | EntryKind::Link(content) => content.push_str(" changed"),
            // What is in it changes.
            EntryKind::Folder => {}
        }
    }
}

/// Whether a path is `folder` or below it.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || folder.ends_with('/'))
}
