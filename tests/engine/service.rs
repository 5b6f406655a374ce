//! Containers that run until they are told to stop.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::docker::{Image, Ran, docker};

/// How long a program may take to be ready, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(2);

/// As little as a container can be given: another user than the image's, no rights, nothing to write but `/tmp`.
pub(crate) const CONFINED: [&str; 4] = [
    "--user=12345:12345",
    "--read-only",
    "--cap-drop=ALL",
    "--tmpfs=/tmp",
];

/// A container that is gone when the test is over.
#[derive(Debug)]
pub(crate) struct Service(String);

impl Service {
    /// `docker run --detach FLAGS IMAGE ARGV`, without a network unless a flag says otherwise.
    pub(crate) fn start(image: &Image, flags: &[&str], argv: &[&str]) -> Self {
        let has_network = flags.iter().any(|flag| flag.starts_with("--network"));
        let network = (!has_network).then_some("--network=none");
        let words = ["run", "--detach"].into_iter().chain(network);
        let ran = Ran::of(docker(words).args(flags).arg(&image.0).args(argv)).succeeded();
        Self(ran.stdout.trim().to_owned())
    }

    /// The flag that gives another container this one's network.
    pub(crate) fn network(&self) -> String {
        format!("--network=container:{}", self.0)
    }

    /// What the app answers at `/` of a port; it is asked until it does.
    #[track_caller]
    pub(crate) fn answer(&self, port: u16) -> String {
        let script = format!(
            "import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/', timeout=5).read().decode())"
        );
        self.wait_for(|| {
            let ran = Ran::of(&mut docker(["exec", &self.0, "python", "-c", &script]));
            (ran.code == Some(0)).then(|| ran.stdout.trim().to_owned())
        })
    }

    /// Waits until the program has printed this.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        self.wait_for(|| self.log().contains(text).then_some(()));
    }

    #[track_caller]
    fn wait_for<T>(&self, ready: impl Fn() -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = ready() {
                return found;
            }
            let state = self.inspect("{{.State.Status}}");
            let is_over = state != "running" || begin.elapsed() > PATIENCE;
            assert!(!is_over, "{state}:\n{}", self.log());
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn log(&self) -> String {
        let log = Ran::of(&mut docker(["logs", &self.0]));
        log.stdout + &log.stderr
    }

    fn inspect(&self, format: &str) -> String {
        let ran = Ran::of(&mut docker(["inspect", "--format", format, &self.0])).succeeded();
        ran.stdout.trim().to_owned()
    }

    /// What listens, as `0.0.0.0:8000`: an app on the container's own interface cannot be reached.
    pub(crate) fn is_on_every_interface(&self, port: u16) -> bool {
        let files = ["exec", &self.0, "cat", "/proc/net/tcp", "/proc/net/tcp6"];
        let listening = Ran::of(&mut docker(files)).stdout;
        let any = ["0".repeat(8), "0".repeat(32)];
        any.iter()
            .any(|address| listening.contains(&format!(" {address}:{port:04X} ")))
    }

    /// `docker stop`: the time until the program has ended, by the engine's clock.
    #[track_caller]
    pub(crate) fn stop(&self) -> Duration {
        let begin = SystemTime::now();
        Ran::of(&mut docker(["stop", "--timeout=10", &self.0])).succeeded();
        let seconds = ["date", "+%s.%N", "--date"];
        let end = Ran::of(
            std::process::Command::new(seconds[0])
                .args(&seconds[1..])
                .arg(self.inspect("{{.State.FinishedAt}}")),
        );
        let end: f64 = end.succeeded().stdout.trim().parse().unwrap();
        let begin = begin.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Duration::from_secs_f64((end - begin.as_secs_f64()).max(0.0))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(Ran::of(&mut docker([
            "rm",
            "--force",
            "--volumes",
            &self.0,
        ])));
    }
}
