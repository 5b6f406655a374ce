//! Indices over TLS with an authority and a login of their own, by the names that uv, Poetry and netrc know.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Stdio};

use crate::docker::{Image, Ran, docker};
use crate::index::{FORMS, PASSWORD, USER, blobs, found};
use crate::program::microb;
use crate::project::{Project, unique};

/// An index over TLS with a login, in a container of the base image, which has Python and openssl. It ends with its
/// standard input, and says its port and the certificate of the authority that vouches for it.
const INDEX_PY: &str = r#"
import base64, http.server, os, ssl, subprocess, sys, threading, zipfile

root, login = sys.argv[1], 'Basic ' + base64.b64encode(sys.argv[2].encode()).decode()
os.chdir('/tmp')

def openssl(*words):
    subprocess.run(['openssl', *words], check=True, stderr=subprocess.DEVNULL)

openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=acme',
        '-addext', 'keyUsage=critical,keyCertSign', '-keyout', 'acme.key', '-out', 'acme.pem')
openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=index', '-keyout', 'key.pem', '-out', 'request.pem')
open('extensions', 'w').write('subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n')
openssl('x509', '-req', '-in', 'request.pem', '-CA', 'acme.pem', '-CAkey', 'acme.key', '-CAcreateserial', '-days', '2',
        '-extfile', 'extensions', '-out', 'cert.pem')

def serve(package, text):
    name = package.replace('-', '_')
    info = name + '-1.0.dist-info/'
    files = {
        name + '.py': text,
        info + 'METADATA': f'Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n',
        info + 'WHEEL': 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    }
    files[info + 'RECORD'] = ''.join(path + ',,\n' for path in [*files, info + 'RECORD'])
    folder, wheel = f'/tmp/index/{root}/{package}', name + '-1.0-py3-none-any.whl'
    os.makedirs(folder)
    with zipfile.ZipFile(f'{folder}/{wheel}', 'w') as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    open(f'{folder}/index.html', 'w').write(f'<a href="{wheel}">{wheel}</a>')

serve('acme-greeting', 'WORDS = "served in private"\n')
serve('acme-hook', 'from setuptools.build_meta import *\n')
for requirement in sys.argv[3:]:
    folder = f'/tmp/index/{root}/' + requirement.split('==')[0]
    subprocess.run(['pip', 'download', '--quiet', '--no-deps', '--dest', folder, requirement], check=True)
    links = ''.join(f'<a href="{wheel}">{wheel}</a>' for wheel in os.listdir(folder))
    open(f'{folder}/index.html', 'w').write(links)

class Handler(http.server.SimpleHTTPRequestHandler):
    def send_head(self):
        if self.headers.get('Authorization') == login:
            return super().send_head()
        self.send_response(401)
        self.send_header('WWW-Authenticate', 'Basic realm="test"')
        self.send_header('Content-Length', '0')
        self.end_headers()

os.chdir('/tmp/index')
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/tmp/cert.pem', '/tmp/key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port)
print(open('/tmp/acme.pem').read(), flush=True)
sys.stdin.read()
"#;

struct Index {
    server: Child,
    stdin: Option<ChildStdin>,
    url: String,
    certificate: String,
}

impl Index {
    fn start() -> Self {
        Self::with(&[])
    }

