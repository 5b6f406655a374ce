//! What the name of an image of the user's own says about it: its Python, and its distribution.

use microb::{ImageRef, Spanned};

use crate::config::Flavor;
use crate::python::{self, Wanted};

/// The Python of an image that is called like one: `python:3.12-slim`, `cgr.dev/chainguard/python:3.12-dev`, `ubi9/python-312`.
/// Other names may carry versions of anything.
pub(crate) fn python(image: &Spanned<ImageRef>) -> Option<Spanned<Wanted>> {
    let repository = image.value.repository();
    let name = repository.rsplit('/').next().unwrap_or_default();
    let version = if name == "python" {
        let tag = image.value.tag()?;
        let version = tag.split('-').next().unwrap_or(tag);
        // `3` is whatever is newest, and says nothing.
        version.contains('.').then(|| version.to_owned())?
    } else {
        let minor: u32 = name.strip_prefix("python-3")?.parse().ok()?;
        format!("3.{minor}")
    };
    let span = match image.span.text().rfind(&version) {
        Some(at) => image.span.sub(at..at + version.len()),
        None => image.span.clone(),
    };
    let text = Spanned::new(version, span);
    let wanted = python::wanted(&text).ok()?;
    Some(Spanned::new(wanted, text.span))
}

/// The family of an image whose name says that it is of Alpine; `None` if it says nothing.
pub(crate) fn flavor(image: &ImageRef) -> Option<Flavor> {
    let is_alpine = |text: &str| {
        let mut words = text.split(['-', '/', '_']);
        words.any(|word| word.starts_with("alpine"))
    };
    let says = is_alpine(&image.repository()) || image.tag().is_some_and(is_alpine);
    says.then_some(Flavor::Alpine)
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    #[test]
    fn a_name_says_the_python_and_the_distribution_or_nothing() {
        for (name, version, family) in [
            ("python:3.12-slim", Some(Wanted::Minor(12)), None),
            (
                "python:3.12.4-slim-bookworm",
                Some(Wanted::Patch(12, 4)),
                None,
            ),
            (
                "python:3.12-alpine3.23",
                Some(Wanted::Minor(12)),
                Some(Flavor::Alpine),
            ),
            ("python:3-slim", None, None),
            ("python:latest", None, None),
            (
                "cgr.dev/chainguard/python:3.13-dev",
                Some(Wanted::Minor(13)),
                None,
            ),
            (
                "registry.access.redhat.com/ubi9/python-312",
                Some(Wanted::Minor(12)),
                None,
            ),
            ("acme/base-python:3.12", None, None),
            ("acme/python-service:1", None, None),
            ("ubuntu:24.04", None, None),
            ("alpine:3.23", None, Some(Flavor::Alpine)),
            ("acme/alpine-python:7", None, Some(Flavor::Alpine)),
        ] {
            let file = SourceFile::new("image", name);
            let image: ImageRef = name.parse().unwrap();
            assert_eq!(flavor(&image), family, "{name}");
            let python = python(&Spanned::new(image, file.whole()));
            assert_eq!(python.map(|wanted| wanted.value), version, "{name}");
        }
    }
}
