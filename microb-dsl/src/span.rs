//! Where a value came from: files, byte ranges, lines and columns.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text file that a user wrote and that a message may point into.
///
/// Cloning is cheap: the name and the text are shared.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceFile(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    name: String,
    text: String,
}

impl SourceFile {
    /// Makes a file from its name, as the user would type it, and its text.
    ///
    /// A byte order mark at the start is dropped, so that offsets begin at the first visible character.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Self(Arc::new(Inner {
            name: name.into(),
            text,
        }))
    }

    /// The file's name, relative to the build context, for instance `pyproject.toml`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The whole text, without a byte order mark. Line ends are as in the file.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// A span of this file. The range is cut to the text and to character boundaries.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.boundary(range.start);
        let end = self.boundary(range.end).max(start);
        Span {
            file: self.clone(),
            start,
            end,
        }
    }

    /// The span of the whole file, for messages about the file itself.
    pub fn whole(&self) -> Span {
        self.span(0..self.text().len())
    }

    /// The span of line `line` (1-based) without its line end and surrounding white space.
    pub fn line(&self, line: usize) -> Option<Span> {
        let content = self
            .text()
            .split_inclusive('\n')
            .nth(line.checked_sub(1)?)?;
        let start = content.as_ptr() as usize - self.text().as_ptr() as usize;
        let lead = content.len() - content.trim_start().len();
        Some(self.span(start + lead..start + content.trim_end().len().max(lead)))
    }

    /// The span of the first occurrence of `needle`, for tests and for values whose place a parser does not keep.
    pub fn find(&self, needle: &str) -> Option<Span> {
        let start = self.text().find(needle)?;
        Some(self.span(start..start + needle.len()))
    }

    fn boundary(&self, offset: usize) -> usize {
        let text = self.text();
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn position(&self, offset: usize) -> Position {
        let before = &self.text()[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({:?})", self.name())
    }
}

/// A half-open byte range into the UTF-8 text of one [`SourceFile`].
///
/// A span is metadata: it never changes what a recipe builds, nor the digest of a vertex.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    file: SourceFile,
    start: usize,
    end: usize,
}

impl Span {
    /// The file that the span points into.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The byte range in [`SourceFile::text`].
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The text under the span.
    pub fn text(&self) -> &str {
        &self.file.text()[self.start..self.end]
    }

    /// The position of the first character.
    pub fn start(&self) -> Position {
        self.file.position(self.start)
    }

    /// The position just past the last character.
    pub fn end(&self) -> Position {
        self.file.position(self.end)
    }

    /// A part of this span; `range` counts bytes from the span's start and is cut to the span.
    #[must_use]
    pub fn sub(&self, range: Range<usize>) -> Self {
        let end = (self.start + range.end).min(self.end);
        self.file.span((self.start + range.start).min(end)..end)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Writes `pyproject.toml:12:5`, the form that terminals and editors make clickable.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.name(), self.start())
    }
}

/// A place in a text as people count: both numbers start at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters (Unicode scalar values), from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value together with the place where the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value and its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Changes the value and keeps the place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(change(self.value), self.span)
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> Spanned<&T> {
        Spanned::new(&self.value, self.span.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let file = SourceFile::new("a.toml", "α = 1\r\nβγ = \"x\"\r\n");
        let span = file.find("\"x\"").unwrap();
        assert_eq!(span.to_string(), "a.toml:2:6");
        assert_eq!(span.end(), Position { line: 2, column: 9 });
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        let file = SourceFile::new("a.toml", "\u{feff}x = 1");
        assert_eq!(file.find("x").unwrap().to_string(), "a.toml:1:1");
    }

    #[test]
    fn a_line_is_found_without_its_line_end() {
        let file = SourceFile::new("r.txt", "one\r\n  two \r\n\r\n");
        assert_eq!(file.line(1).unwrap().text(), "one");
        assert_eq!(file.line(2).unwrap().text(), "two");
        assert_eq!(file.line(3).unwrap().text(), "");
        assert_eq!(file.line(0), None);
        assert_eq!(file.line(9), None);
    }

    #[test]
    fn a_span_is_cut_to_the_text_and_to_characters() {
        let file = SourceFile::new("a", "αβ");
        assert_eq!(file.span(1..99).text(), "αβ");
        assert_eq!(file.span(9..99).text(), "");
        assert_eq!(file.whole().sub(2..4).text(), "β");
    }
}
