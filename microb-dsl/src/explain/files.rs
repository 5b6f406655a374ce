//! File systems as far as they are known without running anything: what was copied and written, on top of what a
//! program or an image made.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{EntryKind, Tree, is_below};
use crate::llb::cache::{Change, Paths};
use crate::llb::paths::absolute;
use crate::patterns::Patterns;

/// How many symbolic links are followed, as Linux does.
const MAX_LINKS: usize = 40;

/// What is known of the file system of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Files {
    /// The result that it starts from, of which nothing is known; `None` for nothing.
    pub(super) base: Option<usize>,
    /// The topmost layer on it.
    pub(super) top: Option<usize>,
}

/// The layers of all file systems, so that those of thousands of steps share them.
#[derive(Debug, Default)]
pub(super) struct Layers(Vec<Layer>);

#[derive(Debug)]
struct Layer {
    below: Option<usize>,
    files: BTreeMap<String, Known>,
}

/// What is known of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// Its content.
    Content {
        text: String,
        /// Whether another text is another content: not so for an archive that is unpacked.
        is_certain: bool,
        /// Whether it lies in a folder of this name, if there is one.
        may_be_inside: bool,
    },
    /// A link, and where it leads.
    Link(String),
    /// A folder is there.
    Folder,
    /// What a result has at this path.
    Part { result: usize, path: String },
    /// Nothing is there.
    Removed,
}

/// Some files of a file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// By path, relative to what was selected; the flag says whether this is for certain.
    contents: BTreeMap<String, (String, bool)>,
    /// Parts of results of which nothing is known: the result, and the path in it.
    pub(super) parts: BTreeSet<(usize, String)>,
    /// The same with the place in the selection.
    placed: BTreeMap<String, (usize, String)>,
}

impl Layers {
    /// The files of a folder of the client.
    pub(super) fn of_tree(&mut self, tree: &Tree) -> Files {
        let entries = tree.entries().map(|(path, entry)| {
            let known = match &entry.kind {
                EntryKind::Link(target) => Known::Link(target.clone()),
                EntryKind::File(content) => certain(format!("file {content} {:o}", entry.mode)),
                EntryKind::Folder => certain(format!("folder {:o}", entry.mode)),
            };
            (format!("/{path}"), known)
        });
        let files = entries.collect();
        Files {
            base: None,
            top: Some(self.push(None, files)),
        }
    }

    /// The file system after a change; `from` is the one that is copied from.
    pub(super) fn changed(&mut self, root: Files, change: &Change, from: Option<Files>) -> Files {
        let files = match change {
            Change::Copy {
                paths,
                destination,
                attributes,
                unpack,
                ..
            } => {
                let selection = match from {
                    Some(from) => self.select(from, paths),
                    None => Selection::default(),
                };
                selection.placed_at(paths, destination, attributes, *unpack)
            }
            Change::Write { path, content } => {
                BTreeMap::from([(path.clone(), certain(content.clone()))])
            }
            Change::Mkdir(path) => BTreeMap::from([(path.clone(), Known::Folder)]),
            Change::Remove(path) => BTreeMap::from([(path.clone(), Known::Removed)]),
        };
        Files {
            top: Some(self.push(root.top, files)),
            ..root
        }
    }

    fn push(&mut self, below: Option<usize>, files: BTreeMap<String, Known>) -> usize {
        self.0.push(Layer { below, files });
        self.0.len() - 1
    }

    fn layers(&self, files: Files) -> impl Iterator<Item = &Layer> {
        let layer = |place: Option<usize>| place.and_then(|place| self.0.get(place));
        std::iter::successors(layer(files.top), move |above| layer(above.below))
    }

