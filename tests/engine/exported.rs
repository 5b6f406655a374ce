//! What an exported image and the engine's record of a build say, whatever was built: the trial of `protocol` on them.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::docker::{Ran, docker};
use crate::project::Project;
use crate::protocol::{BOTH, FRONTEND, build, build_on, project};
use crate::registry::Registry;

/// The time of an image that was pushed as `latest`, in a form that sorts.
fn created(registry: &Registry, name: &str) -> (String, String) {
    let (_, config) = registry.configs(name).remove(0);
    let created = config["created"].as_str().unwrap().trim_end_matches('Z');
    let (seconds, fraction) = created.split_once('.').unwrap_or((created, ""));
    (seconds.to_owned(), format!("{fraction:0<9}"))
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_image_is_younger_than_the_one_that_its_base_is_named_for() {
    let (registry, project) = (Registry::start(), project());
    let push = |name: &str| format!("--output=type=image,name={},push=true", registry.name(name));
    build(&project, "scratch", &[&push("base")]);
    let base = format!(
        "--build-context=other=docker-image://{}",
        registry.name("base")
    );
    build(&project, "added-to-context", &[&base, &push("derived")]);
    assert!(created(&registry, "base") < created(&registry, "derived"));
}

#[test]
#[ignore = "needs an engine: make test"]
fn layers_of_the_base_image_are_kept_where_times_are_rewritten() {
    let (registry, project) = (Registry::start(), project());
    let push = format!(
        "--output=type=image,name={},push=true",
        registry.name("base")
    );
    build(&project, "scratch", &["--provenance=false", &push]);
    let base = registry.configs("base").remove(0).1;
    let named = format!(
        "--build-context=other=docker-image://{}",
        registry.name("base")
    );
    for platforms in ["--platform=linux/amd64", BOTH] {
        let epoch = "--build-arg=SOURCE_DATE_EPOCH=1000000000";
        // The image store of Docker unpacks at once, and so refuses to rewrite times.
        let output = "--output=type=oci,tar=false,dest=layout,rewrite-timestamp=true";
        let flags = ["--provenance=false", platforms, epoch, output, &named];
        build(&project, "added-to-context", &flags);
        let blob = |digest: &Value| {
            let digest = digest.as_str().unwrap().replace(':', "/");
            project.json(&format!("layout/blobs/{digest}"))
        };
        let mut manifest = project.json("layout/index.json");
        while manifest["manifests"].is_array() {
            manifest = blob(&manifest["manifests"][0]["digest"]);
        }
        let config = blob(&manifest["config"]["digest"]);
        let layers = |config: &Value| config["rootfs"]["diff_ids"].as_array().unwrap().clone();
        let (below, all) = (layers(&base), layers(&config));
        assert_eq!(all.len(), below.len() + 1);
        assert!(all.starts_with(&below), "{all:?}");
        assert_eq!(
            config["history"][0]["created"],
            base["history"][0]["created"]
        );
        std::fs::remove_dir_all(project.folder().join("layout")).unwrap();
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_layer_that_two_stages_share_is_named_once() {
    let registry = Registry::start();
    let name = registry.name("triangle");
    let output = format!("--output=type=image,name={name},push=true");
    build(&project(), "triangle", &["--provenance=mode=max", &output]);
    let statement = registry.statement("triangle");
    let predicate = &statement["predicate"];
    let steps = predicate["buildConfig"]["llbDefinition"]
        .as_array()
        .unwrap();
    let is_base = |step: &&Value| {
        let identifier = step["op"]["Op"]["source"]["identifier"].as_str();
        identifier.is_some_and(|identifier| identifier.starts_with("docker-image://"))
    };
    let base = steps.iter().find(is_base).unwrap()["id"].as_str().unwrap();
    let metadata = &predicate["metadata"]["https://mobyproject.org/buildkit@v1#metadata"];
    let layers = &metadata["layers"][format!("{base}:0")];
    assert_eq!(layers.as_array().unwrap().len(), 1, "{layers}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_layout_may_have_two_names() {
    let project = project();
    let names = "\"name=org/repo:tag1,org/repo:tag2\"";
    let check = |index: Value| {
        let manifests = index["manifests"].as_array().unwrap();
        assert_eq!(manifests[0]["digest"], manifests[1]["digest"]);
        let annotation = |key: &str| {
            let all = manifests.iter().map(|one| one["annotations"][key].clone());
            all.collect::<Vec<_>>()
        };
        let names = annotation("io.containerd.image.name");
        assert_eq!(
            names,
            ["docker.io/org/repo:tag1", "docker.io/org/repo:tag2"]
        );
        let tags = annotation("org.opencontainers.image.ref.name");
        assert_eq!(tags, ["tag1", "tag2"]);
    };
    let layout = format!("--output=type=oci,tar=false,dest=layout,{names}");
    build(&project, "scratch", &[&layout]);
    check(project.json("layout/index.json"));
    let archive = format!("--output=type=oci,dest=out.tar,{names}");
    build(&project, "scratch", &[&archive]);
    let mut tar = Command::new("tar");
    let tar = tar.current_dir(project.folder());
    let index = Ran::of(tar.args(["-xOf", "out.tar", "index.json"])).succeeded();
    check(serde_json::from_str(&index.stdout).unwrap());
}

/// Builds the image that the context `other` is, where a source policy puts this in the place of the image of its name,
/// into the folder `out`.
fn replaced(project: Project, by: &str, flags: &[&str]) -> Project {
    let policy = format!(
        r#"{{ "rules": [{{ "action": "CONVERT",
        "selector": {{ "identifier": "docker-image://docker.io/library/alpine:3.23" }},
        "updates": {{ "identifier": "{by}" }} }}] }}"#
    );
    let project = project.file("policy.json", policy);
    let syntax = format!("--build-arg=BUILDKIT_SYNTAX={}", *FRONTEND);
    let mut build = docker(["build", "-f", "pyproject.toml", "--progress=plain"]);
    build
        .current_dir(project.folder())
        .env("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "policy.json")
        .args([&syntax, "--build-arg=TRY=only-context"])
        .arg("--build-context=other=docker-image://alpine:3.23")
        .args(flags)
        .args(["--output=type=local,dest=out", "."]);
    Ran::of(&mut build).succeeded();
    project
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_source_policy_may_put_a_folder_in_the_place_of_an_image() {
    let replacement = Project::empty().file("foo", "from the folder");
    let folder = format!(
        "--build-context=replacement={}",
        replacement.folder().display()
    );
    let project = replaced(project(), "local://replacement", &[&folder]);
    assert_eq!(project.text("out/foo"), "from the folder");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_source_policy_may_put_another_image_in_the_place_of_an_image() {
    let (registry, project) = (Registry::start(), project());
    let name = registry.name("mirror");
    let push = format!("--output=type=image,name={name},push=true");
    build(&project, "scratch", &[&push]);
    let mirror = format!("docker-image://{name}:latest");
    let project = replaced(project, &mirror, &[]);
    assert_eq!(project.text("out/app/note"), project.text("note"));
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_record_of_a_failed_build_names_the_line() {
    let project = project();
    build_on(&project, ".", "missing", &["--output=type=cacheonly"]).failed();
    let ls = ["buildx", "history", "ls", "--no-trunc", "--format=json"];
    let records = Ran::of(&mut docker(ls)).succeeded().stdout;
    let folder = project.folder().file_name().unwrap().to_str().unwrap();
    let mut records = records
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let record = records
        .find(|record| record["name"].as_str().unwrap().contains(folder))
        .unwrap();
    let reference = record["ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let inspect = ["buildx", "history", "inspect", reference, "--format=json"];
    let inspected = Ran::of(&mut docker(inspect)).succeeded().stdout;
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let error = &inspected["Error"];
    assert_eq!(error["Name"], "[1/1] COPY missing /");
    let message = error["Message"].as_str().unwrap();
    assert!(message.ends_with("\"/missing\": not found"), "{message}");
    let sources = error["Sources"].as_str().unwrap();
    let sources = String::from_utf8(BASE64_STANDARD.decode(sources).unwrap()).unwrap();
    assert!(sources.starts_with("pyproject.toml:1\n"), "{sources}");
    assert!(sources.contains(">>> name = 'trial'\n"), "{sources}");
    assert!(!error["Stack"].as_str().unwrap().is_empty());
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_definition_by_its_url_goes_with_an_archive_on_standard_input() {
    let project = project();
    let server = crate::server::Files::serve([("/trial.toml", b"name = 'trial'\n")], None);
    let definition = format!("http://{}/trial.toml", server.host());
    let mut tar = Command::new("tar");
    let tar = tar.current_dir(project.folder()).args(["-cf", "-", "note"]);
    let mut tar = tar.stdout(Stdio::piped()).spawn().unwrap();
    let syntax = format!("--build-arg=BUILDKIT_SYNTAX={}", *FRONTEND);
    let mut build = docker(["build", "-f", &definition, "--progress=plain", &syntax]);
    build
        .current_dir(project.folder())
        .args([
            "--build-arg=TRY=scratch",
            "--output=type=local,dest=out",
            "-",
        ])
        .stdin(tar.stdout.take().unwrap());
    Ran::from(build.output().unwrap()).succeeded();
    assert!(tar.wait().unwrap().success());
    assert_eq!(project.text("out/app/note"), project.text("note"));
    assert!(!project.folder().join("out/app/pyproject.toml").exists());
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_base_image_for_another_platform_is_told_by_builds_and_checks() {
    let (registry, project) = (Registry::start(), project());
    let output = format!(
        "--output=type=image,name={},push=true",
        registry.name("arm")
    );
    let arm = "--platform=linux/arm64";
    build(&project, "scratch", &[arm, "--provenance=false", &output]);
    let base = format!(
        "--build-context=other=docker-image://{}",
        registry.name("arm")
    );
    let (amd, quiet) = ("--platform=linux/amd64", "--output=type=cacheonly");
    let said = "is for linux/arm64, and the stage is for linux/amd64";
    let warned = build(&project, "added-to-context", &[amd, quiet, &base]);
    warned.says(["InvalidBaseImagePlatform", said]);
    let right = build(&project, "added-to-context", &[arm, quiet, &base]);
    assert!(!right.stderr.contains("InvalidBaseImagePlatform"));
    let checked = build_on(&project, ".", "added-to-context", &[amd, "--check", &base]);
    checked
        .failed()
        .says(["InvalidBaseImagePlatform", said, "pyproject.toml:1"]);
}
