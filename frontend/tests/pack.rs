//! The frontend image that a program makes of itself.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use microb_dsl::Platform;
use microb_frontend::pack::{Executable, FrontendImage, Layout};
use serde_json::Value;

/// The example's executable, which `cargo test` builds beside the tests. It is a dynamic one.
fn hello() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let example = test.ancestors().nth(2).unwrap().join("examples/hello");
    assert!(example.exists(), "run `cargo build --examples` first");
    example
}

fn packed() -> FrontendImage {
    Executable::open(&hello())
        .unwrap()
        .pack("hello", None)
        .unwrap()
}

fn archive(image: &FrontendImage, tag: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    Layout::new(tag, std::slice::from_ref(image))
        .write_archive(&mut bytes)
        .unwrap();
    bytes
}

/// The files of a tar by path.
fn files(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(bytes);
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(
            (
                header.uid().unwrap(),
                header.gid().unwrap(),
                header.mtime().unwrap()
            ),
            (0, 0, 0)
        );
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert!(files.insert(path, content).is_none(), "a path twice");
    }
    files
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The blob that a descriptor points to.
fn blob<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value) -> &'a [u8] {
    let digest = descriptor["digest"].as_str().unwrap();
    let bytes = &files[&format!("blobs/sha256/{}", digest.trim_start_matches("sha256:"))];
    assert_eq!(descriptor["size"], bytes.len());
    bytes
}

#[test]
fn the_archive_is_an_oci_layout_and_dockers_own_form_at_once() {
    let image = packed();
    let files = files(&archive(&image, "example.org/hello:1"));
    assert_eq!(json(&files["oci-layout"])["imageLayoutVersion"], "1.0.0");
    let entry = &json(&files["index.json"])["manifests"][0];
    assert_eq!(entry["digest"], image.digest());
    assert_eq!(
        entry["annotations"]["io.containerd.image.name"],
        "example.org/hello:1"
    );
    let manifest = json(blob(&files, entry));
    let config = json(blob(&files, &manifest["config"]));
    assert_eq!(config["architecture"], Platform::host().architecture);
    assert_eq!(
        config["rootfs"]["diff_ids"][0],
        manifest["layers"][0]["digest"]
    );

    let docker = &json(&files["manifest.json"])[0];
    assert_eq!(docker["RepoTags"][0], "example.org/hello:1");
    let path_of = |descriptor: &Value| {
        descriptor["digest"]
            .as_str()
            .unwrap()
            .replace("sha256:", "blobs/sha256/")
    };
    assert_eq!(docker["Config"], path_of(&manifest["config"]));
    assert_eq!(docker["Layers"][0], path_of(&manifest["layers"][0]));
}

#[test]
fn the_same_executable_gives_the_same_bytes() {
    let [first, second] = [0, 1].map(|_| packed());
    assert_eq!(first.digest(), second.digest());
    assert!(archive(&first, "a:1") == archive(&second, "a:1"));
}

#[test]
fn a_dynamic_executable_comes_with_its_loader_and_its_libraries() {
    let image = packed();
    let files = files(&archive(&image, "hello:1"));
    let manifest = json(blob(&files, &json(&files["index.json"])["manifests"][0]));
    let layer = self::files(blob(&files, &manifest["layers"][0]));
    assert_eq!(layer["hello"], fs::read(hello()).unwrap());
    assert!(
        layer.keys().any(|path| path.starts_with("lib/libc.")),
        "{:?}",
        layer.keys()
    );
    assert!(
        layer.keys().any(|path| path.contains("/ld-")),
        "{:?}",
        layer.keys()
    );
}

#[test]
fn what_engines_cannot_run_is_refused_with_the_target_to_build() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-executables");
    fs::create_dir_all(&folder).unwrap();
    for (name, content) in [
        ("script", &b"#!/bin/sh\n"[..]),
        ("windows", b"MZ\x90\x00\x03"),
        ("mac", b"\xcf\xfa\xed\xfe\x07\x00\x00\x01"),
        ("cut", b"\x7fELF\x02\x01\x01\x00"),
        ("empty", b""),
    ] {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        let found = Executable::open(&path)
            .unwrap()
            .pack("hello", None)
            .unwrap_err();
        assert!(
            found.message.contains("is no executable for `linux/"),
            "{found}"
        );
        assert!(
            found
                .help
                .unwrap()
                .contains("cargo build --release --target "),
            "{name}"
        );
    }
    let found = Executable::open(&folder.join("none-such")).unwrap_err();
    assert!(
        found.message.starts_with("cannot read the executable"),
        "{found}"
    );
}

#[test]
fn an_executable_for_another_processor_is_told_with_the_target_to_build() {
    let executable = Executable::open(&hello()).unwrap();
    executable
        .check_runs_on(&Platform::host(), "hello")
        .unwrap();
    let other = Platform::new("linux", "s390x", "");
    let found = executable.check_runs_on(&other, "hello").unwrap_err();
    assert!(
        found.message.contains("is no executable for `linux/s390x`"),
        "{found}"
    );
    let packed = executable.pack("hello", Some(other)).unwrap_err();
    assert_eq!(packed, found);
    let help = found.help.unwrap();
    assert!(
        help.contains("--executable target/s390x-unknown-linux-gnu/release/hello"),
        "{help}"
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_engine_loads_the_image_with_its_labels_and_runs_the_dynamic_executable() {
    let tag = format!("cli-test-hello:{}", std::process::id());
    let image = packed();
    let mut child = Command::new("docker")
        .args(["image", "load", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&archive(&image, &tag))
        .unwrap();
    assert!(child.wait().unwrap().success());

    let inspected = docker(&["image", "inspect", "--format", "{{json .Config}}", &tag]);
    let printed = docker(&["run", "--rm", "--network=none", &tag, "--version"]);
    docker(&["image", "rm", &tag]);
    let labels = &json(inspected.as_bytes())["Labels"];
    assert_eq!(labels["moby.buildkit.frontend.network.none"], "true");
    let capabilities = labels["moby.buildkit.frontend.caps"].as_str().unwrap();
    let capabilities: Vec<&str> = capabilities.split(',').collect();
    assert_eq!(
        capabilities,
        ["inputs", "subrequests", "contexts", "gitquerystring"]
            .map(|name| format!("moby.buildkit.frontend.{name}"))
    );
    // A recipe that says no version of its own says which microb it is made with.
    let version = concat!("hello (microb ", env!("CARGO_PKG_VERSION"), ")\n");
    assert_eq!(printed, version);
}

fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
