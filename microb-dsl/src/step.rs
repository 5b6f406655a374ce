//! The steps of a stage: a small closed set of instructions, and the functions that make them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::mount::{Cache, Mount, Ssh};
use crate::source::Source;
use crate::span::Span;

/// One step of a stage: an instruction, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Step {
    /// What to do.
    pub instruction: Instruction,
    /// Where it came from and what progress calls it. Never changes what is built.
    pub origin: Origin,
}

/// Where a step came from and how it is shown. Metadata only: it never changes a digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The place in a user's file that caused the step; a failing step underlines it.
    pub span: Option<Span>,
    /// The line that progress shows instead of the instruction.
    pub name: Option<Arc<str>>,
    /// The progress group: steps of one group are shown as one line.
    pub group: Option<Arc<str>>,
}

/// The closed set of instructions. Every interpreter matches all of them, so a new one is a compile error until all know it.
///
/// There is no `Apt` and no `Pip` here: these are functions that return steps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a recipe has tens of steps; a box would cost every match a dereference and save kilobytes"
)]
pub enum Instruction {
    /// `RUN`: runs a program; what it writes to the root file system is kept.
    Run(Run),
    /// `COPY` and `ADD`: copies files from a [`Source`].
    Copy(Copy),
    /// Makes a folder.
    Mkdir(Mkdir),
    /// `COPY <<EOF`: writes a file whose content the recipe knows.
    Mkfile(Mkfile),
    /// Removes a file or a folder.
    Remove(Remove),
    /// Makes a symbolic link.
    Symlink(Symlink),
    /// `ENV`: sets a variable for the steps after it and for the container.
    Env {
        /// The variable's name.
        name: String,
        /// The value, literally: nothing in it is expanded.
        value: String,
    },
    /// `ENV PATH=dir:$PATH`: puts a folder in front of whatever PATH the stage has.
    Path(String),
    /// `WORKDIR`: makes a folder if there is none, and sets it as the working directory.
    Workdir(String),
    /// `USER`: the user (and group) of the steps after it and of the container.
    User(Owner),
    /// `LABEL`: one label of the image config.
    Label {
        /// The key, in reverse domain notation by custom.
        name: String,
        /// The value, literally.
        value: String,
    },
    /// `EXPOSE`: a port that the container listens on, for instance `8000/tcp`.
    Expose(String),
    /// `VOLUME`: a mount point of the container.
    Volume(String),
    /// `ENTRYPOINT`: the program of the container.
    Entrypoint(Command),
    /// `CMD`: the default arguments, or the program when there is no entry point.
    Cmd(Command),
    /// `STOPSIGNAL`: the signal that asks the container to end.
    StopSignal(String),
    /// `HEALTHCHECK`: how to see that the container works.
    Healthcheck(Healthcheck),
}

impl From<Instruction> for Step {
    fn from(instruction: Instruction) -> Self {
        Self {
            instruction,
            origin: Origin::default(),
        }
    }
}

/// A command: one line for the shell, or a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The shell form: the text is given to `/bin/sh -c` (or the base image's `SHELL`).
    Shell(String),
    /// The exec form: no shell, each string is one argument.
    Exec(Vec<String>),
}

impl From<&str> for Command {
    fn from(line: &str) -> Self {
        Self::Shell(line.to_owned())
    }
}

