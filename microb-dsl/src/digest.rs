//! SHA-256, in the hexadecimal digits that OCI, lock files and BuildKit name things with.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of bytes, 64 hexadecimal digits in lower case.
///
/// ```
/// // printf abc | sha256sum
/// let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// assert_eq!(microb_dsl::digest::sha256(b"abc"), expected);
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits, for a digest that is made piece by piece.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default())
        .collect()
}
