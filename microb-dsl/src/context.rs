//! The only door from a recipe to the outside.

use std::collections::BTreeMap;
use std::fmt;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::inspection::Inspection;
use crate::platform::Platform;
use crate::search::Search;
use crate::span::{SourceFile, Span};
use crate::told::Told;

/// All that a recipe may ask of the world.
///
/// Everything else that a recipe does is pure: the same answers give the same stage.
pub trait Context {
    /// The file that the build was started with (`docker build -f`), usually `pyproject.toml`; empty for a recipe that has none.
    fn definition(&self) -> &SourceFile;

    /// A file of the build context as bytes, or `None` if there is none.
    ///
    /// The path is relative to the root of the build context, with `/` between its parts.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read: it is a folder, or the engine went away.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError>;

    /// The names of the files and folders in a folder of the build context, sorted; `.` is its root.
    ///
    /// Empty if there is no such folder. Files that the recipe did not declare in advance may be missing: a frontend
    /// has only declared files sent.
    ///
    /// # Errors
    ///
    /// When the folder is there and cannot be read.
    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError>;

    /// The paths of all files of this name in the build context, in whatever folder, sorted.
    ///
    /// Folders whose names begin with a dot, and `node_modules`, are skipped. This may read every folder of the client,
    /// so use it only for files that can be anywhere.
    ///
    /// # Errors
    ///
    /// When a folder cannot be read, or there are very many of them.
    fn find(&self, name: &str) -> Result<Vec<String>, ReadError>;

    /// Those of these paths that name nothing in the build context; `*`, `?` and `[a-z]` match as in the paths of a copy.
    ///
    /// No content is sent for it. An engine that cannot tell without it says nothing of paths that were not declared.
    ///
    /// # Errors
    ///
    /// When a folder on the way is there and cannot be read.
    fn absent(&self, paths: &[String]) -> Result<Vec<String>, ReadError> {
        absent(paths, |folder| self.list(folder))
    }

    /// The value of a build argument (`docker build --build-arg NAME=VALUE`).
    fn build_arg(&self, name: &str) -> Option<&str>;

    /// The target that was asked for (`docker build --target NAME`).
    fn target(&self) -> Option<&str>;

    /// The platform that the image is for.
    fn platform(&self) -> &Platform;

    /// The platform of the machine that builds.
    fn build_platform(&self) -> &Platform;

    /// Whether a build context of this name was given (`docker build --build-context NAME=…`).
    fn has_named_context(&self, name: &str) -> bool;

    /// Reports a finding that does not stop the build. A finding of a [`Rule`](crate::Rule) whose severity is an error
    /// does stop it, unless the user skips that rule.
    fn warn(&self, warning: Diagnostic);

    /// Reports a choice that the recipe made where the user's files leave it open: the build's progress and `explain`
    /// show it.
    ///
    /// ```
    /// # use microb_dsl::{Context, Decision, MemoryContext};
    /// # let cx = MemoryContext::new("");
    /// cx.decided(Decision {
    ///     what: "Node 24".to_owned(),
    ///     why: "`engines` in package.json is `>=22`".to_owned(),
    /// });
    /// assert_eq!(cx.decisions()[0].to_string(), "Node 24: `engines` in package.json is `>=22`");
    /// ```
    fn decided(&self, decision: Decision) {
        drop(decision);
    }

    /// Registers a check that runs in the built image; its findings are reported like [warnings](Context::warn).
    ///
    /// Contexts that build nothing, such as the command line's, may ignore it.
    fn inspect(&self, inspection: Inspection) {
        drop(inspection);
    }

    /// Says what a build argument is, for `docker build --call outline`.
    ///
    /// Arguments that were only asked for with [`Context::build_arg`] are listed there too, by name.
    fn declare_build_arg(&self, argument: BuildArg) {
        drop(argument);
    }

    /// Whether only findings are wanted (`docker build --check`): the recipe may then check more than a build needs.
    fn is_check(&self) -> bool {
        false
    }
}

