//! A client of BuildKit's frontend gateway (`frontend/gateway/pb/gateway.proto` in moby/buildkit).

mod caps;
mod connection;
mod failure;
mod files;
mod graph;
mod limits;
mod outcome;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::frontend as api;
use bollard_buildkit_proto::{google, pb};
use http::Uri;
use http::uri::PathAndQuery;
use microb_dsl::grammar::Mistake;
use microb_dsl::llb::{Capabilities, ImageResolveMode, ResolvedImage};
use microb_dsl::{Diagnostic, ImageRef, Platform, Rule};
use prost::Message;
use tokio::sync::oneshot;
use tonic::client::Grpc;
use tonic_prost::ProstCodec;

use connection::Connection;
pub use failure::Failure;
pub use files::FileStat;
pub use graph::Graph;
pub use limits::Limits;
use limits::Solve;
pub use outcome::{Outcome, Reference, References};

/// The longest message in both directions, in bytes: what grpc-go's side of the gateway allows.
///
/// tonic's own limit is 4 MiB, and `Solve` echoes the whole definition.
const MAX_MESSAGE_SIZE: usize = 16 << 20;

/// How long the first answer may take.
const PING_DEADLINE: Duration = Duration::from_secs(15);

/// What the identifier of an image as a source begins with.
const IMAGE: &str = "docker-image://";

/// The gateway of one build.
#[derive(Debug)]
pub struct Gateway {
    grpc: Grpc<Connection>,
    caps: BTreeSet<String>,
    llb_caps: BTreeSet<String>,
    calls: AtomicU32,
}

/// A cache that results may come from (`docker build --cache-from`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheImport {
    /// `registry`, `gha`, `local` …
    pub kind: String,
    /// The settings of that kind.
    pub attributes: BTreeMap<String, String>,
}

/// What an engine finds for the name of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The image.
    Image(ResolvedImage),
    /// Something else, which a source policy puts in its place: its identifier, for instance `local://folder`.
    Other(String),
}

impl Found {
    /// What was found for an image, and the image that the engine took instead of it. Old engines do not say which.
    fn image(
        asked: &ImageRef,
        used: &str,
        digest: String,
        config: Vec<u8>,
    ) -> Result<Self, Failure> {
        let used = Some(used).filter(|used| !used.is_empty() && *used != asked.to_string());
        let used = used
            .map(str::parse)
            .transpose()
            .map_err(|problem: Mistake| {
                let image = asked.familiar();
                Failure::new(format!(
                    "the engine takes another image for `{image}`: {problem}"
                ))
            })?;
        Ok(Self::Image(resolved(used, digest, config)))
    }
}

impl Gateway {
    /// Connects to the gateway that started this program, and asks what it can do.
    ///
    /// The receiver hears when the connection ends: the build was canceled, or the daemon died.
    ///
    /// # Errors
    ///
    /// When standard input and output are no pipes, or no gateway answers in time.
    pub async fn connect() -> io::Result<(Self, oneshot::Receiver<()>)> {
        let (connection, end) = connection::over_stdio().await?;
        // HTTP/2 wants an authority; over a pipe it means nothing.
        let grpc = Grpc::with_origin(connection, Uri::from_static("http://localhost"))
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        let mut gateway = Self {
            grpc,
            caps: BTreeSet::new(),
            llb_caps: BTreeSet::new(),
            calls: AtomicU32::new(0),
        };
        let call = gateway.call("Ping", api::PingRequest {});
        let pong: api::PongResponse = tokio::time::timeout(PING_DEADLINE, call)
            .await?
            .map_err(io::Error::other)?;
        gateway.caps = caps::frontend(pong.frontend_api_caps);
        gateway.llb_caps = caps::llb(pong.llb_caps);
        Ok((gateway, end))
    }

    /// What the engine can do with a graph.
    pub fn llb_capabilities(&self) -> Capabilities {
        Capabilities::Only(self.llb_caps.clone())
    }

