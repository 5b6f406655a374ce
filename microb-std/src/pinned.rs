//! What a lock file comes to: one version of each package, where it comes from, and what it must be.

use std::collections::BTreeMap;

use microb::{Span, Spanned};

use crate::tree::escape;
use crate::wheel_tags;

/// The packages that a lock file gives a target, whatever the lock's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedSet {
    /// The lock file's path in the build context, with the place of what asks for it.
    pub path: Spanned<String>,
    /// The packages, sorted by name, without the project itself.
    pub pins: Vec<Pinned>,
    /// All folders of the build context that the lock knows projects in, those that this target does not need
    /// included; without `/` at their ends.
    pub folders: Vec<String>,
    /// Options of a requirements file that is the lock, such as `--index-url URL`; in order.
    pub options: Vec<String>,
    /// Where URLs with a password or a token stand.
    pub logins: Vec<Span>,
}

/// One package of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The name in PEP 503's normal form.
    pub name: String,
    /// The version, where the lock says it: it need not for a repository or a folder.
    pub version: Option<String>,
    /// Where it comes from.
    pub source: PinnedSource,
    /// What the files must be, `ALGORITHM:DIGEST`; sorted, empty for a repository or a folder.
    pub hashes: Vec<String>,
    /// The names of its wheels without `.whl`, as far as the lock has them; sorted.
    pub wheels: Vec<String>,
    /// The part of the environment marker that only the installer can decide.
    pub marker: Option<String>,
    /// Where the lock lists the package.
    pub span: Span,
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PinnedSource {
    /// The indices of the target, and `PyPI`.
    Index,
    /// This index and no other, by its URL.
    OnlyIndex(String),
    /// A wheel or a source archive.
    Url(String),
    /// A commit of a git repository.
    Git {
        /// The repository as git takes it, without `git+`.
        url: String,
        /// The commit.
        commit: String,
        /// The folder of the package in the repository; empty for its root.
        subdirectory: String,
    },
    /// A file of the build context: a wheel or a source archive.
    File {
        /// The path, without `/` at its ends.
        path: String,
        /// The folder of the package in the archive; empty for its root.
        subdirectory: String,
    },
    /// A folder of the build context. The path is without `/` at its ends, and empty for all of it.
    Folder(String),
}

/// Packages that one run of the installer can install: from the same index, and with hashes or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The only index to ask; `None` for the indices of the target.
    pub index: Option<String>,
    /// Whether every package has hashes, which the installer then requires.
    pub has_hashes: bool,
    /// The requirements file: sorted, one package a line.
    pub requirements: String,
    /// Paths of the build context that the requirements name, sorted.
    pub local_paths: Vec<Spanned<String>>,
}

impl PinnedSet {
    /// What to install, in order: first what is known by its hashes, last the folders of the build context, which
    /// change most often. `folder` is where [`Batch::local_paths`] are found in the build, for instance `/requirements`.
    pub fn batches(&self, folder: &str) -> Vec<Batch> {
        type Lines = (Vec<String>, Vec<Spanned<String>>);
        let mut batches: BTreeMap<(u8, Option<&str>), Lines> = BTreeMap::new();
        for pin in &self.pins {
            let (lines, paths) = batches.entry(pin.batch()).or_default();
            lines.push(pin.line(folder));
            if let PinnedSource::File { path, .. } | PinnedSource::Folder(path) = &pin.source {
                paths.push(Spanned::new(path.clone(), pin.span.clone()));
            }
        }
        let batch = |((order, index), (mut lines, local_paths)): ((u8, Option<&str>), Lines)| {
            lines.sort();
            let options = match index {
                None => self.options.as_slice(),
                Some(_) => &[],
            };
            let lines = options.iter().chain(&lines);
            Batch {
                index: index.map(str::to_owned),
                has_hashes: order == HASHED,
                requirements: lines
                    .flat_map(|line: &String| [line.as_str(), "\n"])
                    .collect(),
                local_paths,
            }
        };
        batches.into_iter().map(batch).collect()
    }

    /// The packages that have wheels, and none for this interpreter: those that are compiled.
    pub(crate) fn compiled(&self, on: wheel_tags::Target<'_>) -> impl Iterator<Item = &Pinned> {
        let is_compiled = move |pin: &&Pinned| {
            !pin.wheels.is_empty() && !pin.wheels.iter().any(|wheel| on.takes(wheel))
        };
        self.pins.iter().filter(is_compiled)
    }

    /// The first package that is fetched with git, over ssh or not.
    pub(crate) fn first_from_git(&self) -> Option<&Pinned> {
        let is_git = |pin: &&Pinned| matches!(pin.source, PinnedSource::Git { .. });
        self.pins.iter().find(is_git)
    }

    /// The first package that is fetched over ssh.
    pub(crate) fn first_over_ssh(&self) -> Option<&Pinned> {
        self.pins.iter().find(|pin| match &pin.source {
            PinnedSource::Git { url, .. } => crate::requirement::is_ssh(url),
            _ => false,
        })
    }
}