/// A choice that a recipe made by itself, shown to people as `WHAT: WHY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was chosen: `Python 3.14`.
    pub what: String,
    /// What it follows from, hence what to change for another choice: ``requires-python is `>=3.11` ``.
    pub why: String,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// What a build argument is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildArg {
    /// The name, of `docker build --build-arg NAME=VALUE`.
    pub name: String,
    /// Its value when it is not given.
    pub default: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where the user's file uses it.
    pub span: Option<Span>,
}

/// Whether [`Context::find`] skips folders of this name.
pub fn is_skipped(folder: &str) -> bool {
    folder.starts_with('.') || folder == "node_modules"
}

/// A path of the build context in its shortest form; `None` if it leaves the build context, or names all of it.
///
/// ```
/// # use microb_dsl::context::inside;
/// assert_eq!(inside("./a//b/../c").as_deref(), Some("a/c"));
/// for outside in ["", ".", "/etc/passwd", "../x", "a/../../x"] {
///     assert_eq!(inside(outside), None);
/// }
/// ```
pub fn inside(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!path.starts_with('/') && !parts.is_empty()).then(|| parts.join("/"))
}

/// What [`Context::absent`] answers, from the names in folders.
///
/// # Errors
///
/// When `list` has one.
pub fn absent(
    paths: &[String],
    list: impl Fn(&str) -> Result<Vec<String>, ReadError>,
) -> Result<Vec<String>, ReadError> {
    let mut absent = Vec::new();
    for path in paths {
        let mut search = Search::new(path);
        while let Some(folder) = search.folder() {
            search.names(&list(&folder)?);
        }
        if !search.has_found() {
            absent.push(path.clone());
        }
    }
    Ok(absent)
}

/// Why a file that is there could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The path as asked for.
    pub path: String,
    /// The reason, in the words of whoever found it.
    pub reason: String,
}

impl ReadError {
    /// The path is not one of the build context.
    pub fn outside(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            reason: "it is outside of the build context".to_owned(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.reason)
    }
}

impl std::error::Error for ReadError {}

/// So that `cx.read(…)?` works in a recipe.
impl From<ReadError> for Diagnostics {
    fn from(error: ReadError) -> Self {
        Diagnostic::error(error.to_string()).into()
    }
}

/// A context that is held in memory: what a recipe's tests use.
///
/// ```
/// # use microb_dsl::{Context, MemoryContext};
/// let cx = MemoryContext::new("[project]\nname = 'x'").file("README.md", "hello");
/// assert_eq!(cx.read("README.md").unwrap().unwrap(), b"hello");
/// assert_eq!(cx.read("docs/../README.md").unwrap().unwrap(), b"hello");
/// assert_eq!(cx.read("LICENSE").unwrap(), None);
/// assert!(cx.read("../README.md").unwrap_err().to_string().contains("outside of the build context"));
/// assert_eq!(cx.list(".").unwrap(), ["README.md", "pyproject.toml"]);
/// assert_eq!(cx.find("README.md").unwrap(), ["README.md"]);
/// ```
#[derive(Debug)]
#[must_use]
pub struct MemoryContext {
    definition: SourceFile,
    files: BTreeMap<String, Vec<u8>>,
    build_args: BTreeMap<String, String>,
    named_contexts: Vec<String>,
    target: Option<String>,
    platform: Platform,
    build_platform: Platform,
    warnings: Told<Diagnostic>,
    decisions: Told<Decision>,
    inspections: Told<Inspection>,
    declared: Told<BuildArg>,
    is_check: bool,
}

impl MemoryContext {
    /// A context whose definition file is `pyproject.toml` with this text, for `linux/amd64`.
    pub fn new(pyproject: impl Into<String>) -> Self {
        Self::with_definition(SourceFile::new("pyproject.toml", pyproject))
    }

