//! Content that is named by its SHA-256.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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
