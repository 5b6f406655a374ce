//! The image that our frontend builds, and the one that the Dockerfile frontend builds of `microb dockerfile`, are the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::PoisonError;

use microb::dockerfile::render;
use microb_frontend::directory_context::DirectoryContext;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::docker::{Image, Ran, WITHOUT_CACHE, docker};
use crate::project::{ADVANCED, EXAMPLES, Project};

/// The Dockerfile of a project, as `microb dockerfile` prints it.
#[track_caller]
pub(crate) fn dockerfile(folder: &Path, args: &[(&str, &str)]) -> String {
    let args = args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let cx = DirectoryContext::open(folder, &folder.join("pyproject.toml")).unwrap();
    let cx = cx.build_args(args);
    let stage = microb_std::recipe(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    render(&stage).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Builds a project by both frontends and compares. `flags` go to both, `args` only where build arguments are asked for.
#[track_caller]
pub(crate) fn check(project: &Project, flags: &[&str], args: &[(&str, &str)]) {
    let text = dockerfile(project.folder(), args);
    let given: Vec<String> = args
        .iter()
        .map(|(name, value)| format!("--build-arg={name}={value}"))
        .collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let ours = project.build(&[flags, &given].concat());
    let theirs = Image::new();
    // Beside the project: the file must not be part of the build context.
    let file = project.folder().with_extension("Dockerfile");
    fs::write(&file, &text).unwrap();
    let mut build = docker([
        "build",
        "--no-cache",
        "--progress=plain",
        "--tag",
        &theirs.0,
    ]);
    build.args(flags).arg("-f").arg(&file).arg(project.folder());
    let alone = WITHOUT_CACHE
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let built = Ran::of(&mut build);
    drop(alone);
    fs::remove_file(&file).unwrap();
    assert_eq!(built.code, Some(0), "{text}\n{}", built.stderr);
    compare_configs(&ours, &theirs, &text);
    assert!(ours.config()["Env"].as_array().unwrap().len() > 3);
    let count = compare_files(&ours, &theirs, &text);
    assert!(count > 1000, "{count} files");
}

#[track_caller]
pub(crate) fn compare_configs(ours: &Image, theirs: &Image, text: &str) {
    let (ours, theirs) = (ours.inspect(), theirs.inspect());
    for key in ["Os", "Architecture", "Variant", "Author"] {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    let known = |image: &Value| {
        let mut config = image["Config"].as_object().unwrap().clone();
        // A mark for Windows, deprecated by OCI, that the Dockerfile frontend puts beside each `CMD` of a list.
        config.remove("ArgsEscaped");
        config
    };
    assert_eq!(known(&ours), known(&theirs), "{text}");
}

/// Insists on the same files, and says how many there are.
#[track_caller]
pub(crate) fn compare_files(ours: &Image, theirs: &Image, text: &str) -> usize {
    let (ours, theirs) = (files(ours), files(theirs));
    let mut paths: Vec<_> = ours.keys().chain(theirs.keys()).collect();
    paths.sort();
    paths.dedup();
    let different: Vec<_> = paths
        .into_iter()
        .filter(|path| ours.get(*path) != theirs.get(*path))
        .map(|path| format!("{path}: {:?} {:?}", ours.get(path), theirs.get(path)))
        .collect();
    assert_eq!(different, [""; 0], "{text}");
    ours.len()
}

/// All of a file but its times. Bytecode counts by its path: the compiler does not order sets.
#[derive(Debug, PartialEq, Eq)]
struct File {
    kind: u8,
    mode: u32,
    owner: (u64, u64),
    link: Option<Vec<u8>>,
    content: Vec<u8>,
}

/// The files of a container that was never started.
fn files(image: &Image) -> BTreeMap<String, File> {
    let created = Ran::of(&mut docker(["create", &image.0, "x"])).succeeded();
    let container = created.stdout.trim();
    let mut export = docker(["export", container])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut archive = tar::Archive::new(export.stdout.take().unwrap());
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let header = entry.header();
        let file = File {
            kind: header.entry_type().as_byte(),
            mode: header.mode().unwrap(),
            owner: (header.uid().unwrap(), header.gid().unwrap()),
            link: entry.link_name_bytes().map(Cow::into_owned),
            content: if path.strip_suffix(".pyc").is_some() {
                Vec::new()
            } else {
                digest(&mut entry)
            },
        };
        files.insert(path, file);
    }
    assert!(export.wait().unwrap().success());
    Ran::of(&mut docker(["rm", container])).succeeded();
    files
}

fn digest(content: &mut impl Read) -> Vec<u8> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match content.read(&mut buffer).unwrap() {
            0 => return hasher.finalize().to_vec(),
            length => hasher.update(&buffer[..length]),
        }
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_examples_on_debian_are_the_same_images_as_their_dockerfiles() {
    for name in EXAMPLES {
        if !name.contains("alpine") && name != "09-rye" {
            check(&Project::example(name), &[], &[]);
        }
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_examples_on_alpine_are_the_same_images_as_their_dockerfiles() {
    for name in EXAMPLES {
        if name != ADVANCED && (name.contains("alpine") || name == "09-rye") {
            check(&Project::example(name), &[], &[]);
        }
    }
}
