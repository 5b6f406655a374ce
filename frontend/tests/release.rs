//! The images that `make release` wrote: each runs on its processor and answers a gateway. Run by `make test-release`.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod test_gateway;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use test_gateway::{Served, serve};

/// In bytes: what an engine fetches before its first build.
const LARGEST_LAYER: u64 = 3_000_000;

/// Emulators, and processors that have nothing that the platform does not promise.
const PLATFORMS: [(&str, &str, &[&str]); 5] = [
    // Without SSE3, and without CMPXCHG16B: QEMU's own choice has AVX2.
    ("linux/386", "I386", &["-cpu", "qemu32,-pni"]),
    ("linux/amd64", "X86_64", &["-cpu", "qemu64,-pni,-cx16"]),
    ("linux/arm/v6", "ARM", &["-cpu", "arm1176"]),
    ("linux/arm/v7", "ARM", &["-cpu", "cortex-a7"]),
    ("linux/arm64", "AARCH64", &["-cpu", "cortex-a53"]),
];

const PROJECT: &str = "[project]\nname = \"app\"\nversion = \"1.0\"\ndependencies = [\"requests==2.32.3\"]\n\
     scripts = { app = \"app:main\" }\n[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";

/// What the standard recipe's look at the finished image would find (`microb-std/src/inspection/facts.py`).
const REPORT: &str = "marker\tpython_version\t3.14\nmarker\tpython_full_version\t3.14.0\nenvironment\tpython3.14\n\
     distribution\tapp\t1.0\tapp-1.0.dist-info\nrequires\trequests==2.32.3\n\
     distribution\trequests\t2.32.3\trequests-2.32.3.dist-info\n";

/// The files of the archive, by path.
static RELEASE: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let path = std::env::var("MICROB_RELEASE");
    let path =
        path.expect("MICROB_RELEASE names the archive of `make release`; run `make test-release`");
    files(&fs::read(path).unwrap())
});

fn files(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (path, content)
    });
    entries.collect()
}

fn blob(descriptor: &Value) -> &'static [u8] {
    let digest = descriptor["digest"].as_str().unwrap();
    &RELEASE[&format!("blobs/{}", digest.replace(':', "/"))]
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The platforms of the index and their manifests.
fn manifests() -> BTreeMap<String, Value> {
    let named = &json(&RELEASE["index.json"])["manifests"];
    assert_eq!(named.as_array().unwrap().len(), 1, "{named}");
    let index = json(blob(&named[0]));
    let images = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| (platform(&image["platform"]), json(blob(image))));
    images.collect()
}

/// What an index or a config says, in one word.
fn platform(described: &Value) -> String {
    let parts = ["os", "architecture", "variant"].map(|name| described[name].as_str());
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join("/")
}

fn config(manifest: &Value) -> Value {
    json(blob(&manifest["config"]))
}

/// The frontends of all platforms, in a folder of the tests: written once, since the tests run side by side.
static EXECUTABLES: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| {
    let written = manifests().into_iter().map(|(platform, manifest)| {
        let path = executable(&platform, &manifest);
        (platform, path)
    });
    written.collect()
});