    /// Whether the engine can limit what programs of a build use.
    pub fn keeps_limits(&self) -> bool {
        self.llb_caps.contains(limits::CAPABILITY)
    }

    /// How many calls were made so far.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Solves a graph. What it makes is built when it is needed: when a file is read, or when it is exported.
    ///
    /// # Errors
    ///
    /// When the engine lacks what the graph needs, or the build fails. The details are the engine's own.
    pub async fn solve(&self, graph: Graph, imports: &[CacheImport]) -> Result<Outcome, Failure> {
        self.send(graph, imports, false).await
    }

    /// Solves a graph and builds it now.
    ///
    /// # Errors
    ///
    /// As [`Self::solve`].
    pub async fn build(&self, graph: Graph, imports: &[CacheImport]) -> Result<Outcome, Failure> {
        let evaluates = self.has(caps::EVALUATE_SOLVE);
        let outcome = self.send(graph, imports, evaluates).await?;
        if !evaluates {
            for reference in outcome.references.all() {
                self.evaluate(reference).await?;
            }
        }
        Ok(outcome)
    }

    async fn send(
        &self,
        graph: Graph,
        imports: &[CacheImport],
        evaluate: bool,
    ) -> Result<Outcome, Failure> {
        self.check_caps(&graph)?;
        let request = api::SolveRequest {
            definition: Some(graph.definition),
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: imports.iter().map(cache_entry).collect(),
            evaluate,
            ..Default::default()
        };
        let limits = graph.limits.filter(|_| self.keeps_limits());
        let request = Solve::new(request, limits.as_ref());
        let solved: api::SolveResponse = self.call("Solve", request).await?;
        Ok(solved.into())
    }

    /// Makes the engine build a result now.
    ///
    /// # Errors
    ///
    /// When the build fails.
    pub async fn evaluate(&self, reference: &Reference) -> Result<(), Failure> {
        if !self.has(caps::EVALUATE) {
            return self.stat_file(reference, ".").await.map(drop);
        }
        let request = api::EvaluateRequest {
            r#ref: reference.0.clone(),
        };
        let _: api::EvaluateResponse = self.call("Evaluate", request).await?;
        Ok(())
    }

