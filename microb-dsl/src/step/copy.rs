//! `COPY` and `ADD`.

use super::Owner;
use crate::source::Source;

/// `COPY` and `ADD`: copies files into the stage. Made by [`copy`] and [`add`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of one LLB message, set by methods and never passed around"
)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Copy {
    pub(crate) from: Source,
    pub(crate) sources: Vec<String>,
    pub(crate) destination: String,
    pub(crate) owner: Option<Owner>,
    pub(crate) mode: Option<u32>,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) wildcard: bool,
    pub(crate) contents: bool,
    pub(crate) create_path: bool,
    pub(crate) unpack: bool,
    pub(crate) link: bool,
    pub(crate) parents: bool,
}

/// `COPY sources… destination`: copies from the build context, or from what [`Copy::from`] names.
///
/// As in a Dockerfile: a folder is copied by its contents, `*` and `?` match, missing folders on the way
/// are made, a relative destination starts at the working directory, and a destination that ends in `/` is a folder.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(copy("src", "/app/"))?, "COPY src /app/\n");
/// let build = from("python:3.14".parse::<ImageRef>().unwrap()).named("build");
/// assert_eq!(dockerfile::steps(copy("/a b", "/").from(&build).owner(65532))?, "COPY --from=build --chown=65532:65532 [\"/a b\", \"/\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn copy(sources: impl IntoPaths, destination: impl Into<String>) -> Copy {
    Copy {
        from: Source::Context,
        sources: sources.into_paths(),
        destination: destination.into(),
        owner: None,
        mode: None,
        include: Vec::new(),
        exclude: Vec::new(),
        wildcard: true,
        contents: true,
        create_path: true,
        unpack: false,
        link: false,
        parents: false,
    }
}

/// `ADD source destination`: copies and unpacks an archive of the build context, or fetches what a URL or a git reference names.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(add("site.tar.gz", "/srv/"))?, "ADD site.tar.gz /srv/\n");
/// assert_eq!(dockerfile::steps(add(format!("{}.tar.gz", "site"), "/srv/"))?, "ADD site.tar.gz /srv/\n");
/// assert_eq!(dockerfile::steps(add(http("https://example.org/a.txt"), "/"))?, "ADD https://example.org/a.txt /\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn add(source: impl Into<Added>, destination: impl Into<String>) -> Copy {
    let added = source.into();
    let copied = copy(added.path, destination).from(added.from);
    if matches!(copied.from, Source::Context) {
        copied.unpack()
    } else {
        copied
    }
}

/// What [`add`] adds: a path of the build context, or a remote source.
#[derive(Debug)]
pub struct Added {
    from: Source,
    path: String,
}

impl From<&str> for Added {
    fn from(path: &str) -> Self {
        path.to_owned().into()
    }
}

impl From<String> for Added {
    fn from(path: String) -> Self {
        Self {
            from: Source::Context,
            path,
        }
    }
}

impl From<&String> for Added {
    fn from(path: &String) -> Self {
        path.as_str().into()
    }
}

impl From<crate::source::Http> for Added {
    fn from(http: crate::source::Http) -> Self {
        Self {
            path: format!("/{}", http.filename()),
            from: Source::Http(http),
        }
    }
}

impl From<crate::source::Git> for Added {
    fn from(git: crate::source::Git) -> Self {
        Self {
            path: "/".to_owned(),
            from: Source::Git(git),
        }
    }
}

impl Copy {
    /// `--from=…`: where the files come from.
    pub fn from(mut self, source: impl Into<Source>) -> Self {
        self.from = source.into();
        self
    }

    /// `--chown=…`. Without it, files of the build context belong to root, and those of a stage or an image keep their
    /// owner.
    pub fn owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// `--chmod=…`: the permission bits of all that is copied, for instance `0o644`.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// assert_eq!(dockerfile::steps(copy("start", "/").mode(0o755))?, "COPY --chmod=755 start /\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Copies only what matches one of these patterns, in the syntax of `.dockerignore`. Has no Dockerfile form.
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// `--exclude=…`: leaves out what matches, in the syntax of `.dockerignore`.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// assert_eq!(dockerfile::steps(copy(".", "/src").exclude(["**/*.md"]))?, "COPY --exclude=**/*.md . /src\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Takes `*`, `?` and `[` in the sources as plain characters.
    pub fn literal(mut self) -> Self {
        self.wildcard = false;
        self
    }

    /// Copies a folder as itself instead of its contents. Has no Dockerfile form.
    pub fn whole(mut self) -> Self {
        self.contents = false;
        self
    }

    /// Fails when the destination's parent is missing instead of making it. Has no Dockerfile form.
    pub fn existing_parent(mut self) -> Self {
        self.create_path = false;
        self
    }

    /// `--link`: a layer of its own, which stays as it is when the steps before it change.
    ///
    /// The layer is made independently of what the stage has already: symbolic links in the destination are not
    /// followed, and an owner must be a number. As in a Dockerfile, this has no effect on a copy with a
    /// [`mode`](Self::mode).
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// assert_eq!(dockerfile::steps(copy("pages", "/srv/").link())?, "COPY --link pages /srv/\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn link(mut self) -> Self {
        self.link = true;
        self
    }

    /// `--parents`: keeps the folders of each source; of those before a `/./` only what follows it.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// let manifests = copy("packages/*/package.json", "./").parents();
    /// assert_eq!(dockerfile::steps(manifests)?, "COPY --parents packages/*/package.json ./\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn parents(mut self) -> Self {
        self.parents = true;
        self
    }

    /// `ADD --unpack`: unpacks tar archives (also gzip, bzip2, xz, zstd). An [`add`] of a path does it anyway.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// let fetched = add(http("https://example.org/a.tar.gz"), "/a/").unpack();
    /// assert_eq!(dockerfile::steps(fetched)?, "ADD --unpack=true https://example.org/a.tar.gz /a/\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn unpack(mut self) -> Self {
        self.unpack = true;
        self
    }
}

/// One path or several: a string, or an array, a slice or a `Vec` of strings.
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let files = vec!["a".to_owned(), "b".to_owned()];
/// for step in [copy(&files, "/"), copy(&files[..], "/"), copy(["a", "b"], "/"), copy(&["a", "b"], "/")] {
///     assert_eq!(dockerfile::steps(step)?, "COPY a b /\n");
/// }
/// assert_eq!(dockerfile::steps(copy(&files[0], "/"))?, "COPY a /\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub trait IntoPaths {
    /// The paths, in order.
    fn into_paths(self) -> Vec<String>;
}

impl IntoPaths for &str {
    fn into_paths(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl IntoPaths for String {
    fn into_paths(self) -> Vec<String> {
        vec![self]
    }
}

impl IntoPaths for &String {
    fn into_paths(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<S: Into<String>, const N: usize> IntoPaths for [S; N] {
    fn into_paths(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<S: Into<String>> IntoPaths for Vec<S> {
    fn into_paths(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<S: Clone + Into<String>> IntoPaths for &[S] {
    fn into_paths(self) -> Vec<String> {
        self.iter().cloned().map(Into::into).collect()
    }
}

impl<S: Clone + Into<String>, const N: usize> IntoPaths for &[S; N] {
    fn into_paths(self) -> Vec<String> {
        self.as_slice().into_paths()
    }
}

impl<S: Clone + Into<String>> IntoPaths for &Vec<S> {
    fn into_paths(self) -> Vec<String> {
        self.as_slice().into_paths()
    }
}
