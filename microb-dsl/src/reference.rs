//! Image references, as Docker reads them.

use std::fmt;
use std::str::FromStr;

use crate::grammar::Mistake;

/// A reference to an image, in its full form: `docker.io/library/python:3.14-slim`.
///
/// The grammar is that of `github.com/distribution/reference`: a name without a registry host is one of
/// `docker.io`, a name of one part is in `library/`, and without tag and digest the tag is `latest`.
///
/// What is wrong with a text becomes a [`Diagnostic`](crate::Diagnostic) with `?`:
///
/// ```
/// # use microb_dsl::prelude::*;
/// fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
///     let base = cx.build_arg("BASE").unwrap_or("Python:3.14");
///     Ok(from(base.parse::<ImageRef>()?))
/// }
/// # let cx = microb_dsl::MemoryContext::new("");
/// assert_eq!(
///     recipe(&cx).unwrap_err().to_string(),
///     "error: `Python:3.14` is no image reference: repository names are lower case (write `python:3.14`)",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageRef {
    /// The registry's host and port, for instance `docker.io` or `localhost:5000`.
    domain: String,
    /// The repository's path, for instance `library/python`.
    path: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl ImageRef {
    /// An official image of Docker Hub, for instance `python:3.14-slim`. The caller knows that both parts are well formed.
    pub fn official(repository: &str, tag: impl Into<String>) -> Self {
        Self {
            domain: "docker.io".to_owned(),
            path: format!("library/{repository}"),
            tag: Some(tag.into()),
            digest: None,
        }
    }

    /// The name without tag and digest: `docker.io/library/python`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The tag, if the reference has one.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if the reference has one: `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The same reference with this digest: what an engine resolved the tag to.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }

    /// The short form that people write: without `docker.io/library/`.
    pub fn familiar(&self) -> String {
        let full = self.to_string();
        match full.strip_prefix("docker.io/") {
            Some(rest) => rest.strip_prefix("library/").unwrap_or(rest).to_owned(),
            None => full,
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageRef {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let mistake = |reason: &str| {
            let message = format!("`{text}` is no image reference: {reason}");
            Mistake::new(message, 0..text.len())
        };
        let wrong = |reason: &str| Err(mistake(reason));
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        // A first part is a host when it looks like one, as `splitDockerDomain` decides.
        let (domain, path) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => {
                (first, path)
            }
            _ => ("docker.io", name),
        };
        let domain = match domain {
            "index.docker.io" => "docker.io",
            other => other,
        };
        if name.is_empty() {
            return wrong("the name is missing");
        }
        if !is_domain(domain) {
            return wrong("its first part is no host name");
        }
        if path.chars().any(|c| c.is_ascii_uppercase()) {
            let lower = text.replacen(path, &path.to_lowercase(), 1);
            return Err(mistake("repository names are lower case").help(format!("write `{lower}`")));
        }
        if !path.split('/').all(is_path_component) {
            return wrong(
                "its parts are lower-case letters and digits, separated by `.`, `_`, `__` or `-`",
            );
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return wrong(
                "a tag is 1 to 128 letters, digits, `_`, `.` and `-`, and starts with none of the last two",
            );
        }
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return wrong("a digest is `sha256:` and 64 hexadecimal digits in lower case");
        }
        let path = match (domain, path.contains('/')) {
            ("docker.io", false) => format!("library/{path}"),
            _ => path.to_owned(),
        };
        if domain.len() + path.len() > 255 {
            return wrong("the name is longer than 255 characters");
        }
        Ok(Self {
            domain: domain.to_owned(),
            path,
            tag: tag
                .or(digest.is_none().then_some("latest"))
                .map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let ipv6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
        });
    let port_is_number =
        port.is_none_or(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()));
    port_is_number && (ipv6 || host.split('.').all(label))
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text
            .split(alphanumeric)
            .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.chars().all(|c| c == '-'))
}

fn is_tag(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .chars()
                .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_docker_reads_them() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (written, full) in [
            ("python", "docker.io/library/python:latest"),
            ("python:3.14-slim", "docker.io/library/python:3.14-slim"),
            ("acme/app", "docker.io/acme/app:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("localhost:5000/app:1", "localhost:5000/app:1"),
            ("ghcr.io/a/b__c.d-e:x_1", "ghcr.io/a/b__c.d-e:x_1"),
            ("index.docker.io/python:3", "docker.io/library/python:3"),
            ("[::1]:5000/app:1", "[::1]:5000/app:1"),
        ] {
            let reference: ImageRef = written.parse().unwrap();
            assert_eq!(reference.to_string(), full);
            assert_eq!(full.parse::<ImageRef>().unwrap(), reference);
        }
        let pinned: ImageRef = format!("python@{digest}").parse().unwrap();
        assert_eq!(
            pinned.to_string(),
            format!("docker.io/library/python@{digest}")
        );
        assert_eq!(pinned.tag(), None);
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        for wrong in [
            "",
            ":tag",
            "UPPER/x",
            "python:",
            "python:a b",
            "a//b",
            "/a",
            "a/",
            "-a",
            "a-",
            "a___b",
            "python@sha256:abc",
            "python@",
            "a..b",
            "python:-x",
            "https://python",
            "a b",
        ] {
            assert!(wrong.parse::<ImageRef>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_official_image_is_what_its_text_means() {
        let parsed: ImageRef = "python:3.14-slim".parse().unwrap();
        assert_eq!(ImageRef::official("python", "3.14-slim"), parsed);
    }

    #[test]
    fn people_see_the_short_name() {
        let reference: ImageRef = "python:3.14".parse().unwrap();
        assert_eq!(reference.familiar(), "python:3.14");
    }
}