    /// The files at a path, or at the paths that a pattern matches, without what the patterns leave out.
    pub(super) fn select(&self, files: Files, paths: &Paths) -> Selection {
        let (folder, pattern) = split_pattern(paths);
        let folder = self.follow(files, folder);
        let mut selection = self.below(files, &folder);
        let pattern = pattern.map(|pattern| Patterns::of([pattern]));
        let include = Patterns::of(&paths.include);
        let exclude = Patterns::of(&paths.exclude);
        let is_selected = |path: &str| {
            let is_matched = pattern.as_ref().is_none_or(|pattern| pattern.cover(path));
            let is_included = paths.include.is_empty() || include.cover(path);
            is_matched && is_included && !exclude.leave_out(path)
        };
        selection.contents.retain(|path, _| is_selected(path));
        selection
    }

    /// What is known at a path and below it, from the top to the bottom: the first to know of a path is right.
    fn below(&self, files: Files, folder: &str) -> Selection {
        let mut found = Selection::default();
        let mut removed: Vec<&str> = Vec::new();
        for layer in self.layers(files) {
            for (path, known) in &layer.files {
                let is_hidden = removed.iter().any(|removed| is_below(path, removed));
                if !is_hidden {
                    found.add(folder, path, known);
                }
            }
            for (path, known) in &layer.files {
                if *known == Known::Removed {
                    removed.push(path);
                    if is_below(folder, path) {
                        return found;
                    }
                } else if is_below(folder, path) && path == folder && known.is_file() {
                    return found;
                }
            }
        }
        if let Some(result) = files.base {
            found.parts.insert((result, folder.to_owned()));
            found
                .placed
                .insert(String::new(), (result, folder.to_owned()));
        }
        found
    }

    /// The path without symbolic links, as far as they are known.
    fn follow(&self, files: Files, path: String) -> String {
        let mut path = path;
        for _ in 0..MAX_LINKS {
            let Some((link, target)) = self.first_link(files, &path) else {
                break;
            };
            let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
            let rest = &path[link.len()..];
            path = absolute("/", &format!("{}{rest}", absolute(folder, &target)));
        }
        path
    }

    /// The first part of a path that is a symbolic link, and where it leads.
    fn first_link(&self, files: Files, path: &str) -> Option<(String, String)> {
        let ends = path.match_indices('/').map(|(n, _)| n).skip(1);
        ends.chain([path.len()]).find_map(|end| {
            let link = &path[..end];
            match self.layers(files).find_map(|layer| layer.files.get(link))? {
                Known::Link(target) => Some((link.to_owned(), target.clone())),
                _ => None,
            }
        })
    }
}

impl Known {
    fn is_file(&self) -> bool {
        matches!(self, Self::Content { text, may_be_inside: false, .. } if !text.starts_with("folder "))
    }
}

fn certain(text: String) -> Known {
    Known::Content {
        text,
        is_certain: true,
        may_be_inside: false,
    }
}

/// The folder above the first part with a wildcard, and the pattern below it.
fn split_pattern(paths: &Paths) -> (String, Option<String>) {
    if !paths.wildcard {
        return (paths.path.clone(), None);
    }
    let parts: Vec<&str> = paths.path.split('/').collect();
    let plain = parts
        .iter()
        .take_while(|part| !part.contains(['*', '?', '[']))
        .count();
    let folder = parts.get(..plain).unwrap_or_default().join("/");
    let pattern = parts.get(plain..).unwrap_or_default().join("/");
    let folder = if folder.is_empty() {
        "/".to_owned()
    } else {
        folder
    };
    (folder, Some(pattern))
}

/// The rest of a path below a folder; `None` if it is not below.
fn relative<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let is_inside = is_below(path, folder);
    is_inside.then(|| path[folder.len()..].trim_start_matches('/'))
}

