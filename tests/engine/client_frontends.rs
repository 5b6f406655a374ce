//! Clients that are frontends themselves: programs in Go that use ours through the gateway. Their calls are replayed.
//!
//! No session goes along with them, so build contexts come over http.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard_buildkit_proto::moby::buildkit::v1::frontend as gateway;
use bollard_buildkit_proto::pb;
use microb_dsl::llb::{self, Inputs};
use microb_dsl::stage::ForeignDefinition;
use microb_dsl::{Platform, Source, copy, scratch};
use prost::Message;
use serde_json::{Value, json};

use crate::docker::Ran;
use crate::project::Project;
use crate::protocol::FRONTEND;
use crate::registry::Registry;
use crate::replay::{Client, Options, options, pushed, request, single};
use crate::server::Files;

const DEFINITION: &str = "name = 'trial'\n";

/// A tar archive with these files, of one time.
pub(crate) fn archive(files: &[(&str, &str)], time: u64) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(time);
        archive
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

/// A server with a build context that is an archive: the definition and the file `note`.
fn served(note: &str) -> Files {
    // Loading the frontend takes a while, in which a connection that nobody serves would end.
    let _ = *FRONTEND;
    let content = archive(&[("pyproject.toml", DEFINITION), ("note", note)], 0);
    Files::serve([("/context.tar", &content)], None)
}

/// What a client asks our frontend, with the trial `what`.
fn asked(context: &Files, what: &str, more: &[(&str, &str)]) -> gateway::SolveRequest {
    let url = format!("http://{}/context.tar", context.host());
    let mut asked: Options = options([
        ("source", *FRONTEND),
        ("filename", "pyproject.toml"),
        ("context", &url),
        ("build-arg:TRY", what),
    ]);
    let more = more
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()));
    asked.extend(more);
    gateway::SolveRequest {
        frontend: "gateway.v0".to_owned(),
        frontend_opt: asked,
        ..Default::default()
    }
}

