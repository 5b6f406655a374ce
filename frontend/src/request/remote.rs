//! Contexts that the client names by a URL or by another frontend's result.

use microb_dsl::grammar::{self, percent_decoded};
use microb_dsl::source::{Git, git};
use microb_dsl::{Diagnostic, ImageRef};

/// What a context is: the build context itself, or one with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextSource {
    /// A folder of the client, by the name under which it is sent.
    Local(String),
    /// A git repository.
    Git(Git),
    /// A file or an archive, by its URL.
    Http(String),
    /// An image.
    Image(ImageRef),
    /// An image in a content store of the client.
    OciLayout {
        /// The store, by the name under which the client's session has it.
        store: String,
        /// The digest of the image's manifest or index.
        digest: String,
    },
    /// An empty file system.
    Scratch,
    /// A definition that the client sends along, by name (a `target:` of `docker buildx bake`).
    Input(String),
}

impl ContextSource {
    /// What the value of `context:NAME` means, as `namedcontext.go` of BuildKit's `dockerui` reads it.
    ///
    /// # Errors
    ///
    /// When no context is of this kind.
    pub fn parse(name: &str, value: &str) -> Result<Self, Diagnostic> {
        const HELP: &str =
            "give a folder, a git or https URL, `docker-image://…` or `oci-layout://…`";
        let wrong = |problem: String| {
            Diagnostic::error(format!("build context `{name}` is `{value}`: {problem}"))
        };
        if let Some(url) = url(value).transpose().map_err(wrong)? {
            return Ok(url);
        }
        match value.split_once(':') {
            Some(("docker-image", image)) => match image.trim_start_matches("//") {
                "scratch" => Ok(Self::Scratch),
                image => {
                    let image = image.parse::<ImageRef>();
                    image
                        .map(Self::Image)
                        .map_err(|mistake| wrong(mistake.to_string()))
                }
            },
            Some(("oci-layout", layout)) => {
                oci_layout(layout.trim_start_matches("//")).map_err(wrong)
            }
            Some(("local", name)) => Ok(Self::Local(name.to_owned())),
            Some(("input", name)) => Ok(Self::Input(name.to_owned())),
            Some((kind, _)) => {
                let problem = format!("contexts of kind `{kind}` are not supported");
                Err(wrong(problem).help(HELP))
            }
            None => Err(wrong("it has no kind".to_owned()).help(HELP)),
        }
    }

    /// What the identifier of a source means that a source policy puts in the place of the context `name`.
    ///
    /// # Errors
    ///
    /// When no context is of this kind.
    pub fn replacing(name: &str, identifier: &str) -> Result<Self, Diagnostic> {
        let folder = identifier.strip_prefix("local://");
        Self::parse(
            name,
            &folder.map_or_else(|| identifier.to_owned(), |folder| format!("local:{folder}")),
        )
    }
}

/// `STORE[:TAG]@DIGEST`
fn oci_layout(layout: &str) -> Result<ContextSource, String> {
    let (name, digest) = layout
        .split_once('@')
        .ok_or("it has no digest; write `oci-layout://FOLDER@sha256:…`")?;
    if grammar::digest(digest).is_err() {
        return Err(format!("`{digest}` is no digest"));
    }
    let store = match name.rsplit_once(':') {
        Some((store, tag)) if !tag.contains('/') => store,
        _ => name,
    };
    Ok(ContextSource::OciLayout {
        store: store.to_owned(),
        digest: digest.to_owned(),
    })
}

/// What a URL means, when it is one: `dfgitutil.ParseGitRef` and `DetectHTTPContext` in moby/buildkit.
pub(super) fn url(text: &str) -> Option<Result<ContextSource, String>> {
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (remote, query) = address.split_once('?').unwrap_or((address, ""));
    let is_git = match remote.split_once("://") {
        Some(("git" | "ssh", _)) => true,
        Some(("http" | "https", _)) => remote.strip_suffix(".git").is_some(),
        Some(_) => false,
        None => remote.starts_with("github.com/") || is_scp_style(remote),
    };
    if is_git {
        let remote = match remote.strip_prefix("github.com/") {
            Some(path) => format!("https://github.com/{path}"),
            None => remote.to_owned(),
        };
        return Some(repository(remote, query, fragment).map(ContextSource::Git));
    }
    let is_http = text.starts_with("http://") || text.starts_with("https://");
    is_http.then(|| Ok(ContextSource::Http(text.to_owned())))
}

/// `user@host:path`.
fn is_scp_style(remote: &str) -> bool {
    remote
        .split_once(':')
        .and_then(|(authority, _)| authority.split_once('@'))
        .is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !user.contains('/') && !host.contains('/')
        })
}

fn repository(remote: String, query: &str, fragment: &str) -> Result<Git, String> {
    let (reference, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
    let mut found = Parts {
        reference: decoded(reference)?,
        subdir: decoded(subdir)?,
        ..Parts::default()
    };
    let mut known: Vec<String> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = decoded(key)?;
        found.set(&key, decoded(&value.replace('+', " "))?)?;
        if known.contains(&key) {
            return Err(format!("`{key}` is there twice"));
        }
        known.push(key);
    }
    Ok(found.of(git(remote)))
}

fn decoded(text: &str) -> Result<String, String> {
    percent_decoded(text).ok_or_else(|| format!("`{text}` is not encoded as a URL is"))
}

/// What a URL says of a repository, as `dfgitutil.GitRef` of moby/buildkit has it.
#[derive(Default)]
struct Parts {
    reference: String,
    subdir: String,
    checksum: String,
    /// How it is fetched.
    settings: Vec<fn(Git) -> Git>,
}

