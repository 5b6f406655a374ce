//! Folders, files and links that the recipe itself makes, and what it removes.

use std::sync::Arc;

use super::Owner;

/// Makes a folder. Made by [`mkdir`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Mkdir {
    pub(crate) path: String,
    pub(crate) mode: u32,
    pub(crate) owner: Option<Owner>,
    pub(crate) parents: bool,
}

/// Makes a folder and the folders above it, with mode 0755, owned by root.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(mkdir("/data"))?, "COPY --from=scratch / /data/\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn mkdir(path: impl Into<String>) -> Mkdir {
    Mkdir {
        path: path.into(),
        mode: 0o755,
        owner: None,
        parents: true,
    }
}

impl Mkdir {
    /// The permission bits, for instance `0o750`.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Who owns it.
    pub fn owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Fails when the folder above is missing or the folder itself is there.
    pub fn existing_parent(mut self) -> Self {
        self.parents = false;
        self
    }
}

/// `COPY <<EOF path`: writes a file. Made by [`mkfile`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Mkfile {
    pub(crate) path: String,
    pub(crate) content: Arc<[u8]>,
    pub(crate) mode: u32,
    pub(crate) owner: Option<Owner>,
}

/// Writes a file with mode 0644, owned by root, and makes the folders above it.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(mkfile("/etc/motd", "hello\n"))?, "COPY <<\"EOF\" /etc/motd\nhello\nEOF\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn mkfile(path: impl Into<String>, content: impl AsRef<[u8]>) -> Mkfile {
    Mkfile {
        path: path.into(),
        content: content.as_ref().into(),
        mode: 0o644,
        owner: None,
    }
}

impl Mkfile {
    /// The permission bits, for instance `0o755` for a program.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Who owns it.
    pub fn owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }
}

/// Removes a file or a folder with all that is in it. Made by [`remove`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Remove {
    pub(crate) path: String,
    pub(crate) allow_missing: bool,
    pub(crate) wildcard: bool,
}

/// Removes a path; fails when it is not there.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let wrong = dockerfile::steps(remove("/tmp/x")).unwrap_err();
/// assert!(wrong.to_string().starts_with("error: `remove` has no Dockerfile form"));
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn remove(path: impl Into<String>) -> Remove {
    Remove {
        path: path.into(),
        allow_missing: false,
        wildcard: false,
    }
}

impl Remove {
    /// Succeeds when there is nothing to remove.
    pub fn allow_missing(mut self) -> Self {
        self.allow_missing = true;
        self
    }

    /// Reads `*`, `?` and `[` in the path as wildcards.
    pub fn wildcard(mut self) -> Self {
        self.wildcard = true;
        self
    }
}

/// Makes a symbolic link. Made by [`symlink`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Symlink {
    pub(crate) target: String,
    pub(crate) path: String,
    pub(crate) owner: Option<Owner>,
}

/// Makes `path` a symbolic link to `target`, as `ln -s target path` does.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let wrong = dockerfile::steps(symlink("/usr/bin/python3", "/usr/bin/python")).unwrap_err();
/// assert!(wrong.to_string().starts_with("error: `symlink` has no Dockerfile form"));
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn symlink(target: impl Into<String>, path: impl Into<String>) -> Symlink {
    Symlink {
        target: target.into(),
        path: path.into(),
        owner: None,
    }
}

impl Symlink {
    /// Who owns the link.
    pub fn owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }
}
