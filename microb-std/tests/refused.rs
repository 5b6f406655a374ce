//! The programs that run the installer, run by this machine's Python with what uv 0.13 and pip 23 say.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and reads a file"
)]

use std::path::Path;
use std::process::Command;

/// Two indices of one host, and one of another.
const INDICES: [&str; 3] = [
    "UV_INDEX_A=http://h:1/a/simple",
    "UV_INDEX_B=http://h:1/b/simple/",
    "UV_INDEX_C=https://me@c/simple",
];

/// The exit code for an installer that says this and ends with 1. A login for the second index is given.
fn exit_code(script: &str, words: &[&str]) -> Option<i32> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/refused.py");
    let ran = Command::new("python3")
        .arg(program)
        .args(INDICES)
        .args(["--", "sh", "-c", script, "sh"])
        .args(words)
        .env("UV_INDEX_A_PASSWORD", "")
        .env("UV_INDEX_B_PASSWORD", "x")
        .output()
        .unwrap();
    ran.status.code()
}

#[test]
#[ignore = "needs Python: make test"]
fn what_installers_say_of_a_login_becomes_an_exit_code() {
    let hint = "hint: An index URL (http://h:1/b/simple/) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)";
    for (said, expected) in [
        (hint, 64 + 4 + 1),
        (&hint.replace("/b/", "/a/"), 64),
        (&hint.replace(' ', "\n      │ "), 64 + 4 + 1),
        (&hint.replace("http://h:1/b/", "https://me:****@c/"), 64 + 8),
        (&hint.replace("h:1/b", "h:1/bb"), 1),
        (
            &hint.replace("401 Unauthorized", "500 Internal Server Error"),
            1,
        ),
        (
            "hint: An index (http://h:1/a/simple) returned a 403 Forbidden error. Check that the index URL is correct and the credentials are valid.",
            64 + 2,
        ),
        (
            "  cause: HTTP status client error (403 Forbidden) for url (https://c/files/private-1.0.whl)",
            64 + 8 + 2,
        ),
        // Of which of the two indices the file is, nobody says.
        (
            "  cause: HTTP status client error (401 Unauthorized) for url (http://h:1/files/private-1.0.whl)",
            1,
        ),
        (
            "WARNING: 401 Error, Credentials not correct for http://h:1/b/simple/private/",
            64 + 4 + 1,
        ),
        (
            "Could not fetch URL http://h:1/b/simple/private/: 401 Client Error: Unauthorized for url: http://h:1/b/simple/private/ - skipping",
            64 + 4 + 1,
        ),
        ("ERROR: No matching distribution found for private", 1),
        ("", 1),
    ] {
        let code = exit_code("echo \"$1\"; exit 1", &[said]);
        assert_eq!(code, Some(expected), "{said}");
        // pip says it in its log alone.
        let code = exit_code("echo \"$1\" > \"$PIP_LOG\"; exit 1", &[said]);
        assert_eq!(code, Some(expected), "{said}");
        assert_eq!(exit_code("echo \"$1\"", &[said]), Some(0), "{said}");
    }
    for (script, expected) in [("exit 3", 3), ("kill -9 $$", 137)] {
        assert_eq!(exit_code(script, &[]), Some(expected), "{script}");
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn the_line_end_of_a_secret_file_is_no_part_of_the_login() {
    let script = r#"test "$UV_INDEX_B_PASSWORD" = "$1" && exit 7"#;
    for (value, expected) in [("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), ("x ", "x ")] {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/refused.py");
        let ran = Command::new("python3")
            .arg(program)
            .args(INDICES)
            .args(["--", "sh", "-c", script, "sh", expected])
            .env("UV_INDEX_B_PASSWORD", value)
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(7), "{value:?}");
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn what_is_written_down_of_a_failure_has_no_login() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/causes/again.py");
    let said = Path::new(env!("CARGO_TARGET_TMPDIR")).join("said.txt");
    for (words, expected) in [
        (
            "to https://u:p@h/a@1 and https://u:p@ss@h/b",
            "to https://1 and https://h/b",
        ),
        ("https://u:pa/ss@h/a", "https://h/a"),
        ("https://token@h/a", "https://h/a"),
        ("https://h:8080/a.git@main", "https://h:8080/a.git@main"),
        ("git+ssh://git@h/a x@y", "git+ssh://h/a x@y"),
        (
            "pass@word or pass%40word of some-user, not ci",
            "**** or **** of ****, not ci",
        ),
        ("no-secret __token__", "no-secret __token__"),
    ] {
        let ran = Command::new("python3")
            .arg(&program)
            .arg(&said)
            .args(["sh", "-c", "echo \"$1\"; exit 3", "sh", words])
            .env("UV_INDEX_A_PASSWORD", "pass@word\n")
            .env("UV_INDEX_A_USERNAME", "some-user")
            .env("UV_INDEX_B_USERNAME", "ci")
            .env("UV_INDEX_C_USERNAME", "__token__")
            .env("UV_INDEX_NAME", "no-secret")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        let found = std::fs::read_to_string(&said).unwrap();
        assert_eq!(found, format!("3\n{expected}\n"));
    }
}
