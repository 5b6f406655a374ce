//! What a definition file must be, wherever it is read from: small, and text.

use microb_dsl::Diagnostic;

/// The largest definition file, in bytes. Every real one is a hundred times smaller.
pub const MAX_SIZE: u32 = 1 << 20;

/// The mistake of a file that is larger; `size` is in bytes, where it is known.
pub(crate) fn too_large(shown: &str, size: Option<u64>) -> Diagnostic {
    let size = size.map_or_else(String::new, |size| format!("{size} bytes, "));
    Diagnostic::error(format!(
        "`{shown}` is too large: {size}more than {MAX_SIZE} bytes"
    ))
    .help("keep data in files of its own, which the build copies")
}

/// The file's text. The first byte that is no UTF-8 is named.
pub(crate) fn text(shown: &str, content: Vec<u8>) -> Result<String, Diagnostic> {
    String::from_utf8(content).map_err(|error| {
        let (before, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = before.split(|byte| *byte == b'\n').count();
        let byte = rest.first().copied().unwrap_or_default();
        Diagnostic::error(format!(
            "`{shown}` is not UTF-8: line {line} has the byte 0x{byte:02x}"
        ))
        .help("save the file as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named_with_its_line() {
        let mistake = text("a.toml", b"a = 1\nb = '\xe9'\n".to_vec()).unwrap_err();
        assert_eq!(
            mistake.message,
            "`a.toml` is not UTF-8: line 2 has the byte 0xe9"
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_named_with_its_size() {
        assert_eq!(
            too_large("a.toml", Some(10_000_000)).message,
            "`a.toml` is too large: 10000000 bytes, more than 1048576 bytes"
        );
    }
}
