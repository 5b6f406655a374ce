//! Why a build failed, as BuildKit's clients understand it: a gRPC status whose details name the user's lines.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard_buildkit_proto::google::protobuf::Any;
use bollard_buildkit_proto::google::rpc;
use bollard_buildkit_proto::pb;
use microb_dsl::{Diagnostics, Span, report};
use prost::Message as _;
use serde_json::{Value, json};
use tonic::Code;

/// How much of a file goes into an error, in bytes. Of a larger one, only the lines around the mistake are sent.
const MAX_SOURCE: usize = 64 << 10;

/// How many lines around a mistake are sent of a large file. Clients show four at most.
const LINES_AROUND: usize = 8;

/// How many places an error names. The text names all; these are the excerpts that the client prints below it.
const MAX_PLACES: usize = 20;

/// Why a build failed: what [`super::Gateway::fail`] returns to BuildKit.
///
/// A failure that came from BuildKit keeps the details that it came with, so that the client can show them.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a failure that nobody returns is a build that ends without a word"]
pub struct Failure(pub(super) rpc::Status);

impl Failure {
    /// A failure with a text only.
    pub fn new(message: impl Into<String>) -> Self {
        Self::coded(Code::Unknown, message)
    }

    /// There is no answer to a question of this name, in the form that makes clients ask somebody else.
    pub fn unsupported(subrequest: &str) -> Self {
        // Clients put `unsupported request NAME: ` in front.
        let mut failure =
            Self::new("this frontend answers outline, targets, lint and subrequests.describe");
        failure.detail("errdefs.Subrequest", &json!({ "name": subrequest }));
        failure
    }

    /// Tells this failure as findings, which may have places in the user's files. The details stay, and a place that
    /// is among them is the one that the client shows.
    pub fn told_as(self, findings: impl Into<Diagnostics>) -> Self {
        let mut told = Self::from(findings.into());
        told.0.code = self.0.code;
        if self.0.details.iter().any(is_place) {
            told.0.details.clear();
        }
        told.0.details.extend(self.0.details);
        told
    }

    /// Like [`told_as`](Self::told_as), but if a finding has its own span, the engine's source locations are dropped, so
    /// that the client shows ours.
    pub fn told_at_its_place(mut self, findings: impl Into<Diagnostics>) -> Self {
        let findings = findings.into();
        if findings.iter().any(|finding| finding.span.is_some()) {
            self.0.details.retain(|detail| !is_place(detail));
        }
        self.told_as(findings)
    }

    /// The digest of the vertex that failed, if one did.
    pub fn vertex(&self) -> Option<String> {
        let is_vertex = |detail: &&Any| detail.type_url.ends_with("errdefs.Vertex+json");
        let detail = self.0.details.iter().find(is_vertex)?;
        let vertex: Value = serde_json::from_slice(&detail.value).ok()?;
        vertex["digest"].as_str().map(str::to_owned)
    }

    /// Tells another failure below this one.
    pub fn and(mut self, other: Self) -> Self {
        if self.0.message != other.0.message {
            self.0.message = format!("{}\n\n{}", self.0.message, other.0.message);
        }
        // Clients show places in the order in which they were added last.
        let mut details = other.0.details;
        details.retain(|detail| !self.0.details.contains(detail));
        details.append(&mut self.0.details);
        self.0.details = details;
        self
    }

    /// Says what was being done when it failed. The details stay.
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.0.message = format!("{doing}: {}", self.0.message);
        self
    }

    /// What went wrong, in words.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    fn coded(code: Code, message: impl Into<String>) -> Self {
        Self(rpc::Status {
            code: code as i32,
            message: message.into(),
            details: Vec::new(),
        })
    }

    /// Adds a detail in the form of `util/grpcerrors/grpcerrors.go` in moby/buildkit: the JSON of a Go type in an `Any`.
    pub(crate) fn detail(&mut self, go_type: &str, content: &Value) {
        self.0.details.push(Any {
            type_url: format!("github.com/moby/buildkit/{go_type}+json"),
            value: content.to_string().into_bytes(),
        });
    }
}

fn is_place(detail: &Any) -> bool {
    detail.type_url.ends_with("errdefs.Source+json")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Failure {}

/// The status as the daemon sent it, details included.
impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        match rpc::Status::decode(status.details()) {
            Ok(sent) if sent.code != 0 => Self(sent),
            _ => Self::coded(status.code(), status.message()),
        }
    }
}

/// The text of all mistakes, and each place as a detail, so that the client prints the user's lines.
impl From<Diagnostics> for Failure {
    fn from(found: Diagnostics) -> Self {
        let mut failure = Self::new(report::render(&found));
        let mut places: Vec<&Span> = Vec::new();
        for span in found.iter().filter_map(|finding| finding.span.as_ref()) {
            if !places.contains(&span) {
                places.push(span);
            }
        }
        // In reverse: each of the two hops to the client, the gateway's and the control API's, wraps the details
        // into each other and unwraps them outermost first, which turns the order around once in all.
        for span in places.into_iter().take(MAX_PLACES).rev() {
            failure.detail("errdefs.Source", &source(span));
        }
        failure
    }
}

