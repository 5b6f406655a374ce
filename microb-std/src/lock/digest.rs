//! Digests of text.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The SHA-256 of a text in hexadecimal digits.
pub(super) fn sha256(text: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
