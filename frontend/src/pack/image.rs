//! A frontend image for one platform: its layer, its config and its manifest.

use std::collections::BTreeSet;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use microb_dsl::{Diagnostic, Platform};
use serde_json::{Value, json};

use super::Entry;
use super::blob::Blob;
use super::layout;

/// What the frontend can do; without it BuildKit refuses `--build-context`, `--check` and `--call`.
///
/// See `frontend/gateway/gateway.go` of BuildKit, `getCaps`.
const CAPABILITIES: &str = "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring";

// The media types of the OCI image specification, `media-types.md`.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image with one layer, in memory: the blobs and what points to them.
#[derive(Debug)]
pub struct FrontendImage {
    platform: Platform,
    layer: Blob,
    config: Blob,
    manifest: Blob,
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
        Ok(Self::of(platform.clone(), layer, config))
    }

    /// The manifest's digest, `sha256:…`: two images with the same one are the same image.
    pub fn digest(&self) -> String {
        self.manifest.digest()
    }

    /// The platform that it runs on.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The same image with a compressed layer, which is what registries keep. It takes a second for ten megabytes.
    ///
    /// # Errors
    ///
    /// When memory is short.
    pub fn compressed(self) -> io::Result<Self> {
        let layer = Blob::new(LAYER_GZIP, gzip(self.layer.bytes())?);
        Ok(Self::of(self.platform, layer, self.config))
    }

    fn of(platform: Platform, layer: Blob, config: Blob) -> Self {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
        });
        Self {
            platform,
            layer,
            config,
            manifest: Blob::json(MANIFEST, &manifest),
        }
    }

    /// What an index says of it.
    pub(super) fn descriptor(&self) -> Value {
        let mut descriptor = self.manifest.descriptor();
        descriptor["platform"] = platform_json(&self.platform);
        descriptor
    }

    /// All that it consists of.
    pub(super) fn blobs(&self) -> [&Blob; 3] {
        [&self.manifest, &self.config, &self.layer]
    }

    /// Its entry in the `manifest.json` of `docker image save`.
    pub(super) fn docker_entry(&self, tag: &str) -> Value {
        json!({ "Config": self.config.path(), "RepoTags": [tag], "Layers": [self.layer.path()] })
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

/// The layer: every folder once before the files in it, all owned by root, at the Unix epoch.
fn layer(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for entry in entries {
        for (end, _) in entry.path.match_indices('/') {
            let folder = &entry.path[..=end];
            if folders.insert(folder) {
                let mut header = layout::header(0o755, 0);
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, folder, io::empty())?;
            }
        }
        layout::append(&mut archive, &entry.path, 0o755, &entry.content)?;
    }
    archive.into_inner()
}

/// The same bytes always give the same: the header has no time and no file name.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
