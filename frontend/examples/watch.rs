//! Stands between BuildKit and a frontend, forwards every call, and measures. `dev/measure` puts it into frontend images.
//!
//! `watch FRONTEND…` as the entrypoint of an image runs that frontend. The build's result then has `frontend.measured`,
//! which `docker buildx build --metadata-file` shows: JSON with the calls, the milliseconds from the frontend's start to
//! its last `Solve`, and its peak memory in kilobytes.
#![expect(clippy::unwrap_used, reason = "a program for measurements may panic")]

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bollard_buildkit_proto::moby::buildkit::v1::frontend as api;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream, client, server};
use http::{HeaderMap, Request, Response};
use prost::Message;
use prost::bytes::{BufMut, Bytes, BytesMut};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;

/// Large enough that nobody waits for a window, in bytes; and what grpc-go allows for headers.
const WINDOW: u32 = 64 << 20;
const HEADERS: u32 = 16 << 20;
/// A gRPC message has a flag and its length before it.
const PREFIX: usize = 5;

/// What was seen of a frontend.
#[derive(Debug)]
struct Seen {
    process: u32,
    started: Instant,
    calls: Vec<String>,
    /// Milliseconds from the start.
    last_solve: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut words = std::env::args_os().skip(1);
    let started = Instant::now();
    let mut frontend = Command::new(words.next().unwrap())
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let seen = Arc::new(Mutex::new(Seen {
        process: frontend.id(),
        started,
        calls: Vec::new(),
        last_solve: 0.0,
    }));
    let (input, output) = (io::stdin(), io::stdout());
    let to_buildkit = pipes(owned(&input), owned(&output)).unwrap();
    let (buildkit, connection) = client::Builder::new()
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(HEADERS)
        .handshake(to_buildkit)
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut calls = server::Builder::new()
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(HEADERS)
        .handshake(frontend_pipes(&mut frontend))
        .await
        .unwrap();
    while let Some(Ok((request, response))) = calls.accept().await {
        tokio::spawn(forward(
            request,
            response,
            buildkit.clone(),
            Arc::clone(&seen),
        ));
    }
    let status = frontend.wait().unwrap();
    std::process::exit(status.code().unwrap_or(1));
}

fn owned(file: &impl AsFd) -> OwnedFd {
    file.as_fd().try_clone_to_owned().unwrap()
}

fn frontend_pipes(frontend: &mut Child) -> impl AsyncRead + AsyncWrite + Unpin + use<> {
    let output = frontend.stdout.take().unwrap();
    let input = frontend.stdin.take().unwrap();
    pipes(output.into(), input.into()).unwrap()
}

fn pipes(input: OwnedFd, output: OwnedFd) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
    let reader = pipe::Receiver::from_owned_fd(input)?;
    let writer = pipe::Sender::from_owned_fd(output)?;
    Ok(tokio::io::join(reader, writer))
}

/// Forwards one call and its answer.
async fn forward(
    request: Request<RecvStream>,
    mut response: SendResponse<Bytes>,
    buildkit: client::SendRequest<Bytes>,
    seen: Arc<Mutex<Seen>>,
) -> Result<(), h2::Error> {
    let method = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let (head, body) = request.into_parts();
    let (mut message, _) = received(body).await?;
    let measured = seen.lock().unwrap().call(&method);
    if let Some(measured) = measured {
        message = with_metadata(&message, measured);
    }
    let (answer, mut stream) = buildkit
        .ready()
        .await?
        .send_request(Request::from_parts(head, ()), false)?;
    stream.send_data(message.into(), true)?;
    let (head, body) = answer.await?.into_parts();
    let only_headers = body.is_end_stream();
    let (message, trailers) = received(body).await?;
    let stream = response.send_response(Response::from_parts(head, ()), only_headers)?;
    if only_headers {
        return Ok(());
    }
    send(stream, message, trailers)
}

async fn received(mut body: RecvStream) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
    let mut message = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        message.extend_from_slice(&data);
    }
    Ok((message, body.trailers().await?))
}

fn send(
    mut stream: SendStream<Bytes>,
    message: Vec<u8>,
    trailers: Option<HeaderMap>,
) -> Result<(), h2::Error> {
    stream.send_data(message.into(), trailers.is_none())?;
    trailers.map_or(Ok(()), |trailers| stream.send_trailers(trailers))
}

impl Seen {
    /// Notes a call; with the last one gives what was measured.
    fn call(&mut self, method: &str) -> Option<String> {
        self.calls.push(method.to_owned());
        match method {
            "Solve" => self.last_solve = self.started.elapsed().as_secs_f64() * 1000.0,
            "Return" => return Some(self.measured()),
            _ => {}
        }
        None
    }

    fn measured(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process));
        let status = status.unwrap_or_default();
        // The "high water mark" of what is in memory, see proc_pid_status(5).
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        json!({ "calls": self.calls, "last_solve_ms": self.last_solve, "peak_kb": peak })
            .to_string()
    }
}

/// The message of `Return` with the measurement in the result's metadata. BuildKit tells clients what begins with `frontend.`.
fn with_metadata(message: &[u8], measured: String) -> Vec<u8> {
    let mut request = api::ReturnRequest::decode(&message[PREFIX..]).unwrap();
    if let Some(result) = &mut request.result {
        result
            .metadata
            .insert("frontend.measured".to_owned(), measured.into_bytes());
    }
    let encoded = request.encode_to_vec();
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(encoded.len().try_into().unwrap());
    framed.put_slice(&encoded);
    framed.to_vec()
}
