//! Where a `uv.lock` says that a requirement comes from, beside what `[tool.uv.sources]` say.

use crate::location::within_context;
use crate::metadata::Tables;
use crate::requirement::{VersionOrUrl, normalized};
use crate::specifier::Constraint;
use crate::tree::Table;
use crate::uv_sources::{CONDITIONS, entries};

/// `[tool.uv.sources]` as a member of a workspace has them: its own come before those of the root.
pub(super) struct Origins<'a> {
    tables: Vec<Layer<'a>>,
    /// The folder of the lock in the build context.
    lock_folder: &'a str,
}

struct Layer<'a> {
    sources: Option<Table<'a>>,
    uv: Table<'a>,
    /// What its paths are relative to.
    folder: &'a str,
}

/// Where a package comes from.
pub(super) enum Origin<'a> {
    /// From where its requirement says: an index, or its URL.
    Listed,
    Source(Source<'a>),
    /// From several places, or from one under a condition.
    Several,
}

/// The only source of a package.
pub(super) struct Source<'a> {
    table: Table<'a>,
    folder: &'a str,
    lock_folder: &'a str,
    /// The URL of the index that it names, if that is known.
    index: Option<String>,
}

impl<'a> Origins<'a> {
    /// `tables` are those of the project, then those of its workspace, each with its folder.
    pub(super) fn of(tables: &[(&'a Tables<'a>, &'a str)], lock_folder: &'a str) -> Self {
        let layer = |(tables, folder): &(&'a Tables<'a>, &'a str)| {
            let uv = tables.tool("uv")?;
            Some(Layer {
                sources: uv.table_if_any("sources"),
                uv,
                folder,
            })
        };
        Self {
            tables: tables.iter().filter_map(layer).collect(),
            lock_folder,
        }
    }

    pub(super) fn of_package(&self, name: &str) -> Origin<'a> {
        let found = self.tables.iter().find_map(|layer| {
            let sources = layer.sources.as_ref()?;
            let mut keys = sources.keys().into_iter();
            let key = keys.find(|key| normalized(&key.value) == name)?;
            Some((layer, entries(sources, &key.value)))
        });
        let Some((layer, entries)) = found else {
            return Origin::Listed;
        };
        match entries.as_slice() {
            [only] if !CONDITIONS.iter().any(|condition| only.has(condition)) => {
                let name = only.string_if_any("index");
                Origin::Source(Source {
                    table: only.clone(),
                    folder: layer.folder,
                    lock_folder: self.lock_folder,
                    index: name.and_then(|name| self.index(&name.value)),
                })
            }
            _ => Origin::Several,
        }
    }

    /// The URL of the index of this name.
    fn index(&self, name: &str) -> Option<String> {
        let indices = self
            .tables
            .iter()
            .flat_map(|layer| layer.uv.tables("index"));
        let mut urls = indices.filter_map(|index| {
            let named = index.string_if_any("name")?;
            Some((named.value, index.string_if_any("url")?.value))
        });
        urls.find(|(named, _)| named == name).map(|(_, url)| url)
    }
}

/// Whether the lock has what the requirement itself says.
pub(super) fn is_listed(wanted: &VersionOrUrl, locked: &Table<'_>) -> bool {
    match wanted {
        VersionOrUrl::Version(_) => {
            let elsewhere = [
                "git",
                "url",
                "path",
                "editable",
                "directory",
                "virtual",
                "index",
            ];
            !elsewhere.iter().any(|key| locked.has(key)) && is_same_version(wanted, locked)
        }
        VersionOrUrl::Url(url) => {
            match (locked.string_if_any("git"), locked.string_if_any("url")) {
                (Some(git), _) => Repository::of_requirement(url).is(&git.value),
                (None, Some(locked)) => is_same_url(url, &locked.value),
                (None, None) => !locked.has("specifier"),
            }
        }
    }
}

impl Source<'_> {
    /// Whether the lock has what the source says.
    pub(super) fn is_of(&self, wanted: &VersionOrUrl, locked: &Table<'_>) -> bool {
        let own = |key: &str| self.table.string_if_any(key).map(|text| text.value);
        let of_lock = |key: &str| locked.string_if_any(key).map(|text| text.value);
        if let Some(url) = own("git") {
            let mut reference = ["rev", "tag", "branch"].iter();
            let reference = reference.find_map(|key| Some((Some(*key), own(key)?)));
            let repository = Repository {
                url,
                reference,
                subdirectory: own("subdirectory").unwrap_or_default(),
            };
            return of_lock("git").is_some_and(|git| repository.is(&git));
        }
        if let Some(url) = own("url") {
            return of_lock("url").is_some_and(|locked| is_same_url(&url, &locked))
                && own("subdirectory") == of_lock("subdirectory");
        }
        let path = || {
            let keys = ["path", "editable", "directory", "virtual"];
            keys.iter().find_map(|key| of_lock(key))
        };
        if let Some(own) = own("path") {
            return path().is_some_and(|path| {
                within_context(self.folder, &own) == within_context(self.lock_folder, &path)
            });
        }
        if self.table.boolean_if_any("workspace") == Some(true) {
            return path().is_some();
        }
        match &self.index {
            Some(index) => {
                // Older releases of uv wrote nothing.
                of_lock("index").is_none_or(|locked| is_same_url(index, &locked))
                    && is_same_version(wanted, locked)
            }
            None => is_same_version(wanted, locked),
        }
    }
}

