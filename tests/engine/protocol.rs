//! What every frontend must do, whatever it builds: `frontend/examples/trial.rs` as a frontend, on images of a few bytes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::docker::{Ran, docker};
use crate::program::example_program;
use crate::project::{Project, unique};
use crate::registry::Registry;
use crate::server::GitDaemon;

/// The frontend's image, loaded once.
pub(crate) static FRONTEND: LazyLock<&str> = LazyLock::new(|| {
    let name = "microb-test:trial";
    let packed = example_program("trial")
        .args(["pack", "--tag", name])
        .output();
    let mut load = docker(["image", "load"]);
    let mut load = load
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut archive = load.stdin.take().unwrap();
    archive.write_all(&packed.unwrap().stdout).unwrap();
    drop(archive);
    assert!(load.wait().unwrap().success());
    name
});

pub(crate) const BOTH: &str = "--platform=linux/amd64,linux/arm64";

pub(crate) fn project() -> Project {
    let project = Project::empty().file("pyproject.toml", "name = 'trial'\n");
    project.file("note", unique())
}

/// `docker build` of the trial `what`, with a context that the project's folder is when it is `.`.
pub(crate) fn build_on(project: &Project, context: &str, what: &str, flags: &[&str]) -> Ran {
    let syntax = format!("--build-arg=BUILDKIT_SYNTAX={}", *FRONTEND);
    let what = format!("--build-arg=TRY={what}");
    let mut build = docker(["build", "-f", "pyproject.toml", "--progress=plain"]);
    build.current_dir(project.folder()).args([&syntax, &what]);
    Ran::of(build.args(flags).arg(context))
}

#[track_caller]
pub(crate) fn build(project: &Project, what: &str, flags: &[&str]) -> Ran {
    build_on(project, ".", what, flags).succeeded()
}

