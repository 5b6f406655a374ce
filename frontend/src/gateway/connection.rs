//! One HTTP/2 connection to BuildKit over standard input and output.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;
use tonic::body::Body;
use tower_service::Service;

/// The longest header block that is accepted, in bytes.
///
/// An error's details come in a trailer. With hyper's default of 16 KiB a large one ends the whole connection,
/// and the user sees an exit code only. grpc-go's clients accept 16 MiB.
const MAX_HEADER_LIST_SIZE: u32 = 16 << 20;

/// The one connection. A clone is another handle of it: nothing here can dial a second time.
#[derive(Debug, Clone)]
pub(super) struct Connection(http2::SendRequest<Body>);

/// Opens the connection that BuildKit holds the other end of. The receiver hears when it ends.
pub(super) async fn over_stdio() -> io::Result<(Connection, oneshot::Receiver<()>)> {
    // Pipes, and not tokio's stdin: that reads on a thread that nobody can stop, so the program would hang at its end.
    let reader = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let writer = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    // Nobody else may write to the pipe: what a recipe prints goes to standard error, the daemon's log.
    rustix::stdio::dup2_stdout(io::stderr())?;
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEADER_LIST_SIZE)
        .handshake(TokioIo::new(tokio::io::join(reader, writer)))
        .await
        .map_err(io::Error::other)?;
    let (ended, end) = oneshot::channel();
    tokio::spawn(async move {
        // How it ended does not matter: BuildKit is gone, or has what it wants.
        let _ = connection.await;
        let _ = ended.send(());
    });
    Ok((Connection(sender), end))
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
