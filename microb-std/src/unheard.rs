//! A context for a target that nobody asked for.

use microb::{Context, Diagnostic, Platform, ReadError, SourceFile};

/// The same context, in which no build argument is asked for and nothing is told: its mistakes count, and what it
/// would need for a build does not.
pub(crate) struct Unheard<'a>(pub(crate) &'a dyn Context);

impl Context for Unheard<'_> {
    fn definition(&self) -> &SourceFile {
        self.0.definition()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.0.read(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.0.list(folder)
    }

    fn find(&self, name: &str) -> Result<Vec<String>, ReadError> {
        self.0.find(name)
    }

    fn absent(&self, paths: &[String]) -> Result<Vec<String>, ReadError> {
        self.0.absent(paths)
    }

    fn build_arg(&self, _: &str) -> Option<&str> {
        None
    }

    fn target(&self) -> Option<&str> {
        self.0.target()
    }

    fn platform(&self) -> &Platform {
        self.0.platform()
    }

    fn build_platform(&self) -> &Platform {
        self.0.build_platform()
    }

    fn has_named_context(&self, name: &str) -> bool {
        self.0.has_named_context(name)
    }

    fn warn(&self, _: Diagnostic) {}
}