fn is_same_version(wanted: &VersionOrUrl, locked: &Table<'_>) -> bool {
    let VersionOrUrl::Version(wanted) = wanted else {
        return false;
    };
    let locked = locked.string_if_any("specifier");
    let locked = locked.map(|text| text.value).unwrap_or_default();
    if *wanted == locked {
        return true;
    }
    match (Constraint::pep440(wanted), Constraint::pep440(&locked)) {
        (Ok(wanted), Ok(locked)) => wanted.is_same(&locked),
        _ => false,
    }
}

/// A repository, and what of it.
struct Repository<'a> {
    url: String,
    /// A branch, a tag or a commit, and which of these if that is known.
    reference: Option<(Option<&'a str>, String)>,
    subdirectory: String,
}

impl Repository<'_> {
    /// `git+https://h/r@v1#subdirectory=x`
    fn of_requirement(url: &str) -> Self {
        let url = url.strip_prefix("git+").unwrap_or(url);
        let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
        let host = url.find("://").map_or(0, |at| at + "://".len());
        let path = url[host..].find('/').map_or(url.len(), |at| host + at);
        // A login has an `@` too.
        let (path, reference) = match url[path..].rsplit_once('@') {
            Some((start, reference)) => (path + start.len(), Some(reference)),
            None => (url.len(), None),
        };
        let subdirectory = fragment
            .split('&')
            .find_map(|pair| pair.strip_prefix("subdirectory="));
        Self {
            url: url[..path].to_owned(),
            reference: reference.map(|reference| (None, reference.to_owned())),
            subdirectory: subdirectory.unwrap_or_default().to_owned(),
        }
    }

    /// Whether the lock means it: `https://h/r?subdirectory=x&rev=v1`.
    fn is(&self, locked: &str) -> bool {
        let (url, query) = locked.split_once('?').unwrap_or((locked, ""));
        let pairs = || {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.map(|(key, value)| (key, decoded(value)))
        };
        let reference = pairs().find(|(key, _)| matches!(*key, "rev" | "tag" | "branch"));
        let is_same_reference = match (&self.reference, reference) {
            (None, None) => true,
            (Some((kind, own)), Some((key, locked))) => {
                kind.is_none_or(|kind| kind == key) && *own == locked
            }
            _ => false,
        };
        let subdirectory = pairs().find(|(key, _)| *key == "subdirectory");
        let subdirectory = subdirectory.map_or_else(String::new, |(_, path)| path);
        let part = |path: &str| path.trim_matches('/').to_owned();
        is_same_url(&self.url, url)
            && is_same_reference
            && part(&decoded(&self.subdirectory)) == part(&subdirectory)
    }
}

/// Whether two URLs mean the same. uv keeps no logins in its lock.
fn is_same_url(left: &str, right: &str) -> bool {
    let plain = |url: &str| {
        let url = url.strip_prefix("git+").unwrap_or(url);
        let url = url.split('#').next().unwrap_or(url).trim_end_matches('/');
        let url = url.strip_suffix(".git").unwrap_or(url);
        let url = match url.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{scheme}://{host}{path}")
            }
            None => url.to_owned(),
        };
        url.to_ascii_lowercase()
    };
    plain(left) == plain(right)
}

/// The text that a value of a query stands for, in which `+` is a space.
pub(super) fn decoded(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = value.get(at + 1..at + 3);
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, escaped) {
            (b'%', Some(meant)) => {
                text.push(meant);
                at += 2;
            }
            (b'+', _) => text.push(b' '),
            _ => text.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_its_url_and_what_is_taken_of_it() {
        for (url, locked, expected) in [
            (
                "git+https://h/r@feature/x",
                "https://h/r?rev=feature%2Fx",
                true,
            ),
            ("git+https://h/r.git", "https://h/r", true),
            ("git+ssh://git@h/r@v1", "ssh://git@h/r?rev=v1", true),
            ("git+ssh://git@h/r", "ssh://git@h/r", true),
            ("git+https://h/r@v1", "https://h/r?rev=v2", false),
            ("git+https://h/r@v1", "https://h/r", false),
            (
                "git+https://h/r@v1#subdirectory=my%20pkg",
                "https://h/r?subdirectory=my+pkg&rev=v1",
                true,
            ),
            (
                "git+https://h/r@v1#subdirectory=a",
                "https://h/r?rev=v1",
                false,
            ),
            ("git+https://h/other@v1", "https://h/r?rev=v1", false),
        ] {
            assert_eq!(
                Repository::of_requirement(url).is(locked),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn values_of_a_query_are_decoded() {
        for (value, text) in [
            ("my+pkg", "my pkg"),
            ("a%2Fb", "a/b"),
            ("%C3%A9%", "é%"),
            ("100%25", "100%"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(decoded(value), text);
        }
    }
}