impl From<String> for Command {
    fn from(line: String) -> Self {
        Self::Shell(line)
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Command {
    fn from(argv: [S; N]) -> Self {
        Self::Exec(argv.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<String>> From<Vec<S>> for Command {
    fn from(argv: Vec<S>) -> Self {
        Self::Exec(argv.into_iter().map(Into::into).collect())
    }
}

impl<S: Clone + Into<String>> From<&[S]> for Command {
    fn from(argv: &[S]) -> Self {
        Self::Exec(argv.iter().cloned().map(Into::into).collect())
    }
}

/// The network that a [`Run`] sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// The engine's default, usually a bridge.
    #[default]
    Default,
    /// The network of the host; needs the entitlement `network.host`.
    Host,
    /// No network at all: what the step makes depends on its inputs only.
    None,
}

/// The rights that a [`Run`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// The engine's default.
    #[default]
    Sandbox,
    /// All rights; needs the entitlement `security.insecure`.
    Insecure,
}

/// `RUN`: runs a program in the stage's root file system. Made by [`run`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Run {
    pub(crate) command: Command,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) network: Network,
    pub(crate) security: Security,
}

/// `RUN command`: a `&str` is a line for the shell, an array is a program and its arguments.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(run("make all"))?, "RUN make all\n");
/// assert_eq!(dockerfile::steps(run(["make", "all"]))?, "RUN [\"make\", \"all\"]\n");
/// assert_eq!(dockerfile::steps(run("make").cache("/c"))?, "RUN --mount=type=cache,target=/c make\n");
/// assert_eq!(dockerfile::steps(run("a\nb"))?, "RUN <<EOF\na\nb\nEOF\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn run(command: impl Into<Command>) -> Run {
    Run {
        command: command.into(),
        mounts: Vec::new(),
        network: Network::default(),
        security: Security::default(),
    }
}

impl Run {
    /// `--mount=…`: what the program sees only while it runs. See [`crate::mount`].
    pub fn mount(mut self, mount: impl Into<Mount>) -> Self {
        self.mounts.push(mount.into());
        self
    }

    /// Several mounts at once, for instance those that a configuration asks for.
    pub fn mounts<M: Into<Mount>>(mut self, mounts: impl IntoIterator<Item = M>) -> Self {
        self.mounts.extend(mounts.into_iter().map(Into::into));
        self
    }

    /// `--mount=type=cache,target=…`: a folder that is kept from build to build and is never part of the image.
    pub fn cache(self, target: impl Into<String>) -> Self {
        self.mount(Cache::new(target))
    }

    /// `--mount=type=ssh`: the agent that `docker build --ssh default` forwards.
    pub fn ssh(self) -> Self {
        self.mount(Ssh::default())
    }

    /// `--network=…`.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// `--security=…`.
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }
}

/// Who owns a file: user and group by number or name, as in `COPY --chown=65532:65532`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: Id,
    /// The group; `None` means the user's own group.
    pub group: Option<Id>,
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// By number.
    Number(u32),
    /// By a name in the stage's own `/etc/passwd` or `/etc/group`.
    Name(String),
}

impl Owner {
    /// User and group of the same number.
    pub fn id(id: u32) -> Self {
        Self {
            user: Id::Number(id),
            group: Some(Id::Number(id)),
        }
    }
}

/// Writes `USER[:GROUP]`, the form of `--chown` and `USER`.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.user)?;
        match &self.group {
            Some(group) => write!(f, ":{group}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl From<u32> for Owner {
    fn from(id: u32) -> Self {
        Self::id(id)
    }
}

impl From<&str> for Owner {
    /// Reads `USER[:GROUP]`, as `--chown` does.
    fn from(text: &str) -> Self {
        let id = |text: &str| {
            text.parse()
                .map_or_else(|_| Id::Name(text.to_owned()), Id::Number)
        };
        match text.split_once(':') {
            Some((user, group)) => Self {
                user: id(user),
                group: Some(id(group)),
            },
            None => Self {
                user: id(text),
                group: None,
            },
        }
    }
}

/// `COPY` and `ADD`: copies files into the stage. Made by [`copy`] and [`add`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent flags of one LLB message, set by methods and never passed around"
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
    }
}

/// `ADD source destination`: copies and unpacks an archive of the build context, or fetches what a URL or a git reference names.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(add("site.tar.gz", "/srv/"))?, "ADD site.tar.gz /srv/\n");
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
        Self {
            from: Source::Context,
            path: path.to_owned(),
        }
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

    /// `--chown=…`. Without it, files belong to root, or to whom they belonged in another stage.
    pub fn owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// `--chmod=…`: the permission bits of all that is copied, for instance `0o644`.
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

    /// `ADD`: unpacks tar archives (also gzip, bzip2, xz, zstd).
    pub fn unpack(mut self) -> Self {
        self.unpack = true;
        self
    }
}

/// One path or several.
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
    /// Goes on when there is nothing to remove.
    pub fn allow_missing(mut self) -> Self {
        self.allow_missing = true;
        self
    }

    /// Lets `*`, `?` and `[` in the path match.
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

