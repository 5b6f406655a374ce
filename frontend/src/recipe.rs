//! What a frontend is made of: a recipe and what it reads.

use std::fmt;
use std::sync::Arc;

use microb_dsl::{Context, Diagnostics, Format, Rule, Stage, Target};

/// The function of a recipe: from a context to a stage, or all the mistakes that it found.
pub type RecipeFunction = dyn Fn(&dyn Context) -> Result<Stage, Diagnostics> + Send + Sync;

/// The function that lists the images that a definition file describes.
pub type TargetsFunction = dyn Fn(&dyn Context) -> Result<Vec<Target>, Diagnostics> + Send + Sync;

/// What a recipe leaves out of a build context that has no ignore file: patterns as in `.dockerignore`.
pub(crate) type IgnoresFunction = dyn Fn(&dyn Context) -> Vec<String> + Send + Sync;

/// What writes the decisions of a recipe into its definition file: from a context and the name of the frontend's image
/// to the new text.
pub(crate) type InitFunction =
    dyn Fn(&dyn Context, &str) -> Result<String, Diagnostics> + Send + Sync;

/// A recipe, and what the frontend has to know before it can run it.
#[derive(Clone)]
#[must_use = "a recipe does nothing until `main` or `serve` runs it"]
pub struct Recipe {
    pub(crate) name: String,
    /// The definition file when the client names none; `None` when the recipe has no such file at all.
    pub(crate) filename: Option<String>,
    pub(crate) reads: Vec<String>,
    pub(crate) ignores: Option<Arc<IgnoresFunction>>,
    pub(crate) rules: Vec<&'static Rule>,
    pub(crate) schema: Option<fn() -> String>,
    pub(crate) init: Option<Arc<InitFunction>>,
    pub(crate) starter: &'static [(&'static str, &'static str)],
    pub(crate) about: Option<String>,
    pub(crate) version: String,
    pub(crate) after_help: Option<String>,
    pub(crate) function: Arc<RecipeFunction>,
    pub(crate) targets: Option<Arc<TargetsFunction>>,
}

impl Recipe {
    /// A recipe with a name, which messages and the command line show.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&dyn Context) -> Result<Stage, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            filename: Some("pyproject.toml".to_owned()),
            reads: Vec::new(),
            ignores: None,
            rules: Vec::new(),
            schema: None,
            init: None,
            starter: &[],
            about: None,
            version: format!("(microb {})", env!("CARGO_PKG_VERSION")),
            after_help: None,
            function: Arc::new(function),
            targets: None,
        }
    }

    /// Says what there is to know of the recipe's kind of definition file. What the methods below say is added to it, or
    /// takes its place.
    pub fn format(self, format: Format) -> Self {
        self.filename(format.filename)
            .reads(format.reads.iter().copied())
            .ignores(format.ignores)
            .targets(format.targets)
            .rules(format.rules.iter().copied())
            .schema(format.schema)
    }

    /// The definition file when the client names none; `pyproject.toml` without this.
    pub fn filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }

    /// Says that the recipe has no definition file: the build context is all that it needs.
    ///
    /// [`Context::definition`] is empty then, and `docker build -f FILE` names nothing but the file in which Docker
    /// looks for the `#syntax` line; with `--build-arg BUILDKIT_SYNTAX=IMAGE` there need not be one.
    pub fn without_definition(mut self) -> Self {
        self.filename = None;
        self
    }

    /// What `--help` says first, one line; without this that it builds an image from its definition file.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// The recipe's own version, for `--version`; without this the version of microb.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// What `--help` says last.
    pub fn after_help(mut self, text: impl Into<String>) -> Self {
        self.after_help = Some(text.into());
        self
    }

    /// Paths of the build context that the recipe may read, relative to its root; `*` and `?` match within one name.
    ///
    /// They are sent together, before the recipe runs. It may read other files too: each costs one transfer more.
    pub fn reads<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.reads.extend(paths.into_iter().map(Into::into));
        self
    }

    /// How the images that a definition file describes are listed, for `docker build --call targets`.
    ///
    /// Without it, a file describes one image.
    pub fn targets(
        mut self,
        list: impl Fn(&dyn Context) -> Result<Vec<Target>, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.targets = Some(Arc::new(list));
        self
    }

    /// The rules whose findings the recipe tells with [`Context::warn`], so that a name that is none of them is noticed
    /// when a user skips it.
    pub fn rules(mut self, rules: impl IntoIterator<Item = &'static Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Says what to leave out of a build context that has neither a `.dockerignore` nor one of its definition's own:
    /// what a build makes and what belongs to the developer's machine. Patterns are those of `.dockerignore`.
    ///
    /// An ignore file of the user, even an empty one, takes the place of all of them, and what a step copies or mounts
    /// by its name is sent all the same. The recipe itself may read these files.
    pub fn ignores(
        mut self,
        patterns: impl Fn(&dyn Context) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        self.ignores = Some(Arc::new(patterns));
        self
    }

    /// The patterns of [`Recipe::ignores`].
    pub(crate) fn ignored(&self, cx: &dyn Context) -> Vec<String> {
        self.ignores
            .as_ref()
            .map_or_else(Vec::new, |ignores| ignores(cx))
    }

    /// The JSON schema (draft 7) of the definition file, which the command `schema` prints for editors.
    ///
    /// As JSON, and made only when it is asked for.
    pub fn schema(mut self, schema: fn() -> String) -> Self {
        self.schema = Some(schema);
        self
    }

    /// How the command `init` writes what is decided without configuration into the definition file: from the context, and
    /// the name of the image for its `#syntax` line, to the new text. Without this there is no such command.
    pub fn init(
        mut self,
        write: impl Fn(&dyn Context, &str) -> Result<String, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.init = Some(Arc::new(write));
        self
    }

    /// The files of a new crate with a recipe, which the command `new` writes: paths and texts. Without this there is no such command.
    ///
    /// In the texts, `{{name}}` is the name of the crate, `{{microb}}` and `{{microb-frontend}}` are what Cargo needs to
    /// know of these two dependencies.
    pub fn starter(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.starter = files;
        self
    }

    /// The recipe's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the definition file when the client names none; `None` for a recipe without one.
    pub fn default_filename(&self) -> Option<&str> {
        self.filename.as_deref()
    }

    /// Runs the recipe.
    ///
    /// # Errors
    ///
    /// All the mistakes that the recipe found.
    pub fn run(&self, cx: &dyn Context) -> Result<Stage, Diagnostics> {
        (self.function)(cx)
    }
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipe")
            .field("name", &self.name)
            .field("filename", &self.filename)
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}
