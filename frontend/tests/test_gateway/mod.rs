//! The other end of the gateway: starts a frontend as BuildKit starts it, answers its calls and builds nothing.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bollard_buildkit_proto::fsutil::types::Stat;
use bollard_buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use bollard_buildkit_proto::moby::buildkit::v1::frontend as api;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message;
use prost::bytes::{BufMut, Bytes, BytesMut};
use tokio::net::unix::pipe;

/// An emulated frontend on a busy machine takes seconds.
const DEADLINE: Duration = Duration::from_mins(2);

/// What an engine can do as far as a build of these tests needs it: ids of `frontend/gateway/pb/caps.go` and of
/// `solver/pb/caps.go` in moby/buildkit.
const CAPS: [&str; 6] = [
    "solve.base",
    "resolveimage",
    "readfile",
    "return",
    "readdir",
    "statfile",
];
const LLB_CAPS: [&str; 29] = [
    "source.git",
    "source.git.fullurl",
    "source.git.mtime",
    "source.image",
    "source.local",
    "source.local.unique",
    "source.local.sessionid",
    "source.local.includepatterns",
    "source.local.followpaths",
    "source.local.excludepatterns",
    "source.local.sharedkeyhint",
    "exec.meta.base",
    "exec.meta.network",
    "exec.meta.setsdefaultpath",
    "exec.mount.bind",
    "exec.mount.bind.readwrite-nooutput",
    "exec.mount.cache",
    "exec.mount.cache.sharing",
    "exec.mount.selector",
    "exec.mount.tmpfs",
    "exec.validexitcode",
    "file.base",
    "file.rm.wildcard",
    "file.copy.includeexcludepatterns",
    "constraints",
    "platform",
    "meta.ignorecache",
    "meta.description",
    "meta.exportcache",
];

/// What a frontend did from its start to its end.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) status: ExitStatus,
    /// Its standard error, which BuildKit writes to the daemon's log.
    pub(crate) log: String,
    /// The calls, in their order.
    pub(crate) calls: Vec<String>,
    /// The graphs that it sent, encoded.
    pub(crate) graphs: Vec<Vec<u8>>,
    /// What it returned at the end.
    pub(crate) returned: Option<api::ReturnRequest>,
}

/// The engine of one build.
#[derive(Debug, Default)]
struct Engine {
    /// Of the build context, and, if the path begins with `/`, of an image: paths and texts. A path that ends in `/` is a
    /// folder that nobody may list.
    files: BTreeMap<String, String>,
    calls: Vec<String>,
    graphs: Vec<Vec<u8>>,
    returned: Option<api::ReturnRequest>,
}

/// An answer, or the message of an error.
type Answer = Result<Vec<u8>, String>;

/// Starts the frontend for a build with these options and files, and serves it until it ends.
pub(crate) fn serve(mut command: Command, options: &[&str], files: &[(&str, &str)]) -> Served {
    for (number, option) in options.iter().enumerate() {
        command.env(format!("BUILDKIT_FRONTEND_OPT_{number}"), option);
    }
    let worker = r#"[{"id": "worker", "platforms": [{"os": "linux", "architecture": "amd64"}]}]"#;
    let mut frontend = command
        .env("BUILDKIT_SESSION_ID", "session")
        .env("BUILDKIT_WORKERS", worker)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let engine = Arc::new(Mutex::new(Engine {
        files: files
            .iter()
            .map(|(path, text)| (path.to_string(), text.to_string()))
            .collect(),
        ..Engine::default()
    }));
    let input = OwnedFd::from(frontend.stdin.take().unwrap());
    let output = OwnedFd::from(frontend.stdout.take().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = runtime.block_on(async {
        tokio::time::timeout(DEADLINE, answer_all(input, output, &engine)).await
    });
    if served.is_err() {
        frontend.kill().unwrap();
    }
    // The tasks have the other ends of its pipes.
    drop(runtime);
    let mut log = String::new();
    frontend
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    let status = frontend.wait().unwrap();
    let engine = std::mem::take(&mut *engine.lock().unwrap());
    assert!(
        served.is_ok(),
        "no end after {DEADLINE:?}: {:?}\n{log}",
        engine.calls
    );
    let Engine {
        calls,
        graphs,
        returned,
        ..
    } = engine;
    Served {
        status,
        log,
        calls,
        graphs,
        returned,
    }
}

/// Serves HTTP/2 over the pipes until the frontend closes its own.
async fn answer_all(
    input: OwnedFd,
    output: OwnedFd,
    engine: &Arc<Mutex<Engine>>,
) -> io::Result<()> {
    let (reader, writer) = (
        pipe::Receiver::from_owned_fd(output)?,
        pipe::Sender::from_owned_fd(input)?,
    );
    // How the connection ends does not matter: what counts is what the frontend did.
    let Ok(mut connection) = h2::server::handshake(tokio::io::join(reader, writer)).await else {
        return Ok(());
    };
    while let Some(Ok((request, response))) = connection.accept().await {
        let engine = Arc::clone(engine);
        tokio::spawn(answer(request, response, engine));
    }
    Ok(())
}

/// Answers one call, as gRPC over HTTP/2 has it: a message is a flag, its length in four bytes, and itself.
async fn answer(
    request: Request<h2::RecvStream>,
    mut response: SendResponse<Bytes>,
    engine: Arc<Mutex<Engine>>,
) -> Result<(), h2::Error> {
    const PREFIX: usize = 5;
    let method = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut body = request.into_body();
    let mut received = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        received.extend_from_slice(&data);
    }
    let answered = engine.lock().unwrap().answer(&method, &received[PREFIX..]);
    let head = Response::builder()
        .header("content-type", "application/grpc")
        .body(())
        .unwrap();
    let mut stream = response.send_response(head, false)?;
    let mut trailers = HeaderMap::new();
    match answered {
        Ok(message) => {
            let mut framed = BytesMut::new();
            framed.put_u8(0);
            framed.put_u32(message.len().try_into().unwrap());
            framed.put_slice(&message);
            stream.send_data(framed.freeze(), false)?;
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
        }
        Err(message) => {
            // UNKNOWN, as of an error of Go without a code.
            trailers.insert("grpc-status", HeaderValue::from_static("2"));
            trailers.insert("grpc-message", message.parse().unwrap());
        }
    }
    stream.send_trailers(trailers)
}

