//! A registry of a test's own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::docker::docker;
use crate::project::Project;
use crate::server::{Server, free_port, start, wait_for};

/// The media types of manifests and indexes, of OCI and of Docker.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// An empty registry, which is gone when the test is over.
#[derive(Debug)]
pub(crate) struct Registry {
    _server: Server,
    _folder: Project,
    port: u16,
}

impl Drop for Registry {
    /// What was pushed stays in the engine under its name, and nobody can use that name again.
    fn drop(&mut self) {
        let ours = format!("--filter=reference={}", self.name("*"));
        let found = docker(["image", "ls", "--format={{.Repository}}:{{.Tag}}", &ours]).output();
        let names = found.map(|found| found.stdout).unwrap_or_default();
        let names = String::from_utf8_lossy(&names);
        for name in names.lines() {
            drop(docker(["image", "rm", "--force", name]).output());
        }
    }
}

impl Registry {
    /// Starts `$MICROB_REGISTRY`.
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("MICROB_REGISTRY")
            .expect("no registry: `eval \"$(dev/engine env)\"` names one");
        let port = free_port();
        let folder = Project::empty();
        let root = folder.folder().join("data");
        let config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"127.0.0.1:{port}\" }}\n",
            root.display()
        );
        let folder = folder.file("config.yml", config);
        let mut command = Command::new(program);
        command.arg("serve").arg(folder.folder().join("config.yml"));
        let server = start(&mut command);
        wait_for(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self {
            _server: server,
            _folder: folder,
            port,
        }
    }

    /// The reference of an image in it.
    pub(crate) fn name(&self, repository: &str) -> String {
        format!("127.0.0.1:{}/{repository}", self.port)
    }

    /// A manifest or an index, by tag or digest.
    pub(crate) fn manifest(&self, repository: &str, reference: &str) -> Value {
        let path = format!("/v2/{repository}/manifests/{reference}");
        serde_json::from_slice(&self.get(&path).1).unwrap()
    }

    /// A layer or a config.
    pub(crate) fn blob(&self, repository: &str, digest: &str) -> Vec<u8> {
        self.get(&format!("/v2/{repository}/blobs/{digest}")).1
    }

    /// The in-toto statement that goes along with an image for one platform that is pushed as `latest`.
    pub(crate) fn statement(&self, repository: &str) -> Value {
        let index = self.manifest(repository, "latest");
        let attestation = index["manifests"][1]["digest"].as_str().unwrap();
        let manifest = self.manifest(repository, attestation);
        let layer = manifest["layers"][0]["digest"].as_str().unwrap();
        serde_json::from_slice(&self.blob(repository, layer)).unwrap()
    }

    /// The platforms and configs of the images that are pushed as `latest`, without attestations.
    pub(crate) fn configs(&self, repository: &str) -> Vec<(String, Value)> {
        let latest = self.manifest(repository, "latest");
        let config = |manifest: &Value| {
            let digest = manifest["config"]["digest"].as_str().unwrap();
            serde_json::from_slice::<Value>(&self.blob(repository, digest)).unwrap()
        };
        let Some(manifests) = latest["manifests"].as_array() else {
            return vec![(String::new(), config(&latest))];
        };
        let images = manifests.iter().filter_map(|one| {
            let platform = &one["platform"];
            let name = |part: &str| platform[part].as_str().unwrap_or_default().to_owned();
            let manifest = self.manifest(repository, one["digest"].as_str()?);
            let is_image = name("os") != "unknown";
            is_image.then(|| {
                let platform = format!("{}/{}", name("os"), name("architecture"));
                (platform, config(&manifest))
            })
        });
        images.collect()
    }

    /// The head and the body of an answer, which must be a good one.
    fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nAccept: {MANIFESTS}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        assert!(head.starts_with("HTTP/1.0 200"), "{path}: {head}");
        (head, answer[end + 4..].to_vec())
    }
}
