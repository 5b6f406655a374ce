//! What a `run` sees only while it runs.

use crate::source::Source;
use crate::span::Span;

/// `RUN --mount=…`: a place that a [`Run`](crate::step::Run) sees only while it runs; nothing of it is kept in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// `type=cache`: a folder that is kept from build to build.
    Cache(Cache),
    /// `type=secret`: a value that `docker build --secret` gives, as a file or a variable.
    Secret(Secret),
    /// `type=ssh`: an agent that `docker build --ssh` forwards.
    Ssh(Ssh),
    /// `type=bind`: files of another source.
    Bind(Bind),
    /// `type=tmpfs`: an empty folder in memory.
    Tmpfs(Tmpfs),
}

/// How builds that run at the same time share a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// All use it at once; for tools that lock by themselves.
    #[default]
    Shared,
    /// One waits for the other; what `apt` needs.
    Locked,
    /// Each has its own.
    Private,
}

/// `--mount=type=cache`. Made by [`cache`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Cache {
    pub(crate) target: String,
    pub(crate) id: Option<String>,
    pub(crate) sharing: Sharing,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: Option<u32>,
    pub(crate) from: Option<Source>,
}

/// `--mount=type=cache,target=…`: a folder that is kept from build to build and is never part of the image.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(run("x").mount(cache("/c")))?, "RUN --mount=type=cache,target=/c x\n");
/// assert_eq!(dockerfile::steps(run("x").mount(cache("/c").id("pip").sharing(Sharing::Locked)))?, "RUN --mount=type=cache,target=/c,id=pip,sharing=locked x\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn cache(target: impl Into<String>) -> Cache {
    Cache::new(target)
}

impl Cache {
    pub(crate) fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            id: None,
            sharing: Sharing::default(),
            owner: None,
            mode: None,
            from: None,
        }
    }

    /// `id=…`: caches of one id are one cache. Without it, the id is the target.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The id, or the target that stands for it.
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.target)
    }

    /// `sharing=…`.
    pub fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// `uid=…,gid=…`: who owns the folder when it is made.
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.owner = Some((uid, gid));
        self
    }

    /// `mode=…`: the permission bits of the folder when it is made; 0755 without it.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// `from=…`: what a new cache starts with.
    pub fn from(mut self, source: impl Into<Source>) -> Self {
        self.from = Some(source.into());
        self
    }
}

/// `--mount=type=secret`. Made by [`secret`]. The recipe holds the id of a secret, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Secret {
    pub(crate) id: String,
    pub(crate) target: Option<String>,
    pub(crate) env: Option<String>,
    pub(crate) required: bool,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: Option<u32>,
    /// The place in a user's file that asks for it. Never changes a digest.
    pub(crate) span: Option<Span>,
}

/// `--mount=type=secret,id=…,required`: the secret as the file `/run/secrets/ID`; the build fails when it is not given.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(run("x").mount(secret("netrc").target("/root/.netrc")))?, "RUN --mount=type=secret,id=netrc,target=/root/.netrc,required x\n");
/// assert_eq!(dockerfile::steps(run("x").mount(secret("token").env("TOKEN").optional()))?, "RUN --mount=type=secret,id=token,env=TOKEN x\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn secret(id: impl Into<String>) -> Secret {
    Secret {
        id: id.into(),
        target: None,
        env: None,
        required: true,
        owner: None,
        mode: None,
        span: None,
    }
}

impl Secret {
    /// The id, of `docker build --secret id=…`.
    pub fn name(&self) -> &str {
        &self.id
    }

    /// Whether the build fails when it is not given.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// The place in a user's file that asks for the secret, which is underlined when it is not given. Without a place
    /// of its own, that of the step is.
    pub fn at<'a>(mut self, span: impl Into<Option<&'a Span>>) -> Self {
        if let Some(span) = span.into() {
            self.span = Some(span.clone());
        }
        self
    }

    /// The place in a user's file that asks for it, if that is known.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// `target=…`: the file's path.
    pub fn target(mut self, path: impl Into<String>) -> Self {
        self.target = Some(path.into());
        self
    }

    /// `env=…`: as a variable. There is no file then, unless [`Secret::target`] asks for one too.
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.env = Some(name.into());
        self
    }

    /// The build continues when the secret is not given.
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// `uid=…,gid=…`: who may read the file; root without it.
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.owner = Some((uid, gid));
        self
    }

    /// `mode=…`: the permission bits of the file; 0400 without it.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }
}

/// `--mount=type=ssh`. Made by [`ssh`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Ssh {
    pub(crate) id: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) required: bool,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: Option<u32>,
}

impl Default for Ssh {
    fn default() -> Self {
        Self {
            id: None,
            target: None,
            required: true,
            owner: None,
            mode: None,
        }
    }
}

/// `--mount=type=ssh,required`: the agent that `docker build --ssh default` forwards; the build fails when there is none.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(run("x").mount(ssh()))?, "RUN --mount=type=ssh,required x\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn ssh() -> Ssh {
    Ssh::default()
}

impl Ssh {
    /// The id, of `docker build --ssh ID`: `default` when none was chosen.
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or("default")
    }

    /// Whether the build fails when no agent is given.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// `id=…`: another agent than `default`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// `target=…`: the socket's path; `/run/buildkit/ssh_agent.N` without it.
    pub fn target(mut self, path: impl Into<String>) -> Self {
        self.target = Some(path.into());
        self
    }

    /// The build continues when no agent is given.
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// `uid=…,gid=…`: who owns the socket; root without it.
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.owner = Some((uid, gid));
        self
    }

    /// `mode=…`: the permission bits of the socket; 0600 without it.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }
}

/// `--mount=type=bind`. Made by [`bind`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Bind {
    pub(crate) from: Source,
    pub(crate) path: String,
    pub(crate) target: String,
    pub(crate) writable: bool,
}

/// `--mount=type=bind,target=…`: the build context, or what [`Bind::from`] names, read-only.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(run("x").mount(bind("/src").path("/app")))?, "RUN --mount=type=bind,target=/src,source=/app x\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn bind(target: impl Into<String>) -> Bind {
    Bind {
        from: Source::Context,
        path: "/".to_owned(),
        target: target.into(),
        writable: false,
    }
}

impl Bind {
    /// `from=…`: what to mount.
    pub fn from(mut self, source: impl Into<Source>) -> Self {
        self.from = source.into();
        self
    }

    /// `source=…`: the part of it, a file or a folder. The step depends on the content of this part only.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// `rw`: the program may write; what it writes is dropped.
    pub fn writable(mut self) -> Self {
        self.writable = true;
        self
    }
}

/// `--mount=type=tmpfs`. Made by [`tmpfs`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Tmpfs {
    pub(crate) target: String,
    pub(crate) size: Option<u64>,
}

/// `--mount=type=tmpfs,target=…`: an empty folder in memory.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(run("x").mount(tmpfs("/tmp").size(1024)))?, "RUN --mount=type=tmpfs,target=/tmp,size=1024 x\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn tmpfs(target: impl Into<String>) -> Tmpfs {
    Tmpfs {
        target: target.into(),
        size: None,
    }
}

impl Tmpfs {
    /// `size=…`: the most that it may hold, in bytes.
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }
}

macro_rules! mount {
    ($($kind:ident)*) => {$(
        impl From<$kind> for Mount {
            fn from(value: $kind) -> Self {
                Self::$kind(value)
            }
        }
    )*};
}
mount!(Cache Secret Ssh Bind Tmpfs);
