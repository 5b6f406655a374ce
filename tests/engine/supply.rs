//! What goes along with an image into a registry: attestations, annotations, the build's cache; and the same image twice.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::docker::{Ran, docker};
use crate::project::{Project, unique};
use crate::registry::Registry;

/// The in-toto predicates of an image's attestations, by the image's platform.
fn predicates(registry: &Registry, name: &str) -> BTreeMap<String, Vec<(String, Value)>> {
    let index = registry.manifest(name, "latest");
    let manifests = index["manifests"].as_array().unwrap();
    let platform = |digest: &Value| {
        let image = manifests.iter().find(|one| one["digest"] == *digest);
        let platform = &image.unwrap()["platform"];
        let part = |name: &str| platform[name].as_str().unwrap();
        format!("{}/{}", part("os"), part("architecture"))
    };
    let attestations = manifests.iter().filter_map(|one| {
        let of = one["annotations"].get("vnd.docker.reference.digest")?;
        let manifest = registry.manifest(name, one["digest"].as_str()?);
        let layers = manifest["layers"].as_array()?.iter().map(|layer| {
            let kind = layer["annotations"]["in-toto.io/predicate-type"].as_str();
            let statement = registry.blob(name, layer["digest"].as_str().unwrap());
            let statement: Value = serde_json::from_slice(&statement).unwrap();
            (kind.unwrap().to_owned(), statement["predicate"].clone())
        });
        Some((platform(of), layers.collect()))
    });
    attestations.collect()
}

/// A scanner for SBOMs, as `docs/attestations/sbom-protocol.md` of moby/buildkit describes it, that lists Python packages.
fn scanner(registry: &Registry) -> String {
    let script = "import glob, json, os\n\
         source, out = os.environ['BUILDKIT_SCAN_SOURCE'], os.environ['BUILDKIT_SCAN_DESTINATION']\n\
         found = glob.glob(source + '/app/.venv/lib/*/site-packages/*.dist-info')\n\
         names = sorted(os.path.basename(path).split('-')[0] for path in found)\n\
         predicate = {'spdxVersion': 'SPDX-2.3', 'name': 'test', 'packages': [{'name': name} for name in names]}\n\
         statement = {'_type': 'https://in-toto.io/Statement/v0.1', 'predicateType': 'https://spdx.dev/Document', 'predicate': predicate}\n\
         json.dump(statement, open(out + '/test.spdx.json', 'w'))\n";
    let name = registry.name("scanner");
    let folder = Project::empty().file("scan.py", script).file(
        "Dockerfile",
        "FROM python:3.14-slim\nCOPY scan.py /scan.py\nENTRYPOINT [\"python3\", \"/scan.py\"]\n",
    );
    let output = format!("--output=type=image,name={name},push=true");
    let mut build = docker(["buildx", "build", "--provenance=false", &output, "."]);
    Ran::of(build.current_dir(folder.folder())).succeeded();
    name
}

/// Base images for both platforms. There is no image for arm64 here: its programs are those of amd64, which the engine
/// runs without emulation, so that it is only their name that is another.
fn bases(registry: &Registry) -> [String; 2] {
    ["3.14-slim", "3.14"].map(|tag| {
        let name = registry.name(&format!("python-{tag}"));
        let from = format!("python:{tag}");
        let inspected = Ran::of(&mut docker(["image", "inspect", &from])).succeeded();
        let inspected: Value = serde_json::from_str(&inspected.stdout).unwrap();
        let variables = inspected[0]["Config"]["Env"].as_array().unwrap().iter();
        let variables = variables.filter_map(Value::as_str).map(|variable| {
            let (name, value) = variable.split_once('=').unwrap();
            format!("ENV {name}=\"{value}\"\n")
        });
        let folder = Project::empty().file(
            "Dockerfile",
            format!(
                "FROM --platform=linux/amd64 {from} AS amd64\nFROM scratch\nCOPY --from=amd64 / /\n{}CMD [\"python3\"]\n",
                variables.collect::<String>()
            ),
        );
        let output = format!("--output=type=image,name={name},push=true");
        let platforms = "--platform=linux/amd64,linux/arm64";
        let mut build = docker(["buildx", "build", "--provenance=false", platforms, &output, "."]);
        Ran::of(build.current_dir(folder.folder())).succeeded();
        name
    })
}

const PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";
const SBOM: &str = "https://spdx.dev/Document";

