//! What a definition file must be, wherever it is read from: small, and text.

pub(crate) mod load;

use microb_dsl::{Diagnostic, SourceFile};

/// The largest definition file, in bytes. Every real one is a hundred times smaller.
pub const MAX_SIZE: u32 = 1 << 20;

/// How much of a first line is shown of a file that is too large, in bytes.
const MAX_LINE: usize = 200;

/// The mistake of a file that is larger; `size` is in bytes, where it is known.
///
/// Shows the first line and no more: without a place, the frontend that read the `#syntax` line would add the
/// whole file to the error, and the client would break off instead of showing it.
pub(crate) fn too_large(name: &str, content: &[u8], size: Option<u64>) -> Diagnostic {
    let size = size.map_or_else(String::new, |size| format!("{size} bytes, "));
    let start = &content[..content.len().min(MAX_LINE)];
    let first = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let place = SourceFile::new(name, String::from_utf8_lossy(first)).whole();
    Diagnostic::error(format!(
        "`{name}` is too large: {size}more than {MAX_SIZE} bytes"
    ))
    .at(&place)
    .help("keep data in files of its own, which the build copies")
}

/// The file with its text. The first byte that is no UTF-8 is named, and stands as `U+FFFD` in the line shown.
pub(crate) fn decode(name: &str, content: Vec<u8>) -> Result<SourceFile, Diagnostic> {
    let error = match String::from_utf8(content) {
        Ok(text) => return Ok(SourceFile::new(name, text)),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(at).copied().unwrap_or_default();
    let file = SourceFile::new(name, String::from_utf8_lossy(error.as_bytes()));
    let place = file.span(at..at + char::REPLACEMENT_CHARACTER.len_utf8());
    let line = place.start().line;
    Err(Diagnostic::error(format!(
        "`{name}` is not UTF-8: line {line} has the byte 0x{byte:02x}"
    ))
    .at(&place)
    .help("save the file as UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named_with_its_line() {
        let mistake = decode("a.toml", b"a = 1\nb = '\xe9'\n".to_vec()).unwrap_err();
        assert_eq!(mistake.span.unwrap().to_string(), "a.toml:2:6");
        assert_eq!(
            mistake.message,
            "`a.toml` is not UTF-8: line 2 has the byte 0xe9"
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_named_with_its_size() {
        let mistake = too_large("a.toml", b"#syntax=x\na", Some(10_000_000));
        assert_eq!(
            mistake.message,
            "`a.toml` is too large: 10000000 bytes, more than 1048576 bytes"
        );
        assert_eq!(mistake.span.unwrap().text(), "#syntax=x");
    }
}
