//! The family of base images: the only place that chooses between Debian and Alpine.

use microb::prelude::*;
use microb::{Span, Spanned};

use crate::causes;
use crate::config::{Config, Flavor};
use crate::packages;
use crate::table::Choice as _;

/// Where the interpreter is, in every official image of either flavor.
pub const PYTHON: &str = "/usr/local/bin/python3";

/// The interpreter of the build image: of another one than the official, the first in its `PATH`.
pub fn python(config: &Config) -> &'static str {
    if config.build_image.is_none() && config.base_image.is_none() {
        PYTHON
    } else {
        "python3"
    }
}

/// The image that builds, unless the configuration names another: it has compilers and headers (Debian), or is the same as the final one (Alpine).
pub fn build_image(config: &Config) -> ImageRef {
    if let Some(image) = config.build_image.as_ref().or(config.base_image.as_ref()) {
        return image.value.clone();
    }
    let version = config.python.version;
    ImageRef::official(
        "python",
        match config.flavor {
            Flavor::Debian => version.to_string(),
            Flavor::Alpine => format!("{version}-alpine"),
        },
    )
}

/// The image that runs.
pub fn runtime_image(config: &Config) -> ImageRef {
    match &config.base_image {
        Some(image) => image.value.clone(),
        None => official_runtime_image(config),
    }
}

/// The official image that would run: it has pip, which fetches the installer.
pub(crate) fn official_runtime_image(config: &Config) -> ImageRef {
    let version = config.python.version;
    ImageRef::official(
        "python",
        match config.flavor {
            Flavor::Debian => format!("{version}-slim"),
            Flavor::Alpine => format!("{version}-alpine"),
        },
    )
}

/// Makes an image of the user's own do what official ones do without being told: run as root, whose home has the caches.
/// Its own user may be one who may write nowhere.
pub(crate) fn as_root(named: Option<&Spanned<ImageRef>>) -> Option<impl IntoSteps + use<>> {
    named.map(|_| (user(0), env("HOME", "/root")))
}

/// What chose an image: its own key, `base_image`, or what chose the version of Python.
pub(crate) fn image_span<'a>(
    config: &'a Config,
    own: Option<&'a Spanned<ImageRef>>,
) -> Option<&'a Span> {
    let named = own.or(config.base_image.as_ref());
    named
        .map(|image| &image.span)
        .or(config.python.span.as_ref())
}

/// Installs packages of the distribution; nothing for an empty list. A package that is not there underlines the list.
pub fn packages(config: &Config, names: &[Spanned<String>]) -> Vec<Step> {
    if names.is_empty() {
        return Vec::new();
    }
    let words: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    let cache = format!(
        "{}-python-{}",
        config.flavor.as_str(),
        config.python.version
    );
    let (steps, command, list) = match config.flavor {
        Flavor::Debian => (
            apt(words.clone()).cached(cache).into_steps(),
            "apt-get install",
            "https://packages.debian.org",
        ),
        Flavor::Alpine => (
            apk(words.clone()).cached(cache).into_steps(),
            "apk add",
            "https://pkgs.alpinelinux.org",
        ),
    };
    let failure = Diagnostic::error(format!("`{command}` could not install these packages"));
    let help = format!("read above which and why; {list} has the names");
    let look = causes::of_packages(config.flavor, names, &steps, list);
    steps
        .on_failure_look(look)
        .on_failure(failure.help(help))
        .called(format!("{command} {}", words.join(" ")))
        .at(all(names).as_ref())
}

/// The packages of the build stage: those asked for, and what fetching over git and ssh needs where the image lacks it.
pub fn build_packages(config: &Config) -> Vec<Spanned<String>> {
    let needed = match config.flavor {
        // The full Debian images have both.
        Flavor::Debian => [("git", None), ("openssh-client", None)],
        Flavor::Alpine => [
            ("git", config.git.as_ref()),
            ("openssh-client", config.ssh.as_ref()),
        ],
    };
    let needed = needed
        .into_iter()
        .filter_map(|(name, cause)| Some(Spanned::new(name.to_owned(), cause?.clone())));
    packages::with(config.build_deps.clone(), needed)
}

/// From the first value to the last, if they stand in one file.
pub(crate) fn all<T>(values: &[Spanned<T>]) -> Option<Span> {
    let (first, last) = (values.first()?, values.last()?);
    if first.span.file() != last.span.file() {
        return Some(first.span.clone());
    }
    let range = first.span.range().start..last.span.range().end;
    Some(first.span.file().span(range))
}
