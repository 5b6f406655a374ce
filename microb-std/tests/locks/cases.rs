//! One folder of `cases/`, one lock; one `….expected`, one question that is put to it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use microb::MemoryContext;
use microb_std::{Config, Dependencies, Pinned, PinnedSource};
use serde_json::Value;

/// Formats with the number of locks that they have at least.
const FORMATS: &[(&str, usize)] = &[
    ("uv.lock", 15),
    ("poetry.lock", 18),
    ("pdm.lock", 6),
    ("Pipfile.lock", 5),
    ("pylock.toml", 5),
    ("requirements.lock", 1),
];

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/locks/cases")
}

pub(crate) fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap();
    let mut cases: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// The lock of a case and the questions that are put to it.
pub(crate) fn files(case: &Path) -> (String, Vec<PathBuf>) {
    let mut lock = None;
    let mut questions = Vec::new();
    for entry in fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if FORMATS.iter().any(|(format, _)| *format == name) {
            lock = Some(name);
        } else if name.ends_with(".expected") {
            questions.push(path);
        }
    }
    questions.sort();
    (lock.unwrap(), questions)
}

/// The packages that microb installs, written as `judge.py` writes them.
fn pinned(case: &Path, lock: &str, question: &Value) -> Result<BTreeSet<String>, String> {
    let text = |key: &str| question[key].as_str().unwrap();
    let list = |key: &str| question[key].to_string();
    let read = |name: &str| fs::read_to_string(case.join(name));
    let pyproject = read("pyproject.toml").unwrap_or_default();
    let definition = format!(
        "{pyproject}\n[tool.microb.target.default]\nlock = \"{lock}\"\npython_version = \"{}\"\nextras = {}\ngroups = {}\n",
        text("python"),
        list("extras"),
        list("groups"),
    );
    let mut cx = MemoryContext::new(definition)
        .with_platform(text("platform").parse().unwrap())
        .file(lock, read(lock).unwrap());
    // The projects that locks name by their folders; their content is not the lock's.
    for folder in ["lib", "packages/core"] {
        cx = cx.file(format!("{folder}/pyproject.toml"), "");
    }
    if let Ok(pipfile) = read("Pipfile") {
        cx = cx.file("Pipfile", pipfile);
    }
    let config = Config::resolve(&cx).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        errors.join("\n")
    })?;
    let Dependencies::Locked(set) = config.dependencies else {
        return Err("the lock was not read".to_owned());
    };
    match set.pins.iter().find(|pin| pin.marker.is_some()) {
        Some(open) => Err(format!("nothing is open, but {open:?}")),
        None => Ok(set.pins.iter().map(written).collect()),
    }
}

fn written(pin: &Pinned) -> String {
    let name = &pin.name;
    let hashes: BTreeSet<String> = pin
        .hashes
        .iter()
        .map(|hash| {
            let (algorithm, digest) = hash.split_once(':').unwrap();
            format!(" {algorithm}:{}", &digest[..12])
        })
        .collect();
    let hashes: String = hashes.into_iter().collect();
    match &pin.source {
        PinnedSource::Index | PinnedSource::OnlyIndex(_) => {
            format!("{name}=={}{hashes}", pin.version.as_ref().unwrap())
        }
        PinnedSource::Url(url) => {
            let url = url.split('#').next().unwrap();
            format!("{name} @ {url}{hashes}")
        }
        PinnedSource::Git {
            url,
            commit,
            subdirectory,
        } => {
            let url = url.strip_suffix(".git").unwrap_or(url);
            let part = match subdirectory.as_str() {
                "" => String::new(),
                path => format!("#subdirectory={path}"),
            };
            format!("{name} @ git+{url}@{commit}{part}")
        }
        PinnedSource::File { path, .. } | PinnedSource::Folder(path) => format!("./{path}"),
    }
}

/// Compares one answer; what differs, if anything does.
fn difference(case: &Path, lock: &str, question: &Path) -> Option<String> {
    let text = fs::read_to_string(question).unwrap();
    let mut lines = text.lines();
    let asked = lines.next().unwrap().strip_prefix("# ").unwrap();
    let asked: Value = serde_json::from_str(asked).unwrap();
    let expected: BTreeSet<String> = lines
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    // PDM exports no hashes at all beside a repository.
    let has_hashes = asked["no_hashes"] != true;
    let place = question.strip_prefix(folder()).unwrap().display();
    let pinned = pinned(case, lock, &asked).map(|lines| {
        let kept = |line: String| match line.split_once(" sha256:") {
            Some((package, _)) if !has_hashes => package.to_owned(),
            _ => line,
        };
        lines.into_iter().map(kept).collect::<BTreeSet<_>>()
    });
    match pinned {
        Err(errors) => Some(format!("{place}: {errors}")),
        Ok(found) if found == expected => None,
        Ok(found) => Some(format!(
            "{place}\n  only microb: {:#?}\n  only the tool: {:#?}",
            found.difference(&expected).collect::<Vec<_>>(),
            expected.difference(&found).collect::<Vec<_>>()
        )),
    }
}

#[test]
fn every_lock_gives_what_its_own_tool_exports() {
    let only = std::env::var("CASE").unwrap_or_default();
    let mut differences = Vec::new();
    for case in cases() {
        if !case
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(&only)
        {
            continue;
        }
        let (lock, questions) = files(&case);
        assert!(!questions.is_empty(), "{}", case.display());
        differences.extend(
            questions
                .iter()
                .filter_map(|question| difference(&case, &lock, question)),
        );
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_format_has_locks_enough() {
    let locks: Vec<String> = cases().iter().map(|case| files(case).0).collect();
    for (format, count) in FORMATS {
        let found = locks.iter().filter(|lock| lock == format).count();
        assert!(found >= *count, "{format}: {found}");
    }
    assert!(locks.len() >= 40, "{}", locks.len());
}