impl Parts {
    fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        match key {
            "keep-git-dir" | "submodules" | "fetch-by-commit" => {
                let is_set = value.is_empty()
                    || super::values::boolean(&value).map_err(|e| format!("`{key}`: {e}"))?;
                match (key, is_set) {
                    ("keep-git-dir", true) => self.settings.push(Git::keep_git_dir),
                    ("submodules", false) => self.settings.push(Git::skip_submodules),
                    ("fetch-by-commit", true) => self.settings.push(Git::fetch_by_commit),
                    _ => {}
                }
                return Ok(());
            }
            "ref" | "tag" | "branch" | "subdir" | "checksum" | "commit" | "mtime" => {}
            _ => {
                return Err(format!(
                    "`{key}` in its query is unknown; there are `ref`, `tag`, `branch`, `commit`, `subdir`, \
                     `submodules`, `keep-git-dir`, `mtime` and `fetch-by-commit`"
                ));
            }
        }
        if value.is_empty() {
            return Err(format!("`{key}` in its query has no value"));
        }
        let (place, value) = match key {
            "mtime" => {
                match value.as_str() {
                    "commit" => self.settings.push(Git::commit_times),
                    "checkout" => {}
                    _ => {
                        return Err(format!(
                            "`mtime` is `{value}`; write `checkout` or `commit`"
                        ));
                    }
                }
                return Ok(());
            }
            "tag" => (&mut self.reference, below("refs/tags/", value)),
            "branch" => (&mut self.reference, below("refs/heads/", value)),
            "ref" => (&mut self.reference, value),
            "subdir" => (&mut self.subdir, value),
            _ => (&mut self.checksum, value),
        };
        if !place.is_empty() && *place != value {
            return Err(format!("it says both `{place}` and `{value}`"));
        }
        *place = value;
        Ok(())
    }

    fn of(self, mut repository: Git) -> Git {
        if !self.reference.is_empty() {
            repository = repository.reference(self.reference);
        }
        let subdir = self.subdir.trim_matches('/');
        if !subdir.is_empty() {
            repository = repository.subdir(subdir);
        }
        if !self.checksum.is_empty() {
            repository = repository.checksum(self.checksum);
        }
        for set in self.settings {
            repository = set(repository);
        }
        repository
    }
}

fn below(prefix: &str, name: String) -> String {
    if name.starts_with(prefix) {
        name
    } else {
        format!("{prefix}{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: impl Into<Option<ContextSource>>) {
        assert_eq!(
            ContextSource::parse("x", value).ok(),
            expected.into(),
            "{value}"
        );
    }

    #[test]
    fn named_contexts_are_read_as_dockerui_reads_them() {
        let image: ImageRef = "python:3.14".parse().unwrap();
        check("docker-image://python:3.14", ContextSource::Image(image));
        check("docker-image://scratch", ContextSource::Scratch);
        check("local:assets", ContextSource::Local("assets".to_owned()));
        check("input:base", ContextSource::Input("base".to_owned()));
        let https = "https://example.com/a.tar.gz";
        check(https, ContextSource::Http(https.to_owned()));
        check(
            "https://github.com/a/b.git#main:src/",
            ContextSource::Git(
                git("https://github.com/a/b.git")
                    .reference("main")
                    .subdir("src"),
            ),
        );
        check(
            "https://github.com/a/b.git?tag=v1&subdir=x&keep-git-dir=1",
            ContextSource::Git(
                git("https://github.com/a/b.git")
                    .reference("refs/tags/v1")
                    .subdir("x")
                    .keep_git_dir(),
            ),
        );
        let digest = format!("sha256:{}", "0a".repeat(32));
        for name in ["abc", "abc:latest"] {
            check(
                &format!("oci-layout://{name}@{digest}"),
                ContextSource::OciLayout {
                    store: "abc".to_owned(),
                    digest: digest.clone(),
                },
            );
        }
        let commit = "a".repeat(40);
        check(
            &format!(
                "ssh://git@example.com/a?branch=x%2Fy&commit={commit}&submodules=false&mtime=commit&fetch-by-commit"
            ),
            ContextSource::Git(
                git("ssh://git@example.com/a")
                    .reference("refs/heads/x/y")
                    .checksum(&commit)
                    .skip_submodules()
                    .commit_times()
                    .fetch_by_commit(),
            ),
        );
        check(
            "git@github.com:a/b.git",
            ContextSource::Git(git("git@github.com:a/b.git")),
        );
        check(
            "ssh://git@example.com/a",
            ContextSource::Git(git("ssh://git@example.com/a")),
        );
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_names_the_context() {
        for value in [
            "python",
            "oci-layout://x",
            "oci-layout://x@sha256:0",
            "docker-image://UPPER",
            "https://github.com/a/b.git?submodules=maybe",
            "https://github.com/a/b.git?subdir=",
            "https://github.com/a/b.git?mtime=now",
            "https://github.com/a/b.git?depth=1",
            "https://github.com/a/b.git?ref=%zz",
            "https://github.com/a/b.git?subdir=a&subdir=a",
            "https://github.com/a/b.git?tag=a&branch=a",
            "https://github.com/a/b.git?ref=a#b",
        ] {
            let error = ContextSource::parse("base", value).unwrap_err();
            assert!(
                error.message.starts_with("build context `base` is `"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_folder_is_no_url() {
        for text in ["", ".", "src", "./a.git", "/srv/a:b", "a/b@c:d"] {
            assert_eq!(url(text), None, "{text}");
        }
    }
}
