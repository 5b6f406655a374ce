//! The files of the application: who may write to them, and whether their bytecode is theirs.

use microb::{Diagnostic, Severity, Span};

use super::Subject;
use super::report::{Report, Stale};
use crate::mistake::Findings;
use crate::rules::{OUTDATED_BYTECODE, WRITABLE_BY_ALL};
use crate::tree::escape;

pub(super) fn check(subject: &Subject, report: &Report, findings: &Findings) {
    if let Some(first) = report.writable.iter().min() {
        let what = several(first, report.writable.len(), "is writable", "are writable");
        let finding = WRITABLE_BY_ALL
            .finding(format!("{what} by everybody"))
            .at(&origin(subject, first))
            .help("take the permission away where the files come from: `chmod o-w FILE`");
        findings.add(finding);
    }
    for (is_run, finding) in [
        (true, ran as fn(&str) -> Diagnostic),
        (false, ignored as fn(&str) -> Diagnostic),
    ] {
        let of_kind = |one: &&Stale| one.is_run == is_run;
        let stale = report.stale.iter().filter(of_kind);
        let mut stale: Vec<&str> = stale.map(|one| one.path.as_str()).collect();
        stale.sort_unstable();
        if let Some(first) = stale.first() {
            let what = several(first, stale.len(), "is not", "are not");
            findings.add(finding(&what).at(&origin(subject, first)));
        }
    }
}

fn ran(what: &str) -> Diagnostic {
    OUTDATED_BYTECODE
        .finding(format!(
            "{what} what the bytecode was made of, and Python runs the bytecode"
        ))
        .help("copy the file before the build, with `copy_files_before_build`, or to another folder than that of a package")
}

fn ignored(what: &str) -> Diagnostic {
    let finding = OUTDATED_BYTECODE
        .finding(format!(
            "{what} what the bytecode was made of, so Python compiles it at each start"
        ))
        .help("leave `__pycache__` out of what is copied");
    Diagnostic {
        severity: Severity::Warning,
        ..finding
    }
}

fn several(first: &str, count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("`{}` {one}", escape(first)),
        _ => format!("{count} files, for instance `{}`, {many}", escape(first)),
    }
}

/// What put a file into the image.
fn origin(subject: &Subject, path: &str) -> Span {
    let config = &subject.config;
    let copied = config.copy_files.iter().map(|file| &file.dst);
    let added = config.add_files.iter().map(|file| &file.dst);
    let is_below = |folder: &str| {
        let folder = folder.trim_end_matches('/');
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let place = copied.chain(added).filter(|dst| is_below(&dst.value));
    let nearest = place.max_by_key(|dst| dst.value.len());
    nearest.map_or_else(|| subject.project(), |dst| dst.span.clone())
}
