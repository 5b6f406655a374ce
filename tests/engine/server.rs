//! Servers on 127.0.0.1 that stand in for the network: files over HTTP, a git repository over ssh.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::docker::Ran;

/// An HTTP server with these files, which asks for a login if there is one.
#[derive(Debug)]
pub(crate) struct Files {
    port: u16,
}

#[derive(Debug)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    /// The value of the header `Authorization` that opens the files.
    authorization: Option<String>,
    /// The value of the header `Last-Modified`.
    modified: Option<&'static str>,
}

impl Files {
    /// Starts the server, which ends with the tests.
    pub(crate) fn serve<const N: usize>(
        files: [(&str, &[u8]); N],
        authorization: Option<String>,
    ) -> Self {
        Self::start(files, authorization, None)
    }

    /// Starts one whose files changed last at this time, as HTTP writes it.
    pub(crate) fn dated<const N: usize>(
        files: [(&str, &[u8]); N],
        modified: Option<&'static str>,
    ) -> Self {
        Self::start(files, None, modified)
    }

    fn start<const N: usize>(
        files: [(&str, &[u8]); N],
        authorization: Option<String>,
        modified: Option<&'static str>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let files = files
            .into_iter()
            .map(|(path, content)| (path.to_owned(), content.to_vec()));
        let served = Arc::new(Served {
            files: files.collect(),
            authorization,
            modified,
        });
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let served = Arc::clone(&served);
                // A client that goes away is no failure of the test.
                thread::spawn(move || drop(served.answer(stream)));
            }
        });
        Self { port }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Served {
    /// Answers one request and closes the connection.
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let mut authorization = None;
        for line in lines {
            let line = line?;
            if line.is_empty() {
                break;
            }
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                    authorization = Some(value.to_owned());
                }
                _ => {}
            }
        }
        let mut words = request.split(' ');
        let (method, path) = (words.next(), words.next().unwrap_or_default());
        let (status, content): (_, &[u8]) =
            if authorization != self.authorization && self.authorization.is_some() {
                (
                    "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"",
                    b"",
                )
            } else {
                match self.files.get(path) {
                    Some(content) => ("200 OK", content),
                    None => ("404 Not Found", b""),
                }
            };
        let kind = if path.ends_with('/') {
            "text/html"
        } else {
            "application/octet-stream"
        };
        let modified = self.modified.map_or_else(String::new, |modified| {
            format!("Last-Modified: {modified}\r\n")
        });
        write!(
            stream,
            "HTTP/1.1 {status}\r\n{modified}Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            content.len()
        )?;
        if method != Some("HEAD") {
            stream.write_all(content)?;
        }
        stream.flush()
    }
}

/// A program that runs until the test is over.
#[derive(Debug)]
pub(crate) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// An ssh server that serves one git repository at any path, for one key, and an agent that has the key.
#[derive(Debug)]
pub(crate) struct Git {
    _sshd: Server,
    _agent: Server,
    port: u16,
    agent_socket: String,
    user: String,
    host_key: String,
}

impl Git {
    /// Makes keys in `folder` and starts the server and the agent there.
    pub(crate) fn serve(folder: &Path, repository: &Path) -> Self {
        let key = folder.join("key");
        let host_key = folder.join("host_key");
        for file in [&key, &host_key] {
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
                .arg(file));
        }
        let port = free_port();
        let config = sshd_config(folder, repository, port);
        let program = std::env::var_os("MICROB_SSHD")
            .expect("no ssh server: `eval \"$(dev/engine env)\"` names one");
        let sshd = start(Command::new(program).args(["-D", "-e", "-f"]).arg(&config));
        let agent_socket = folder.join("agent");
        let agent = start(
            Command::new("ssh-agent")
                .arg("-D")
                .arg("-a")
                .arg(&agent_socket),
        );
        wait_for(|| agent_socket.exists());
        run(Command::new("ssh-add")
            .arg("-q")
            .arg(&key)
            .env("SSH_AUTH_SOCK", &agent_socket));
        wait_for(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self {
            _sshd: sshd,
            _agent: agent,
            port,
            agent_socket: agent_socket.to_str().unwrap().to_owned(),
            user: run(Command::new("id").arg("-un")).trim().to_owned(),
            host_key: fs::read_to_string(folder.join("host_key.pub")).unwrap(),
        }
    }

    /// `USER@127.0.0.1:PORT`.
    pub(crate) fn authority(&self) -> String {
        format!("{}@127.0.0.1:{}", self.user, self.port)
    }

    /// The flag that forwards the agent.
    pub(crate) fn ssh_flag(&self) -> String {
        format!("--ssh=default={}", self.agent_socket)
    }

    /// The server's line of a `known_hosts` file.
    pub(crate) fn known_hosts(&self) -> String {
        self.known_hosts_with(&self.host_key)
    }

    /// A line of a `known_hosts` file with another key for the server.
    pub(crate) fn known_hosts_with(&self, key: &str) -> String {
        format!("[127.0.0.1]:{} {key}", self.port)
    }
}

/// A git server without a login for all repositories in a folder.
#[derive(Debug)]
pub(crate) struct GitDaemon {
    _daemon: Server,
    port: u16,
}

impl GitDaemon {
    /// Starts the server, which ends with the test.
    pub(crate) fn serve(folder: &Path) -> Self {
        let port = free_port();
        // `git daemon` would start it as a program of its own, which outlives `git`.
        let programs = run(Command::new("git").arg("--exec-path"));
        let daemon = start(
            Command::new(Path::new(programs.trim()).join("git-daemon"))
                .args(["--export-all", "--listen=127.0.0.1"])
                .arg(format!("--port={port}"))
                .arg(format!("--base-path={}", folder.display()))
                .arg(folder),
        );
        wait_for(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self {
            _daemon: daemon,
            port,
        }
    }

    /// `git://127.0.0.1:PORT/NAME`.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("git://127.0.0.1:{}/{name}", self.port)
    }
}

/// Whatever path a client asks for, it gets the repository.
fn sshd_config(folder: &Path, repository: &Path, port: u16) -> std::path::PathBuf {
    let git = run(Command::new("sh").args(["-c", "command -v git"]));
    let keys = folder.join("authorized_keys");
    fs::copy(folder.join("key.pub"), &keys).unwrap();
    let config = folder.join("sshd_config");
    let text = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\n\
         AuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
         PermitRootLogin prohibit-password\nForceCommand {git} upload-pack {repository}\n",
        folder = folder.display(),
        keys = keys.display(),
        git = git.trim(),
        repository = repository.display(),
    );
    fs::write(&config, text).unwrap();
    config
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) fn start(command: &mut Command) -> Server {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    Server(command.stderr(Stdio::null()).spawn().unwrap())
}

#[track_caller]
fn run(command: &mut Command) -> String {
    Ran::of(command).succeeded().stdout
}

#[track_caller]
pub(crate) fn wait_for(is_there: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_there() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("a server does not start within 10 seconds");
}
