//! Engines of a test's own, which are empty: what only an import or a second cold build shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::docker::{Ran, docker};
use crate::project::{Project, unique};
use crate::protocol::{FRONTEND, project};
use crate::registry::Registry;

/// A daemon without anything in it, which is gone with all that it stored when the test is over.
struct Engine {
    daemon: Child,
    /// Short: the path of a socket has about 100 bytes.
    folder: PathBuf,
}

impl Engine {
    /// Starts `$MICROB_DOCKERD` and gives it these images of the engine that all tests share.
    fn with(images: &[&str]) -> Self {
        let program = std::env::var_os("MICROB_DOCKERD")
            .expect("no daemon: `eval \"$(dev/engine env)\"` names one, and it needs root");
        let name = format!("mb-{}", unique());
        let folder = Path::new("/var/tmp").join(&name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("daemon.json"), "{}").unwrap();
        let path = |name: &str| folder.join(name);
        // It finds containerd and runc beside itself.
        let beside = Path::new(&program).parent().unwrap().display().to_string();
        let others = std::env::var("PATH").unwrap();
        let mut daemon = Command::new(&program);
        daemon
            .env("PATH", format!("{beside}:{others}"))
            .arg("--config-file")
            .arg(path("daemon.json"))
            .arg("--pidfile")
            .arg(path("pid"))
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg(format!("--host=unix://{}", path("s").display()))
            .arg(format!("--cgroup-parent=/{name}"))
            .args(["--exec-opt=native.cgroupdriver=cgroupfs", "--bridge=none"])
            .args(["--iptables=false", "--ip6tables=false"])
            .arg("--feature=containerd-snapshotter=true");
        let log = fs::File::create(path("log")).unwrap();
        let daemon = daemon.stdin(Stdio::null()).stdout(Stdio::null());
        let daemon = daemon.stderr(log).spawn().unwrap();
        let engine = Self { daemon, folder };
        let answers = || {
            engine
                .docker(&["version"])
                .output()
                .unwrap()
                .status
                .success()
        };
        crate::server::wait_for(answers);
        engine.load(images);
        engine
    }

    fn load(&self, images: &[&str]) {
        let mut save = docker(["image", "save"]);
        let mut save = save.args(images).stdout(Stdio::piped()).spawn().unwrap();
        let mut load = self.docker(&["image", "load"]);
        let load = load.stdin(save.stdout.take().unwrap()).output().unwrap();
        assert!(save.wait().unwrap().success());
        Ran::from(load).succeeded();
    }

    /// The client of this engine.
    fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = docker(arguments.iter().copied());
        let socket = self.folder.join("s");
        command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        command
    }

    /// Builds with the trial `what`, which runs programs of Alpine.
    #[track_caller]
    fn build(&self, project: &Project, what: &str, flags: &[&str]) -> Ran {
        let syntax = format!("--build-arg=BUILDKIT_SYNTAX={}", *FRONTEND);
        let what = format!("--build-arg=TRY={what}");
        let base = "--build-context=other=docker-image://alpine:3.23";
        // The engine has no network of its own.
        let none = "--network=none";
        let fixed = [
            "build",
            "-f",
            "pyproject.toml",
            "--progress=plain",
            none,
            base,
        ];
        let mut build = self.docker(&fixed);
        build.current_dir(project.folder()).args([&syntax, &what]);
        Ran::of(build.args(flags).arg(".")).succeeded()
    }

    /// Forgets all that was built.
    fn prune(&self) {
        let mut prune = self.docker(&["builder", "prune", "--all", "--force"]);
        Ran::of(&mut prune).succeeded();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // By the signal that lets it stop what it started.
        let pid = self.daemon.id().to_string();
        drop(Command::new("kill").arg(&pid).output());
        drop(self.daemon.wait());
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let below = format!("{}/", self.folder.display());
        let targets = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for target in targets.filter(|target| target.starts_with(&below)) {
            drop(Command::new("umount").args(["--lazy", target]).output());
        }
        let mut remove = Command::new("rm");
        let remove = remove.args(["--recursive", "--force", "--one-file-system"]);
        drop(remove.arg(&self.folder).output());
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_imported_cache_gives_an_emptied_engine_the_same_image() {
    let engine = Engine::with(&[*FRONTEND, "alpine:3.23"]);
    let (registry, project) = (Registry::start(), project());
    let cache = format!("type=registry,ref={}", registry.name("cache"));
    let push = |name: &str| format!("--output=type=image,name={},push=true", registry.name(name));
    let export = format!("--cache-to={cache},mode=max");
    let none = "--provenance=false";
    engine.build(&project, "now", &[none, &push("first"), &export]);
    engine.prune();
    let import = format!("--cache-from={cache}");
    engine.build(&project, "now", &[none, &push("second"), &import]);
    engine.prune();
    engine.build(&project, "now", &[none, &push("third")]);
    let image = |name: &str| registry.manifest(name, "latest");
    assert_eq!(image("first"), image("second"));
    // What runs again has another time.
    assert_ne!(image("first"), image("third"));
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_cache_that_was_imported_can_be_exported_again() {
    let engine = Engine::with(&[*FRONTEND, "alpine:3.23"]);
    let project = project();
    let export = "--cache-to=type=local,dest=cache";
    let import = "--cache-from=type=local,src=cache";
    let quiet = "--output=type=cacheonly";
    engine.build(&project, "loop", &[quiet, export]);
    let before = project.json("cache/index.json");
    engine.prune();
    let again = engine.build(&project, "loop", &[quiet, export, import]);
    again.says(["importing cache manifest from local"]);
    let copied = again.stderr.lines().find(|line| line.ends_with(" /foo /f"));
    let number = copied.unwrap().split(' ').next().unwrap();
    again.says([&*format!("\n{number} CACHED\n")]);
    assert!(before["manifests"][0]["digest"].is_string(), "{before}");
    assert!(project.json("cache/index.json")["manifests"][0]["digest"].is_string());
}

#[test]
#[ignore = "needs an engine: make test"]
fn two_cold_builds_on_two_engines_give_one_digest() {
    let frontend = std::env::var("MICROB_IMAGE").unwrap_or_else(|_| "microb:dev".to_owned());
    let syntax = format!("--build-arg=BUILDKIT_SYNTAX={frontend}");
    let cold = |name: &'static str| {
        let (engine, project) = (
            Engine::with(&[&frontend, "python:3.13-alpine"]),
            Project::example("05-alpine"),
        );
        let output = format!("--output=type=oci,tar=false,dest={name},rewrite-timestamp=true");
        let epoch = "--build-arg=SOURCE_DATE_EPOCH=1700000000";
        let mut build = engine.docker(&["build", "-f", "pyproject.toml", "--network=host", epoch]);
        build
            .current_dir(project.folder())
            .args([&syntax, "--provenance=false", &output, "."]);
        Ran::of(&mut build).succeeded();
        project.json(&format!("{name}/index.json"))["manifests"][0]["digest"].clone()
    };
    let digests: Vec<Value> = thread::scope(|scope| {
        let both = ["first", "second"].map(|name| scope.spawn(move || cold(name)));
        both.map(|build| build.join().unwrap()).into()
    });
    assert!(digests[0].is_string());
    assert_eq!(digests[0], digests[1]);
}
