//! Builds that fail: what `docker build` prints at the end, word for word.
//!
//! Each folder of `tests/failures` is a project that cannot be built; the file of the same name beside it has the places
//! and the message. `NAME.flags` has more flags for `docker build`, one a line.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::Project;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failures")
}

#[track_caller]
fn check(name: &str) {
    let folder = folder();
    let expected = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    let flags = fs::read_to_string(folder.join(format!("{name}.flags"))).unwrap_or_default();
    let flags: Vec<&str> = flags.lines().collect();
    let failed = Project::copy(&folder.join(name)).try_build(&flags).failed();
    assert_eq!(end(&failed.stderr), expected, "{}", failed.stderr);
}

/// The lines from the first place in a file on.
fn end(output: &str) -> String {
    let is_place = |line: &&str| {
        let place = line.rsplit_once(':');
        place.is_some_and(|(file, line)| !file.contains(' ') && line.parse::<u32>().is_ok())
    };
    let start = output.lines().find(is_place);
    let start = start.map_or(0, |line| line.as_ptr() as usize - output.as_ptr() as usize);
    let lines = output[start..].lines().map(without_reference);
    let lines = lines.map(|line| without_time(&line));
    // Which of the two the client says is chance: the session's answer and the build's come at the same time.
    let lines =
        lines.map(|line| line.replace("failed to run Build function: ", "failed to solve: "));
    lines.map(|line| line + "\n").collect()
}

/// The engine's own name of a result is another one each time.
fn without_reference(line: &str) -> String {
    let Some((before, after)) = line.split_once(" of ref ") else {
        return line.to_owned();
    };
    let (_, after) = after.split_once(": ").unwrap_or_default();
    format!("{before} of ref …: {after}")
}

/// How long git tried to connect.
fn without_time(line: &str) -> String {
    match line.split_once(" after ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() < after.len() && rest.starts_with(" ms") {
                format!("{before} after …{rest}")
            } else {
                line.to_owned()
            }
        }
        None => line.to_owned(),
    }
}

macro_rules! failures {
    ($($name:ident)*) => {
        $(
            #[test]
            #[ignore = "needs an engine: make test"]
            fn $name() {
                check(stringify!($name));
            }
        )*

        #[test]
        fn every_folder_is_built() {
            let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
            let folders = entries.filter(|entry| entry.path().is_dir());
            let mut found: Vec<_> = folders.map(|entry| entry.file_name()).collect();
            found.sort();
            let mut known = vec![$(stringify!($name)),*];
            known.sort_unstable();
            assert_eq!(found, known);
        }
    };
}

failures! {
    absent_agent
    absent_base_image
    absent_build_package
    absent_dependency
    absent_file
    absent_file_of_image
    absent_secret
    absent_system_package
    absent_version
    base_without_python
    broken_toml
    conflicted_lock
    conflicting_dependencies
    conflicting_dependencies_pip
    failing_backend
    impossible_python
    included_requirements
    no_substitution
    refused_download
    refused_git
    stale_lock
    unknown_group
    unknown_key
    unknown_target
    wheel_wants_network
    wrong_hash
}
