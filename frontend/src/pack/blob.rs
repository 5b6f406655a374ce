//! Content that is named by its SHA-256.

use microb_dsl::digest::sha256;
use serde_json::{Value, json};

/// A blob, in memory.
#[derive(Debug)]
pub(super) struct Blob {
    media_type: &'static str,
    /// Hexadecimal SHA-256 of the bytes.
    hash: String,
    bytes: Vec<u8>,
}

impl Blob {
    pub(super) fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            media_type,
            hash: sha256(&bytes),
            bytes,
        }
    }

    pub(super) fn json(media_type: &'static str, value: &Value) -> Self {
        Self::new(media_type, value.to_string().into_bytes())
    }

    pub(super) fn digest(&self) -> String {
        format!("sha256:{}", self.hash)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The path in an image layout.
    pub(super) fn path(&self) -> String {
        format!("blobs/sha256/{}", self.hash)
    }

    /// What points to it, see `descriptor.md` of the OCI image specification.
    pub(super) fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest(), "size": self.bytes.len() })
    }
}
