//! Which files of the client's folder there are, without having any of them sent.

use std::collections::BTreeMap;

use bollard_buildkit_proto::fsutil::types::Stat;
use microb_dsl::context::inside;
use microb_dsl::source::{METADATA_FILE, METADATA_ONLY};
use prost::Message as _;

use crate::files::IsFolder;
use crate::gateway::{Failure, Gateway};
use crate::request::Request;
use crate::sources;

/// Suffix of the shared key of the transfers that have no content.
const LOOK_KEY: &str = "microb-look";

/// The highest bit of Go's `os.FileMode`.
const IS_FOLDER: u32 = 1 << 31;

/// What is known of some paths.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// The names in each folder; that of the root is `.`.
    folders: BTreeMap<String, BTreeMap<String, IsFolder>>,
    has_links: bool,
}

/// Looks at what these paths name, in which wildcards match. `None` where nothing is looked for, or the engine cannot tell.
pub(crate) async fn at(
    gateway: &Gateway,
    request: &Request,
    local: &str,
    paths: &[String],
) -> Result<Option<Looked>, Failure> {
    let paths: Vec<String> = paths.iter().filter_map(|path| inside_root(path)).collect();
    if paths.is_empty() || !gateway.llb_capabilities().has(METADATA_ONLY) {
        return Ok(None);
    }
    // What is in a folder is no news, unless another path leads into it.
    let depth = |path: &String| path.split('/').count();
    let deepest = paths.iter().map(depth).max();
    let ends = paths.iter().filter(|path| Some(depth(path)) == deepest);
    let contents: Vec<String> = ends.map(|path| format!("{path}/**")).collect();
    let folder = sources::folder(request, local, format!("{local}-{LOOK_KEY}"))
        .follow_paths(paths)
        .exclude(contents)
        .whole()
        .metadata_only();
    let name = "look for files to copy";
    let solved = sources::solve(gateway, &folder.into(), &request.build_platform, name).await?;
    let metadata = gateway.read_file(&solved.reference, METADATA_FILE, None);
    Ok(Looked::read(&metadata.await?.unwrap_or_default()))
}

/// A path without a leading `/`, which means the root of the build context; `None` for the root itself.
fn inside_root(path: &str) -> Option<String> {
    inside(path.trim_start_matches('/'))
}

impl Looked {
    /// What the engine wrote; `None` for what it did not.
    fn read(metadata: &[u8]) -> Option<Self> {
        let mut looked = Self::default();
        let mut rest = metadata;
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (stat, after) = after.split_at_checked(length)?;
            looked.add(&Stat::decode(stat).ok()?);
            rest = after;
        }
        Some(looked)
    }

    fn add(&mut self, stat: &Stat) {
        let path = stat.path.trim_matches('/');
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        let names = self.folders.entry(folder.to_owned()).or_default();
        names.insert(name.to_owned(), stat.mode & IS_FOLDER != 0);
        self.has_links |= !stat.linkname.is_empty();
    }

    /// The names in a folder.
    pub(crate) fn names(&self, folder: &str) -> BTreeMap<String, IsFolder> {
        self.folders.get(folder).cloned().unwrap_or_default()
    }

    /// Whether what is not found on this path is not there: what a link leads to is known under its own path only, and a
    /// backslash means one thing for the client and another for the engine.
    pub(crate) fn tells(&self, path: &str) -> bool {
        !self.has_links && !path.contains('\\')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(stats: &[(&str, u32, &str)]) -> Option<Looked> {
        let mut metadata = Vec::new();
        for (path, mode, linkname) in stats {
            let stat = Stat {
                path: (*path).to_owned(),
                mode: *mode,
                linkname: (*linkname).to_owned(),
                ..Stat::default()
            };
            let stat = stat.encode_to_vec();
            metadata.extend(u32::try_from(stat.len()).unwrap().to_le_bytes());
            metadata.extend(stat);
        }
        Looked::read(&metadata)
    }

    #[test]
    fn what_the_engine_wrote_are_names_in_folders() {
        let files = [("a", IS_FOLDER | 0o755, ""), ("a/b", 0o644, "")];
        let looked = looked(&files).unwrap();
        let names = |folder: &str| looked.names(folder).into_iter().collect::<Vec<_>>();
        assert_eq!(names("."), [("a".to_owned(), true)]);
        assert_eq!(names("a"), [("b".to_owned(), false)]);
        assert!(names("b").is_empty());
        assert!(looked.tells("a/c") && !looked.tells("a\\*"));
    }

    #[test]
    fn where_there_is_a_link_nothing_is_missed() {
        let looked = looked(&[("link", 0o777, "a")]).unwrap();
        assert!(!looked.tells("link/x"));
    }

    #[test]
    fn what_is_cut_off_says_nothing() {
        assert!(Looked::read(&[]).is_some());
        assert!(Looked::read(&[9, 0, 0]).is_none());
        assert!(Looked::read(&[9, 0, 0, 0, 1]).is_none());
    }
}
