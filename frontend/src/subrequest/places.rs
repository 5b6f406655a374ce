//! Places in files, in the JSON of `pb.Location` and `pb.SourceInfo` (`solver/pb/ops.proto` in moby/buildkit) as Go writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use microb_dsl::{SourceFile, Span};
use serde::Serialize;
use serde_json::{Value, json};

/// Ranges in one of the files of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Location {
    #[serde(rename = "sourceIndex", skip_serializing_if = "is_zero")]
    pub(super) source_index: i32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ranges: Vec<Range>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Range {
    start: Position,
    end: Position,
}

/// Lines count from 1, characters from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Position {
    line: usize,
    #[serde(skip_serializing_if = "is_zero")]
    character: usize,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

impl Location {
    /// No place in any file, as clients know it.
    pub(super) const NOWHERE: Self = Self {
        source_index: -1,
        ranges: Vec::new(),
    };

    /// The first line, from 1; 0 without one.
    pub(super) fn line(&self) -> usize {
        self.ranges.first().map_or(0, |range| range.start.line)
    }
}

/// The files that an answer points into. The definition is the first one.
#[derive(Debug)]
pub(super) struct Sources(Vec<SourceFile>);

impl Sources {
    pub(super) fn new(definition: &SourceFile) -> Self {
        Self(vec![definition.clone()])
    }

    /// The location of a span; its file becomes one of the files.
    pub(super) fn locate(&mut self, span: &Span) -> Location {
        let known = self.0.iter().position(|file| file == span.file());
        let index = known.unwrap_or_else(|| {
            self.0.push(span.file().clone());
            self.0.len() - 1
        });
        let position = |at: microb_dsl::Position| Position {
            line: at.line,
            character: at.column - 1,
        };
        Location {
            source_index: i32::try_from(index).unwrap_or(i32::MAX),
            ranges: vec![Range {
                start: position(span.start()),
                end: position(span.end()),
            }],
        }
    }

    /// The contents in base64, as outlines and lists of targets have them.
    pub(super) fn contents(&self) -> Vec<String> {
        self.0.iter().map(content).collect()
    }

    /// Names and contents, as findings have them.
    pub(super) fn infos(&self) -> Vec<Value> {
        let info = |file: &SourceFile| {
            let mut info = json!({ "filename": file.name(), "data": content(file) });
            if file.name().to_ascii_lowercase().ends_with(".toml") {
                info["language"] = json!("TOML");
            }
            info
        };
        self.0.iter().map(info).collect()
    }

    /// The file of a location.
    pub(super) fn file(&self, location: &Location) -> Option<&SourceFile> {
        self.0.get(usize::try_from(location.source_index).ok()?)
    }

    /// The lines of a location with a mark and the lines around them, as `errdefs.Source` prints itself.
    pub(super) fn excerpt(&self, location: &Location) -> String {
        let (Some(file), Some(range)) = (self.file(location), location.ranges.first()) else {
            return String::new();
        };
        let lines: Vec<&str> = file
            .text()
            .split('\n')
            .map(|line| line.trim_end_matches('\r'))
            .collect();
        let marked = range.start.line..=range.end.line.max(range.start.line).min(lines.len());
        let (mut start, mut end) = (*marked.start(), *marked.end());
        if start < 1 || start > lines.len() {
            return String::new();
        }
        let around = if start == end { 4 } else { 2 };
        let mut n = 0;
        while n < around {
            if start > 1 {
                start -= 1;
                n += 1;
            }
            if end != lines.len() {
                end += 1;
                n += 1;
            }
            n += 1;
        }
        let rule = "-".repeat(20);
        let mut text = vec![format!("{}:{}", file.name(), marked.start()), rule.clone()];
        text.extend((start..=end).map(|n| {
            let mark = if marked.contains(&n) { ">>>" } else { "   " };
            format!(" {n:3} | {mark} {}", lines[n - 1])
        }));
        text.extend([rule, String::new()]);
        text.join("\n")
    }
}

fn content(file: &SourceFile) -> String {
    STANDARD.encode(file.text().replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The output of BuildKit's `Source.Print` for the same lines of a Dockerfile.
    #[test]
    fn lines_are_shown_as_buildkit_shows_them() {
        let file = SourceFile::new("p", "one\ntwo\nthree\nfour\n");
        let mut sources = Sources::new(&file);
        let location = sources.locate(&file.find("one").unwrap());
        assert_eq!(
            sources.excerpt(&location),
            "p:1\n--------------------\n   1 | >>> one\n   2 |     two\n   3 |     three\n--------------------\n"
        );
        let location = sources.locate(&file.find("two\nthree").unwrap());
        assert_eq!(
            sources.excerpt(&location),
            "p:2\n--------------------\n   1 |     one\n   2 | >>> two\n   3 | >>> three\n   4 |     four\n--------------------\n"
        );
        assert_eq!(sources.excerpt(&Location::NOWHERE), "");
    }

    #[test]
    fn zeros_are_left_out_as_go_does() {
        let file = SourceFile::new("p", "a\nb c");
        let mut sources = Sources::new(&file);
        let json = |location| serde_json::to_value(location).unwrap();
        assert_eq!(
            json(sources.locate(&file.find("b").unwrap())),
            json!({ "ranges": [{ "start": { "line": 2 }, "end": { "line": 2, "character": 1 } }] })
        );
        let other = SourceFile::new("q", "x");
        assert_eq!(json(sources.locate(&other.whole()))["sourceIndex"], 1);
        assert_eq!(json(Location::NOWHERE), json!({ "sourceIndex": -1 }));
    }
}
