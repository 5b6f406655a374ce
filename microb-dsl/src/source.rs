//! Where copied and mounted bytes come from.

use std::fmt;

use crate::reference::ImageRef;
use crate::stage::{ForeignDefinition, Reference, Stage};

/// Where the bytes of a `copy` or of a bind mount come from.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// The build context, `docker build .`.
    Context,
    /// A build context with a name, `docker build --build-context NAME=…`.
    NamedContext(String),
    /// Another stage. By value: a stage that is not there is a compile error.
    Stage(Stage),
    /// An image.
    Image(ImageRef),
    /// A file that is fetched over http or https.
    Http(Http),
    /// A git repository.
    Git(Git),
    /// A folder of the client under a name of its own, for frontends that ask for more than one.
    Local(Local),
    /// The result of a definition that another LLB library made.
    Definition(ForeignDefinition),
    /// Nothing: an empty file system.
    Scratch,
}

impl fmt::Debug for Source {
    /// A stage is shown by its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context => f.write_str("Context"),
            Self::NamedContext(name) => f.debug_tuple("NamedContext").field(name).finish(),
            Self::Stage(stage) => f.debug_tuple("Stage").field(&Reference(stage)).finish(),
            Self::Image(image) => write!(f, "Image({image})"),
            Self::Http(http) => fmt::Debug::fmt(http, f),
            Self::Git(git) => fmt::Debug::fmt(git, f),
            Self::Local(local) => fmt::Debug::fmt(local, f),
            Self::Definition(definition) => fmt::Debug::fmt(definition, f),
            Self::Scratch => f.write_str("Scratch"),
        }
    }
}

impl From<&Stage> for Source {
    fn from(stage: &Stage) -> Self {
        Self::Stage(stage.clone())
    }
}

impl From<Stage> for Source {
    fn from(stage: Stage) -> Self {
        Self::Stage(stage)
    }
}

impl From<ImageRef> for Source {
    fn from(image: ImageRef) -> Self {
        Self::Image(image)
    }
}

impl From<Http> for Source {
    fn from(http: Http) -> Self {
        Self::Http(http)
    }
}

impl From<Git> for Source {
    fn from(git: Git) -> Self {
        Self::Git(git)
    }
}

impl From<Local> for Source {
    fn from(local: Local) -> Self {
        Self::Local(local)
    }
}

impl From<NamedContext> for Source {
    fn from(context: NamedContext) -> Self {
        Self::NamedContext(context.name)
    }
}

/// A build context with a name. Made by [`named_context`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NamedContext {
    pub(crate) name: String,
}

/// A build context with a name, `docker build --build-context NAME=…`: to copy from, to mount, or to start a stage
/// [`from`](crate::from).
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(copy("a", "/").from(named_context("assets")))?, "COPY --from=assets a /\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn named_context(name: impl Into<String>) -> NamedContext {
    NamedContext { name: name.into() }
}

/// A file that is fetched over http or https. Made by [`http`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Http {
    pub(crate) url: String,
    pub(crate) checksum: Option<String>,
    pub(crate) filename: Option<String>,
}

/// `ADD https://… …`: a file that is fetched over http or https.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(add(http("https://example.org/a.txt").named("b.txt"), "/"))?, "ADD https://example.org/a.txt /b.txt\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn http(url: impl Into<String>) -> Http {
    Http {
        url: url.into(),
        checksum: None,
        filename: None,
    }
}

impl Http {
    /// `--checksum=sha256:…`: the build fails when the content has another digest.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// let digest = format!("sha256:{}", "0".repeat(64));
    /// let fetched = add(http("https://example.org/a").checksum(&digest), "/");
    /// assert_eq!(dockerfile::steps(fetched)?, format!("ADD --checksum={digest} https://example.org/a /\n"));
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn checksum(mut self, digest: impl Into<String>) -> Self {
        self.checksum = Some(digest.into());
        self
    }

    /// The name that the file gets in the source's root. Without it, the last part of the URL's path.
    pub fn named(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }

    /// The file's name in the source's root.
    pub fn filename(&self) -> &str {
        if let Some(name) = &self.filename {
            return name;
        }
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let after_scheme = path.split_once("://").map_or(path, |(_, rest)| rest);
        match after_scheme.rsplit_once('/') {
            Some((_, name)) if !name.is_empty() => name,
            _ => "download",
        }
    }
}