    /// The digest and the config of an image.
    ///
    /// # Errors
    ///
    /// When there is no such image for the platform.
    pub async fn resolve_image(
        &self,
        image: &ImageRef,
        platform: &Platform,
        mode: ImageResolveMode,
        log_name: String,
    ) -> Result<Found, Failure> {
        let platform = Some(pb_platform(platform));
        // The values are those of `solver/pb/attr.go`.
        let resolve_mode = match mode {
            ImageResolveMode::Default => "default",
            ImageResolveMode::ForcePull => "pull",
            ImageResolveMode::PreferLocal => "local",
        }
        .to_owned();
        if !self.has(caps::SOURCE_META) {
            let request = api::ResolveImageConfigRequest {
                r#ref: image.to_string(),
                platform,
                resolve_mode,
                log_name,
                ..Default::default()
            };
            let found: api::ResolveImageConfigResponse =
                self.call("ResolveImageConfig", request).await?;
            return Found::image(image, &found.r#ref, found.digest, found.config);
        }
        let request = api::ResolveSourceMetaRequest {
            source: Some(pb::SourceOp {
                identifier: format!("{IMAGE}{image}"),
                ..Default::default()
            }),
            platform,
            log_name,
            resolve_mode,
            ..Default::default()
        };
        let found: api::ResolveSourceMetaResponse = self.call("ResolveSourceMeta", request).await?;
        let identifier = found.source.unwrap_or_default().identifier;
        match found.image {
            Some(found) => {
                let used = identifier.strip_prefix(IMAGE).unwrap_or_default();
                Found::image(image, used, found.digest, found.config)
            }
            None => Ok(Found::Other(identifier)),
        }
    }

    /// The config of an image in a content store of the client, whose digest the name has.
    ///
    /// # Errors
    ///
    /// When there is no such image for the platform.
    pub async fn resolve_oci_layout(
        &self,
        image: &ImageRef,
        platform: &Platform,
        session: &str,
        store: &str,
        log_name: String,
    ) -> Result<ResolvedImage, Failure> {
        /// `ResolverTypeOCILayout` of `client/llb/sourceresolver` in moby/buildkit.
        const OCI_LAYOUT: i32 = 1;
        let request = api::ResolveImageConfigRequest {
            r#ref: image.to_string(),
            platform: Some(pb_platform(platform)),
            log_name,
            resolver_type: OCI_LAYOUT,
            session_id: session.to_owned(),
            store_id: store.to_owned(),
            ..Default::default()
        };
        let found: api::ResolveImageConfigResponse =
            self.call("ResolveImageConfig", request).await?;
        Ok(resolved(None, found.digest, found.config))
    }

    /// The definitions that the client gives by name, as bytes of `pb.Definition`. None on an engine that knows no inputs.
    ///
    /// # Errors
    ///
    /// When the engine does not answer.
    pub async fn inputs(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        if !self.has(caps::INPUTS) {
            return Ok(BTreeMap::new());
        }
        let inputs: api::InputsResponse = self.call("Inputs", api::InputsRequest {}).await?;
        // The ops inside stay the bytes that they were: a definition holds them encoded.
        Ok(inputs
            .definitions
            .into_iter()
            .map(|(name, definition)| (name, definition.encode_to_vec()))
            .collect())
    }

    /// Shows a warning at the vertex of this digest, which must have been solved.
    ///
    /// # Errors
    ///
    /// When the engine does not answer. One that knows no warnings is no error.
    pub async fn warn(&self, vertex: &str, warning: &Diagnostic) -> Result<(), Failure> {
        if !self.has(caps::WARNINGS) {
            return Ok(());
        }
        let rule = warning.rule;
        let detail = rule.map(|rule| rule.description.as_bytes().to_vec());
        let request = api::WarnRequest {
            digest: vertex.to_owned(),
            level: 1,
            short: short(warning).into_bytes(),
            detail: detail.into_iter().collect(),
            url: rule.and_then(Rule::url).unwrap_or_default(),
            info: warning.span.as_ref().map(failure::source_info),
            ranges: warning.span.iter().map(failure::range).collect(),
        };
        let _: api::WarnResponse = self.call("Warn", request).await?;
        Ok(())
    }

    /// Ends the build with a result.
    ///
    /// # Errors
    ///
    /// When the engine refuses it.
    pub async fn finish(&self, outcome: Outcome) -> Result<(), Failure> {
        if matches!(&outcome.references, References::Many(many) if many.len() > 1) {
            self.require(caps::RETURN_MAP)?;
        }
        if !outcome.sboms.is_empty() {
            self.require(caps::ATTESTATIONS)?;
        }
        self.require(caps::RETURN)?;
        let sboms = outcome.sboms.into_iter();
        let result = api::Result {
            attestations: sboms
                .map(|(platform, folder)| (platform, outcome::sbom(folder)))
                .collect(),
            metadata: outcome.metadata.into_iter().collect(),
            result: Some(outcome.references.into_message(self.has(caps::REF_ARRAY))),
        };
        self.end(Some(result), None).await
    }

    /// Ends the build with an error.
    ///
    /// # Errors
    ///
    /// When the engine is gone.
    pub async fn fail(&self, failure: Failure) -> Result<(), Failure> {
        self.require(caps::RETURN)?;
        self.end(None, Some(failure.0)).await
    }

    async fn end(
        &self,
        result: Option<api::Result>,
        error: Option<google::rpc::Status>,
    ) -> Result<(), Failure> {
        let request = api::ReturnRequest { result, error };
        let _: api::ReturnResponse = self.call("Return", request).await?;
        Ok(())
    }

    fn has(&self, cap: &str) -> bool {
        self.caps.contains(cap)
    }

    fn require(&self, cap: &str) -> Result<(), Failure> {
        if self.has(cap) {
            return Ok(());
        }
        Err(Failure::new(format!(
            "this BuildKit is too old: its gateway lacks `{cap}`"
        )))
    }

    /// Names what is missing before the engine fails with less to say.
    fn check_caps(&self, graph: &Graph) -> Result<(), Failure> {
        let vertices = graph.definition.metadata.values();
        let missing: BTreeSet<&str> = vertices
            .flat_map(|vertex| vertex.caps.keys())
            .map(String::as_str)
            .filter(|cap| !self.llb_caps.contains(*cap))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "this BuildKit is too old: it lacks `{}`",
            missing.into_iter().collect::<Vec<_>>().join("`, `")
        )))
    }

    async fn call<Request, Response>(
        &self,
        method: &str,
        request: Request,
    ) -> Result<Response, Failure>
    where
        Request: Message + 'static,
        Response: Message + Default + 'static,
    {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let path = format!("/moby.buildkit.v1.frontend.LLBBridge/{method}");
        let path = PathAndQuery::try_from(path).map_err(|e| Failure::new(e.to_string()))?;
        let mut grpc = self.grpc.clone();
        grpc.ready()
            .await
            .map_err(|gone| Failure::new(format!("the gateway is gone: {gone}")))?;
        let codec: ProstCodec<Request, Response> = ProstCodec::default();
        let answer = grpc
            .unary(tonic::Request::new(request), path, codec)
            .await?;
        Ok(answer.into_inner())
    }
}

