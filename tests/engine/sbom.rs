//! SBOMs of what an image was built from, beside the one of the image itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::docker::{Ran, docker};
use crate::project::Project;
use crate::registry::Registry;

/// A scanner, as `docs/attestations/sbom-protocol.md` of moby/buildkit describes it, that lists the files in the root of
/// each file system and its parameter `BUILDKIT_SCAN_LEVEL`.
const SCANNER: &str = "\
import json, os
roots = [os.environ['BUILDKIT_SCAN_SOURCE']]
extras = os.environ.get('BUILDKIT_SCAN_SOURCE_EXTRAS')
roots += [os.path.join(extras, name) for name in sorted(os.listdir(extras))] if extras else []
for root in roots:
    name = os.path.basename(root)
    packages = [{'name': found} for found in sorted(os.listdir(root))]
    predicate = {'spdxVersion': 'SPDX-2.3', 'name': name, 'packages': packages, 'comment': os.environ.get('BUILDKIT_SCAN_LEVEL')}
    statement = {'_type': 'https://in-toto.io/Statement/v0.1', 'predicateType': 'https://spdx.dev/Document', 'predicate': predicate}
    path = os.path.join(os.environ['BUILDKIT_SCAN_DESTINATION'], name + '.spdx.json')
    json.dump(statement, open(path, 'w'))
";

fn scanner(registry: &Registry) -> String {
    let name = registry.name("scanner");
    let folder = Project::empty().file("scan.py", SCANNER).file(
        "Dockerfile",
        "FROM python:3.14-slim\nCOPY scan.py /scan.py\nENTRYPOINT [\"python3\"]\nCMD [\"/scan.py\"]\nUSER 1000\n",
    );
    let output = format!("--output=type=image,name={name},push=true");
    let mut build = docker(["buildx", "build", "--provenance=false", &output, "."]);
    Ran::of(build.current_dir(folder.folder())).succeeded();
    name
}

/// The SBOMs that are pushed with the only image of this name, by the names that the scanner gave them.
fn sboms(registry: &Registry, name: &str) -> BTreeMap<String, Value> {
    let index = registry.manifest(name, "latest");
    let manifests = index["manifests"].as_array().unwrap();
    let is_attestation =
        |one: &&Value| one["annotations"]["vnd.docker.reference.type"] == "attestation-manifest";
    let attestation = manifests.iter().find(is_attestation).unwrap();
    let manifest = registry.manifest(name, attestation["digest"].as_str().unwrap());
    let layers = manifest["layers"].as_array().unwrap().iter();
    let spdx = layers.filter(|layer| {
        layer["annotations"]["in-toto.io/predicate-type"] == "https://spdx.dev/Document"
    });
    let predicates = spdx.map(|layer| {
        let statement = registry.blob(name, layer["digest"].as_str().unwrap());
        let statement: Value = serde_json::from_slice(&statement).unwrap();
        let predicate = statement["predicate"].clone();
        (predicate["name"].as_str().unwrap().to_owned(), predicate)
    });
    predicates.collect()
}

/// Builds with build arguments, and checks which SBOMs there are.
#[track_caller]
fn check(arguments: &[&str], expected: &[&str]) -> BTreeMap<String, Value> {
    let registry = Registry::start();
    let sbom = format!("--sbom=generator={},LEVEL=high", scanner(&registry));
    let output = format!(
        "--output=type=image,name={},push=true",
        registry.name("app")
    );
    let mut flags = vec!["--provenance=false".to_owned(), sbom, output];
    flags.extend(
        arguments
            .iter()
            .map(|argument| format!("--build-arg={argument}")),
    );
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Ran::of(&mut Project::app("").file("note.txt", "").command(&flags)).succeeded();
    let found = sboms(&registry, "app");
    assert_eq!(found.keys().collect::<Vec<_>>(), expected, "{arguments:?}");
    for sbom in found.values() {
        assert_eq!(sbom["comment"], "high");
    }
    found
}

fn has(sbom: &Value, file: &str) -> bool {
    let packages = sbom["packages"].as_array().unwrap();
    packages.iter().any(|package| package["name"] == file)
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_image_alone_is_scanned_unless_more_is_asked_for() {
    check(&[], &["sbom"]);
    check(&["BUILDKIT_SBOM_SCAN_STAGE=false"], &["sbom"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn stages_and_the_build_context_are_scanned_when_they_are_asked_for() {
    let arguments = [
        "BUILDKIT_SBOM_SCAN_STAGE=packages",
        "BUILDKIT_SBOM_SCAN_CONTEXT=true",
    ];
    let found = check(&arguments, &["sbom", "sbom-context", "sbom-packages"]);
    assert!(has(&found["sbom"], "app") && !has(&found["sbom"], "note.txt"));
    assert!(has(&found["sbom-context"], "note.txt"));
    assert!(has(&found["sbom-packages"], "usr"));
}