fn joined(folder: &str, path: &str) -> String {
    match (folder.trim_end_matches('/'), path) {
        ("", "") => "/".to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

impl Selection {
    fn add(&mut self, folder: &str, path: &str, known: &Known) {
        if let Some(inside) = relative(path, folder) {
            self.add_inside(inside, known);
        } else if let Some(rest) = relative(folder, path) {
            self.add_above(rest, known);
        }
    }

    fn add_inside(&mut self, path: &str, known: &Known) {
        let (text, is_certain) = match known {
            Known::Content {
                text, is_certain, ..
            } => (text.clone(), *is_certain),
            Known::Link(target) => (format!("link {target}"), true),
            // It may have been there before.
            Known::Folder => ("folder".to_owned(), false),
            Known::Removed => return,
            Known::Part { result, path: part } => {
                self.parts.insert((*result, part.clone()));
                let part = (*result, part.clone());
                self.placed.entry(path.to_owned()).or_insert(part);
                return;
            }
        };
        let content = (text, is_certain);
        self.contents.entry(path.to_owned()).or_insert(content);
    }

    /// What stands above what is selected may hold it.
    fn add_above(&mut self, rest: &str, known: &Known) {
        match known {
            Known::Part { result, path } => {
                let part = (*result, joined(path, rest));
                self.parts.insert(part.clone());
                self.placed.entry(String::new()).or_insert(part);
            }
            Known::Content {
                text,
                may_be_inside: true,
                ..
            } => {
                let content = (text.clone(), false);
                self.contents.entry(format!("? {rest}")).or_insert(content);
            }
            Known::Content { .. } | Known::Link(_) | Known::Folder | Known::Removed => {}
        }
    }

    /// The files where a copy puts them.
    fn placed_at(
        self,
        paths: &Paths,
        destination: &str,
        attributes: &str,
        unpack: bool,
    ) -> BTreeMap<String, Known> {
        let (_, pattern) = split_pattern(paths);
        let is_file = self.contents.len() == 1 && self.contents.contains_key("");
        let into_folder = destination.ends_with('/');
        let place = |path: &str| match &pattern {
            Some(pattern) => joined(destination, below_match(pattern, path)),
            None if is_file && into_folder => {
                let name = paths.path.rsplit('/').next().unwrap_or_default();
                joined(destination, name)
            }
            None => joined(destination, path),
        };
        let contents = self.contents.iter().map(|(path, (text, is_certain))| {
            let known = Known::Content {
                text: format!("{text}{attributes}"),
                is_certain: *is_certain && !unpack,
                may_be_inside: unpack || (is_file && !into_folder),
            };
            (place(path), known)
        });
        let parts = self.placed.iter().map(|(path, (result, part))| {
            let part = Known::Part {
                result: *result,
                path: part.clone(),
            };
            (place(path), part)
        });
        parts.chain(contents).collect()
    }
}

/// The path of a file below what a pattern matched: of a folder, its contents are copied; of a file, its name stays.
fn below_match<'a>(pattern: &str, path: &'a str) -> &'a str {
    let pattern = Patterns::of([pattern]);
    let ends = path.match_indices('/').map(|(n, _)| n);
    for end in ends {
        if pattern.cover(&path[..end]) {
            return &path[end + 1..];
        }
    }
    path.rsplit('/').next().unwrap_or_default()
}

/// Whether two selections have the same files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Same {
    Yes,
    /// No: the paths at which they differ, relative to what was selected.
    No(BTreeSet<String>),
    /// That depends on what these results have.
    Depends(BTreeSet<(usize, String)>),
}

impl Selection {
    /// Compares with what was there before.
    pub(super) fn compare(&self, before: &Self) -> Same {
        let paths = self.contents.keys().chain(before.contents.keys());
        let (mut differ, mut unsure) = (BTreeSet::new(), false);
        for path in paths {
            let (now, then) = (self.contents.get(path), before.contents.get(path));
            if now == then {
                continue;
            }
            let is_certain =
                |content: Option<&(String, bool)>| content.is_none_or(|(_, sure)| *sure);
            if is_certain(now) && is_certain(then) {
                differ.insert(path.clone());
            } else {
                unsure = true;
            }
        }
        if !differ.is_empty() {
            return Same::No(differ);
        }
        let new: BTreeSet<_> = self.parts.difference(&before.parts).cloned().collect();
        if new.is_empty() && !unsure && self.parts == before.parts {
            Same::Yes
        } else {
            Same::Depends(new)
        }
    }
}