#[track_caller]
fn check_attestations(predicates: &[(String, Value)]) {
    let of = |kind: &str| {
        let found = predicates.iter().find(|(found, _)| found == kind);
        &found
            .unwrap_or_else(|| panic!("no {kind} in {predicates:?}"))
            .1
    };
    let packages = of(SBOM)["packages"].as_array().unwrap();
    assert!(
        packages.iter().any(|one| one["name"] == "app"),
        "{packages:?}"
    );
    let provenance = of(PROVENANCE);
    let parameters = &provenance["invocation"]["parameters"];
    assert_eq!(parameters["frontend"], "gateway.v0");
    let materials = provenance["materials"].as_array().unwrap();
    let is_named = |part: &str| {
        let uris = materials.iter().filter_map(|one| one["uri"].as_str());
        uris.into_iter().any(|uri| uri.contains(part))
    };
    assert!(is_named("python"), "{materials:?}");
    // Of the maximum: the steps, and the lines of the definition that they come from.
    let buildkit = &provenance["metadata"]["https://mobyproject.org/buildkit@v1#metadata"];
    let infos = buildkit["source"]["infos"].as_array().unwrap();
    assert!(
        infos.iter().any(|one| one["filename"] == "pyproject.toml"),
        "{infos:?}"
    );
    assert!(
        !buildkit["source"]["locations"]
            .as_object()
            .unwrap()
            .is_empty()
    );
    let config = &provenance["buildConfig"]["llbDefinition"];
    assert!(config.as_array().unwrap().len() > 5, "{config}");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn an_image_for_one_platform_has_provenance_and_an_sbom() {
    let registry = Registry::start();
    let sbom = format!("--sbom=generator={}", scanner(&registry));
    let output = format!(
        "--output=type=image,name={},push=true",
        registry.name("one")
    );
    let flags = ["--provenance=mode=max", &sbom, &output];
    Ran::of(&mut Project::app("").command(&flags)).succeeded();
    let predicates = predicates(&registry, "one");
    assert_eq!(predicates.keys().collect::<Vec<_>>(), ["linux/amd64"]);
    check_attestations(&predicates["linux/amd64"]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn an_index_for_two_platforms_has_both_for_each() {
    let registry = Registry::start();
    let [slim, full] = bases(&registry);
    let target = format!(
        "base_image = \"{slim}\"\nbuild_image = \"{full}\"\nenv = {{ ARCH = \"${{TARGETARCH}}\" }}"
    );
    let sbom = format!("--sbom=generator={}", scanner(&registry));
    let output = format!(
        "--output=type=image,name={},push=true",
        registry.name("two")
    );
    let contexts = [
        format!("--build-context=python:3.14-slim=docker-image://{slim}"),
        format!("--build-context=python:3.14=docker-image://{full}"),
    ];
    let platforms = "--platform=linux/amd64,linux/arm64";
    let flags = [
        "--provenance=mode=max",
        &sbom,
        &output,
        platforms,
        &contexts[0],
        &contexts[1],
    ];
    Ran::of(&mut Project::app(&target).command(&flags)).succeeded();
    let predicates = predicates(&registry, "two");
    assert_eq!(
        predicates.keys().collect::<Vec<_>>(),
        ["linux/amd64", "linux/arm64"]
    );
    for predicates in predicates.values() {
        check_attestations(predicates);
    }
    for (platform, config) in registry.configs("two") {
        let architecture = config["architecture"].as_str().unwrap();
        assert_eq!(platform, format!("linux/{architecture}"));
        let variable = Value::from(format!("ARCH={architecture}"));
        let variables = config["config"]["Env"].as_array().unwrap();
        assert!(variables.contains(&variable), "{variables:?}");
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn two_builds_without_cache_give_one_digest() {
    let _alone = crate::docker::WITHOUT_CACHE
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let project = Project::app("").file("note", unique());
    let digests = ["first", "second"].map(|name| {
        // The image store of Docker unpacks at once, and so refuses to rewrite times.
        let output = format!("--output=type=oci,tar=false,dest={name},rewrite-timestamp=true");
        let epoch = "--build-arg=SOURCE_DATE_EPOCH=1700000000";
        let flags = [epoch, "--no-cache", "--provenance=false", &output];
        // Times and names of the client's files are no part of it.
        let copy = project.copied();
        Ran::of(&mut copy.command(&flags)).succeeded();
        let file = |path: &str| -> Value {
            let path = copy.folder().join(name).join(path);
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
        };
        let blob = |digest: &Value| {
            let digest = digest.as_str().unwrap().replace(':', "/");
            file(&format!("blobs/{digest}"))
        };
        let digest = file("index.json")["manifests"][0]["digest"].clone();
        let config = blob(&blob(&digest)["config"]["digest"]);
        assert_eq!(config["created"], "2023-11-14T22:13:20Z");
        digest
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_cache_goes_to_a_registry_and_comes_from_there() {
    let registry = Registry::start();
    let project = Project::app("").file("note", unique());
    let cache = format!("type=registry,ref={}", registry.name("cache"));
    let export = format!("--cache-to={cache},mode=max");
    project.try_build(&[&export]).succeeded();
    let manifest = registry.manifest("cache", "latest");
    let media_type = manifest["config"]["mediaType"].as_str();
    assert_eq!(media_type, Some("application/vnd.buildkit.cacheconfig.v0"));
    let import = format!("--cache-from={cache}");
    let ran = project.try_build(&[&import]).succeeded();
    ran.says([&*format!(
        "importing cache manifest from {}",
        registry.name("cache")
    )]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn annotations_of_the_client_are_on_the_manifest() {
    let registry = Registry::start();
    let output = format!(
        "--output=type=image,name={},push=true,annotation.team=core",
        registry.name("noted")
    );
    let flags = [
        "--provenance=false",
        "--annotation=manifest:com.example.a=b",
        &output,
    ];
    Ran::of(&mut Project::app("").command(&flags)).succeeded();
    let manifest = registry.manifest("noted", "latest");
    let manifest = match manifest["manifests"][0]["digest"].as_str() {
        Some(digest) => registry.manifest("noted", digest),
        None => manifest,
    };
    assert_eq!(manifest["annotations"]["com.example.a"], "b");
    assert_eq!(manifest["annotations"]["team"], "core");
}