/// The line that clients show of a warning. Those of a rule are as BuildKit's Dockerfile frontend has them
/// (`LintFormatShort` in `frontend/dockerfile/linter/linter.go`): `Rule: message (line 5)`.
fn short(warning: &Diagnostic) -> String {
    let Diagnostic { message, span, .. } = warning;
    let Some(rule) = warning.rule else {
        let place = span
            .as_ref()
            .map_or_else(String::new, |span| format!("{span}: "));
        let help = warning
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!(" ({help})"));
        return format!("{place}{message}{help}");
    };
    let place = span
        .as_ref()
        .map_or_else(String::new, |span| format!(" (line {})", span.start().line));
    let help = warning
        .help
        .as_ref()
        .map_or_else(String::new, |help| format!(": {help}"));
    format!("{}: {message}{help}{place}", rule.name)
}

fn pb_platform(platform: &Platform) -> pb::Platform {
    pb::Platform {
        os: platform.os.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        ..Default::default()
    }
}

fn cache_entry(import: &CacheImport) -> api::CacheOptionsEntry {
    api::CacheOptionsEntry {
        r#type: import.kind.clone(),
        attrs: import.attributes.clone().into_iter().collect(),
    }
}

fn resolved(reference: Option<ImageRef>, digest: String, config: Vec<u8>) -> ResolvedImage {
    ResolvedImage {
        reference,
        digest: (!digest.is_empty()).then_some(digest),
        config,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_that_the_engine_takes_is_told_where_it_is_another_one() {
        let asked: ImageRef = "alpine:3.23".parse().unwrap();
        let found = |used| Found::image(&asked, used, "sha256:0".to_owned(), Vec::new());
        for (used, expected) in [
            ("", None),
            ("docker.io/library/alpine:3.23", None),
            (
                "localhost:5000/alpine:3.23",
                Some("localhost:5000/alpine:3.23"),
            ),
        ] {
            let Ok(Found::Image(found)) = found(used) else {
                panic!("{used}");
            };
            let reference = found.reference.map(|image| image.to_string());
            assert_eq!(reference.as_deref(), expected, "{used}");
        }
        let wrong = found("localhost:5000/UPPER").unwrap_err().to_string();
        assert!(wrong.contains("another image for `alpine:3.23`"), "{wrong}");
    }
}
