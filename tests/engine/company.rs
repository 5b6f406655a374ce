//! `examples/company.rs`: a base image, an authority and an index of one's own, and labels that must be there.
//! `examples/fork.rs`: a base image of one's own, and nothing else.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::docker::{Image, Ran, docker};
use crate::program::example_program;
use crate::project::{Project, example, unique};

/// An index over TLS in a container of the base image, which has Python and openssl. It ends with its standard input.
///
/// It says its port, the certificate of the authority that vouches for it, and that of another one.
const INDEX_PY: &str = r#"
import http.server, os, ssl, subprocess, sys, threading, zipfile

root = sys.argv[1]
os.makedirs(f'/tmp/index/{root}/acme-greeting')
os.chdir('/tmp')

def openssl(*words):
    subprocess.run(['openssl', *words], check=True, stderr=subprocess.DEVNULL)

def authority(name):
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=' + name,
            '-addext', 'keyUsage=critical,keyCertSign', '-keyout', name + '.key', '-out', name + '.pem')
    return open(name + '.pem').read()

ours, other = authority('acme'), authority('other')
openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=index', '-keyout', 'key.pem', '-out', 'request.pem')
open('extensions', 'w').write('subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n')
openssl('x509', '-req', '-in', 'request.pem', '-CA', 'acme.pem', '-CAkey', 'acme.key', '-CAcreateserial', '-days', '2',
        '-extfile', 'extensions', '-out', 'cert.pem')

info = 'acme_greeting-1.0.dist-info/'
files = {
    'acme_greeting.py': 'def greet(name):\n    return f"Hello, {name}, from our own index"\n',
    info + 'METADATA': 'Metadata-Version: 2.1\nName: acme-greeting\nVersion: 1.0\n',
    info + 'WHEEL': 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
}
files[info + 'RECORD'] = ''.join(name + ',,\n' for name in [*files, info + 'RECORD'])
name = 'acme_greeting-1.0-py3-none-any.whl'
with zipfile.ZipFile(f'/tmp/index/{root}/acme-greeting/{name}', 'w') as archive:
    for path, text in files.items():
        archive.writestr(path, text)
open(f'/tmp/index/{root}/acme-greeting/index.html', 'w').write(f'<a href="{name}">{name}</a>')

os.chdir('/tmp/index')
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/tmp/cert.pem', '/tmp/key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port)
print(ours + '.')
print(other + '.', flush=True)
sys.stdin.read()
"#;

struct Index {
    server: Child,
    stdin: Option<ChildStdin>,
    url: String,
    certificate: String,
    other_certificate: String,
}

impl Index {
    fn start() -> Self {
        let root = unique();
        let mut run = docker(["run", "--rm", "-i", "--network=host", "python:3.14-slim"]);
        run.args(["python3", "-c", INDEX_PY, &root]);
        let mut server = run
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A line for each request, and for each client that trusts nobody.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(server.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let port = said.next().unwrap();
        let mut until_dot = || {
            said.by_ref()
                .take_while(|line| line != ".")
                .fold(String::new(), |text, line| text + &line + "\n")
        };
        Self {
            certificate: until_dot(),
            other_certificate: until_dot(),
            url: format!("https://127.0.0.1:{port}/{root}/"),
            stdin: server.stdin.take(),
            server,
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.server.wait());
    }
}

/// The company's base image, which Docker's own frontend builds. There is one of the name, so one test at a time has it.
struct Base {
    _alone: MutexGuard<'static, ()>,
}

impl Base {
    const NAME: &str = "registry.acme.example/python:3.14";

    fn build() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Project::empty().file(
            "Dockerfile",
            "FROM python:3.14-slim\nRUN echo Acme Linux > /etc/acme\n",
        );
        let mut build = docker(["build", "--tag", Self::NAME, "."]);
        Ran::of(build.current_dir(folder.folder())).succeeded();
        Self { _alone: alone }
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        drop(docker(["image", "rm", Self::NAME]).output());
    }
}