impl Engine {
    fn answer(&mut self, method: &str, message: &[u8]) -> Answer {
        self.calls.push(method.to_owned());
        match method {
            "Ping" => Ok(pong().encode_to_vec()),
            "Solve" => {
                let request = api::SolveRequest::decode(message).unwrap();
                self.graphs
                    .push(request.definition.unwrap_or_default().encode_to_vec());
                let result = api::Result {
                    result: Some(api::result::Result::RefDeprecated(format!(
                        "r{}",
                        self.graphs.len()
                    ))),
                    ..Default::default()
                };
                let response = api::SolveResponse {
                    result: Some(result),
                    ..Default::default()
                };
                Ok(response.encode_to_vec())
            }
            "ResolveImageConfig" => Ok(image().encode_to_vec()),
            "ReadFile" => {
                let path = api::ReadFileRequest::decode(message).unwrap().file_path;
                let data = self
                    .files
                    .get(&path)
                    .ok_or_else(|| missing(&path))?
                    .clone()
                    .into_bytes();
                Ok(api::ReadFileResponse { data }.encode_to_vec())
            }
            "StatFile" => {
                let path = api::StatFileRequest::decode(message).unwrap().path;
                let text = self.files.get(&path).ok_or_else(|| missing(&path))?;
                let stat = Some(stat(&path, text));
                Ok(api::StatFileResponse { stat }.encode_to_vec())
            }
            "ReadDir" => {
                let path = api::ReadDirRequest::decode(message).unwrap().dir_path;
                if path != "." && path != "/" {
                    return Err(missing(&path));
                }
                let entries = self
                    .files
                    .iter()
                    .filter(|(path, _)| !path.starts_with('/'))
                    .map(|(path, text)| stat(path, text))
                    .collect();
                Ok(api::ReadDirResponse { entries }.encode_to_vec())
            }
            "Return" => {
                self.returned = Some(api::ReturnRequest::decode(message).unwrap());
                Ok(api::ReturnResponse::default().encode_to_vec())
            }
            _ => Err(format!("no answer to {method}")),
        }
    }
}

fn pong() -> api::PongResponse {
    let cap = |id: &&str| ApiCap {
        id: id.to_string(),
        enabled: true,
        ..Default::default()
    };
    api::PongResponse {
        frontend_api_caps: CAPS.iter().map(cap).collect(),
        llb_caps: LLB_CAPS.iter().map(cap).collect(),
        ..Default::default()
    }
}

/// Any image is one of Python.
fn image() -> api::ResolveImageConfigResponse {
    let config = br#"{"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin",
        "PYTHON_VERSION=3.14.0"]}, "rootfs": {"type": "layers", "diff_ids": []}}"#;
    api::ResolveImageConfigResponse {
        digest: format!("sha256:{}", "0".repeat(64)),
        config: config.to_vec(),
        ..Default::default()
    }
}

fn stat(path: &str, text: &str) -> Stat {
    // The highest bit of Go's `os.FileMode` is that of a folder.
    let (path, mode) = match path.strip_suffix('/') {
        Some(folder) => (folder, 1 << 31 | 0o755),
        None => (path, 0o644),
    };
    Stat {
        path: path.to_owned(),
        mode,
        size: text.len().try_into().unwrap(),
        ..Default::default()
    }
}

/// What Go says.
fn missing(path: &str) -> String {
    format!("open {path}: no such file or directory")
}
