//! What `docker build` is told on its command line, seen by the programs of a build and in its result.

use std::process::Stdio;
use std::sync::PoisonError;

use serde_json::Value;

use crate::docker::{Ran, WITHOUT_CACHE, docker};
use crate::project::{Project, unique};

/// A project whose build writes down what it sees, for `python -m seen`.
fn watching() -> Project {
    let setup = "import json, os, resource, socket\nfrom setuptools import setup\n\
         shm = os.statvfs('/dev/shm')\n\
         seen = dict(\n    hosts=open('/etc/hosts').read(), hostname=socket.gethostname(),\n    \
         shm=shm.f_blocks * shm.f_frsize, files=resource.getrlimit(resource.RLIMIT_NOFILE), \
         proxy=os.environ.get('HTTP_PROXY'), own=os.environ.get('OWN'),\n)\n\
         open('seen.py', 'w').write(f'print({json.dumps(seen)!r})\\n')\nsetup()\n";
    Project::app("env = { OWN = \"${OWN:-none}\" }")
        .edit(
            "pyproject.toml",
            "py-modules = [\"app\"]",
            "py-modules = [\"app\", \"seen\"]",
        )
        .file("setup.py", setup)
        .file("note", unique())
}

#[test]
#[ignore = "needs an engine: make test"]
fn programs_of_the_build_see_what_the_client_asks_for() {
    let project = watching();
    let image = project.build(&[
        "--add-host=db.example:10.0.0.7",
        "--shm-size=96m",
        "--ulimit=nofile=1024:2048",
        "--build-arg=BUILDKIT_SANDBOX_HOSTNAME=builder",
        "--build-arg=HTTP_PROXY=http://proxy.invalid:1",
        "--build-arg=NO_PROXY=*",
        "--build-arg=OWN=given",
        "--label=com.example.a=b",
    ]);
    let seen = image.output(&["python", "-m", "seen"]);
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let hosts = seen["hosts"].as_str().unwrap();
    assert!(hosts.contains("10.0.0.7\tdb.example"), "{hosts}");
    assert_eq!(seen["hostname"], "builder");
    assert_eq!(seen["shm"], 96 << 20);
    // uv raises the soft limit to the hard one.
    assert_eq!(seen["files"][1], 2048);
    assert_eq!(seen["proxy"], "http://proxy.invalid:1");
    assert_eq!(seen["own"], "given");
    let config = image.config();
    assert_eq!(config["Labels"]["com.example.a"], "b");
    // A proxy is used and leaves no trace.
    let history = Ran::of(&mut docker(["history", "--no-trunc", &image.0])).succeeded();
    let traces = format!("{config}{}", history.stdout);
    assert!(!traces.contains("proxy.invalid"), "{traces}");
    // And another one runs nothing again.
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    let again = project.build_for_progress(&[
        "--add-host=db.example:10.0.0.7",
        "--shm-size=96m",
        "--ulimit=nofile=1024:2048",
        "--build-arg=BUILDKIT_SANDBOX_HOSTNAME=builder",
        "--build-arg=HTTP_PROXY=http://other.invalid:1",
        "--build-arg=NO_PROXY=*",
        "--build-arg=OWN=given",
    ]);
    assert_eq!(again.steps_that_ran(), [""; 0]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn only_the_named_stages_run_again_without_cache() {
    let _alone = WITHOUT_CACHE
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let project = Project::app("").file("note", unique());
    project.try_build(&[]).succeeded();
    let ran = |flags: &[&str]| {
        let progress = project.build_for_progress(flags);
        let ran = progress.vertices.values();
        let ran = ran.filter(|vertex| vertex.ran());
        let stages = ran.filter_map(|vertex| {
            let (stage, step) = vertex.place()?.split_once(' ')?;
            // The first one is the base image.
            let is_step = step
                .split_once('/')
                .is_some_and(|(number, _)| number != "1");
            is_step.then(|| stage.to_owned())
        });
        let mut stages: Vec<String> = stages.collect();
        stages.sort();
        stages.dedup();
        stages
    };
    assert_eq!(ran(&[]), [""; 0]);
    assert_eq!(ran(&["--no-cache-filter=wheel"]), ["wheel"]);
    let all = ran(&["--no-cache"]);
    for stage in ["builder", "default", "wheel"] {
        assert!(all.iter().any(|one| one == stage), "{all:?}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_files_of_the_image_come_as_an_archive_too() {
    let project = Project::app("").file("note", unique());
    let mut build = project.command(&["--output=type=tar,dest=-"]);
    let mut build = build
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut archive = tar::Archive::new(build.stdout.take().unwrap());
    let is_there = archive.entries().unwrap().any(|entry| {
        let path = entry.unwrap().path().unwrap().display().to_string();
        path.ends_with("site-packages/app.py") && path.starts_with("app/.venv/")
    });
    assert!(is_there);
    drop(archive);
    drop(build.wait());
}

#[test]
#[ignore = "needs an engine: make test"]
fn wrong_values_of_options_are_told_at_once() {
    for (flag, said) in [
        (
            "--build-arg=SOURCE_DATE_EPOCH=yesterday",
            "invalid SOURCE_DATE_EPOCH: yesterday",
        ),
        (
            "--build-arg=BUILDKIT_MULTI_PLATFORM=maybe",
            "multi-platform: maybe",
        ),
        ("--target=defalt", "defalt"),
        ("--build-context=x=docker-image://UPPER", "UPPER"),
    ] {
        let project = Project::app("copy_files = [{ src = \"/a\", dst = \"/a\", from = \"x\" }]");
        project.try_build(&[flag]).failed().says([said]);
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn one_platform_can_be_an_index_too() {
    let project = Project::app("");
    let output = "--output=type=oci,tar=false,dest=layout";
    let flag = "--build-arg=BUILDKIT_MULTI_PLATFORM=true";
    let flags = [flag, "--provenance=false", output];
    Ran::of(&mut project.command(&flags)).succeeded();
    let file = |path: &str| -> Value {
        let path = project.folder().join("layout").join(path);
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let top = file("index.json")["manifests"][0].clone();
    assert_eq!(top["mediaType"], "application/vnd.oci.image.index.v1+json");
    let digest = top["digest"].as_str().unwrap().replace(':', "/");
    let platforms = file(&format!("blobs/{digest}"))["manifests"].clone();
    assert_eq!(platforms.as_array().unwrap().len(), 1);
    assert_eq!(platforms[0]["platform"]["os"], "linux");
}
