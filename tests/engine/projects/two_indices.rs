//! Two private indices, each with a login of its own: one image has a package of each.

use std::collections::BTreeSet;

use crate::docker::{Image, Ran};
use crate::index::{BASIC, FORMS, PASSWORD, USER, found, save, wheel_of};
use crate::program::microb;
use crate::project::{Project, unique};
use crate::server::Files;

const OTHER_USER: &str = "o;ther%40";
const OTHER_PASSWORD: &str = r#"a:b#c?"'\{d}&e=%41 $f"#;

/// `USER:PASSWORD` in base64.
const OTHER_BASIC: &str = "bzt0aGVyJTQwOmE6YiNjPyInXHtkfSZlPSU0MSAkZg==";

/// The other login as it is, in a URL, and in the header of a request.
const OTHER_FORMS: [&str; 5] = [
    OTHER_USER,
    OTHER_PASSWORD,
    "o%3Bther%2540",
    "a%3Ab%23c%3F%22%27%5C%7Bd%7D%26e%3D%2541%20%24f",
    OTHER_BASIC,
];

/// A server that has one package, for one login: its URL on this host, which is a new one.
fn index(host: &str, package: &str, login: &str) -> String {
    let root = format!("/{}", unique());
    let wheel = format!("{package}-1.0-py3-none-any.whl");
    let name = package.replace('_', "-");
    let page = format!("<a href=\"../../{wheel}\">{wheel}</a>");
    let files: [(&str, &[u8]); 2] = [
        (&format!("{root}/simple/{name}/"), page.as_bytes()),
        (&format!("{root}/{wheel}"), &wheel_of(package)),
    ];
    let server = Files::serve(files, Some(format!("Basic {login}")));
    let port = server.host().replace("127.0.0.1:", "");
    format!("http://{host}:{port}{root}/simple/")
}

/// A project that needs a package of each index, with these lines more in its target.
fn project(lines: &str, other_host: &str) -> Project {
    let first = index("127.0.0.1", "acme_first", BASIC);
    let second = index(other_host, "acme_second", OTHER_BASIC);
    Project::app(&format!(
        "indices = [\n    {{ url = \"{first}\", trust = true, username_secret = \"user\", password_secret = \"password\" }},\n\
         {{ url = \"{second}\", trust = true, username_secret = \"other_user\", password_secret = \"other_password\" }},\n]\n\
         command = [\"python\", \"-c\", \"import acme_first as a, acme_second as b; print(a.WORDS, b.WORDS)\"]\n{lines}"
    ))
    .edit(
        "pyproject.toml",
        "version = \"1.0\"",
        "version = \"1.0\"\ndependencies = [\"acme-first\", \"acme-second\"]",
    )
    .flag("--network=host")
}

const SECRETS: [&str; 4] = [
    "--secret=id=user,env=TEST_USER",
    "--secret=id=password,env=TEST_PASSWORD",
    "--secret=id=other_user,env=TEST_OTHER_USER",
    "--secret=id=other_password,env=TEST_OTHER_PASSWORD",
];

/// Builds with the two logins.
fn build(project: &Project, other_password: &str, flags: &[&str]) -> Ran {
    let mut command = project.command(&[&SECRETS[..], &["--progress=plain"], flags].concat());
    command
        .env("TEST_USER", USER)
        .env("TEST_PASSWORD", PASSWORD)
        .env("TEST_OTHER_USER", OTHER_USER)
        .env("TEST_OTHER_PASSWORD", other_password);
    Ran::of(&mut command)
}

#[track_caller]
fn check(lines: &str, other_host: &str) {
    let project = project(lines, other_host);
    let image = Image::new();
    let built = build(&project, OTHER_PASSWORD, &["--tag", &image.0]).succeeded();
    assert_eq!(
        image.run(&[], &[]).succeeded().stdout,
        "served in acme_first served in acme_second\n"
    );
    let graph = microb()
        .args(["llb", "--raw"])
        .current_dir(project.folder())
        .output()
        .unwrap();
    let forms = [&FORMS[..], &OTHER_FORMS].concat();
    let saved = save(&image, &project.folder().with_extension("saved"));
    // What is there is found, so that what is not found is not there.
    let marks = ["served in acme_first", "served in acme_second"];
    assert_eq!(found(&saved, &marks).len(), marks.len());
    for (place, bytes) in [
        ("docker save", saved),
        ("log", built.stderr.into_bytes()),
        ("LLB", graph.stdout),
    ] {
        assert!(bytes.len() > 100, "{place} is empty");
        assert_eq!(found(&bytes, &forms), BTreeSet::new(), "in {place}");
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn each_of_two_indices_is_opened_by_its_own_login() {
    check("", "127.0.0.1");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn pip_opens_each_of_two_indices_too() {
    // It knows logins by the host's name alone.
    check("installer = \"pip\"", "localhost");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn of_two_indices_the_one_whose_login_is_wrong_is_told() {
    let project = project("", "localhost");
    build(&project, "wrong", &["--output=type=cacheonly"])
        .failed()
        .says([
            "error: the index `http://localhost:",
            "/simple/` answered 401 Unauthorized to the login that was given",
            "--> pyproject.toml:13:9",
            "= help: check the secret `other_user` and the secret `other_password`",
        ]);
}
