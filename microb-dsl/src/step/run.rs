//! `RUN`, and the commands that it and a container run.

use crate::mount::{Cache, Mount, Ssh};

/// A command: one line for the shell, or a program and its arguments.
///
/// ```
/// # use microb_dsl::step::Command;
/// let argv = vec!["make".to_owned(), "all".to_owned()];
/// assert_eq!(Command::from(["make", "all"]), Command::from(&argv));
/// assert_eq!(Command::from(&["make", "all"]), Command::from(&argv[..]));
/// assert_eq!(Command::from("make"), Command::from(&argv[0]));
/// ```
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

impl From<&String> for Command {
    fn from(line: &String) -> Self {
        Self::Shell(line.clone())
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

impl<S: Clone + Into<String>, const N: usize> From<&[S; N]> for Command {
    fn from(argv: &[S; N]) -> Self {
        argv.as_slice().into()
    }
}

impl<S: Clone + Into<String>> From<&Vec<S>> for Command {
    fn from(argv: &Vec<S>) -> Self {
        argv.as_slice().into()
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

/// `RUN command`: a string is a line for the shell; an array, a slice or a `Vec` is a program and its arguments.
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

    /// What the program sees only while it runs, in order.
    pub fn mounted(&self) -> &[Mount] {
        &self.mounts
    }

    /// `--mount=type=cache,target=…`: a folder that is kept from build to build and is never part of the image.
    pub fn cache(self, target: impl Into<String>) -> Self {
        self.mount(Cache::new(target))
    }

    /// `--mount=type=ssh`: the agent that `docker build --ssh default` forwards.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// assert_eq!(dockerfile::steps(run("git fetch").ssh())?, "RUN --mount=type=ssh,required git fetch\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn ssh(self) -> Self {
        self.mount(Ssh::default())
    }

    /// `--network=…`.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// assert_eq!(dockerfile::steps(run("make test").network(Network::None))?, "RUN --network=none make test\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// `--security=…`.
    ///
    /// ```
    /// # use microb_dsl::{Security, dockerfile, prelude::*};
    /// assert_eq!(dockerfile::steps(run("make").security(Security::Insecure))?, "RUN --security=insecure make\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }
}
