//! Rules about the interpreter.

use microb::Rule;

use super::{Facts, rule};
use crate::config::PythonOrigin;
use crate::mistake::Findings;
use crate::python::{self, Wanted};
use crate::resolve::version_file;

pub(crate) static END_OF_LIFE_PYTHON: Rule = rule(
    "EndOfLifePython",
    "Nobody repairs security holes of this version of Python any more",
);

pub(crate) static UNRELEASED_PYTHON: Rule = rule(
    "UnreleasedPython",
    "There may be no image of a version of Python that was not released when this version of microb was",
);

pub(crate) static PINNED_PYTHON_PATCH: Rule = rule(
    "PinnedPythonPatch",
    "A Python that is pinned to one patch release gets no security fixes",
);

pub(crate) static SKIPPED_PYTHON_VERSION: Rule = rule(
    "SkippedPythonVersion",
    "A line of .python-version that names no release of CPython says nothing about the image",
);

pub(super) static PYTHON_VERSION_MISMATCH: Rule = rule(
    "PythonVersionMismatch",
    "What developers run should be what the image runs",
);

pub(super) static UNBOUNDED_PYTHON: Rule = rule(
    "UnboundedPython",
    "Without an upper bound, the image moves to the next Python when microb does",
)
.experimental();

pub(super) fn check(facts: &Facts<'_>, findings: &Findings) {
    mismatch(facts, findings);
    unbounded(facts, findings);
}

/// `python_version` of the target, or the Python of its image, against `.python-version`.
fn mismatch(facts: &Facts<'_>, findings: &Findings) {
    let python = &facts.config.python;
    let (key, Some(span)) = (
        match python.origin {
            PythonOrigin::Explicit => "python_version",
            PythonOrigin::Image => "base_image",
            PythonOrigin::VersionFile | PythonOrigin::Requires | PythonOrigin::Default => return,
        },
        python.span.as_ref(),
    ) else {
        return;
    };
    // Its own mistakes are none while nobody follows it.
    let quiet = Findings::default();
    let Some(local) = version_file(facts.cx, &facts.config.project_dir, &quiet) else {
        return;
    };
    let (minor, patch) = (python.version.minor, python.version.patch);
    let differs = match local.value {
        Wanted::Any => false,
        Wanted::Minor(other) => other != minor,
        Wanted::Patch(other, other_patch) => {
            other != minor || patch.is_some_and(|patch| patch != other_patch)
        }
        Wanted::Range(ref range) => !python::fits(range, &python.version),
    };
    if differs {
        let (file, text) = (local.span.file().name(), local.span.text());
        findings.add(
            PYTHON_VERSION_MISMATCH
                .finding(format!(
                    "the image has Python {}, and `{file}` says `{text}`",
                    python.version
                ))
                .at(span)
                .help(format!(
                    "remove `{key}` to follow `{file}`, or change one of the two"
                )),
        );
    }
}

fn unbounded(facts: &Facts<'_>, findings: &Findings) {
    let python = &facts.config.python;
    let version = &python.version;
    let help = format!("write `python_version = \"{version}\"`, or a `.python-version` file");
    let finding = match (python.origin, &python.requires) {
        (PythonOrigin::Requires, Some(requires)) if !python::has_upper_bound(&requires.value) => {
            UNBOUNDED_PYTHON.finding(format!(
                "`{}` has no upper bound: the image has Python {version} today",
                requires.value
            ))
        }
        (PythonOrigin::Default, _) => UNBOUNDED_PYTHON.finding(format!(
            "nothing says which Python is wanted: the image has {version} today"
        )),
        _ => return,
    };
    let place = python.span.as_ref();
    let place = place.or_else(|| facts.config.project.name.as_ref().map(|name| &name.span));
    findings.add(match place {
        Some(span) => finding.at(span).help(help),
        None => finding.help(help),
    });
}
