//! What a frontend needs to know about a kind of definition file.

use crate::context::Context;
use crate::diagnostic::Diagnostics;
use crate::rule::Rule;
use crate::target::Target;

/// A kind of definition file, as a value that recipes for it share: `microb::std::PYPROJECT` is one.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The file's name when the client names none: `pyproject.toml`.
    pub filename: &'static str,
    /// Paths of the build context that may be read before it is known what is built, relative to its root; `*` and `?` match
    /// within one name. They are sent together.
    pub reads: &'static [&'static str],
    /// What to leave out of a build context that has no ignore file: patterns of `.dockerignore`.
    pub ignores: fn(&dyn Context) -> Vec<String>,
    /// The images that a file describes.
    pub targets: fn(&dyn Context) -> Result<Vec<Target>, Diagnostics>,
    /// The rules whose findings may be told of a file.
    pub rules: &'static [&'static Rule],
    /// The JSON schema (draft 7) of a file, as JSON.
    pub schema: fn() -> String,
}