fn executable(platform: &str, manifest: &Value) -> PathBuf {
    let entrypoint = &config(manifest)["config"]["Entrypoint"][0];
    let mut layer = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(blob(&manifest["layers"][0]));
    decoder.read_to_end(&mut layer).unwrap();
    let content = &files(&layer)[entrypoint.as_str().unwrap().trim_start_matches('/')];
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(platform.replace('/', "-"));
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Lets the frontend of a platform serve a build, emulated.
fn started(platform: &str, options: &[&str], files: &[(&str, &str)]) -> Served {
    let found = PLATFORMS.iter().find(|(name, ..)| *name == platform);
    let (_, emulator, flags) = found.unwrap();
    let variable = format!("MICROB_QEMU_{emulator}");
    let emulator = std::env::var(&variable);
    let emulator = emulator.unwrap_or_else(|_| {
        panic!("{variable} names QEMU's emulator; run `make test-release`, or install qemu-user-static and set it")
    });
    let mut command = Command::new(emulator);
    command.args(*flags).arg(&EXECUTABLES[platform]);
    serve(command, options, files)
}

/// The handshake, a question and its answer, and the end.
fn check_describe(platform: &str) {
    let served = started(platform, &["requestid=frontend.subrequests.describe"], &[]);
    assert_eq!(served.log, "", "{platform}");
    assert!(served.status.success(), "{platform}: {}", served.status);
    assert_eq!(served.calls, ["Ping", "Return"], "{platform}");
    let result = served.returned.unwrap().result.unwrap();
    let questions = json(&result.metadata["result.json"]);
    let names = questions
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap());
    assert!(
        names.collect::<Vec<_>>().contains(&"frontend.lint"),
        "{platform}: {questions}"
    );
}

#[test]
fn the_index_has_an_image_of_at_most_three_megabytes_for_each_platform() {
    let manifests = manifests();
    let platforms: Vec<&str> = manifests.keys().map(String::as_str).collect();
    assert_eq!(platforms, PLATFORMS.map(|(platform, ..)| platform));
    for (platform, manifest) in &manifests {
        let layers = manifest["layers"].as_array().unwrap();
        let size: u64 = layers
            .iter()
            .map(|layer| layer["size"].as_u64().unwrap())
            .sum();
        println!("{platform}: {size} bytes");
        assert!(size <= LARGEST_LAYER, "{platform}: {size} bytes");
    }
}

/// `frontend/gateway/gateway.go` in moby/buildkit reads these labels before it starts a frontend.
#[test]
fn each_config_is_of_its_platform_and_tells_the_engine_what_may_be_asked() {
    for (name, manifest) in manifests() {
        let config = config(&manifest);
        assert_eq!(platform(&config), name);
        let labels = &config["config"]["Labels"];
        assert_eq!(
            labels["moby.buildkit.frontend.network.none"], "true",
            "{name}"
        );
        let capabilities = labels["moby.buildkit.frontend.caps"].as_str().unwrap();
        for asked in ["inputs", "subrequests", "contexts", "gitquerystring"] {
            let capability = format!("moby.buildkit.frontend.{asked}");
            assert!(
                capabilities.split(',').any(|found| found == capability),
                "{name}: {capabilities}"
            );
        }
    }
}

#[test]
fn each_frontend_answers_the_gateway_on_its_processor() {
    for (platform, ..) in PLATFORMS {
        check_describe(platform);
    }
}

#[test]
fn all_frontends_send_the_same_graphs_and_return_the_same_config() {
    let mut first: Option<(Vec<Vec<u8>>, Vec<u8>)> = None;
    for (platform, ..) in PLATFORMS {
        let files = [
            ("pyproject.toml", PROJECT),
            ("app.py", "def main(): pass\n"),
            ("/inspection/report.tsv", REPORT),
        ];
        let served = started(platform, &["filename=pyproject.toml"], &files);
        assert!(served.status.success(), "{platform}: {}", served.log);
        let returned = served.returned.unwrap();
        assert_eq!(returned.error, None, "{platform}");
        let config = returned.result.unwrap().metadata["containerimage.config"].clone();
        // What is asked side by side arrives in any order.
        let mut graphs = served.graphs;
        graphs.sort();
        let sent = (graphs, config);
        match &first {
            Some(first) => assert!(*first == sent, "{platform} differs from {}", PLATFORMS[0].0),
            None => first = Some(sent),
        }
    }
    let (graphs, config) = first.unwrap();
    assert!(
        graphs.len() >= 3,
        "the context's files, the image, and a look at it"
    );
    assert_eq!(json(&config)["config"]["Entrypoint"][0], "app");
}
