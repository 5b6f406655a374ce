//! A private package index with a login: it serves, and nobody finds the login afterwards.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::thread;

use crate::docker::{Image, Ran, WITHOUT_CACHE, docker};
use crate::program::microb;
use crate::project::{Project, unique};
use crate::server::Files;

pub(crate) const USER: &str = "us@er";
pub(crate) const PASSWORD: &str = "p@ss/ w*rd$x%";

/// `printf 'us@er:p@ss/ w*rd$x%' | base64`
pub(crate) const BASIC: &str = "dXNAZXI6cEBzcy8gdypyZCR4JQ==";

/// The user and the password as they are, in a URL, and in the header of a request.
pub(crate) const FORMS: [&str; 6] = [
    USER,
    PASSWORD,
    "us%40er",
    "p%40ss%2F%20w*rd%24x%25",
    "p%40ss%2F%20w%2Ard%24x%25",
    BASIC,
];

/// Writes the wheel of a package of this name with one module.
const WHEEL_PY: &str = "
import io, sys, zipfile
name = sys.argv[1]
info = name + '-1.0.dist-info/'
files = {
    name + '.py': f'WORDS = \"served in {name}\"\\n',
    info + 'METADATA': f'Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n',
    info + 'WHEEL': 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n',
}
files[info + 'RECORD'] = ''.join(name + ',,\\n' for name in [*files, info + 'RECORD'])
wheel = io.BytesIO()
with zipfile.ZipFile(wheel, 'w') as archive:
    for name, text in files.items():
        archive.writestr(name, text)
sys.stdout.buffer.write(wheel.getvalue())
";

/// What that wheel is called.
pub(crate) const WHEEL_NAME: &str = "private-1.0-py3-none-any.whl";

/// Bytes that the image of a package from the index has, and no other image.
const MARK: &str = "served in private";

pub(crate) fn wheel() -> Vec<u8> {
    wheel_of("private")
}

/// The wheel of a package of this name, version 1.0.
pub(crate) fn wheel_of(name: &str) -> Vec<u8> {
    let mut python = docker([
        "run",
        "--rm",
        "-i",
        "--network=none",
        "python:3.14-slim",
        "python3",
        "-",
        name,
    ])
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(WHEEL_PY.as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// A project that needs a package of a private index. The index's URL is new, so that no cache knows the package.
fn project(login: &str) -> Project {
    let root = format!("/{}", unique());
    let wheel = wheel();
    let page = format!("<a href=\"../../{WHEEL_NAME}\">{WHEEL_NAME}</a>");
    let files: [(&str, &[u8]); 2] = [
        (&format!("{root}/simple/private/"), page.as_bytes()),
        (&format!("{root}/{WHEEL_NAME}"), &wheel),
    ];
    let server = Files::serve(files, Some(format!("Basic {BASIC}")));
    let url = format!("http://{}{root}/simple/", server.host());
    Project::app(&format!(
        "indices = [{{ url = \"{url}\", trust = true, {login} }}]\ncommand = [\"python\", \"-c\", \"import private; print(private.WORDS)\"]"
    ))
    .edit("pyproject.toml", "version = \"1.0\"", "version = \"1.0\"\ndependencies = [\"private\"]")
    // Its steps have places of their own, whichever of them asks the index first.
    .edit(
        "pyproject.toml",
        "[tool.setuptools]",
        "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[tool.setuptools]",
    )
    .flag("--network=host")
}

const BY_SECRETS: &str = "username_secret = \"index_user\", password_secret = \"index_password\"";

/// Gives the secrets as variables of the client.
fn with_secrets(command: &mut Command, password: &str) -> Ran {
    command
        .env("TEST_INDEX_USER", USER)
        .env("TEST_INDEX_PASSWORD", password);
    Ran::of(command)
}

const SECRETS: [&str; 2] = [
    "--secret=id=index_user,env=TEST_INDEX_USER",
    "--secret=id=index_password,env=TEST_INDEX_PASSWORD",
];

#[test]
#[ignore = "needs an engine: make test"]
fn a_login_from_secrets_opens_the_index_and_is_found_nowhere() {
    let project = project(BY_SECRETS);
    let image = Image::new();
    let layout = project.folder().with_extension("layout");
    let metadata = project.folder().with_extension("metadata.json");
    let output = format!("--output=type=oci,tar=false,dest={}", layout.display());
    let metadata_file = format!("--metadata-file={}", metadata.display());
    let flags = [
        &SECRETS[..],
        &["--progress=plain", "--attest=type=provenance,mode=max"],
    ]
    .concat();
    let tagged = [
        &flags[..],
        &[
            "--tag",
            &image.0,
            "--metadata-file",
            metadata.to_str().unwrap(),
        ],
    ]
    .concat();
    let built = with_secrets(&mut project.command(&tagged), PASSWORD).succeeded();
    assert_eq!(
        image.run(&[], &[]).succeeded().stdout,
        "served in private\n"
    );

    let exported = with_secrets(
        &mut project.command(&[&flags[..], &[&output, &metadata_file]].concat()),
        PASSWORD,
    );
    let exported = exported.succeeded();
    let alone = WITHOUT_CACHE
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let raw = with_secrets(
        &mut project.command(
            &[
                &SECRETS[..],
                &[
                    "--progress=rawjson",
                    "--output=type=cacheonly",
                    "--no-cache-filter=builder",
                ],
            ]
            .concat(),
        ),
        PASSWORD,
    );
    drop(alone);
    let raw = raw.succeeded();
    let graph = microb()
        .args(["llb", "--raw"])
        .current_dir(project.folder())
        .output()
        .unwrap();
    let history = Ran::of(&mut docker(["history", "--no-trunc", &image.0])).succeeded();
    let blobs = blobs(&layout);
    let saved = save(&image, &project.folder().with_extension("saved"));
    let places: [(&str, Vec<u8>); 8] = [
        ("layers, configs and provenance", blobs),
        ("docker save", saved),
        ("metadata", fs::read(&metadata).unwrap()),
        ("history", history.stdout.into_bytes()),
        ("image config", image.inspect().to_string().into_bytes()),
        ("log", (built.stderr + &exported.stderr).into_bytes()),
        ("progress", raw.stderr.into_bytes()),
        ("LLB", graph.stdout),
    ];
    for (place, bytes) in &places {
        assert!(bytes.len() > 100, "{place} is empty");
        assert_eq!(found(bytes, &FORMS), BTreeSet::new(), "in {place}");
    }
    // What is there is found, so that what is not found is not there.
    for (place, marks) in [
        (0, &[MARK, "\"buildType\"", "index_password"][..]),
        (1, &[MARK]),
        (4, &["import private"]),
        (7, &["index_password"]),
    ] {
        let (place, bytes) = &places[place];
        assert_eq!(
            found(bytes, marks).len(),
            marks.len(),
            "{marks:?} in {place}"
        );
    }
    fs::remove_dir_all(layout).unwrap();
    fs::remove_file(metadata).unwrap();
}

/// Which of the texts are somewhere in the bytes, which may be a gigabyte.
pub(crate) fn found(bytes: &[u8], texts: &[&str]) -> BTreeSet<String> {
    let mut grep = Command::new("grep");
    grep.env("LC_ALL", "C").args(["-a", "-o", "-F"]);
    for text in texts {
        grep.args(["-e", text]);
    }
    let mut grep = grep
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = grep.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(bytes).unwrap());
        grep.wait_with_output().unwrap()
    });
    let output = String::from_utf8(output.stdout).unwrap();
    output.lines().map(str::to_owned).collect()
}