/// The order of batches.
const HASHED: u8 = 0;
const UNHASHED: u8 = 1;
const FOLDERS: u8 = 2;

impl Pinned {
    /// The package and its version, for people: `pydantic-core 2.33.2`.
    pub(crate) fn shown(&self) -> String {
        let version = self.version.as_deref().unwrap_or_default();
        escape(format!("{} {version}", self.name).trim())
    }

    fn batch(&self) -> (u8, Option<&str>) {
        let order = match &self.source {
            PinnedSource::Folder(_) => FOLDERS,
            _ if self.hashes.is_empty() => UNHASHED,
            _ => HASHED,
        };
        let index = match &self.source {
            PinnedSource::OnlyIndex(url) => Some(url.as_str()),
            _ => None,
        };
        (order, index)
    }

    /// The package as a line of a requirements file.
    ///
    /// ```text
    /// idna==3.7 ; platform_machine == 'armv7l' --hash=sha256:…
    /// ```
    pub fn line(&self, folder: &str) -> String {
        let name = &self.name;
        let mut line = match &self.source {
            PinnedSource::Index | PinnedSource::OnlyIndex(_) => {
                format!("{name}=={}", self.version.as_deref().unwrap_or_default())
            }
            PinnedSource::Url(url) => format!("{name} @ {url}"),
            PinnedSource::Git {
                url,
                commit,
                subdirectory,
            } => format!("{name} @ git+{url}@{commit}{}", fragment(subdirectory)),
            PinnedSource::File { path, subdirectory } => {
                let part = fragment(subdirectory);
                format!("{name} @ file://{folder}/{}{part}", encoded(path))
            }
            PinnedSource::Folder(path) => {
                format!("{name} @ file://{folder}/{}", encoded(path))
            }
        };
        if let Some(marker) = &self.marker {
            line.push_str(" ; ");
            line.push_str(marker);
        }
        for hash in &self.hashes {
            line.push_str(" --hash=");
            line.push_str(hash);
        }
        line
    }
}

/// What names the folder of a package in a repository or an archive.
fn fragment(subdirectory: &str) -> String {
    match subdirectory {
        "" => String::new(),
        path => format!("#subdirectory={}", encoded(path)),
    }
}

/// A path as a part of a URL: percent-encoded but for what RFC 3986 calls unreserved.
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;

    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    fn pin(name: &str, source: PinnedSource, hashes: &[&str]) -> Pinned {
        Pinned {
            name: name.to_owned(),
            version: Some("1.0".to_owned()),
            source,
            hashes: hashes.iter().map(|&hash| hash.to_owned()).collect(),
            wheels: Vec::new(),
            marker: None,
            span: SourceFile::new("uv.lock", "").whole(),
        }
    }

    #[test]
    fn each_run_of_the_installer_has_one_index_and_all_hashes_or_none() {
        let only = || PinnedSource::OnlyIndex("https://i/simple".to_owned());
        let set = PinnedSet {
            path: Spanned::new("uv.lock".to_owned(), SourceFile::new("p", "").whole()),
            pins: vec![
                pin("torch", only(), &["sha256:d"]),
                pin(
                    "archive",
                    PinnedSource::File {
                        path: "a.zip".to_owned(),
                        subdirectory: "my pkg".to_owned(),
                    },
                    &["sha256:e"],
                ),
                pin("lib", PinnedSource::Folder("my lib".to_owned()), &[]),
                pin("b", PinnedSource::Index, &["sha256:a", "sha256:b"]),
                pin(
                    "a",
                    PinnedSource::Url("https://h/a.whl".to_owned()),
                    &["sha256:c"],
                ),
                pin(
                    "repo",
                    PinnedSource::Git {
                        url: "https://h/r".to_owned(),
                        commit: "c0ffee".to_owned(),
                        subdirectory: "sub".to_owned(),
                    },
                    &[],
                ),
            ],
            folders: Vec::new(),
            options: Vec::new(),
            logins: Vec::new(),
        };
        let texts: Vec<_> = set
            .batches("/r")
            .into_iter()
            .map(|batch| {
                (
                    batch.index.unwrap_or_default(),
                    batch.has_hashes,
                    batch.requirements,
                )
            })
            .collect();
        let expected = [
            (
                "",
                true,
                "a @ https://h/a.whl --hash=sha256:c\narchive @ file:///r/a.zip#subdirectory=my%20pkg --hash=sha256:e\nb==1.0 --hash=sha256:a --hash=sha256:b\n",
            ),
            ("https://i/simple", true, "torch==1.0 --hash=sha256:d\n"),
            (
                "",
                false,
                "repo @ git+https://h/r@c0ffee#subdirectory=sub\n",
            ),
            ("", false, "lib @ file:///r/my%20lib\n"),
        ]
        .map(|(index, hashes, text)| (index.to_owned(), hashes, text.to_owned()));
        assert_eq!(texts, expected);
    }
}