/// `HEALTHCHECK`: how the engine sees that the container works. Made by [`healthcheck`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Healthcheck {
    /// What to run; exit status 0 means healthy. `None` turns off the base image's check.
    pub command: Option<Command>,
    /// Time from one check to the next; the engine's default is 30 s.
    pub interval: Option<Duration>,
    /// Time after which a check has failed; the engine's default is 30 s.
    pub timeout: Option<Duration>,
    /// Time after the start in which failures do not count; the engine's default is 0 s.
    pub start_period: Option<Duration>,
    /// Failures in a row that make the container unhealthy; the engine's default is 3.
    pub retries: Option<u32>,
}

/// `HEALTHCHECK CMD command`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let mut check = healthcheck(["curl", "localhost"]);
/// check.interval = Some(std::time::Duration::from_secs(10));
/// assert_eq!(dockerfile::steps(check)?, "HEALTHCHECK --interval=10s CMD [\"curl\", \"localhost\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn healthcheck(command: impl Into<Command>) -> Healthcheck {
    Healthcheck {
        command: Some(command.into()),
        interval: None,
        timeout: None,
        start_period: None,
        retries: None,
    }
}

/// `ENV name=value`. The value is literal: a `$` in it is a dollar sign.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(env("GREETING", "hello, $USER"))?, "ENV GREETING=\"hello, \\$USER\"\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn env(name: impl Into<String>, value: impl Into<String>) -> Step {
    Instruction::Env {
        name: name.into(),
        value: value.into(),
    }
    .into()
}

/// `ENV PATH=folder:$PATH`: programs of the folder are found first.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(path("/app/bin"))?, "ENV PATH=/app/bin:$PATH\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn path(folder: impl Into<String>) -> Step {
    Instruction::Path(folder.into()).into()
}

/// `WORKDIR folder`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(workdir("/app"))?, "WORKDIR /app\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn workdir(folder: impl Into<String>) -> Step {
    Instruction::Workdir(folder.into()).into()
}

/// `USER user[:group]`, by name or number.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(user("nobody"))?, "USER nobody\n");
/// assert_eq!(dockerfile::steps(user(65532))?, "USER 65532:65532\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn user(user: impl Into<Owner>) -> Step {
    Instruction::User(user.into()).into()
}

/// `LABEL name=value`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(label("org.opencontainers.image.title", "My app"))?, "LABEL org.opencontainers.image.title=\"My app\"\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn label(name: impl Into<String>, value: impl Into<String>) -> Step {
    Instruction::Label {
        name: name.into(),
        value: value.into(),
    }
    .into()
}

/// Several labels, in the order of their names.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let both = [("b", "2"), ("a", "1")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
/// assert_eq!(dockerfile::steps(labels(&both))?, "LABEL a=1\nLABEL b=2\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn labels(labels: &BTreeMap<String, String>) -> Vec<Step> {
    labels
        .iter()
        .map(|(name, value)| label(name, value))
        .collect()
}

/// `EXPOSE port[/protocol]`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(expose("8000/tcp"))?, "EXPOSE 8000/tcp\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn expose(port: impl Into<String>) -> Step {
    Instruction::Expose(port.into()).into()
}

/// `VOLUME folder`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(volume("/data"))?, "VOLUME /data\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn volume(folder: impl Into<String>) -> Step {
    Instruction::Volume(folder.into()).into()
}

/// `ENTRYPOINT […]`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(entrypoint(["python", "-m", "app"]))?, "ENTRYPOINT [\"python\", \"-m\", \"app\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn entrypoint(command: impl Into<Command>) -> Step {
    Instruction::Entrypoint(command.into()).into()
}

/// `CMD […]`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(cmd(["--help"]))?, "CMD [\"--help\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn cmd(command: impl Into<Command>) -> Step {
    Instruction::Cmd(command.into()).into()
}

/// `STOPSIGNAL signal`, for instance `SIGINT`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(stop_signal("SIGINT"))?, "STOPSIGNAL SIGINT\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn stop_signal(signal: impl Into<String>) -> Step {
    Instruction::StopSignal(signal.into()).into()
}
