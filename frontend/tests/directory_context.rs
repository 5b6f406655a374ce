//! A folder as the context of a recipe.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use microb_dsl::Context;
use microb_dsl::patterns::Patterns;
use microb_frontend::definition::MAX_SIZE;
use microb_frontend::directory_context::DirectoryContext;

/// A new folder with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (path, content) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn mistake(folder: &Path, file: &str) -> String {
    let found = DirectoryContext::open(folder, &folder.join(file)).unwrap_err();
    let message = found
        .message
        .replace(&folder.display().to_string(), "FOLDER");
    assert!(
        found.help.is_some(),
        "`{message}` says nothing of what to do"
    );
    message
}

#[test]
fn a_definition_file_from_windows_is_read_as_it_is() {
    let folder = folder(
        "windows",
        &[("sub/p.toml", b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")],
    );
    let cx = DirectoryContext::open(&folder, &folder.join("sub/p.toml")).unwrap();
    assert_eq!(cx.definition().text(), "a = 1\r\nb = 2\r\n");
    assert_eq!(cx.definition().find("b").unwrap().to_string(), "p.toml:2:1");
}

#[test]
fn a_definition_file_that_cannot_be_one_is_told_with_what_was_found() {
    let limit = usize::try_from(MAX_SIZE).unwrap();
    let folder = folder(
        "wrong",
        &[
            ("latin1.toml", b"ok = 1\nname = 'Ren\xe9'\n"),
            ("large.toml", &vec![b'#'; limit + 1]),
            ("full.toml", &vec![b'#'; limit]),
        ],
    );
    assert!(DirectoryContext::open(&folder, &folder.join("full.toml")).is_ok());
    for (file, expected) in [
        ("none.toml", "there is no file `FOLDER/none.toml`"),
        ("full.toml/x", "there is no file `FOLDER/full.toml/x`"),
        (
            "latin1.toml",
            "`FOLDER/latin1.toml` is not UTF-8: line 2 has the byte 0xe9",
        ),
        (
            "large.toml",
            "`FOLDER/large.toml` is too large: 1048577 bytes, more than 1048576 bytes",
        ),
    ] {
        assert_eq!(mistake(&folder, file), expected);
    }
}

#[test]
fn a_build_context_that_is_no_folder_is_told() {
    let folder = folder("nofolder", &[("p.toml", b"")]);
    let file = folder.join("p.toml");
    let found = DirectoryContext::open(&file, &file).unwrap_err();
    assert!(
        found.message.ends_with("p.toml` is not a folder"),
        "{found}"
    );
    let found = DirectoryContext::open(&folder.join("none"), &file).unwrap_err();
    assert!(
        found.message.contains("no such file or directory"),
        "{found}"
    );
}

#[test]
fn files_are_read_by_their_path_in_the_build_context() {
    let folder = folder("reads", &[("p.toml", b""), ("a/b.txt", b"hello")]);
    let cx = DirectoryContext::open(&folder, &folder.join("p.toml")).unwrap();
    for path in ["a/b.txt", "a/../a/b.txt", "./a/./b.txt"] {
        assert_eq!(
            cx.read(path).unwrap().as_deref(),
            Some(&b"hello"[..]),
            "{path}"
        );
    }
    for path in ["b.txt", "a/b.txt/c", "A/none"] {
        assert_eq!(cx.read(path).unwrap(), None, "{path}");
    }
    for (path, reason) in [
        ("a", "it is a folder"),
        ("../reads/p.toml", "it is outside of the build context"),
        ("/etc/passwd", "it is outside of the build context"),
        ("a/../../x", "it is outside of the build context"),
    ] {
        assert_eq!(cx.read(path).unwrap_err().reason, reason, "{path}");
    }
}

#[test]
#[cfg(unix)]
fn a_symbolic_link_is_followed_inside_the_build_context_only() {
    use std::os::unix::fs::symlink;

    let outside = folder("secrets", &[("key", b"secret")]);
    let folder = folder("links", &[("p.toml", b""), ("a/b.txt", b"hello")]);
    symlink("a/b.txt", folder.join("inside")).unwrap();
    symlink("a/none", folder.join("dangling")).unwrap();
    symlink(outside.join("key"), folder.join("file")).unwrap();
    symlink(&outside, folder.join("folder")).unwrap();
    let cx = DirectoryContext::open(&folder, &folder.join("p.toml")).unwrap();
    assert_eq!(cx.read("inside").unwrap().as_deref(), Some(&b"hello"[..]));
    assert_eq!(cx.read("dangling").unwrap(), None);
    for path in ["file", "folder/key"] {
        let reason = cx.read(path).unwrap_err().reason;
        assert_eq!(
            reason,
            "it is a symbolic link that leads out of the build context"
        );
    }
}

#[test]
fn what_a_path_of_a_copy_names_is_looked_for_and_what_is_not_sent_is_absent() {
    let folder = folder(
        "absent",
        &[
            ("p.toml", b""),
            ("data/a.json", b""),
            ("data/left/b.json", b""),
            ("build/kept", b""),
        ],
    );
    let ignored = Patterns::of(["data/left", "build", "!build/kept"]);
    let cx = DirectoryContext::open(&folder, &folder.join("p.toml")).unwrap();
    let cx = cx.ignoring(ignored);
    let absent = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
        cx.absent(&paths).unwrap()
    };
    let there = [
        ".",
        "data",
        "/data/",
        "*/a.json",
        "data/[a-c].json",
        "build",
        "build/*",
    ];
    assert_eq!(absent(&there), Vec::<String>::new());
    let missing = [
        "dat",
        "data/left",
        "data/*/b.json",
        "build/other",
        "data/a.json/x",
    ];
    assert_eq!(absent(&missing), missing);
    // None of it says what the steps are.
    assert!(cx.lists().is_empty() && cx.reads().is_empty());
}

#[cfg(unix)]
#[test]
fn a_folder_that_leads_out_of_the_build_context_has_nothing_to_copy() {
    let outside = folder("copied-outside", &[("key", b"secret")]);
    let folder = folder("copied-links", &[("p.toml", b""), ("a/key", b"")]);
    std::os::unix::fs::symlink(&outside, folder.join("out")).unwrap();
    std::os::unix::fs::symlink("a", folder.join("in")).unwrap();
    let cx = DirectoryContext::open(&folder, &folder.join("p.toml")).unwrap();
    let paths = ["out/key", "in/key", "out", "*/key"].map(str::to_owned);
    assert_eq!(cx.absent(&paths).unwrap(), ["out/key"]);
}
