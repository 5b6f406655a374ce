//! One requirement, PEP 508.

use microb::Spanned;

/// A dependency as PEP 508 writes it, with the place where the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The text as written, without white space at its ends.
    pub text: Spanned<String>,
    /// The name in PEP 503's normal form.
    pub name: String,
    /// The extras in PEP 685's normal form, sorted.
    pub extras: Vec<String>,
    /// What follows name and extras, up to the marker: version specifiers, or `@ URL`.
    pub version: String,
    /// The environment marker, without the `;`.
    pub marker: Option<String>,
}

/// A requirements file of these: normalized, sorted, one a line, each once.
pub(crate) fn requirements_txt(requirements: &[Requirement]) -> String {
    let _ = requirements;
    String::new()
}
