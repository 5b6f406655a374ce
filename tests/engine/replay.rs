//! BuildKit's own API, which dockerd offers beside Docker's: what buildctl, nerdctl or a Go program with a frontend of its
//! own would send is sent from here. None of those is among Debian's packages.

use std::collections::HashMap;
use std::env;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll};

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use bollard_buildkit_proto::moby::buildkit::v1::frontend as gateway;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::docker::ENGINE;
use crate::project::unique;

/// Says to which build a call of the gateway belongs (`client/buildid` in moby/buildkit).
const BUILD_ID: &str = "buildkit-controlapi-buildid";

/// Options or attributes, as they are sent.
pub(crate) type Options = HashMap<String, String>;

/// Options from pairs.
pub(crate) fn options<const N: usize>(pairs: [(&str, &str); N]) -> Options {
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    pairs.into()
}

/// A connection to the engine's BuildKit.
pub(crate) struct Client {
    runtime: Runtime,
    grpc: Grpc<Connection>,
}

impl Client {
    /// Connects to the engine of `$DOCKER_HOST`.
    pub(crate) fn connect() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(Connection::open()).unwrap();
        let grpc = Grpc::with_origin(connection, Uri::from_static("http://localhost"))
            .max_decoding_message_size(16 << 20);
        Self { runtime, grpc }
    }

    /// What `buildctl build` asks for: the frontend is an image.
    pub(crate) fn solve(&self, request: control::SolveRequest) -> Result<(), Status> {
        let _engine = ENGINE.read().unwrap_or_else(PoisonError::into_inner);
        let solve = unary(&self.grpc, "Control/Solve", request, None);
        let solved: Result<control::SolveResponse, Status> = self.runtime.block_on(solve);
        solved.map(drop)
    }

    /// What `client.Build` in Go does: the frontend is a function of the client, which uses the gateway.
    pub(crate) fn build<Done>(
        &self,
        request: control::SolveRequest,
        frontend: impl FnOnce(Gateway) -> Done,
    ) -> Result<(), Status>
    where
        Done: Future<Output = Result<gateway::Result, Status>>,
    {
        let _engine = ENGINE.read().unwrap_or_else(PoisonError::into_inner);
        let gateway = Gateway {
            grpc: self.grpc.clone(),
            build: request.r#ref.clone(),
        };
        let solve = unary(&self.grpc, "Control/Solve", request, None);
        let answer = async {
            let (result, error) = match frontend(gateway.clone()).await {
                Ok(result) => (Some(result), None),
                Err(status) => (None, Some(in_message(&status))),
            };
            let request = gateway::ReturnRequest { result, error };
            let _: gateway::ReturnResponse = gateway.call("Return", request).await?;
            Ok(())
        };
        let both = async { tokio::join!(solve, answer) };
        let (solved, answered): (Result<control::SolveResponse, Status>, Result<(), Status>) =
            self.runtime.block_on(both);
        solved.map(drop).and(answered)
    }

    /// The warnings of a build, which must succeed.
    pub(crate) fn warnings(&self, request: control::SolveRequest) -> Vec<String> {
        let reference = request.r#ref.clone();
        self.solve(request).unwrap();
        // The record tells it again, from the beginning to the end.
        let told: Vec<control::StatusResponse> = self.stream(
            "Control/Status",
            control::StatusRequest { r#ref: reference },
        );
        let warnings = told.into_iter().flat_map(|status| status.warnings);
        let warnings = warnings.map(|warning| String::from_utf8(warning.short).unwrap());
        warnings.collect()
    }

    /// The record that the engine keeps of a build.
    pub(crate) fn record(&self, reference: &str) -> control::BuildHistoryRecord {
        let request = control::BuildHistoryRequest {
            r#ref: reference.to_owned(),
            early_exit: true,
            ..Default::default()
        };
        let events: Vec<control::BuildHistoryEvent> =
            self.stream("Control/ListenBuildHistory", request);
        let mut records = events.into_iter().filter_map(|event| event.record);
        records.next_back().unwrap()
    }

    /// Closes the record of a build, with its trace.
    pub(crate) fn finalize(&self, reference: &str) {
        let request = control::UpdateBuildHistoryRequest {
            r#ref: reference.to_owned(),
            finalize: true,
            ..Default::default()
        };
        let update = unary(&self.grpc, "Control/UpdateBuildHistory", request, None);
        let _: control::UpdateBuildHistoryResponse = self.runtime.block_on(update).unwrap();
    }

    fn stream<Asked, Told>(&self, method: &str, request: Asked) -> Vec<Told>
    where
        Asked: Message + 'static,
        Told: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        let path = path(method);
        self.runtime.block_on(async {
            grpc.ready().await.unwrap();
            let codec: ProstCodec<Asked, Told> = ProstCodec::default();
            let request = tonic::Request::new(request);
            let answer = grpc.server_streaming(request, path, codec).await.unwrap();
            let mut messages: Streaming<Told> = answer.into_inner();
            let mut all = Vec::new();
            while let Some(message) = messages.message().await.unwrap() {
                all.push(message);
            }
            all
        })
    }
}

