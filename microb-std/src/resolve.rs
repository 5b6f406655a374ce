//! From a `pyproject.toml` to a [`Config`].

use microb::{Context, Diagnostic, Diagnostics};

use crate::config::Config;

/// Patterns of the files that [`Config::resolve`] may read in the build context, besides the definition.
///
/// A hint for one fetch of all of them: a file that matches none, such as a requirements file with a name of
/// its own, is read too when the definition names it.
pub const READS: &[&str] = &[
    ".python-version",
    "setup.py",
    "setup.cfg",
    "**/*requirements*.txt",
    "**/*requirements*/*.txt",
    "**/*constraints*.txt",
    "**/*.in",
    "**/requirements*.lock",
];

impl Config {
    /// What the definition file means for the target that was asked for.
    ///
    /// The target is `--target`, else the build argument `microb_target`, else the one called `default`, else
    /// the only one. All targets are checked.
    ///
    /// # Errors
    ///
    /// Every mistake that was found, in the order of the file.
    pub fn resolve(cx: &dyn Context) -> Result<Self, Diagnostics> {
        let _ = cx;
        Err(Diagnostic::error("not written yet").into())
    }

    /// The same for the target of this name, for a copy [from](crate::CopyFrom::Target) it.
    ///
    /// # Errors
    ///
    /// As [`Config::resolve`]; also when there is no such target.
    pub fn resolve_target(cx: &dyn Context, name: &str) -> Result<Self, Diagnostics> {
        let _ = (cx, name);
        Err(Diagnostic::error("not written yet").into())
    }
}
