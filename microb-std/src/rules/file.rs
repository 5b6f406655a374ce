//! Rules about the `pyproject.toml` itself and the files beside it.

use microb::Rule;
use microb::patterns::Patterns;

use super::{Facts, rule};
use crate::mistake::Findings;

pub(crate) static DEPRECATED_KEY: Rule = rule(
    "DeprecatedKey",
    "An old spelling is read today and may not be tomorrow",
);

pub(crate) static DUPLICATE_PACKAGE: Rule = rule(
    "DuplicatePackage",
    "A package of the distribution that is listed twice is installed once",
);

pub(crate) static IGNORED_TARGET: Rule = rule(
    "IgnoredTarget",
    "Two targets were asked for in one build, and one of them wins",
);

pub(crate) static MISSING_PYPROJECT: Rule = rule(
    "MissingPyproject",
    "A build context without the project's pyproject.toml is usually another folder than was meant",
);

pub(crate) static UNDEFINED_VARIABLE: Rule = rule(
    "UndefinedVariable",
    "A build argument that has no value is replaced by nothing",
);

pub(crate) static EMPTY_PATTERN: Rule = rule(
    "EmptyPattern",
    "A pattern that matches nothing copies nothing",
);

pub(crate) static UNKNOWN_PROJECT_KEY: Rule = rule(
    "UnknownProjectKey",
    "Build backends refuse or ignore keys of [project] that the standard does not have",
)
.error();

pub(super) static INCOMPLETE_DOCKERIGNORE: Rule = rule(
    "IncompleteDockerignore",
    "What a .dockerignore does not name is sent to the engine with every build, also virtual environments and secrets",
);

pub(super) static LICENSE_CLASSIFIER: Rule = rule(
    "LicenseClassifier",
    "Build backends refuse license classifiers beside a license expression",
);

/// What belongs to a developer's machine, and a file that is there when it is.
const LOCAL: &[(&str, &str)] = &[(".venv", ".venv/pyvenv.cfg"), ("venv", "venv/pyvenv.cfg")];

/// Holds passwords. Only looked for when findings are asked for: reading it sends it to the engine.
const DOTENV: &str = ".env";

pub(super) fn check(facts: &Facts<'_>, findings: &Findings) {
    incomplete_dockerignore(facts, findings);
    license_classifier(facts, findings);
}

/// Without an ignore file nothing of this is sent.
fn incomplete_dockerignore(facts: &Facts<'_>, findings: &Findings) {
    let cx = facts.cx;
    let read = |path: &str| cx.read(path).ok().flatten();
    let of_definition = format!("{}.dockerignore", cx.definition().name());
    let files = [of_definition, ".dockerignore".to_owned()];
    let Some((file, content)) = files.iter().find_map(|file| Some((file, read(file)?))) else {
        return;
    };
    let text = String::from_utf8_lossy(&content);
    let patterns = Patterns::of(text.lines().filter(|line| !line.starts_with('#')));
    let is_sent = |path: &str| !patterns.leave_out(path) && read(path).is_some();
    let local = LOCAL
        .iter()
        .find(|(_, file)| is_sent(file))
        .map(|(folder, _)| *folder);
    let local = local.or_else(|| (cx.is_check() && is_sent(DOTENV)).then_some(DOTENV));
    if let Some(found) = local {
        findings.add(
            INCOMPLETE_DOCKERIGNORE
                .finding(format!(
                    "`{found}` is part of the build context: `{file}` does not name it"
                ))
                .help(format!("add the line `{found}` to `{file}`")),
        );
    }
}

/// PEP 639: <https://peps.python.org/pep-0639/#deprecate-license-classifiers>.
fn license_classifier(facts: &Facts<'_>, findings: &Findings) {
    let Some(project) = &facts.tables.project else {
        return;
    };
    if project.string_if_any("license").is_none() {
        return;
    }
    let classifiers = project.strings_if_any("classifiers");
    if let Some(found) = classifiers
        .iter()
        .find(|one| one.value.starts_with("License ::"))
    {
        findings.add(
            LICENSE_CLASSIFIER
                .finding(format!("`{}` repeats `license`", found.value))
                .at(&found.span)
                .help("remove it"),
        );
    }
}