/// A request for a build, with a name that no other build has.
pub(crate) fn request(
    exporters: Vec<control::Exporter>,
    attributes: Options,
) -> control::SolveRequest {
    control::SolveRequest {
        r#ref: format!("microb-test-{}", unique()),
        exporters,
        frontend_attrs: attributes,
        ..Default::default()
    }
}

/// An image that goes to a registry.
pub(crate) fn pushed(name: &str) -> control::Exporter {
    control::Exporter {
        r#type: "image".to_owned(),
        attrs: options([("name", name), ("push", "true")]),
    }
}

/// The gateway of one build.
#[derive(Clone)]
pub(crate) struct Gateway {
    grpc: Grpc<Connection>,
    build: String,
}

impl Gateway {
    /// Lets another frontend build something, and gives its result.
    pub(crate) async fn solve(
        &self,
        request: gateway::SolveRequest,
    ) -> Result<gateway::Result, Status> {
        let request = gateway::SolveRequest {
            allow_result_return: true,
            allow_result_array_ref: true,
            ..request
        };
        let solved: gateway::SolveResponse = self.call("Solve", request).await?;
        Ok(solved.result.unwrap_or_default())
    }

    /// A file of a result.
    pub(crate) async fn read(
        &self,
        reference: &gateway::Ref,
        file: &str,
    ) -> Result<String, Status> {
        let request = gateway::ReadFileRequest {
            r#ref: reference.id.clone(),
            file_path: file.to_owned(),
            ..Default::default()
        };
        let found: gateway::ReadFileResponse = self.call("ReadFile", request).await?;
        Ok(String::from_utf8(found.data).unwrap())
    }

    async fn call<Asked, Told>(&self, method: &str, request: Asked) -> Result<Told, Status>
    where
        Asked: Message + 'static,
        Told: Message + Default + 'static,
    {
        let method = format!("frontend.LLBBridge/{method}");
        unary(&self.grpc, &method, request, Some(&self.build)).await
    }
}

/// The only reference of a result.
#[track_caller]
pub(crate) fn single(result: &gateway::Result) -> gateway::Ref {
    match &result.result {
        Some(gateway::result::Result::Ref(one)) => one.clone(),
        other => panic!("not one reference: {other:?}"),
    }
}

async fn unary<Asked, Told>(
    grpc: &Grpc<Connection>,
    method: &str,
    request: Asked,
    build: Option<&str>,
) -> Result<Told, Status>
where
    Asked: Message + 'static,
    Told: Message + Default + 'static,
{
    let mut grpc = grpc.clone();
    let mut request = tonic::Request::new(request);
    if let Some(build) = build {
        let build = build.parse().unwrap();
        request.metadata_mut().insert(BUILD_ID, build);
    }
    grpc.ready().await.unwrap();
    let codec: ProstCodec<Asked, Told> = ProstCodec::default();
    let answer = grpc.unary(request, path(method), codec).await?;
    Ok(answer.into_inner())
}

fn path(method: &str) -> PathAndQuery {
    PathAndQuery::try_from(format!("/moby.buildkit.v1.{method}")).unwrap()
}

/// As a Go program returns an error of the gateway: with all that it knows.
fn in_message(status: &Status) -> bollard_buildkit_proto::google::rpc::Status {
    let told = bollard_buildkit_proto::google::rpc::Status::decode(status.details());
    told.unwrap_or_else(|_| bollard_buildkit_proto::google::rpc::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

/// One HTTP/2 connection.
#[derive(Clone)]
struct Connection(http2::SendRequest<Body>);

impl Connection {
    /// Asks dockerd for BuildKit's API (`POST /grpc` of Docker's).
    async fn open() -> io::Result<Self> {
        let host = env::var("DOCKER_HOST").unwrap_or_default();
        let socket = host
            .strip_prefix("unix://")
            .unwrap_or("/var/run/docker.sock");
        let mut stream = UnixStream::connect(socket).await?;
        let mut upgrade = Vec::new();
        write!(
            upgrade,
            "POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        )?;
        stream.write_all(&upgrade).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await?);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        if !answer.starts_with("HTTP/1.1 101 ") {
            return Err(io::Error::other(answer));
        }
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(16 << 20)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