fn project(certificate: &str) -> Project {
    let mut project = Project::empty().file("acme-ca.pem", certificate);
    for name in ["pyproject.toml", "invoices.py"] {
        project = project.file(name, std::fs::read(example("company").join(name)).unwrap());
    }
    project
}

fn build(project: &Project, index: &str, image: &Image) -> Ran {
    let mut build = example_program("company");
    build.current_dir(project.folder()).args([
        "build",
        "--progress=plain",
        "--network=host",
        "--tag",
        &image.0,
    ]);
    build.args(["--build-arg", &format!("ACME_INDEX={index}")]);
    Ran::of(&mut build)
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_companys_image_has_its_base_its_packages_its_authority_and_its_labels() {
    let (index, _base, image) = (Index::start(), Base::build(), Image::new());
    build(&project(&index.certificate), &index.url, &image).succeeded();
    assert_eq!(
        image.run(&[], &[]).succeeded().stdout,
        "Hello, payments, from our own index\n"
    );
    assert_eq!(image.output(&["cat", "/etc/acme"]), "Acme Linux\n");
    let labels = &image.config()["Labels"];
    for (name, value) in [
        ("team", "payments"),
        ("cost-center", "CC-0042"),
        ("tier", "gold"),
    ] {
        assert_eq!(labels[format!("com.example.acme.{name}")], value);
    }
    // What runs in the image trusts the authority too.
    let fetch = format!(
        "import urllib.request as r; print(r.urlopen('{}acme-greeting/').status)",
        index.url
    );
    let run = [
        "run",
        "--rm",
        "--network=host",
        "--entrypoint=python",
        &image.0,
        "-c",
        &fetch,
    ];
    assert_eq!(Ran::of(&mut docker(run)).succeeded().stdout, "200\n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_index_that_another_authority_vouches_for_is_not_trusted() {
    let (index, _base, image) = (Index::start(), Base::build(), Image::new());
    let failed = build(&project(&index.other_certificate), &index.url, &image).failed();
    failed.says(["invalid peer certificate: UnknownIssuer", "pyproject.toml"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_the_company_asks_for_is_told_at_its_place() {
    let good = || project("-----BEGIN CERTIFICATE-----\n");
    for (project, texts) in [
        (
            good().edit("pyproject.toml", "team = ", "taem = "),
            [
                "`tool.acme` has no `team`",
                "unknown key `taem`",
                "pyproject.toml:16",
                "[tool.acme]",
            ],
        ),
        (
            good().edit("pyproject.toml", "CC-0042", "CC-42"),
            [
                "`CC-42` is no cost center",
                "CC-` and four digits",
                "pyproject.toml:17",
                "^^^^^",
            ],
        ),
        (
            good().edit("pyproject.toml", "Source", "Homepage"),
            [
                "the label `org.opencontainers.image.source` is missing",
                "[project.urls]",
                "pyproject.toml:2",
                "name = \"invoices\"",
            ],
        ),
        (
            good().file("acme-ca.pem", "Not found"),
            [
                "`acme-ca.pem` is no certificate in PEM",
                "https://acme.example/ca",
                "pyproject.toml:15",
                "[tool.acme]",
            ],
        ),
    ] {
        let mut check = example_program("company");
        let checked = Ran::of(check.arg("check").current_dir(project.folder())).failed();
        checked.says(texts[..2].iter().chain(&texts[3..]).copied());
        build(&project, "https://127.0.0.1:1/", &Image::new())
            .failed()
            .says(texts);
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_fork_with_a_base_of_its_own_runs_on_it_and_keeps_the_rest() {
    let (_base, image) = (Base::build(), Image::new());
    let project = Project::example("04-requirements-file");
    let mut build = example_program("fork");
    build
        .current_dir(project.folder())
        .args(["build", "--tag", &image.0, "--build-arg"])
        .arg(format!("BASE={}", Base::NAME));
    Ran::of(&mut build).succeeded();
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "1.0 MiB\n");
    assert_eq!(image.output(&["cat", "/etc/acme"]), "Acme Linux\n");
    assert_eq!(image.output(&["id", "-un"]), "nonroot\n");
    assert_eq!(image.config()["Labels"]["com.example.base"], Base::NAME);
}