/// The in-toto statement about the image of this platform that was pushed as `latest`.
fn provenance(registry: &Registry, name: &str, architecture: &str) -> Value {
    let index = registry.manifest(name, "latest");
    let manifests = index["manifests"].as_array().unwrap();
    let image = |one: &&Value| one["platform"]["architecture"] == architecture;
    let image = manifests.iter().find(image).unwrap()["digest"].clone();
    let about = |one: &&Value| one["annotations"]["vnd.docker.reference.digest"] == image;
    let attestation = manifests.iter().find(about).unwrap()["digest"].as_str();
    let manifest = registry.manifest(name, attestation.unwrap());
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    serde_json::from_slice(&registry.blob(name, layer)).unwrap()
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_client_builds_on_with_what_the_frontend_made() {
    let context = served("data");
    let mut read = String::new();
    let solved = Client::connect().build(request(vec![], Options::new()), async |gateway| {
        let made = single(&gateway.solve(asked(&context, "scratch", &[])).await?);
        let made = Source::Definition(ForeignDefinition(made.def.unwrap().encode_to_vec().into()));
        let next = scratch().then(copy("app/note", "/again").from(made));
        let platform: Platform = "linux/amd64".parse().unwrap();
        let lowered = llb::lower(&next, &Inputs::offline(platform)).unwrap();
        let bytes = lowered.definition.unwrap().to_bytes();
        let next = gateway::SolveRequest {
            definition: Some(pb::Definition::decode(bytes.as_slice()).unwrap()),
            ..Default::default()
        };
        let result = gateway.solve(next).await?;
        read = gateway.read(&single(&result), "again").await?;
        Ok(result)
    });
    solved.unwrap();
    assert_eq!(read, "data");
}

/// What `buildctl build --opt contextsubdir=…` sends. The definition is where it is without the option.
#[test]
#[ignore = "needs an engine: make test"]
fn a_folder_of_an_archive_is_the_build_context() {
    let _ = *FRONTEND;
    let files = [
        ("note", "above"),
        ("pyproject.toml", DEFINITION),
        ("sub/folder/note", "inside"),
    ];
    let context = Files::serve([("/context.tar", &archive(&files, 0))], None);
    let asked = asked(&context, "scratch", &[("contextsubdir", "sub/folder")]);
    let mut read = String::new();
    let solved = Client::connect().build(request(vec![], Options::new()), async |gateway| {
        let result = gateway.solve(asked).await?;
        read = gateway.read(&single(&result), "app/note").await?;
        Ok(result)
    });
    solved.unwrap();
    assert_eq!(read, "inside");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_client_can_have_everything_built_at_once() {
    let context = served("data");
    let mut refusals = Vec::new();
    let solved = Client::connect().build(request(vec![], Options::new()), async |gateway| {
        let both = [("platform", "linux/amd64,linux/arm64")];
        for more in [&[][..], &both] {
            let lazy = asked(&context, "missing", more);
            gateway.solve(lazy.clone()).await?;
            let evaluate = true;
            let eager = gateway::SolveRequest { evaluate, ..lazy };
            refusals.push(gateway.solve(eager).await.unwrap_err());
        }
        Ok(gateway::Result::default())
    });
    solved.unwrap();
    for refusal in refusals {
        assert!(
            refusal.message().contains("\"/missing\": not found"),
            "{refusal}"
        );
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_input_that_is_nothing_is_an_error() {
    let refused = Client::connect().build(request(vec![], Options::new()), async |gateway| {
        let nothing = |name: &str| (name.to_owned(), pb::Definition::default());
        let asked = gateway::SolveRequest {
            frontend: "gateway.v0".to_owned(),
            frontend_opt: options([("source", *FRONTEND)]),
            frontend_inputs: [nothing("context"), nothing("dockerfile")].into(),
            ..Default::default()
        };
        gateway.solve(asked).await
    });
    let refused = refused.unwrap_err();
    let said = "from the client's folder `dockerfile`: an empty context has no files";
    assert!(refused.message().ends_with(said), "{refused}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn provenance_of_two_solves_in_one_result_is_of_each() {
    let (registry, context) = (Registry::start(), served("data"));
    let exporter = pushed(&registry.name("two"));
    let attributes = options([("attest:provenance", "mode=max")]);
    let solved = Client::connect().build(request(vec![exporter], attributes), async |gateway| {
        let first = gateway.solve(asked(&context, "scratch", &[("label:a", "1")]));
        let first = single(&first.await?);
        let second = gateway.solve(asked(&context, "plain", &[("label:a", "2")]));
        let second = single(&second.await?);
        let platform = |architecture: &str| {
            json!({ "ID": format!("linux/{architecture}"),
                "Platform": { "os": "linux", "architecture": architecture } })
        };
        let platforms = json!({ "Platforms": [platform("arm64"), platform("amd64")] });
        let refs = [("linux/arm64", first), ("linux/amd64", second)];
        let refs = refs.map(|(key, one)| (key.to_owned(), one)).into();
        Ok(gateway::Result {
            metadata: [(
                "refs.platforms".to_owned(),
                platforms.to_string().into_bytes(),
            )]
            .into(),
            result: Some(gateway::result::Result::Refs(gateway::RefMap { refs })),
            ..Default::default()
        })
    });
    solved.unwrap();
    for (architecture, label, what) in [("arm64", "1", "scratch"), ("amd64", "2", "plain")] {
        let statement = provenance(&registry, "two", architecture);
        let predicate = &statement["predicate"];
        let parameters = &predicate["invocation"]["parameters"];
        assert_eq!(parameters["frontend"], "gateway.v0");
        assert_eq!(parameters["args"]["label:a"], label);
        assert_eq!(parameters["args"]["build-arg:TRY"], what);
        let materials = predicate["materials"].as_array().unwrap();
        let is_base = |one: &Value| one["uri"].as_str().unwrap().contains("docker/python");
        assert_eq!(
            materials.iter().any(is_base),
            what == "plain",
            "{materials:?}"
        );
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_definition_that_two_solves_read_is_one_source() {
    let (registry, context) = (Registry::start(), served("data"));
    let exporter = pushed(&registry.name("linked"));
    let attributes = options([("attest:provenance", "mode=max")]);
    let mut read = String::new();
    let solved = Client::connect().build(request(vec![exporter], attributes), async |gateway| {
        let base = gateway.solve(asked(&context, "scratch", &[])).await?;
        let config = base.metadata["containerimage.config"].clone();
        let metadata = json!({ "containerimage.config": base64(&config) }).to_string();
        let more = [
            ("context:other", "input:base"),
            ("input-metadata:base", &metadata),
        ];
        let linked = gateway::SolveRequest {
            frontend_inputs: [("base".to_owned(), single(&base).def.unwrap())].into(),
            ..asked(&context, "added-to-context", &more)
        };
        let result = gateway.solve(linked).await?;
        let made = single(&result);
        read = gateway.read(&made, "app/note").await? + &gateway.read(&made, "added").await?;
        Ok(result)
    });
    solved.unwrap();
    assert_eq!(read, format!("data{DEFINITION}"));
    let index = registry.manifest("linked", "latest");
    let architecture = index["manifests"][0]["platform"]["architecture"].as_str();
    let statement = provenance(&registry, "linked", architecture.unwrap());
    let metadata = &statement["predicate"]["metadata"];
    let source = &metadata["https://mobyproject.org/buildkit@v1#metadata"]["source"];
    let infos = source["infos"].as_array().unwrap();
    let names: Vec<&Value> = infos.iter().map(|one| &one["filename"]).collect();
    assert_eq!(names, ["pyproject.toml"]);
    assert_eq!(infos[0]["data"], base64(DEFINITION.as_bytes()));
    assert!(infos[0]["llbDefinition"].is_array(), "{infos:?}");
}

/// Bytes as Go's JSON has them.
fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_trace_of_a_build_is_in_its_record() {
    let context = served("data");
    let client = Client::connect();
    let mut request = request(vec![], asked(&context, "scratch", &[]).frontend_opt);
    request.frontend = "gateway.v0".to_owned();
    let reference = request.r#ref.clone();
    client.solve(request).unwrap();
    client.finalize(&reference);
    let record = client.record(&reference);
    assert!(!record.trace.unwrap().digest.is_empty());
}

/// Builds with this epoch and these contexts, and checks the time of the image.
///
/// The gateway of this engine reads the option too, and knows numbers only. It leaves it to the frontend when that is one
/// that is being developed (`gateway-devel`): an image that is made for the build.
#[track_caller]
fn check_epoch(epoch: &str, context: &Files, more: &[(&str, &str)], expected: (&str, &str)) {
    let (registry, argument) = (Registry::start(), ("build-arg:SOURCE_DATE_EPOCH", epoch));
    let mut exporter = pushed(&registry.name("dated"));
    // The image store unpacks at once, and so refuses to rewrite times.
    let attributes = [
        ("rewrite-timestamp", "true"),
        ("store", "false"),
        ("unpack", "false"),
    ];
    exporter.attrs.extend(options(attributes));
    let frontend = format!("FROM {}\n", *FRONTEND);
    let frontend = archive(&[("Dockerfile", &frontend)], 0);
    let frontend = Files::serve([("/frontend.tar", &frontend)], None);
    let url = format!("http://{}/frontend.tar", frontend.host());
    let devel = [
        ("gateway-devel", ""),
        ("source", "dockerfile.v0"),
        ("gateway-context", &*url),
    ];
    let asked = asked(context, "epoch", &[&[argument], &devel[..], more].concat());
    let mut read = String::new();
    let solved =
        Client::connect().build(request(vec![exporter], Options::new()), async |gateway| {
            let result = gateway.solve(asked).await?;
            read = gateway.read(&single(&result), "epoch").await?;
            Ok(result)
        });
    solved.unwrap();
    let (seconds, created) = expected;
    assert_eq!(read, seconds, "{epoch}");
    let (_, config) = registry.configs("dated").remove(0);
    assert_eq!(config["created"], created);
    let mut manifest = registry.manifest("dated", "latest");
    if let Some(digest) = manifest["manifests"][0]["digest"].as_str() {
        manifest = registry.manifest("dated", digest);
    }
    let layers = manifest["layers"].as_array().unwrap().iter();
    let layer = layers.last().unwrap()["digest"].as_str().unwrap();
    let folder = Project::empty().file("layer.tgz", registry.blob("dated", layer));
    let mut list = Command::new("tar");
    list.current_dir(folder.folder())
        .args(["--utc", "--full-time", "-tvzf", "layer.tgz"]);
    let listed = Ran::of(&mut list).succeeded().stdout;
    let time = created.replace(['T', 'Z'], " ");
    let app = listed.lines().find(|line| line.ends_with(" app/")).unwrap();
    assert!(app.contains(&time), "no {time}in {app}");
}

/// A server's word for 1700000201.
const MODIFIED: &str = "Tue, 14 Nov 2023 22:16:41 GMT";
const AT_MODIFIED: (&str, &str) = ("1700000201", "2023-11-14T22:16:41Z");
/// The time of the files of an archive: 1700000302.
const AT_ARCHIVE: (&str, &str) = ("1700000302", "2023-11-14T22:18:22Z");

fn dated(modified: Option<&'static str>) -> Files {
    let files = [("pyproject.toml", DEFINITION), ("folder/note", "data")];
    let content = archive(&files, 1_700_000_302);
    Files::dated([("/context.tar", &content)], modified)
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_epoch_is_the_time_of_a_context_that_comes_over_http() {
    let _ = *FRONTEND;
    check_epoch("context", &dated(Some(MODIFIED)), &[], AT_MODIFIED);
    check_epoch("context", &dated(None), &[], AT_ARCHIVE);
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_epoch_is_the_time_of_a_named_context() {
    let context = served("data");
    for (modified, expected) in [(Some(MODIFIED), AT_MODIFIED), (None, AT_ARCHIVE)] {
        let other = dated(modified);
        let url = format!("http://{}/context.tar", other.host());
        check_epoch("source", &context, &[("context:source", &url)], expected);
    }
}

/// What `buildctl build --opt memory=…` sends. The engine here is older than limits.
#[test]
#[ignore = "needs an engine: make test"]
fn limits_that_the_engine_cannot_keep_are_one_warning() {
    let context = served("data");
    let asked = asked(
        &context,
        "scratch",
        &[("memory", "67108864"), ("cpuquota", "5000")],
    );
    let mut request = request(vec![], asked.frontend_opt);
    request.frontend = "gateway.v0".to_owned();
    let warnings = Client::connect().warnings(request);
    let [warning] = &*warnings else {
        panic!("not one warning: {warnings:?}")
    };
    assert!(
        warning.contains("limits of memory and processors have no effect"),
        "{warning}"
    );
}