/// The JSON of `errdefs.Source` (`solver/errdefs/errdefs.proto` in moby/buildkit) as Go writes it.
fn source(span: &Span) -> Value {
    let (info, range) = (source_info(span), range(span));
    let position = |at: Option<pb::Position>| {
        let at = at.unwrap_or_default();
        json!({ "line": at.line, "character": at.character })
    };
    json!({
        "info": { "filename": info.filename, "language": info.language, "data": STANDARD.encode(info.data) },
        "ranges": [{ "start": position(range.start), "end": position(range.end) }],
    })
}

/// The file of a span. Of a large file, the lines far from the span are empty, so that all keep their numbers.
pub(super) fn source_info(span: &Span) -> pb::SourceInfo {
    let text = span.file().text();
    let (first, last) = (span.start().line, span.end().line);
    let near = |line: usize| line + LINES_AROUND >= first && line <= last + LINES_AROUND;
    let data = if text.len() <= MAX_SOURCE {
        text.replace("\r\n", "\n")
    } else {
        text.lines()
            .enumerate()
            .take_while(|(n, _)| *n <= last + LINES_AROUND)
            .map(|(n, line)| if near(n + 1) { line } else { "" })
            .collect::<Vec<_>>()
            .join("\n")
    };
    let extension = Path::new(span.file().name()).extension();
    pb::SourceInfo {
        filename: span.file().name().to_owned(),
        data: data.into_bytes(),
        definition: None,
        language: match extension {
            Some(extension) if extension == "toml" => "TOML".to_owned(),
            _ => String::new(),
        },
    }
}

/// Lines as BuildKit counts them, from 1, and characters from 0 (`solver/pb/ops.proto`).
pub(super) fn range(span: &Span) -> pb::Range {
    let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let position = |at: microb_dsl::Position| pb::Position {
        line: number(at.line),
        character: number(at.column - 1),
    };
    pb::Range {
        start: Some(position(span.start())),
        end: Some(position(span.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microb_dsl::{Diagnostic, SourceFile};

    fn details(failure: &Failure) -> Vec<(String, Value)> {
        let parse = |any: &Any| {
            (
                any.type_url.clone(),
                serde_json::from_slice(&any.value).unwrap(),
            )
        };
        failure.0.details.iter().map(parse).collect()
    }

    #[test]
    fn a_mistake_becomes_a_source_detail_that_go_can_read() {
        let file = SourceFile::new("pyproject.toml", "[project]\r\nnmae = 1\r\n");
        let finding = Diagnostic::error("unknown key `nmae`").at(&file.find("nmae").unwrap());
        let failure = Failure::from(Diagnostics::from(finding));
        assert!(failure.message().contains("2 | nmae = 1"));
        let expected = json!({
            "info": {
                "filename": "pyproject.toml",
                "language": "TOML",
                // printf '[project]\nnmae = 1\n' | base64
                "data": "W3Byb2plY3RdCm5tYWUgPSAxCg==",
            },
            "ranges": [{ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 4 } }],
        });
        let url = "github.com/moby/buildkit/errdefs.Source+json".to_owned();
        assert_eq!(details(&failure), [(url, expected)]);
    }

    #[test]
    fn places_are_named_once_and_not_without_end() {
        let file = SourceFile::new("a.toml", "x\n".repeat(100));
        let at = |line| Diagnostic::error("wrong").at(&file.line(line).unwrap());
        let twice = Diagnostics::from(at(1)).and(at(1).into());
        assert_eq!(details(&twice.into()).len(), 1);
        let many = (2..100).fold(Diagnostics::from(at(1)), |all, n| all.and(at(n).into()));
        assert_eq!(details(&many.into()).len(), MAX_PLACES);
    }

    #[test]
    fn of_a_large_file_the_lines_around_the_mistake_keep_their_numbers() {
        let file = SourceFile::new("a.toml", "# a comment\n".repeat(20_000) + "wrong\n");
        let info = source_info(&file.find("wrong").unwrap());
        let data = String::from_utf8(info.data).unwrap();
        let lines: Vec<&str> = data.lines().collect();
        assert_eq!(lines[20_000], "wrong");
        assert_eq!(lines[19_999], "# a comment");
        assert_eq!(lines[0], "");
        assert!(data.len() < MAX_SOURCE);
    }

    #[test]
    fn a_failure_of_the_daemon_keeps_its_details() {
        let sent = rpc::Status {
            code: Code::Unknown as i32,
            message: "process failed".to_owned(),
            details: vec![Any {
                type_url: "github.com/moby/buildkit/errdefs.Vertex+json".to_owned(),
                value: b"{\"digest\":\"sha256:0\"}".to_vec(),
            }],
        };
        let status = tonic::Status::with_details(
            Code::Unknown,
            "process failed",
            sent.encode_to_vec().into(),
        );
        let failure = Failure::from(status).context("failed to solve");
        assert_eq!(failure.0.details, sent.details);
        assert_eq!(failure.message(), "failed to solve: process failed");
    }

    #[test]
    fn a_status_without_details_keeps_code_and_message() {
        let failure = Failure::from(tonic::Status::cancelled("gone"));
        assert_eq!(failure.0.code, Code::Cancelled as i32);
        assert_eq!(failure.message(), "gone");
    }
}
