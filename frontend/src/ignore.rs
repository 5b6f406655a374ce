//! `.dockerignore`: what is not part of the build context.

use microb_dsl::patterns::Patterns;
use microb_dsl::{Diagnostics, SourceFile, Stage};

/// The file that says what is not part of a context. One that starts with the definition's name wins over it.
pub(crate) const IGNORE_FILE: &str = ".dockerignore";

/// Reads an ignore file; `name` is for messages.
pub(crate) fn read(name: &str, content: &[u8]) -> Result<Patterns, Diagnostics> {
    // Like Docker, which compares bytes: what is not UTF-8 matches nothing that a recipe can name.
    Patterns::read(&SourceFile::new(name, String::from_utf8_lossy(content)))
}

/// What the recipe leaves out of a context without an ignore file, but for what a step names.
pub(crate) fn defaults(patterns: &[String], stage: &Stage) -> Patterns {
    Patterns::of(patterns).without(stage.context_paths())
}

/// Whether a file cannot be read. The ignore files can, whatever they say: who runs without the project asks them why.
pub(crate) fn hides(patterns: &Patterns, path: &str) -> bool {
    patterns.leave_out(path) && !path.ends_with(IGNORE_FILE)
}

/// Whether a name in a folder is part of the context: a folder that is left out may hold what is not.
pub(crate) fn shows(patterns: &Patterns, path: &str, is_folder: bool) -> bool {
    !patterns.leave_out(path) || (is_folder && patterns.may_take_back_in(path))
}