    /// One that has these packages of `PyPI` too.
    fn with(requirements: &[&str]) -> Self {
        let root = unique();
        let mut run = docker(["run", "--rm", "-i", "--network=host", "python:3.14-slim"]);
        let login = format!("{USER}:{PASSWORD}");
        run.args(["python3", "-c", INDEX_PY, &root, &login]);
        run.args(requirements);
        let mut server = run
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(server.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let port = said.next().unwrap();
        let certificate = said
            .take_while(|line| !line.is_empty())
            .fold(String::new(), |text, line| text + &line + "\n");
        Self {
            url: format!("https://127.0.0.1:{port}/{root}/"),
            stdin: server.stdin.take(),
            certificate,
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

const COMMAND: &str =
    "command = [\"python\", \"-c\", \"import acme_greeting; print(acme_greeting.WORDS)\"]";

/// A project that needs one package of the index to run and another to be built.
fn project(target: &str, tables: &str) -> Project {
    Project::app(&format!("{target}\n{COMMAND}\n{tables}"))
        .edit(
            "pyproject.toml",
            "version = \"1.0\"",
            "version = \"1.0\"\ndependencies = [\"acme-greeting\", \"humanize==4.9.0\"]",
        )
        .edit(
            "pyproject.toml",
            "[tool.setuptools]",
            "[build-system]\nrequires = [\"setuptools\", \"acme-hook\"]\nbuild-backend = \"acme_hook\"\n[tool.setuptools]",
        )
        .flag("--network=host")
}

/// Builds with the login as secrets of these names, and a certificate.
fn build(project: &Project, index: &Index, names: [&str; 2], flags: &[&str]) -> Ran {
    let certificate = project.folder().with_extension("pem");
    fs::write(&certificate, &index.certificate).unwrap();
    let secrets = [
        format!("--secret=id={},env=TEST_USER", names[0]),
        format!("--secret=id={},env=TEST_PASSWORD", names[1]),
        format!("--secret=id=ca,src={}", certificate.display()),
    ];
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let mut command = project.command(&[&secrets[..], &["--progress=plain"], flags].concat());
    command
        .env("TEST_USER", USER)
        .env("TEST_PASSWORD", PASSWORD);
    let ran = Ran::of(&mut command);
    fs::remove_file(certificate).unwrap();
    ran
}

#[track_caller]
fn check_runs(image: &Image) {
    let ran = image.run(&[], &[]).succeeded();
    assert_eq!(ran.stdout, "served in private\n");
}

const UV_NAMES: [&str; 2] = ["UV_INDEX_MY_OWN_USERNAME", "UV_INDEX_MY_OWN_PASSWORD"];

const POETRY_NAMES: [&str; 2] = [
    "POETRY_HTTP_BASIC_MY_OWN_USERNAME",
    "POETRY_HTTP_BASIC_MY_OWN_PASSWORD",
];

#[test]
#[ignore = "needs an engine: make test"]
fn an_index_of_uv_with_an_authority_of_its_own_serves_and_nothing_of_it_is_found_afterwards() {
    let index = Index::start();
    let tables = format!(
        "[[tool.uv.index]]\nname = \"my-own\"\nurl = \"{}\"\nexplicit = true\n\
         [tool.uv.sources]\nacme-greeting = {{ index = \"my-own\" }}\nacme-hook = {{ index = \"my-own\" }}\n",
        index.url
    );
    let project = project("certificates = [{ secret = \"ca\" }]", &tables);
    let image = Image::new();
    let built = build(&project, &index, UV_NAMES, &["--tag", &image.0]).succeeded();
    check_runs(&image);

    let layout = project.folder().with_extension("layout");
    let output = format!("--output=type=oci,tar=false,dest={}", layout.display());
    let provenance = "--attest=type=provenance,mode=max";
    let exported = build(&project, &index, UV_NAMES, &[&output, provenance]).succeeded();
    let graph = microb()
        .args(["llb", "--raw"])
        .current_dir(project.folder())
        .output()
        .unwrap();
    let history = Ran::of(&mut docker(["history", "--no-trunc", &image.0])).succeeded();
    // The authority's key is no secret, but its certificate tells whom a company trusts.
    let line = index.certificate.lines().nth(3).unwrap().to_owned();
    let mut forms: Vec<&str> = FORMS.to_vec();
    forms.push(&line);
    for (place, bytes) in [
        ("layers, configs and provenance", blobs(&layout)),
        ("history", history.stdout.into_bytes()),
        ("image config", image.inspect().to_string().into_bytes()),
        ("log", (built.stderr + &exported.stderr).into_bytes()),
        ("LLB", graph.stdout),
    ] {
        assert!(bytes.len() > 100, "{place} is empty");
        assert_eq!(found(&bytes, &forms), BTreeSet::new(), "in {place}");
        if place.starts_with("layers") {
            // What is there is found, so that what is not found is not there.
            let marks = ["served in private", UV_NAMES[1], "/run/certificates/1.pem"];
            assert_eq!(found(&bytes, &marks).len(), marks.len(), "in {place}");
        }
    }
    fs::remove_dir_all(layout).unwrap();
}

/// The version is that which the recipe refuses to go below, where an index serves some packages only and wants a login.
#[test]
#[ignore = "needs an engine: make test"]
fn nothing_is_asked_of_pypi_where_an_index_stands_in_its_place() {
    let target = |index: &Index| {
        let login = "username_secret = \"user\", password_secret = \"password\"";
        let url = &index.url;
        format!(
            "certificates = [{{ secret = \"ca\" }}]\nindices = [{{ url = \"{url}\", default = true, {login} }}]\nuv_version = \"0.13.8\""
        )
    };
    // Nobody answers at that address.
    let offline = "--add-host=pypi.org:127.0.0.2";
    let index = Index::with(&["uv==0.13.8", "setuptools", "humanize==4.9.0"]);
    let image = Image::new();
    let flags = [offline, "--tag", &image.0];
    build(
        &project(&target(&index), ""),
        &index,
        ["user", "password"],
        &flags,
    )
    .succeeded();
    check_runs(&image);
    let index = Index::with(&["setuptools", "humanize==4.9.0"]);
    let flags = [offline, "--output=type=cacheonly"];
    let failed = build(
        &project(&target(&index), ""),
        &index,
        ["user", "password"],
        &flags,
    )
    .failed();
    failed.says([
        "error: `uv` 0.13.8 could not be fetched",
        "= help: read above why; let the index have the package `uv`, or write `installer",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_oldest_uv_opens_an_index_and_builds_too() {
    let index = Index::start();
    let tables = format!(
        "[[tool.uv.index]]\nname = \"my-own\"\nurl = \"{}\"\nexplicit = true\n\
         [tool.uv.sources]\nacme-greeting = {{ index = \"my-own\" }}\nacme-hook = {{ index = \"my-own\" }}\n",
        index.url
    );
    let target = "uv_version = \"0.8.18\"\ncertificates = [{ secret = \"ca\" }]";
    let project = project(target, &tables);
    let image = Image::new();
    build(&project, &index, UV_NAMES, &["--tag", &image.0]).succeeded();
    check_runs(&image);
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_index_without_the_certificate_of_its_authority_is_not_trusted() {
    let index = Index::start();
    let tables = format!(
        "[[tool.uv.index]]\nname = \"my-own\"\nurl = \"{}\"\n",
        index.url
    );
    let untrusted = "has a certificate that nobody vouches for";
    let help = "= help: list the certificate of its authority in `certificates`";
    for (project, says) in [
        (
            project("", &tables),
            "invalid peer certificate: UnknownIssuer",
        ),
        (
            project("installer = \"pip\"", &tables),
            "CERTIFICATE_VERIFY_FAILED",
        ),
        // Here pip fetches uv.
        (
            project(
                &format!("indices = [{{ url = \"{}\", default = true }}]", index.url),
                "",
            ),
            "CERTIFICATE_VERIFY_FAILED",
        ),
    ] {
        build(&project, &index, UV_NAMES, &["--output=type=cacheonly"])
            .failed()
            .says([says, untrusted, help, "pyproject.toml:"]);
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_source_of_poetry_takes_its_login_by_the_names_of_poetrys_variables() {
    let index = Index::start();
    let tables = format!(
        "[[tool.poetry.source]]\nname = \"my-own\"\nurl = \"{}\"\npriority = \"primary\"\n\
         [[tool.poetry.source]]\nname = \"PyPI\"\n",
        index.url
    );
    // The certificate is a file of the build context here.
    let project = project("certificates = [{ file = \"ca.pem\" }]", &tables)
        .file("ca.pem", &index.certificate);
    let image = Image::new();
    build(&project, &index, POETRY_NAMES, &["--tag", &image.0]).succeeded();
    check_runs(&image);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_login_that_is_not_given_is_asked_for_by_the_names_of_the_tools_variables() {
    let index = Index::start();
    let url = &index.url;
    let of_uv = format!("[[tool.uv.index]]\nname = \"my-own\"\nurl = \"{url}\"\n");
    let of_poetry = format!(
        "[[tool.poetry.source]]\nname = \"my-own\"\nurl = \"{url}\"\npriority = \"supplemental\"\n"
    );
    let certificates = "certificates = [{ secret = \"ca\" }]";
    let with_pip = format!("installer = \"pip\"\n{certificates}");
    for (target, tables, names) in [
        (certificates, &of_uv, UV_NAMES),
        (&with_pip, &of_uv, UV_NAMES),
        (certificates, &of_poetry, POETRY_NAMES),
    ] {
        let project = project(target, tables);
        let unused = ["unused-1", "unused-2"];
        let failed = build(&project, &index, unused, &["--output=type=cacheonly"]).failed();
        let text = project.text("pyproject.toml");
        let line = text.lines().position(|line| line.starts_with("url = "));
        let [user, password] = names;
        failed.says([
            &*format!("error: the index `{url}` answered 401 Unauthorized, and no login was given"),
            &format!("--> pyproject.toml:{}:7", line.unwrap() + 1),
            &format!(
                "= help: add `--secret id={user},env={user} --secret id={password},env={password}`"
            ),
        ]);
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_netrc_opens_an_index_and_a_package_comes_from_the_index_that_has_it_alone() {
    let index = Index::start();
    let target = format!(
        "netrc_secret = \"login\"\ncertificates = [{{ secret = \"ca\" }}]\n\
         indices = [{{ url = \"{}\", packages = [\"acme-greeting\", \"acme-hook\"] }}]",
        index.url
    );
    let project = project(&target, "");
    let image = Image::new();
    let netrc = project.folder().with_extension("netrc");
    let login = format!("machine 127.0.0.1 login {USER} password \"{PASSWORD}\"\n");
    fs::write(&netrc, login).unwrap();
    let secret = format!("--secret=id=login,src={}", netrc.display());
    let unused = ["unused-1", "unused-2"];
    build(&project, &index, unused, &["--tag", &image.0, &secret]).succeeded();
    fs::remove_file(netrc).unwrap();
    check_runs(&image);
}

#[test]
#[ignore = "needs an engine: make test"]
fn pip_installs_from_a_private_index_and_builds_too() {
    let index = Index::start();
    let target = format!(
        "installer = \"pip\"\ncertificates = [{{ secret = \"ca\" }}]\n\
         indices = [{{ url = \"{}\", username_secret = \"user\", password_secret = \"password\" }}]",
        index.url
    );
    let project = project(&target, "");
    let image = Image::new();
    let tag = ["--tag", &image.0];
    let built = build(&project, &index, ["user", "password"], &tag).succeeded();
    check_runs(&image);
    let log = built.stderr.into_bytes();
    assert_eq!(found(&log, &FORMS), BTreeSet::new());
    assert_eq!(found(&log, &["Looking in indexes"]).len(), 1);
    let history = Ran::of(&mut docker(["history", "--no-trunc", &image.0])).succeeded();
    assert!(!history.stdout.contains(USER), "{}", history.stdout);
    let compiled = image.output(&[
        "sh",
        "-c",
        "find /app/.venv -name '*.pyc' | grep -c -e humanize -e app",
    ]);
    assert_ne!(compiled, "0\n");
    assert_eq!(
        image.output(&["sh", "-c", "ls /app/.venv/bin | grep -c -e pip -e uv; true"]),
        "0\n"
    );
}
