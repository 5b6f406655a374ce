//! `microb new`: what it writes works, outside of this repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::docker::{Image, Ran, docker};
use crate::program::microb;
use crate::project::{Project, unique};

/// A new crate in a temporary folder of the system. It is gone when the test is over.
struct Crate {
    name: String,
    folder: PathBuf,
}

impl Crate {
    fn new() -> Self {
        let name = format!("image-{}", unique());
        let folder = env::temp_dir().join(&name);
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(
            !folder.starts_with(checkout),
            "{} is in the repository",
            folder.display()
        );
        let mut new = microb();
        new.args(["new", "--path"]).arg(checkout).arg(&folder);
        Ran::of(&mut new).succeeded().says(["wrote ", "cargo test"]);
        Self { name, folder }
    }

    /// `cargo ARGUMENTS`. It finds the dependencies where this test's own are, and fetches what only a crate of its own has: the `[patch]` of this repository is not its.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let test = env::current_exe().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", test.ancestors().nth(3).unwrap())
            .args(arguments);
        cargo
    }

    fn test(&self) -> Ran {
        Ran::of(&mut self.cargo(&["test"]))
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn remove(image: &str) {
    drop(docker(["image", "rm", "--force", image]).output());
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_new_crate_passes_its_own_test_and_builds_images() {
    let new = Crate::new();
    let snapshot = new.folder.join("snapshots/example.Dockerfile");
    new.test().succeeded().says(["2 passed"]);
    let written = fs::read_to_string(&snapshot).unwrap();
    assert!(
        written.contains("\nENV TZ=UTC\n")
            && written.ends_with("\nLABEL com.example.team=payments\n"),
        "{written}"
    );

    // Its test is one: it fails when the snapshot is another one.
    fs::write(&snapshot, written.replace("TZ=UTC", "TZ=CET")).unwrap();
    new.test()
        .failed()
        .says(["the Dockerfile is another one", "1 passed; 1 failed"]);

    let image = Image::new();
    let build = ["run", "--", "build", "-t", &image.0, "example"];
    Ran::of(&mut new.cargo(&build)).succeeded();
    let said = image.run(&[], &[]).succeeded().stdout;
    assert!(
        said.starts_with("Hello from Python 3.14.") && said.ends_with(", time zone UTC\n"),
        "{said}"
    );
    assert_eq!(image.config()["Labels"]["com.example.team"], "payments");

    let tag = format!("{}:dev", new.name);
    let mut pack = new.cargo(&["run", "--quiet", "--", "pack", "--tag", &tag]);
    let mut pack = pack.stdout(Stdio::piped()).spawn().unwrap();
    let load = docker(["image", "load"])
        .stdin(pack.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(pack.wait().unwrap().success() && load.status.success());
    // The example names the frontend in its first line; the first example of the repository is told of it by a flag.
    let table = format!(
        "\n[tool.{}]\nteam = \"payments\"\ntimezone = \"Asia/Tokyo\"\n",
        new.name
    );
    let minimal = Project::example("01-minimal");
    let text = fs::read_to_string(minimal.folder().join("pyproject.toml")).unwrap();
    let minimal = minimal
        .file("pyproject.toml", text + &table)
        .flag(format!("--build-arg=BUILDKIT_SYNTAX={tag}"));
    let by_flag = minimal.build(&[]);
    let said = by_flag.output(&["python", "-m", "hello"]);
    assert!(said.starts_with("Hello from Python 3.14."), "{said}");
    assert_eq!(by_flag.output(&["printenv", "TZ"]), "Asia/Tokyo\n");
    let by_line = Image::new();
    let mut build = docker(["build", "-f", "pyproject.toml", "--tag", &by_line.0, "."]);
    Ran::of(build.current_dir(new.folder.join("example"))).succeeded();
    assert_eq!(by_line.output(&["printenv", "TZ"]), "UTC\n");
    remove(&tag);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_new_crate_tells_its_own_mistakes_in_docker_build() {
    let new = Crate::new();
    let file = new.folder.join("example/pyproject.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("team = \"payments\"", "timezone = 1")).unwrap();
    let build = ["run", "--", "build", "example"];
    let failed = Ran::of(&mut new.cargo(&build)).failed();
    let table = format!("`tool.{}` has no `team`", new.name);
    failed.says([
        &table,
        "timezone` must be a string, found an integer",
        "pyproject.toml:13",
    ]);
}

#[test]
fn what_is_there_already_is_left_alone() {
    let project = Project::empty();
    let taken = project.folder().join("acme");
    fs::create_dir(&taken).unwrap();
    let mut new = microb();
    let found = Ran::of(new.current_dir(project.folder()).args(["new", "acme"])).failed();
    assert_eq!(
        found.stderr,
        "error: `acme` is there already\nhelp: choose another name, or remove it\n"
    );
    assert_eq!(fs::read_dir(&taken).unwrap().count(), 0);
}

#[test]
fn without_a_checkout_the_crate_depends_on_the_release() {
    let project = Project::empty();
    let mut new = microb();
    Ran::of(new.current_dir(project.folder()).args(["new", "acme"])).succeeded();
    let manifest = fs::read_to_string(project.folder().join("acme/Cargo.toml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let wanted = format!(
        "microb = {{ version = \"{version}\" }}\nmicrob-frontend = {{ version = \"{version}\" }}\n"
    );
    assert!(manifest.contains(&wanted), "{manifest}");
    let mut files: Vec<_> = Vec::new();
    let mut folders = vec![project.folder().join("acme")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    assert_eq!(files.len(), 7, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("{{"), "{}", file.display());
    }
}
