//! A frontend image as an OCI image layout, and as the archive that `docker image load` reads.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use microb_dsl::{Diagnostic, Platform};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Entry;

/// What the frontend can do; without it BuildKit refuses `--build-context`, `--check` and `--call`.
///
/// See `frontend/gateway/gateway.go` of BuildKit, `getCaps`.
const CAPABILITIES: &str = "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring";

// The media types of the OCI image specification, `media-types.md`.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image with one layer, in memory: the blobs and what points to them.
#[derive(Debug)]
pub struct FrontendImage {
    platform: Platform,
    layer: Blob,
    config: Blob,
    manifest: Blob,
}

#[derive(Debug)]
struct Blob {
    media_type: &'static str,
    /// Hexadecimal SHA-256 of the bytes.
    hash: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        let hash: Vec<String> = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            media_type,
            hash: hash.concat(),
            bytes,
        }
    }

    fn json(media_type: &'static str, value: &Value) -> Self {
        Self::new(media_type, value.to_string().into_bytes())
    }

    fn digest(&self) -> String {
        format!("sha256:{}", self.hash)
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.hash)
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest(), "size": self.bytes.len() })
    }
}

impl FrontendImage {
    pub(super) fn new(
        platform: &Platform,
        entrypoint: &str,
        environment: &[String],
        entries: &[Entry],
    ) -> Result<Self, Diagnostic> {
        let layer = layer(entries)
            .map_err(|error| Diagnostic::error(format!("cannot pack the executable: {error}")))?;
        let layer = Blob::new(LAYER, layer);
        let config = Blob::json(
            CONFIG,
            &config(platform, entrypoint, environment, &layer.digest()),
        );
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
        });
        Ok(Self {
            platform: platform.clone(),
            layer,
            config,
            manifest: Blob::json(MANIFEST, &manifest),
        })
    }

    /// The manifest's digest, `sha256:…`: two images with the same one are the same image.
    pub fn digest(&self) -> String {
        self.manifest.digest()
    }

    /// Writes an archive that `docker image load`, `nerdctl load` and OCI tools read.
    ///
    /// It is an OCI image layout with Docker's `manifest.json` beside the index, as `docker image save` writes.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write_archive(&self, tag: &str, out: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(out);
        let docker = json!([{
            "Config": self.config.path(),
            "RepoTags": [tag],
            "Layers": [self.layer.path()],
        }]);
        append(
            &mut archive,
            "manifest.json",
            0o644,
            docker.to_string().as_bytes(),
        )?;
        for (path, bytes) in self.layout(tag) {
            append(&mut archive, &path, 0o644, &bytes)?;
        }
        archive.into_inner()?.flush()
    }

    /// Writes an OCI image layout into a new folder, for `oci-layout://` contexts.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn write_layout(&self, tag: &str, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder.join("blobs/sha256"))?;
        for (path, bytes) in self.layout(tag) {
            fs::write(folder.join(path), bytes)?;
        }
        Ok(())
    }

    /// The files of the OCI image layout, see `image-layout.md` of the OCI image specification.
    fn layout(&self, tag: &str) -> Vec<(String, Vec<u8>)> {
        let version = json!({ "imageLayoutVersion": "1.0.0" });
        let mut manifest = self.manifest.descriptor();
        manifest["platform"] = platform_json(&self.platform);
        manifest["annotations"] = json!({
            "io.containerd.image.name": full_name(tag),
            "org.opencontainers.image.ref.name": tag.rsplit_once(':').map_or("latest", |(_, tag)| tag),
        });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest] });
        let mut files = vec![
            ("oci-layout".to_owned(), version.to_string().into_bytes()),
            ("index.json".to_owned(), index.to_string().into_bytes()),
        ];
        for blob in [&self.manifest, &self.config, &self.layer] {
            files.push((blob.path(), blob.bytes.clone()));
        }
        files
    }
}

fn config(platform: &Platform, entrypoint: &str, environment: &[String], diff_id: &str) -> Value {
    let mut config = platform_json(platform);
    config["config"] = json!({
        "Entrypoint": [format!("/{entrypoint}")],
        "Env": environment,
        "WorkingDir": "/",
        "Labels": {
            "moby.buildkit.frontend.caps": CAPABILITIES,
            // The frontend talks to BuildKit over stdio and to nobody else.
            "moby.buildkit.frontend.network.none": "true",
            "org.opencontainers.image.title": entrypoint,
        },
    });
    config["rootfs"] = json!({ "type": "layers", "diff_ids": [diff_id] });
    config["created"] = json!("1970-01-01T00:00:00Z");
    config["history"] = json!([{
        "created": "1970-01-01T00:00:00Z",
        "created_by": format!("{entrypoint} pack"),
    }]);
    config
}

fn platform_json(platform: &Platform) -> Value {
    let mut value = json!({ "os": platform.os, "architecture": platform.architecture });
    if !platform.variant.is_empty() {
        value["variant"] = json!(platform.variant);
    }
    value
}

/// The name with its registry, as containerd stores it.
fn full_name(tag: &str) -> String {
    match tag.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => tag.to_owned(),
        Some(_) => format!("docker.io/{tag}"),
        None => format!("docker.io/library/{tag}"),
    }
}

/// The layer: every folder once before the files in it, all owned by root, at the Unix epoch.
fn layer(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for entry in entries {
        for (end, _) in entry.path.match_indices('/') {
            let folder = &entry.path[..=end];
            if folders.insert(folder) {
                let mut header = header(0o755, 0);
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, folder, io::empty())?;
            }
        }
        append(&mut archive, &entry.path, 0o755, &entry.content)?;
    }
    archive.into_inner()
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    path: &str,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    archive.append_data(&mut header(mode, bytes.len() as u64), path, bytes)
}

fn header(mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}
