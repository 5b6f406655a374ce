//! Frontend images as an OCI image layout, and as the archive that `docker image load` reads.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::blob::Blob;
use super::image::FrontendImage;

/// The media type of an index, `media-types.md` of the OCI image specification.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image for one platform, or for several of them, with one name.
#[derive(Debug)]
pub struct Layout<'a> {
    tag: &'a str,
    images: &'a [FrontendImage],
    /// What joins several images; one needs none.
    index: Option<Blob>,
}

impl<'a> Layout<'a> {
    /// Gives images for different platforms one name.
    pub fn new(tag: &'a str, images: &'a [FrontendImage]) -> Self {
        let descriptors: Vec<Value> = images.iter().map(FrontendImage::descriptor).collect();
        let index = (images.len() != 1).then(|| Blob::json(INDEX, &index(&descriptors)));
        Self { tag, images, index }
    }

    /// Writes an archive that `docker image load`, `nerdctl load` and OCI tools read.
    ///
    /// It is an OCI image layout. With one image there is Docker's `manifest.json` beside the index, as
    /// `docker image save` writes; engines that need it know no image for several platforms.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write_archive(&self, out: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(out);
        if let [image] = self.images {
            let docker = json!([image.docker_entry(self.tag)]).to_string();
            append(&mut archive, "manifest.json", 0o644, docker.as_bytes())?;
        }
        for (path, bytes) in self.described() {
            append(&mut archive, path, 0o644, bytes.as_bytes())?;
        }
        for blob in self.blobs() {
            append(&mut archive, &blob.path(), 0o644, blob.bytes())?;
        }
        archive.into_inner()?.flush()
    }

    /// Writes it into a new folder, for `oci-layout://` contexts.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn write_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder.join("blobs/sha256"))?;
        for (path, text) in self.described() {
            fs::write(folder.join(path), text)?;
        }
        for blob in self.blobs() {
            fs::write(folder.join(blob.path()), blob.bytes())?;
        }
        Ok(())
    }

    /// The files that are no blobs, see `image-layout.md` of the OCI image specification.
    fn described(&self) -> [(&'static str, String); 2] {
        let mut named = match (&self.index, self.images) {
            (Some(index), _) => index.descriptor(),
            (None, images) => images[0].descriptor(),
        };
        let name = self.tag.rsplit_once(':').map_or("latest", |(_, tag)| tag);
        named["annotations"] = json!({
            "io.containerd.image.name": full_name(self.tag),
            "org.opencontainers.image.ref.name": name,
        });
        let version = json!({ "imageLayoutVersion": "1.0.0" });
        [
            ("oci-layout", version.to_string()),
            ("index.json", index(&[named]).to_string()),
        ]
    }

    fn blobs(&self) -> impl Iterator<Item = &Blob> {
        let images = self.images.iter().flat_map(FrontendImage::blobs);
        self.index.iter().chain(images)
    }
}

fn index(manifests: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests })
}

/// The name with its registry, as containerd stores it.
fn full_name(tag: &str) -> String {
    match tag.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => tag.to_owned(),
        Some(_) => format!("docker.io/{tag}"),
        None => format!("docker.io/library/{tag}"),
    }
}

/// Adds a file that belongs to root and has the time of the Unix epoch.
pub(super) fn append(
    archive: &mut tar::Builder<impl Write>,
    path: &str,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    archive.append_data(&mut header(mode, bytes.len() as u64), path, bytes)
}

pub(super) fn header(mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}
