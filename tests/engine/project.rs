//! Projects to build: temporary folders with a `pyproject.toml`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::docker::{Image, Ran, docker};
use crate::progress::Progress;

/// The eight examples that need no network service but package indices, and the ninth.
pub(crate) const EXAMPLES: [&str; 9] = [
    "01-minimal",
    "02-syntax-directive",
    "03-entrypoint-and-command",
    "04-requirements-file",
    "05-alpine",
    "06-extras",
    ADVANCED,
    "08-poetry",
    "09-rye",
];

/// The example that needs a git server, a file server and a key.
pub(crate) const ADVANCED: &str = "07-advanced-alpine";

/// The folder of an example in this checkout.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name)
}

/// A number that no earlier run of the tests had, so that no cache has an answer yet.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("{}{count:03}", time.as_micros())
}

/// A temporary folder that is a project and a build context. It is gone when the test is over.
#[derive(Debug)]
pub(crate) struct Project {
    folder: PathBuf,
    flags: Vec<String>,
}

impl Project {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("project-{}", unique()));
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            flags: Vec::new(),
        }
    }

    /// A package `app` with a module of the same name and these lines as its `[tool.microb.target.default]`.
    pub(crate) fn app(target: &str) -> Self {
        let lines = format!(
            "#syntax=microb:dev\n[project]\nname = \"app\"\nversion = \"1.0\"\n\n\
             [tool.setuptools]\npy-modules = [\"app\"]\n\n[tool.microb.target.default]\n{target}\n"
        );
        Self::empty()
            .file("pyproject.toml", lines)
            .file("app.py", "print('app')\n")
    }

    /// A copy of a folder.
    pub(crate) fn copy(folder: &Path) -> Self {
        let project = Self::empty();
        copy_folder(folder, &project.folder);
        project
    }

    /// A copy of an example, with the flags that it is built with.
    pub(crate) fn example(name: &str) -> Self {
        let project = Self::copy(&example(name));
        match name {
            "01-minimal" => project.flag("--build-arg=BUILDKIT_SYNTAX=microb:dev"),
            _ => project,
        }
    }

    /// A copy of the folder in a folder of its own, with the same flags.
    pub(crate) fn copied(&self) -> Self {
        let mut copy = Self::copy(&self.folder);
        copy.flags.clone_from(&self.flags);
        copy
    }

    /// A project that is no package, has nothing to install and copies its whole build context to `/all`.
    pub(crate) fn plain(target: &str) -> Self {
        let lines = format!(
            "#syntax=microb:dev\n[project]\nname = \"app\"\nversion = \"1\"\n\n[tool.uv]\npackage = false\n\n\
             [tool.microb.target.default]\ncopy_files = [{{ src = \".\", dst = \"/all\" }}]\n{target}\n"
        );
        Self::empty().file("pyproject.toml", lines)
    }

    /// Adds or replaces a file.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Replaces text in a file, which must be there.
    #[track_caller]
    pub(crate) fn edit(self, path: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.folder.join(path)).unwrap();
        assert!(text.contains(from), "no {from:?} in {path}:\n{text}");
        self.file(path, text.replace(from, to))
    }

    /// Adds a flag for `docker build`.
    pub(crate) fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// The text of a file.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        let path = self.folder.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// What is in a file of JSON.
    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }

    /// The project's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// `docker build -f pyproject.toml FLAGS .`, with the frontend image `$MICROB_IMAGE` if that is set.
    pub(crate) fn command(&self, flags: &[&str]) -> Command {
        self.command_on(".", flags)
    }

    /// The same with another build context than the folder.
    pub(crate) fn command_on(&self, context: &str, flags: &[&str]) -> Command {
        let mut command = docker(["build", "-f", "pyproject.toml"]);
        command
            .current_dir(&self.folder)
            .args(&self.flags)
            .args(flags);
        if let Ok(image) = env::var("MICROB_IMAGE") {
            command.arg(format!("--build-arg=BUILDKIT_SYNTAX={image}"));
        }
        command.arg(context);
        command
    }

    /// Builds without an image at the end, and says how it went.
    pub(crate) fn try_build(&self, flags: &[&str]) -> Ran {
        let flags = [&["--progress=plain", "--output=type=cacheonly"], flags].concat();
        Ran::of(&mut self.command(&flags))
    }

    /// Builds an image, which must work.
    #[track_caller]
    pub(crate) fn build(&self, flags: &[&str]) -> Image {
        self.build_with_progress(flags).0
    }

    /// Builds without an image at the end, which must work, and tells what ran.
    #[track_caller]
    pub(crate) fn build_for_progress(&self, flags: &[&str]) -> Progress {
        self.progress(&[&["--output=type=cacheonly"], flags].concat())
    }

    /// Builds an image, which must work, and tells what ran.
    #[track_caller]
    pub(crate) fn build_with_progress(&self, flags: &[&str]) -> (Image, Progress) {
        let image = Image::new();
        let progress = self.progress(&[&["--tag", &image.0], flags].concat());
        (image, progress)
    }

    #[track_caller]
    fn progress(&self, flags: &[&str]) -> Progress {
        // Beside the project: the file must not be part of the build context.
        let file = self.folder.with_extension("metadata");
        let metadata = format!("--metadata-file={}", file.display());
        let mut command = self.command(&[&["--progress=rawjson", &metadata], flags].concat());
        command.env("BUILDX_METADATA_PROVENANCE", "max");
        let ran = Ran::of(&mut command).succeeded();
        let metadata = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        fs::remove_file(file).unwrap();
        Progress::parse_own(&ran.stderr, &metadata)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