/// All files below a folder, with the layers unpacked.
pub(crate) fn blobs(folder: &Path) -> Vec<u8> {
    let script = "find \"$0\" -type f | while read -r file; do gzip -dcf < \"$file\"; done";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success());
    output.stdout
}

/// The layers and the config of an image, by way of a folder that is not there yet.
pub(crate) fn save(image: &Image, folder: &Path) -> Vec<u8> {
    fs::create_dir_all(folder).unwrap();
    let script = "docker save \"$0\" | tar -x -C \"$1\"";
    Ran::of(
        Command::new("sh")
            .args(["-c", script, &image.0])
            .arg(folder),
    )
    .succeeded();
    let bytes = blobs(folder);
    fs::remove_dir_all(folder).unwrap();
    bytes
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_wrong_password_is_an_error_that_names_the_index() {
    let project = project(BY_SECRETS);
    let flags = [
        &SECRETS[..],
        &["--progress=plain", "--output=type=cacheonly"],
    ]
    .concat();
    let failed = with_secrets(&mut project.command(&flags), "wrong").failed();
    failed.says([
        "error: the index `http://127.0.0.1:",
        "/simple/` answered 401 Unauthorized to the login that was given",
        "--> pyproject.toml:14:20",
        "= help: check the secret `index_user` and the secret `index_password`",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_secret_that_is_not_given_is_named() {
    let project = project(BY_SECRETS);
    let flags = [
        &SECRETS[..1],
        &["--progress=plain", "--output=type=cacheonly"],
    ]
    .concat();
    let failed = with_secrets(&mut project.command(&flags), PASSWORD).failed();
    failed.says([
        "the secret `index_password` was not given",
        "add `--secret id=index_password,src=FILE` or `--secret id=index_password,env=VARIABLE`",
        "--> pyproject.toml:14:",
        "^^^^^^^^^^^^^^^^\n",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_login_may_stand_in_the_file() {
    let login = format!("username = \"{USER}\", password = \"{PASSWORD}\"");
    let image = project(&login).build(&[]);
    assert_eq!(
        image.run(&[], &[]).succeeded().stdout,
        "served in private\n"
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_password_without_a_user_is_ignored_with_a_warning() {
    let failed = project("password_secret = \"index_password\"").try_build(&[]);
    // Nobody asks for the secret: it is the login that is missing.
    failed.failed().says([
        "`password_secret` without a username is ignored",
        "/simple/` answered 401 Unauthorized, and no login was given",
        "= help: add `username_secret` and `password_secret`, or `token_secret`",
    ]);
}
