//! The program that takes what commands changed, run by this machine's Python on folders that look like `/app`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes two equal folders, lets a script work in one of them, and says what is taken: `TYPE OWNER MODE PATH`. All is gone afterwards.
fn taken(name: &str, before: &str, commands: &str) -> String {
    let folder = Folder::new(name);
    let sh = |script: &str, inside: &str| {
        let ran = Command::new("sh")
            .args(["-ec", script])
            .current_dir(folder.0.join(inside))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    sh("mkdir before", "");
    sh(before, "before");
    sh("cp -a before after", "");
    sh(commands, "after");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/changed.py");
    let ran = Command::new("python3")
        .arg(script)
        .args(["before", "after", "output"])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    sh(
        "find . -mindepth 1 -printf '%y %U:%G %m %P\\n' | sort -k4",
        "output",
    )
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("changed-{name}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
#[ignore = "needs Python, and root: make test"]
fn owners_are_taken_and_count_as_changes() {
    let found = taken(
        "owners",
        "mkdir plain; echo 1 > plain/file; echo 1 > same",
        "install -d -o 65532 -g 65532 -m 0750 data; echo 2 > data/new; chown 7:8 data/new; chown 7 plain/file",
    );
    assert_eq!(
        found,
        "d 65532:65532 750 data\nf 7:8 644 data/new\nd 0:0 755 plain\nf 7:0 644 plain/file\n"
    );
}

#[test]
#[ignore = "needs Python: make test"]
fn odd_files_end_nothing() {
    let found = taken(
        "odd",
        "echo 1 > thing; mkdir folder; echo 1 > folder/file",
        "rm thing; mkdir thing; echo 2 > thing/new; rm -r folder; echo 2 > folder; mkfifo pipe; ln -s nowhere link; \
         python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'",
    );
    let kinds: Vec<_> = found
        .lines()
        .map(|line| (&line[..1], line.rsplit(' ').next().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("f", "folder"),
            ("l", "link"),
            ("d", "thing"),
            ("f", "thing/new")
        ]
    );
}
