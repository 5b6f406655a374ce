//! Bytes of the user as text.

use microb::{Context, Diagnostic, SourceFile, Spanned};

/// A file of the build context as text; `None` if there is none.
pub(crate) fn read(cx: &dyn Context, path: &str) -> Result<Option<SourceFile>, Diagnostic> {
    match cx.read(path) {
        Ok(Some(bytes)) => decode(path, bytes).map(Some),
        Ok(None) => Ok(None),
        Err(error) => Err(Diagnostic::error(error.to_string())),
    }
}

/// The lines of a file without white space at their ends, and without empty lines and comment lines.
pub(crate) fn lines(file: &SourceFile) -> impl Iterator<Item = Spanned<&str>> {
    let mut at = 0;
    file.text().split_inclusive('\n').filter_map(move |raw| {
        let start = at + raw.len() - raw.trim_start().len();
        at += raw.len();
        let line = raw.trim();
        let says_something = !line.is_empty() && !line.starts_with('#');
        says_something.then(|| Spanned::new(line, file.span(start..start + line.len())))
    })
}

/// The first mark that git leaves in a file that it could not merge.
pub(crate) fn conflict(file: &SourceFile) -> Option<Diagnostic> {
    let mut at = 0;
    for line in file.text().split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            let message = format!("`{}` has conflicts of a merge", file.name());
            return Some(Diagnostic::error(message).at(&file.span(at..at + line.trim_end().len())));
        }
        at += line.len();
    }
    None
}

/// The same for a file that people write.
pub(crate) fn conflict_of_people(file: &SourceFile) -> Option<Diagnostic> {
    let help = "keep one of the two sides, and remove the marks";
    conflict(file).map(|error| error.help(help))
}

/// Reads UTF-8, and UTF-16 with a byte order mark, which Windows PowerShell's `>` writes.
fn decode(name: &str, bytes: Vec<u8>) -> Result<SourceFile, Diagnostic> {
    let utf16 = |bytes: &[u8], from: fn([u8; 2]) -> u16| {
        let (pairs, odd) = bytes.as_chunks::<2>();
        let units = pairs.iter().copied().map(from);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| odd.is_empty())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => match utf16(rest, u16::from_le_bytes) {
            Some(text) => Ok(SourceFile::new(name, text)),
            None => Err(broken_utf16(name)),
        },
        [0xfe, 0xff, rest @ ..] => match utf16(rest, u16::from_be_bytes) {
            Some(text) => Ok(SourceFile::new(name, text)),
            None => Err(broken_utf16(name)),
        },
        _ => String::from_utf8(bytes)
            .map(|text| SourceFile::new(name, text))
            .map_err(|error| not_utf8(name, error.as_bytes())),
    }
}

fn broken_utf16(name: &str) -> Diagnostic {
    Diagnostic::error(format!("`{name}` is broken UTF-16"))
        .at(&SourceFile::new(name, "").whole())
        .help("save it as UTF-8")
}

/// Shows the line with the first wrong byte, which stands there as `U+FFFD`.
fn not_utf8(name: &str, bytes: &[u8]) -> Diagnostic {
    let file = SourceFile::new(name, String::from_utf8_lossy(bytes));
    let error = Diagnostic::error(format!("`{name}` is not UTF-8")).help("save it as UTF-8");
    match file.find("\u{fffd}") {
        Some(span) => error.at(&span),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_with_a_byte_order_mark_are_read() {
        for bytes in [
            b"\xef\xbb\xbfx\r\n".to_vec(),
            b"\xff\xfex\0\r\0\n\0".to_vec(),
            b"\xfe\xff\0x\0\r\0\n".to_vec(),
        ] {
            assert_eq!(decode("r", bytes).unwrap().text(), "x\r\n");
        }
    }

    #[test]
    fn other_bytes_are_an_error_with_their_place() {
        let error = decode("r", b"ok\na\xff".to_vec()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "r:2:2: error: `r` is not UTF-8 (save it as UTF-8)"
        );
        for broken in [b"\xff\xfex".to_vec(), b"\xff\xfe\0\xd8".to_vec()] {
            assert_eq!(
                decode("r", broken).unwrap_err().message,
                "`r` is broken UTF-16"
            );
        }
    }
}
