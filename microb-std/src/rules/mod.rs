//! The rules that know Python: each with a page in `docs/rules`, and each can be skipped.

mod command;
mod dependency;
mod file;
mod image;
mod index;
mod lists;
mod python;
mod wheel;

use microb::{Context, Rule};

use crate::config::Config;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::resolve::with_tables;

pub(crate) use command::{
    AMBIGUOUS_PROGRAM, LOOPBACK_SERVER, MISSING_PROGRAM, MISSING_SERVER, UNKNOWN_ENTRYPOINT,
};
pub(crate) use dependency::{
    NO_LOCK, ONLY_PROJECT_REQUIRED, UNREAD_REQUIREMENTS, UNREAD_SOURCE, UNVERIFIED_PACKAGE,
};
pub(crate) use file::{
    DEPRECATED_KEY, DUPLICATE_PACKAGE, EMPTY_PATTERN, IGNORED_TARGET, MISSING_PYPROJECT,
    UNDEFINED_VARIABLE, UNKNOWN_PROJECT_KEY,
};
pub(crate) use image::{
    MISSING_DEPENDENCY, MISSING_LIBRARY, OUTDATED_BYTECODE, UNMET_VERSION, UNRESOLVED_IMPORT,
    UNSUPPORTED_PYTHON, WRITABLE_BY_ALL,
};
pub(crate) use index::{IGNORED_CREDENTIAL, PASSWORD_IN_FILE, credential_in_url};
pub(crate) use python::{
    END_OF_LIFE_PYTHON, PINNED_PYTHON_PATCH, SKIPPED_PYTHON_VERSION, UNRELEASED_PYTHON,
};

/// All rules of the standard recipe, by name. Those of the language are in [`microb::rule::RULES`].
pub const RULES: &[&Rule] = &[
    &command::AMBIGUOUS_PROGRAM,
    &dependency::CONFLICTING_DEPENDENCIES,
    &index::CREDENTIAL_IN_URL,
    &file::DEPRECATED_KEY,
    &dependency::DEVELOPMENT_DEPENDENCY,
    &command::DEVELOPMENT_SERVER,
    &dependency::DUPLICATE_DEPENDENCY,
    &file::DUPLICATE_PACKAGE,
    &file::EMPTY_PATTERN,
    &python::END_OF_LIFE_PYTHON,
    &index::IGNORED_CREDENTIAL,
    &file::IGNORED_TARGET,
    &file::INCOMPLETE_DOCKERIGNORE,
    &dependency::INSECURE_DEPENDENCY,
    &index::INSECURE_INDEX,
    &file::LICENSE_CLASSIFIER,
    &command::LOOPBACK_SERVER,
    &image::MISSING_DEPENDENCY,
    &image::MISSING_LIBRARY,
    &file::MISSING_PYPROJECT,
    &command::MISSING_PROGRAM,
    &command::MISSING_SERVER,
    &dependency::MOVING_GIT_DEPENDENCY,
    &dependency::NO_ALPINE_WHEELS,
    &dependency::NO_LOCK,
    &dependency::NO_WHEEL,
    &dependency::OBSOLETE_PACKAGE,
    &command::ONE_WORD_COMMAND,
    &dependency::ONLY_PROJECT_REQUIRED,
    &dependency::OPENCV_WITHOUT_LIBGL,
    &image::OUTDATED_BYTECODE,
    &command::OVERRIDDEN_VARIABLE,
    &index::PASSWORD_IN_FILE,
    &python::PINNED_PYTHON_PATCH,
    &python::PYTHON_VERSION_MISMATCH,
    &python::SKIPPED_PYTHON_VERSION,
    &dependency::UNBOUNDED_DEPENDENCY,
    &python::UNBOUNDED_PYTHON,
    &file::UNDEFINED_VARIABLE,
    &command::UNEXPANDED_VARIABLE,
    &command::UNEXPOSED_PORT,
    &command::UNINSTALLED_SCRIPTS,
    &command::UNINSTALLED_TOOL,
    &command::UNKNOWN_ENTRYPOINT,
    &file::UNKNOWN_PROJECT_KEY,
    &image::UNMET_VERSION,
    &dependency::UNPINNED_BUILD_BACKEND,
    &dependency::UNPINNED_DEPENDENCY,
    &dependency::UNREAD_REQUIREMENTS,
    &dependency::UNREAD_SOURCE,
    &python::UNRELEASED_PYTHON,
    &image::UNRESOLVED_IMPORT,
    &image::UNSUPPORTED_PYTHON,
    &dependency::UNVERIFIED_PACKAGE,
    &image::WRITABLE_BY_ALL,
];

/// What the rules look at: the file, and the image that it means.
struct Facts<'a> {
    cx: &'a dyn Context,
    tables: &'a Tables<'a>,
    config: &'a Config,
}

/// Looks for what is right by itself and wrong together, and tells it.
///
/// What [`Config::resolve`] finds on its way has been told by it.
pub fn check(cx: &dyn Context, config: &Config) {
    // The mistakes of the file have been told.
    let quiet = Findings::default();
    let findings = Findings::default();
    with_tables(cx, &quiet, |tables| {
        let facts = Facts { cx, tables, config };
        python::check(&facts, &findings);
        dependency::check(&facts, &findings);
        command::check(&facts, &findings);
        index::check(config, &findings);
        // What is in the build context is not about a script.
        if !tables.is_script {
            file::check(&facts, &findings);
        }
    });
    findings.tell_warnings(cx);
}

/// A rule of microb with its page.
const fn rule(name: &'static str, description: &'static str) -> Rule {
    Rule::new(name, description).pages(microb::rule::PAGES)
}