/// A git repository. Made by [`git`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of one LLB message, set by methods and never passed around"
)]
#[must_use]
pub struct Git {
    pub(crate) remote: String,
    pub(crate) reference: Option<String>,
    pub(crate) subdir: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) keep_git_dir: bool,
    pub(crate) skip_submodules: bool,
    pub(crate) commit_times: bool,
    pub(crate) fetch_by_commit: bool,
}

/// `ADD https://….git …`: a git repository; the remote is a URL or `git@host:path`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(add(git("https://example.org/r.git").reference("v1").subdir("docs"), "/docs"))?, "ADD [\"https://example.org/r.git#v1:docs\", \"/docs\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn git(remote: impl Into<String>) -> Git {
    Git {
        remote: remote.into(),
        reference: None,
        subdir: None,
        checksum: None,
        keep_git_dir: false,
        skip_submodules: false,
        commit_times: false,
        fetch_by_commit: false,
    }
}

impl Git {
    /// The branch, tag or commit; the default branch without it.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// The folder of the repository that becomes the source's root.
    pub fn subdir(mut self, folder: impl Into<String>) -> Self {
        self.subdir = Some(folder.into());
        self
    }

    /// The commit that the reference must be.
    pub fn checksum(mut self, commit: impl Into<String>) -> Self {
        self.checksum = Some(commit.into());
        self
    }

    /// `--keep-git-dir=true`: keeps the folder `.git`.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// let cloned = add(git("https://example.org/r.git").keep_git_dir(), "/r");
    /// assert_eq!(dockerfile::steps(cloned)?, "ADD --keep-git-dir=true https://example.org/r.git /r\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn keep_git_dir(mut self) -> Self {
        self.keep_git_dir = true;
        self
    }

    /// Leaves the folders of submodules empty. Has no Dockerfile form.
    pub fn skip_submodules(mut self) -> Self {
        self.skip_submodules = true;
        self
    }

    /// Gives all files the time of the commit instead of that of the checkout. Has no Dockerfile form.
    pub fn commit_times(mut self) -> Self {
        self.commit_times = true;
        self
    }

    /// Fetches the commit that [`Git::checksum`] names and does not ask where the reference is. Has no Dockerfile form.
    pub fn fetch_by_commit(mut self) -> Self {
        self.fetch_by_commit = true;
        self
    }
}

/// A folder of the client under a name of its own. Made by [`local`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub struct Local {
    pub(crate) name: String,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) follow_paths: Vec<String>,
    pub(crate) session: Option<String>,
    pub(crate) shared_key: Option<String>,
    pub(crate) whole: bool,
    pub(crate) metadata_only: bool,
}

/// A folder that the client sends under this name (`buildctl build --local NAME=…`).
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let wrong = dockerfile::steps(copy("a", "/").from(local("assets"))).unwrap_err();
/// assert!(wrong.to_string().starts_with("error: copy(`a`) has no Dockerfile form"));
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn local(name: impl Into<String>) -> Local {
    Local {
        name: name.into(),
        include: Vec::new(),
        exclude: Vec::new(),
        follow_paths: Vec::new(),
        session: None,
        shared_key: None,
        whole: false,
        metadata_only: false,
    }
}

impl Local {
    /// Sends only what matches, in the syntax of `.dockerignore`.
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Does not send what matches, in the syntax of `.dockerignore`.
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Sends only these paths, and what symbolic links among them lead to.
    pub fn follow_paths<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.follow_paths.extend(paths.into_iter().map(Into::into));
        self
    }

    /// The session of the client that sends the folder.
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.session = Some(id.into());
        self
    }

    /// A hint under which the engine keeps the last transfer, so that only changes are sent.
    pub fn shared_key(mut self, hint: impl Into<String>) -> Self {
        self.shared_key = Some(hint.into());
        self
    }

    /// Sends all files again, even those whose size and time are as in the last transfer. For a few small files.
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Sends no content: all that comes is a file [`METADATA_FILE`] that says which files there are. Needs an engine with
    /// [`METADATA_ONLY`].
    pub fn metadata_only(mut self) -> Self {
        self.metadata_only = true;
        self
    }
}

/// The file that [`Local::metadata_only`] makes: for each file a message `Stat` of `fsutil`, after its length in four bytes,
/// the lowest first.
pub const METADATA_FILE: &str = ".fsutil-metadata";

/// The capability of an engine to have metadata sent without the files: `CapSourceMetadataTransfer` in `solver/pb/caps.go`.
pub const METADATA_ONLY: &str = "source.local.metadatatransfer";
