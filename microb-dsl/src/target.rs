//! What a definition file can make.

use crate::span::Span;

/// One of the images that a definition file describes, for `docker build --call targets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name, of `docker build --target NAME`. Empty where a file describes one image without a name.
    pub name: String,
    /// What it is for, in a sentence.
    pub description: Option<String>,
    /// Whether it is built when no target is asked for.
    pub is_default: bool,
    /// The image that it starts from.
    pub base: Option<String>,
    /// Where the file describes it.
    pub span: Option<Span>,
}
