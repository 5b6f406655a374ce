//! The engine's client as a program, and images that are gone when a test is over.

use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use serde_json::Value;

use crate::progress::readable;

/// Written by who builds with `--no-cache`, read by who looks at what ran.
///
/// Steps that run at the same time are shared by all builds of the engine: a build that joins one without cache gets
/// its digest, which is another one, and says that it ran (`solver/jobs.go` in moby/buildkit, `-ignorecache`).
pub(crate) static WITHOUT_CACHE: RwLock<()> = RwLock::new(());

/// Read while a client of the engine runs, and written by who needs an engine that does nothing else.
///
/// A step that two builds need at the same time is one vertex in both, with the name that it has in the first.
pub(crate) static ENGINE: RwLock<()> = RwLock::new(());

/// How often a build is done again that failed for the machine's own reasons.
const MORE_TRIES: usize = 2;

/// An engine that nobody else uses for as long as this is kept.
pub(crate) struct Alone {
    _engine: RwLockWriteGuard<'static, ()>,
}

impl Alone {
    /// Waits until no client of the engine runs, and lets none begin.
    pub(crate) fn wait() -> Self {
        Self {
            _engine: ENGINE.write().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// What a program said, and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a program to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        if command.get_program() != "docker" {
            return Self::from(command.stdin(Stdio::null()).output().unwrap());
        }
        Self::of_client(command, Stdio::null)
    }

    /// Runs a client of the engine to its end, which reads this.
    pub(crate) fn of_client(command: &mut Command, input: impl Fn() -> Stdio) -> Self {
        let _engine = ENGINE.read().unwrap_or_else(PoisonError::into_inner);
        let mut run = || Self::from(command.stdin(input()).output().unwrap());
        let mut ran = run();
        for _ in 0..MORE_TRIES {
            if ran.failed_for_the_machine() {
                ran = run();
            }
        }
        ran
    }

    /// Whether neither the project nor microb is why it failed. What was built is in the cache, so the build can be done again.
    fn failed_for_the_machine(&self) -> bool {
        if self.code == Some(0) {
            return false;
        }
        let words = readable(&self.stderr);
        let says = |texts: &[&str]| texts.iter().all(|text| words.contains(text));
        // An open defect of the image store of containerd, moby/buildkit issue 6521: an image is unpacked while the layers
        // of one that was just deleted are collected.
        says(&["failed to prepare extraction snapshot", "does not exist: not found"])
            // The resolver left the name of PyPI's files unanswered, as pip says it on Alpine and on Debian, and uv.
            || says(&["files.pythonhosted.org", "[Errno -3] Try again"])
            || says(&["files.pythonhosted.org", "Temporary failure in name resolution"])
            || says(&["files.pythonhosted.org", "failed to lookup address information"])
    }

    /// Runs a program to its end, on an engine that nobody else uses.
    pub(crate) fn alone(_engine: &Alone, command: &mut Command) -> Self {
        Self::from(command.stdin(Stdio::null()).output().unwrap())
    }

    /// Insists on success.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        let stderr = readable(&self.stderr);
        assert_eq!(self.code, Some(0), "{}\n{stderr}", self.stdout);
        self
    }

    /// Insists on failure.
    #[track_caller]
    pub(crate) fn failed(self) -> Self {
        assert_ne!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Insists that each of these texts was said, somewhere.
    #[track_caller]
    pub(crate) fn says<'a>(&self, texts: impl IntoIterator<Item = &'a str>) {
        for text in texts {
            let is_there = self.stderr.contains(text) || self.stdout.contains(text);
            assert!(is_there, "no {text:?} in\n{}\n{}", self.stdout, self.stderr);
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `docker` with these arguments.
pub(crate) fn docker<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("docker");
    command.env("DOCKER_BUILDKIT", "1").args(arguments);
    command
}

/// The name of an image that a test makes. The image is gone when the test is over.
#[derive(Debug)]
pub(crate) struct Image(pub(crate) String);

impl Image {
    /// A name that no other test has.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("microb-test:{}-{count}", std::process::id()))
    }

    /// Runs a container with `docker run FLAGS IMAGE ARGV`, to its end.
    pub(crate) fn run(&self, flags: &[&str], argv: &[&str]) -> Ran {
        let words = ["run", "--rm", "--network=none"].iter().chain(flags);
        Ran::of(docker(words.copied()).arg(&self.0).args(argv))
    }

    /// What a program of the image prints; the image's entrypoint is left out.
    #[track_caller]
    pub(crate) fn output(&self, argv: &[&str]) -> String {
        self.run(&["--entrypoint", argv[0]], &argv[1..])
            .succeeded()
            .stdout
    }

    /// What the engine knows of the image, or `Null` if there is none.
    pub(crate) fn inspect(&self) -> Value {
        let found = Ran::of(&mut docker(["image", "inspect", &self.0]));
        let mut all: Value = serde_json::from_str(&found.stdout).unwrap_or_default();
        all.get_mut(0).map(Value::take).unwrap_or_default()
    }

    /// The image config: `Env`, `Cmd`, `Labels` …
    pub(crate) fn config(&self) -> Value {
        self.inspect()["Config"].take()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        drop(docker(["image", "rm", "--force", &self.0]).output());
    }
}