/// Where the things come from that an exported provenance names.
fn materials(project: &Project, path: &str) -> Vec<String> {
    let provenance = project.json(path);
    let materials = provenance["predicate"]["materials"].as_array().unwrap();
    let materials = materials.iter().map(Value::to_string);
    materials.collect()
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_archive_has_a_folder_for_each_platform() {
    let project = project();
    build(
        &project,
        "scratch",
        &[BOTH, "--output=type=tar,dest=out.tar"],
    );
    let mut archive = tar::Archive::new(fs::File::open(project.folder().join("out.tar")).unwrap());
    let paths = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        entry.path().unwrap().display().to_string()
    });
    let paths: Vec<String> = paths.filter(|path| path.ends_with("/note")).collect();
    assert_eq!(paths, ["linux_amd64/app/note", "linux_arm64/app/note"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn provenance_goes_along_with_exported_files() {
    let max = "--provenance=mode=max";
    for (flags, folders) in [
        (&["--output=type=local,dest=out"][..], &["out"][..]),
        (
            &["--output=type=local,dest=out,platform-split=true"],
            &["out/linux_amd64"],
        ),
        (
            &[BOTH, "--output=type=local,dest=out"],
            &["out/linux_amd64", "out/linux_arm64"],
        ),
        // The same platform twice is one.
        (
            &[
                "--platform=linux/amd64,linux/amd64",
                "--output=type=local,dest=out",
            ],
            &["out"],
        ),
    ] {
        let project = project();
        build(&project, "scratch", &[flags, &[max]].concat());
        for folder in folders {
            assert_eq!(
                project.text(&format!("{folder}/app/note")),
                project.text("note")
            );
            let provenance = project.json(&format!("{folder}/provenance.json"));
            let kind = provenance["predicateType"].as_str().unwrap();
            assert_eq!(kind, "https://slsa.dev/provenance/v0.2", "{flags:?}");
        }
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn provenance_names_the_commit_of_a_git_context() {
    for format in ["sha1", "sha256"] {
        let served = Project::empty().file("app/pyproject.toml", "name = 'trial'\n");
        let folder = served.folder().join("app");
        let daemon = GitDaemon::serve(served.folder());
        let object_format = format!("--object-format={format}");
        git(&folder, &["init", "-q", "-b", "main", &object_format]);
        git(&folder, &["add", "."]);
        git(&folder, &["commit", "-q", "-m", "first"]);
        let commit = git(&folder, &["rev-parse", "HEAD"]);
        let client = Project::empty();
        let flags = ["--provenance=mode=max", "--output=type=local,dest=out"];
        let url = daemon.url("app");
        build_on(&client, &format!("{url}#main"), "scratch", &flags).succeeded();
        assert_eq!(client.text("out/app/pyproject.toml"), "name = 'trial'\n");
        let materials = materials(&client, "out/provenance.json");
        let is_named = |one: &String| one.contains(&url) && one.contains(&commit);
        assert!(materials.iter().any(is_named), "{materials:?}");
    }
}

#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(identity).args(arguments);
    Ran::of(&mut git).succeeded().stdout.trim().to_owned()
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_one_build_made_is_the_context_of_the_next() {
    let first = project();
    let flags = [
        "--output=type=oci,tar=false,dest=layout",
        "--provenance=false",
    ];
    build(&first, "scratch", &flags);
    let next = project();
    let layout = first.folder().join("layout");
    let context = format!("--build-context=other=oci-layout://{}", layout.display());
    let flags = [
        &*context,
        "--output=type=local,dest=out",
        "--provenance=mode=max",
    ];
    build(&next, "only-context", &flags);
    assert_eq!(next.text("out/app/note"), first.text("note"));
    let index = first.json("layout/index.json");
    let digest = index["manifests"][0]["digest"].as_str().unwrap();
    let digest = digest.trim_start_matches("sha256:");
    let materials = materials(&next, "out/provenance.json");
    let is_named = |one: &String| one.contains(digest);
    assert!(materials.iter().any(is_named), "{materials:?}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_empty_context_and_an_empty_result_are_nothing_special() {
    let project = project();
    let nothing = "--build-context=other=docker-image://scratch";
    let output = "--output=type=oci,tar=false,dest=layout";
    build(&project, "only-context", &[nothing, output]);
    let flags = ["--provenance=mode=max", output];
    build(&project, "empty", &flags);
    build(&project, "empty", &[BOTH, flags[0], output]);
    let top = project.json("layout/index.json")["manifests"][0]["digest"].clone();
    let path = format!("layout/blobs/{}", top.as_str().unwrap().replace(':', "/"));
    let manifests = project.json(&path)["manifests"].clone();
    // Of nothing there is no provenance.
    assert_eq!(manifests.as_array().unwrap().len(), 2, "{manifests}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn provenance_names_secrets_and_agents_that_may_be_used() {
    let (project, registry) = (project(), Registry::start());
    let name = registry.name("secrets");
    let output = format!("--output=type=image,name={name},push=true");
    build(&project, "secrets", &["--provenance=mode=max", &output]);
    let statement = registry.statement("secrets");
    let parameters = &statement["predicate"]["invocation"]["parameters"];
    let ids = |kind: &str| {
        let all = parameters[kind].as_array().unwrap().iter();
        let ids = all.map(|one| (one["id"].as_str().unwrap(), one["optional"] == true));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("secrets"), [("first", true), ("second", true)]);
    assert_eq!(ids("ssh"), [("default", true)]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn bake_hands_on_a_target_for_two_platforms() {
    let bake = format!(
        "target \"base\" {{\n  dockerfile-inline = \"FROM scratch\\nARG TARGETARCH\\nCOPY $TARGETARCH /$TARGETARCH\"\n  \
         platforms = [\"linux/amd64\", \"linux/arm64\"]\n}}\n\
         target \"default\" {{\n  dockerfile = \"pyproject.toml\"\n  contexts = {{ other = \"target:base\" }}\n  \
         platforms = [\"linux/amd64\", \"linux/arm64\"]\n  attest = [\"type=provenance,mode=max\"]\n  \
         args = {{ BUILDKIT_SYNTAX = \"{}\", TRY = \"only-context\" }}\n}}\n",
        *FRONTEND
    );
    let project = project().file("docker-bake.hcl", bake);
    let project = project.file("amd64", "1").file("arm64", "2");
    for output in ["dest=split", "dest=together,platform-split=false"] {
        let output = format!("--set=default.output=type=local,{output}");
        let mut bake = docker(["buildx", "bake", "--allow=fs=*", &output]);
        Ran::of(bake.current_dir(project.folder())).succeeded();
    }
    for (architecture, content) in [("amd64", "1"), ("arm64", "2")] {
        let path = format!("split/linux_{architecture}/{architecture}");
        assert_eq!(project.text(&path), content);
        assert_eq!(project.text(&format!("together/{architecture}")), content);
        project.json(&format!("together/provenance.linux_{architecture}.json"));
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_cache_of_two_platforms_goes_to_a_registry_and_comes_from_there() {
    let registry = Registry::start();
    let project = project();
    let cache = format!("type=registry,ref={}", registry.name("cache"));
    let quiet = "--output=type=cacheonly";
    let export = format!("--cache-to={cache},mode=max");
    build(&project, "scratch", &[BOTH, quiet, &export]);
    let import = format!("--cache-from={cache}");
    let ran = build(&project, "scratch", &[BOTH, quiet, &import]);
    ran.says([&*format!(
        "importing cache manifest from {}",
        registry.name("cache")
    )]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_folder_of_the_context_may_become_a_file() {
    let project = project().file("thing/inside", "folder");
    let output = "--output=type=local,dest=../out";
    let project_folder = project.folder().to_owned();
    let client = project.file("x", "");
    let out = project_folder.with_extension("out");
    let output = output.replace("../out", &out.display().to_string());
    build(&client, "scratch", &[&output]);
    assert_eq!(
        fs::read_to_string(out.join("app/thing/inside")).unwrap(),
        "folder"
    );
    fs::remove_dir_all(&out).unwrap();
    fs::remove_dir_all(project_folder.join("thing")).unwrap();
    let client = client.file("thing", "file");
    build(&client, "scratch", &[&output]);
    assert_eq!(fs::read_to_string(out.join("app/thing")).unwrap(), "file");
    fs::remove_dir_all(out).unwrap();
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_platform_that_fails_ends_the_build_of_the_others() {
    let started = Instant::now();
    let quiet = "--output=type=cacheonly";
    let ran = build_on(&project(), ".", "one-fails", &[BOTH, quiet]);
    ran.failed().says(["the platform failed"]);
    // The other one sleeps for five minutes.
    let taken = started.elapsed();
    assert!(taken < Duration::from_mins(3), "{taken:?}");
}
