//! Rules: kinds of findings that have a name, so that they can be looked up, skipped, and made errors.

mod checks;
mod platform;
mod secret;
mod stage;

pub use checks::{BUILD_ARG, Checks, Review};
#[cfg(feature = "llb")]
pub use platform::check_platforms;
pub use stage::{check, check_user};

use crate::diagnostic::{Diagnostic, Severity};

/// Where the pages of microb's own rules are: the folder `docs/rules` of its repository.
pub const PAGES: &str = if env!("CARGO_PKG_REPOSITORY").is_empty() {
    ""
} else {
    concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules/")
};

/// The rules of the language, which every recipe has.
pub const RULES: &[&Rule] = &[
    &checks::UNKNOWN_RULE,
    &stage::INSECURE_DOWNLOAD,
    &platform::INVALID_BASE_IMAGE_PLATFORM,
    &stage::LATEST_IMAGE,
    &stage::MOVING_GIT_REFERENCE,
    &stage::ROOT_USER,
    &stage::SECRET_IN_IMAGE,
    &stage::SHELL_ENTRYPOINT,
    &stage::TOKEN_IN_IMAGE,
    &stage::UNVERIFIED_DOWNLOAD,
];

/// A named kind of finding, like the rules that `docker build --check` has for Dockerfiles.
///
/// A recipe makes findings of it with [`Rule::finding`] and reports them with [`Context::warn`](crate::Context::warn).
/// The user skips them with the comment `# check=skip=NAME` or the build argument
/// `BUILDKIT_DOCKERFILE_CHECK=skip=NAME`.
///
/// ```
/// # use microb_dsl::{Context, MemoryContext, Rule};
/// static OLD_BASE: Rule = Rule::new("OldBase", "Base images of last year get no updates")
///     .pages("https://wiki.example/images/");
///
/// assert_eq!(OLD_BASE.url().as_deref(), Some("https://wiki.example/images/OldBase.md"));
/// let cx = MemoryContext::new("base = 'python:3.9'");
/// cx.warn(OLD_BASE.finding("`python:3.9` is too old").help("write `python:3.14`"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The name, in the form of BuildKit's own rules: `UnpinnedDependency`.
    pub name: &'static str,
    /// What is wrong with all findings of this rule, in one sentence without a final period.
    pub description: &'static str,
    /// Whether its findings are errors. An error stops the build, unless it is skipped.
    pub severity: Severity,
    /// Whether it is off by default, and enabled with `# check=experimental=NAME`.
    pub experimental: bool,
    pages: &'static str,
}

impl Rule {
    /// A rule whose findings are warnings.
    pub const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            severity: Severity::Warning,
            experimental: false,
            pages: "",
        }
    }

    /// Makes its findings errors, which stop the build unless they are skipped.
    #[must_use]
    pub const fn error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// Off by default; enabled with `# check=experimental=NAME`.
    #[must_use]
    pub const fn experimental(mut self) -> Self {
        self.experimental = true;
        self
    }

    /// Where its page is: the URL of a folder, with a slash at the end, that has a `NAME.md`. Empty for nowhere.
    #[must_use]
    pub const fn pages(mut self, folder: &'static str) -> Self {
        self.pages = folder;
        self
    }

    /// The URL of its page, if it has one.
    pub fn url(&self) -> Option<String> {
        (!self.pages.is_empty()).then(|| format!("{}{}.md", self.pages, self.name))
    }

    /// A finding of this rule.
    pub fn finding(&'static self, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: self.severity,
            rule: Some(self),
            ..Diagnostic::error(message)
        }
    }
}
