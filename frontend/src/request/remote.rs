//! Contexts that the client names by a URL or by another frontend's result.

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
    /// An empty file system.
    Scratch,
    /// A definition that the client sends along, by name (a `target:` of `docker buildx bake`).
    Input(String),
}

/// What the value of `context:NAME` means, as `namedcontext.go` of BuildKit's `dockerui` reads it.
pub(super) fn named(name: &str, value: &str) -> Result<ContextSource, Diagnostic> {
    let wrong = |problem: String| {
        Diagnostic::error(format!("build context `{name}` is `{value}`: {problem}"))
    };
    if let Some(url) = url(value).transpose().map_err(wrong)? {
        return Ok(url);
    }
    match value.split_once(':') {
        Some(("docker-image", image)) => match image.trim_start_matches("//") {
            "scratch" => Ok(ContextSource::Scratch),
            image => image.parse().map(ContextSource::Image).map_err(wrong),
        },
        Some(("local", name)) => Ok(ContextSource::Local(name.to_owned())),
        Some(("input", name)) => Ok(ContextSource::Input(name.to_owned())),
        Some((kind, _)) => Err(
            wrong(format!("contexts of kind `{kind}` are not supported"))
                .help("give a folder, a git or https URL, or `docker-image://…`"),
        ),
        None => Err(wrong("it has no kind".to_owned())
            .help("give a folder, a git or https URL, or `docker-image://…`")),
    }
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
        reference: reference.to_owned(),
        subdir: subdir.trim_matches('/').to_owned(),
        ..Parts::default()
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.set(key, value)?;
    }
    let mut repository = git(remote);
    if !found.reference.is_empty() {
        repository = repository.reference(found.reference);
    }
    if !found.subdir.is_empty() {
        repository = repository.subdir(found.subdir);
    }
    if !found.checksum.is_empty() {
        repository = repository.checksum(found.checksum);
    }
    if found.keep_git_dir {
        repository = repository.keep_git_dir();
    }
    Ok(repository)
}

#[derive(Default)]
struct Parts {
    reference: String,
    subdir: String,
    checksum: String,
    keep_git_dir: bool,
}

impl Parts {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let place = match key {
            "ref" | "tag" | "branch" => &mut self.reference,
            "subdir" => &mut self.subdir,
            "checksum" | "commit" => &mut self.checksum,
            "keep-git-dir" => {
                self.keep_git_dir = value.is_empty() || super::values::boolean(value)?;
                return Ok(());
            }
            _ => return Err(format!("`{key}` in its query is not supported")),
        };
        let value = match key {
            "tag" if !value.starts_with("refs/") => format!("refs/tags/{value}"),
            "branch" if !value.starts_with("refs/") => format!("refs/heads/{value}"),
            _ => value.to_owned(),
        };
        if !place.is_empty() && *place != value {
            return Err(format!("it says both `{place}` and `{value}`"));
        }
        *place = value;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: impl Into<Option<ContextSource>>) {
        assert_eq!(named("x", value).ok(), expected.into(), "{value}");
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
            "oci-layout://x@sha256:0",
            "docker-image://UPPER",
            "https://github.com/a/b.git?submodules=0",
            "https://github.com/a/b.git?ref=a#b",
        ] {
            let error = named("base", value).unwrap_err();
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
