//! What a container is started with: variables, user, labels, program, health check.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Command, Instruction, Owner, Step};

/// A change of the image config: what the steps after it and the container are started with. It writes no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// `ENV`: sets a variable for the steps after it and for the container.
    Env {
        /// The variable's name.
        name: String,
        /// The value, literally: nothing in it is expanded.
        value: String,
    },
    /// `ENV PATH=dir:$PATH`: puts a folder in front of whatever PATH the stage has.
    Path(String),
    /// `USER`: the user (and group) of the steps after it and of the container.
    User(Owner),
    /// `LABEL`: one label of the image config.
    Label {
        /// The key, in reverse domain notation by custom.
        name: String,
        /// The value, literally.
        value: String,
    },
    /// An annotation of the image's manifest, which no Dockerfile has: it is `docker build --annotation`.
    Annotation {
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
    /// `SHELL`: what runs the shell form of the commands after it.
    Shell(Vec<String>),
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
    /// Time from one check to the next in the start period; the engine's default is 5 s.
    pub start_interval: Option<Duration>,
    /// Failures in a row that make the container unhealthy; the engine's default is 3.
    pub retries: Option<u32>,
}

/// `HEALTHCHECK CMD command`.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// # use std::time::Duration;
/// let check = healthcheck(["curl", "-f", "localhost"]).interval(Duration::from_secs(10)).retries(2);
/// assert_eq!(
///     dockerfile::steps(check)?,
///     "HEALTHCHECK --interval=10s --retries=2 CMD [\"curl\", \"-f\", \"localhost\"]\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn healthcheck(command: impl Into<Command>) -> Healthcheck {
    Healthcheck {
        command: Some(command.into()),
        ..no_healthcheck()
    }
}

/// `HEALTHCHECK NONE`: turns off the check that the base image brought.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::steps(no_healthcheck())?, "HEALTHCHECK NONE\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn no_healthcheck() -> Healthcheck {
    Healthcheck {
        command: None,
        interval: None,
        timeout: None,
        start_period: None,
        start_interval: None,
        retries: None,
    }
}

impl Healthcheck {
    /// `--interval=…`: the time from one check to the next.
    pub fn interval(mut self, time: Duration) -> Self {
        self.interval = Some(time);
        self
    }

    /// `--timeout=…`: the time after which a check has failed.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// `--start-period=…`: the time after the start in which failures do not count.
    pub fn start_period(mut self, time: Duration) -> Self {
        self.start_period = Some(time);
        self
    }

    /// `--start-interval=…`: the time from one check to the next in the start period.
    pub fn start_interval(mut self, time: Duration) -> Self {
        self.start_interval = Some(time);
        self
    }

    /// `--retries=…`: how many failures in a row make the container unhealthy.
    pub fn retries(mut self, count: u32) -> Self {
        self.retries = Some(count);
        self
    }
}

/// `SHELL […]`: the program that runs the shell form of the commands after it, and its arguments before the line.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let piped = (shell(["/bin/bash", "-o", "pipefail", "-c"]), run("curl example.org | tar -x"));
/// assert_eq!(dockerfile::steps(piped)?, "\
/// SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]
/// RUN curl example.org | tar -x
/// ");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn shell<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Step {
    Setting::Shell(argv.into_iter().map(Into::into).collect()).into()
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
    Setting::Env {
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
    Setting::Path(folder.into()).into()
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
/// assert_eq!(dockerfile::steps(user((1000, 100)))?, "USER 1000:100\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn user(user: impl Into<Owner>) -> Step {
    Setting::User(user.into()).into()
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
    Setting::Label {
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

/// An annotation of the image's manifest, `docker build --annotation name=value`: a Dockerfile has it as a comment only.
///
/// Registries show annotations, and reading one does not need the image config, as reading a label does. Images in
/// Docker's classic image store have no manifest, hence no annotations.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let step = annotation("org.opencontainers.image.title", "My app");
/// assert_eq!(dockerfile::steps(step)?, "# docker build --annotation 'org.opencontainers.image.title=My app'\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn annotation(name: impl Into<String>, value: impl Into<String>) -> Step {
    Setting::Annotation {
        name: name.into(),
        value: value.into(),
    }
    .into()
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
    Setting::Expose(port.into()).into()
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
    Setting::Volume(folder.into()).into()
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
    Setting::Entrypoint(command.into()).into()
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
    Setting::Cmd(command.into()).into()
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
    Setting::StopSignal(signal.into()).into()
}