    /// A context with a definition file of any name.
    pub fn with_definition(definition: SourceFile) -> Self {
        let amd64 = Platform::new("linux", "amd64", "");
        Self {
            files: BTreeMap::from([(
                definition.name().to_owned(),
                definition.text().as_bytes().to_vec(),
            )]),
            definition,
            build_args: BTreeMap::new(),
            named_contexts: Vec::new(),
            target: None,
            platform: amd64.clone(),
            build_platform: amd64,
            warnings: Told::default(),
            decisions: Told::default(),
            inspections: Told::default(),
            declared: Told::default(),
            is_check: false,
        }
    }

    /// Adds a file to the build context.
    pub fn file(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(key(&path.into()), content.into());
        self
    }

    /// Removes a file from the build context, for instance the definition, which a client may send from elsewhere.
    pub fn without(mut self, path: &str) -> Self {
        self.files.remove(&key(path));
        self
    }

    /// Gives a build argument.
    pub fn arg(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.build_args.insert(name.into(), value.into());
        self
    }

    /// Gives a named context.
    pub fn named_context(mut self, name: impl Into<String>) -> Self {
        self.named_contexts.push(name.into());
        self
    }

    /// Asks for a target.
    pub fn with_target(mut self, name: impl Into<String>) -> Self {
        self.target = Some(name.into());
        self
    }

    /// Asks for another platform than `linux/amd64`.
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Builds on another platform than `linux/amd64`.
    pub fn with_build_platform(mut self, platform: Platform) -> Self {
        self.build_platform = platform;
        self
    }

    /// Wants findings only, as `docker build --check` does.
    pub fn check(mut self) -> Self {
        self.is_check = true;
        self
    }

    /// The build arguments that were declared so far, in order.
    pub fn declared_build_args(&self) -> Vec<BuildArg> {
        self.declared.all()
    }

    /// The decisions so far, in order.
    pub fn decisions(&self) -> Vec<Decision> {
        self.decisions.all()
    }

    /// The inspections so far, in order.
    pub fn inspections(&self) -> Vec<Inspection> {
        self.inspections.all()
    }

    /// The warnings so far, in order.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.warnings.all()
    }
}

/// The path under which a file is kept.
fn key(path: &str) -> String {
    inside(path).unwrap_or_else(|| path.to_owned())
}

impl Context for MemoryContext {
    fn definition(&self) -> &SourceFile {
        &self.definition
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let path = inside(path).ok_or_else(|| ReadError::outside(path))?;
        Ok(self.files.get(&path).cloned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let prefix = match folder {
            "." | "" => String::new(),
            folder => {
                let folder = inside(folder).ok_or_else(|| ReadError::outside(folder))?;
                format!("{folder}/")
            }
        };
        let below = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix));
        let mut names: Vec<_> = below
            .filter_map(|path| path.split('/').next())
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn find(&self, name: &str) -> Result<Vec<String>, ReadError> {
        let is_found = |path: &&String| {
            let mut folders: Vec<_> = path.split('/').collect();
            folders.pop() == Some(name) && !folders.into_iter().any(is_skipped)
        };
        Ok(self.files.keys().filter(is_found).cloned().collect())
    }

    fn build_arg(&self, name: &str) -> Option<&str> {
        self.build_args.get(name).map(String::as_str)
    }

    fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn build_platform(&self) -> &Platform {
        &self.build_platform
    }

    fn has_named_context(&self, name: &str) -> bool {
        self.named_contexts.iter().any(|known| known == name)
    }

    fn warn(&self, warning: Diagnostic) {
        self.warnings.add(warning);
    }

    fn decided(&self, decision: Decision) {
        self.decisions.add(decision);
    }

    fn inspect(&self, inspection: Inspection) {
        self.inspections.add(inspection);
    }

    fn declare_build_arg(&self, argument: BuildArg) {
        self.declared.add(argument);
    }

    fn is_check(&self) -> bool {
        self.is_check
    }
}
