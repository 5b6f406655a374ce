//! Whether a path of a copy names anything, folder by folder.

use crate::context::inside;
use crate::patterns::matches_name;
use crate::wildcards::has_wildcards;

/// A search for what a path names; `*`, `?` and `[a-z]` match within a name, as in those of a copy.
///
/// It reads nothing: who has it run says the names in the folders that it asks for.
///
/// ```
/// # use microb_dsl::search::Search;
/// let mut search = Search::new("conf/*.toml");
/// while let Some(folder) = search.folder() {
///     search.names(match folder.as_str() {
///         "." => &["conf", "src"],
///         "conf" => &["a.toml"],
///         _ => &[],
///     });
/// }
/// assert!(search.has_found());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Search {
    names: Vec<String>,
    has_wildcards: bool,
    /// Folders to look into, each with how many names of the path led there.
    open: Vec<(String, usize)>,
    asked: Option<(String, usize)>,
    has_found: bool,
}

impl Search {
    /// A search for this path of the build context. Its root is always there.
    pub fn new(path: &str) -> Self {
        let path = inside(path.trim_start_matches('/')).unwrap_or_default();
        let names: Vec<String> = path.split('/').map(str::to_owned).collect();
        Self {
            has_wildcards: has_wildcards(&path),
            has_found: path.is_empty(),
            names,
            open: vec![(".".to_owned(), 0)],
            asked: None,
        }
    }

    /// The next folder to look into; `.` is the root. `None` at the end.
    pub fn folder(&mut self) -> Option<String> {
        if self.has_found {
            return None;
        }
        self.asked = self.open.pop();
        let (folder, _) = self.asked.as_ref()?;
        Some(folder.clone())
    }

    /// Says which names there are in the folder that was asked for last.
    pub fn names<S: AsRef<str>>(&mut self, names: &[S]) {
        let Some((folder, depth)) = self.asked.take() else {
            return;
        };
        let matching = names.iter().map(AsRef::as_ref).filter(|name: &&str| {
            if self.has_wildcards {
                matches_name(&self.names[depth], name)
            } else {
                self.names[depth] == **name
            }
        });
        for name in matching {
            if depth + 1 == self.names.len() {
                self.has_found = true;
                return;
            }
            let below = match folder.as_str() {
                "." => name.to_owned(),
                folder => format!("{folder}/{name}"),
            };
            self.open.push((below, depth + 1));
        }
    }

    /// Whether the path names something.
    pub fn has_found(&self) -> bool {
        self.has_found
    }
}

#[cfg(test)]
mod tests {
    use crate::{Context, MemoryContext};

    #[test]
    fn a_path_is_there_or_not_with_wildcards_in_any_of_its_names() {
        let cx = MemoryContext::new("")
            .file("data/a/x.json", "")
            .file("data/b[1].txt", "")
            .file("!odd name", "");
        for (path, there) in [
            (".", true),
            ("/", true),
            ("./", true),
            ("data", true),
            ("/data/", true),
            ("data/a/../b[[]1].txt", true),
            ("data/*/x.json", true),
            ("d?ta/*", true),
            ("*/a/[a-z].json", true),
            ("!odd name", true),
            ("dat", false),
            ("data/x.json", false),
            ("*/x.json", false),
            ("data/a/x.json/y", false),
            ("data/*.json", false),
            // As Go's `filepath.Match`: brackets are a class of characters.
            ("data/b[1].txt", false),
            ("data/[", false),
        ] {
            let absent = cx.absent(&[path.to_owned()]).unwrap();
            assert_eq!(absent.is_empty(), there, "{path}");
        }
    }
}
