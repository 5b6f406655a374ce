//! Rules about what is installed.

use microb::grammar::{secret_login, without_login};
use microb::{Diagnostic, Rule};

use super::index::{credential_of_dependency, is_plain_http};
use super::lists::{BRANCHES, DEVELOPMENT, NO_MUSL, OBSOLETE, OPENCV_WITH_WINDOWS, SAME_MODULES};
use super::{Facts, rule};
use crate::config::{Config, Dependencies, Flavor};
use crate::lock;
use crate::mistake::Findings;
use crate::requirement::{Requirement, VersionOrUrl};
use crate::tree::escape;

pub(super) static UNPINNED_DEPENDENCY: Rule = rule(
    "UnpinnedDependency",
    "A dependency without any version is another one after each of its releases, the next major one too",
);

pub(super) static UNBOUNDED_DEPENDENCY: Rule = rule(
    "UnboundedDependency",
    "Without an upper bound, the next major release of a dependency is installed as soon as there is one",
)
.experimental();

pub(super) static DEVELOPMENT_DEPENDENCY: Rule = rule(
    "DevelopmentDependency",
    "What only developers need makes images larger, and gives attackers more to use",
);

pub(super) static DUPLICATE_DEPENDENCY: Rule = rule(
    "DuplicateDependency",
    "Two entries for one package look like two, and one of them is forgotten at the next change",
);

pub(super) static CONFLICTING_DEPENDENCIES: Rule = rule(
    "ConflictingDependencies",
    "Packages that install the same modules overwrite each other's files",
);

pub(super) static OBSOLETE_PACKAGE: Rule = rule(
    "ObsoletePackage",
    "A package that is no longer maintained, or whose name is not that of the project it stands for",
);

pub(super) static OPENCV_WITHOUT_LIBGL: Rule = rule(
    "OpencvWithoutLibgl",
    "opencv-python needs libraries of a desktop, which slim images do not have",
);

pub(super) static NO_ALPINE_WHEELS: Rule = rule(
    "NoAlpineWheels",
    "Some packages have no wheels for Alpine, and take hours to build or cannot be built at all",
);

pub(super) static NO_WHEEL: Rule = rule(
    "NoWheel",
    "A package without a wheel for this Python is compiled, for minutes or in vain",
);

pub(super) static MOVING_GIT_DEPENDENCY: Rule = rule(
    "MovingGitDependency",
    "A dependency on a branch is another commit after each push",
);

pub(super) static INSECURE_DEPENDENCY: Rule = rule(
    "InsecureDependency",
    "Without TLS, everybody on the way can change the code that is installed",
);

pub(super) static UNPINNED_BUILD_BACKEND: Rule = rule(
    "UnpinnedBuildBackend",
    "A build backend without a version builds another wheel, or none, after its next release",
)
.experimental();

pub(crate) static ONLY_PROJECT_REQUIRED: Rule = rule(
    "OnlyProjectRequired",
    "A requirements file that lists the project only leaves its dependencies out",
);

pub(crate) static NO_LOCK: Rule = rule(
    "NoLock",
    "Without a lock, the versions are chosen when the image is built",
);

pub(crate) static UNREAD_REQUIREMENTS: Rule = rule(
    "UnreadRequirements",
    "A requirements file that nobody names is not installed",
);

pub(crate) static UNVERIFIED_PACKAGE: Rule = rule(
    "UnverifiedPackage",
    "A package of a lock has no hash, so another file may be installed one day",
);

pub(crate) static UNREAD_SOURCE: Rule = rule(
    "UnreadSource",
    "A package source that only another tool knows is not asked",
);

pub(super) fn check(facts: &Facts<'_>, findings: &Findings) {
    for requirement in &facts.config.build_system.requires {
        url(requirement, findings);
        moving_git(requirement, findings);
        if facts.config.build_system.declared && is_any_version(requirement) {
            findings.add(
                UNPINNED_BUILD_BACKEND
                    .finding(format!("`{}` has no version", requirement.name))
                    .at(&requirement.text.span)
                    .help(format!(
                        "write for instance `\"{}>=A.B,<C\"`",
                        requirement.name
                    )),
            );
        }
    }
    let own = own(facts);
    if let Dependencies::Locked(set) = &facts.config.dependencies {
        super::wheel::check(facts, set, findings);
    }
    let listed = match &facts.config.dependencies {
        Dependencies::Listed(listed) => listed,
        // A lock has versions and commits; what is in it is still what the project lists.
        Dependencies::Locked(_) => &own,
        Dependencies::File(_) | Dependencies::FromBackend { .. } => return,
    };
    // A login in a file is one for every platform.
    for requirement in listed {
        url(requirement, findings);
    }
    duplicates(listed, findings);
    let is_locked = matches!(facts.config.dependencies, Dependencies::Locked(_));
    let may_be_in_image = |one: &&Requirement| may_be_in_image(one, facts);
    let installed: Vec<_> = listed.iter().filter(may_be_in_image).collect();
    for requirement in &installed {
        if !is_locked {
            version(requirement, findings);
            moving_git(requirement, findings);
        }
        obsolete(requirement, findings);
        alpine(requirement, facts.config, findings);
        opencv(requirement, facts.config, findings);
    }
    for requirement in own.iter().filter(may_be_in_image) {
        development(requirement, facts.config, findings);
    }
    conflicts(&installed, findings);
}

/// Whether the image is one that the requirement is for, by its marker.
fn may_be_in_image(requirement: &Requirement, facts: &Facts<'_>) -> bool {
    let python = facts.config.python.version;
    let marker = requirement.marker.as_deref();
    marker.is_none_or(|marker| lock::may_hold(marker, python, facts.cx.platform()))
}

/// The project's own list, without extras.
fn own(facts: &Facts<'_>) -> Vec<Requirement> {
    let project = facts.tables.project.as_ref();
    let texts = project.map_or_else(Vec::new, |project| project.strings_if_any("dependencies"));
    let parsed = texts.into_iter().map(Requirement::parse);
    // The mistakes of the others have been told.
    parsed.filter_map(Result::ok).collect()
}

fn add(findings: &Findings, requirement: &Requirement, finding: Diagnostic) {
    findings.add(finding.at(&requirement.text.span));
}

fn is_any_version(requirement: &Requirement) -> bool {
    matches!(&requirement.version, VersionOrUrl::Version(specifiers) if specifiers.is_empty())
}

fn version(requirement: &Requirement, findings: &Findings) {
    let VersionOrUrl::Version(specifiers) = &requirement.version else {
        return;
    };
    let name = &requirement.name;
    if specifiers.is_empty() {
        let finding = UNPINNED_DEPENDENCY
            .finding(format!("`{name}` has no version"))
            .help(format!("write for instance `\"{name}>=A.B,<C\"`"));
        add(findings, requirement, finding);
    } else if !crate::python::has_upper_bound(specifiers) {
        let finding = UNBOUNDED_DEPENDENCY
            .finding(format!("`{name}{specifiers}` has no upper bound"))
            .help(format!("write for instance `\"{name}{specifiers},<C\"`"));
        add(findings, requirement, finding);
    }
}

fn url(requirement: &Requirement, findings: &Findings) {
    let VersionOrUrl::Url(url) = &requirement.version else {
        return;
    };
    let shown = escape(&without_login(url));
    let plain = url.strip_prefix("git+").unwrap_or(url);
    if secret_login(url).is_some() {
        let of = format!(" of `{}`", requirement.name);
        findings.add(credential_of_dependency(&of, &requirement.text.span));
    }
    let has_hash = url.contains("#sha256=") || url.contains("&sha256=");
    if (is_plain_http(plain) || plain.starts_with("git://")) && !has_hash {
        let finding = INSECURE_DEPENDENCY
            .finding(format!("`{shown}` is fetched without TLS"))
            .help("write `https://`");
        add(findings, requirement, finding);
    }
}

fn moving_git(requirement: &Requirement, findings: &Findings) {
    let VersionOrUrl::Url(url) = &requirement.version else {
        return;
    };
    if requirement.needs_git()
        && let Some(problem) = moving(url.strip_prefix("git+").unwrap_or(url))
    {
        let finding = MOVING_GIT_DEPENDENCY
            .finding(format!(
                "`{}` is installed from {problem}",
                requirement.name
            ))
            .help("name a commit or a tag after the URL: `….git@COMMIT`");
        add(findings, requirement, finding);
    }
}

/// What a repository's URL names when it is no tag and no commit.
fn moving(url: &str) -> Option<String> {
    let location = url.split('#').next().unwrap_or(url);
    let path = location
        .split_once("://")
        .map_or(location, |(_, rest)| rest);
    // The first part may have a login: `git@host`.
    let path = path.split_once('/').map_or("", |(_, path)| path);
    match path.rsplit_once('@') {
        None => Some("the default branch of its repository".to_owned()),
        Some((_, branch)) if BRANCHES.contains(&branch) => {
            Some(format!("the branch `{branch}` of its repository"))
        }
        Some(_) => None,
    }
}

fn obsolete(requirement: &Requirement, findings: &Findings) {
    // Under a marker it may be there for an old Python only.
    if requirement.marker.is_some() {
        return;
    }
    let name = requirement.name.as_str();
    let Some((_, instead)) = OBSOLETE.iter().find(|(known, _)| *known == name) else {
        return;
    };
    let finding = if instead.is_empty() {
        OBSOLETE_PACKAGE
            .finding(format!(
                "`{name}` is part of Python itself, and the package is for versions long gone"
            ))
            .help("remove it")
    } else {
        OBSOLETE_PACKAGE
            .finding(format!(
                "`{name}` is not what it seems, or no longer maintained"
            ))
            .help(format!("write `{instead}`"))
    };
    add(findings, requirement, finding);
}

fn alpine(requirement: &Requirement, config: &Config, findings: &Findings) {
    if config.flavor == Flavor::Alpine && NO_MUSL.contains(&requirement.name.as_str()) {
        let finding = NO_ALPINE_WHEELS
            .finding(format!("`{}` has no wheels for Alpine", requirement.name))
            .help("write `flavor = \"debian\"`");
        add(findings, requirement, finding);
    }
}

fn opencv(requirement: &Requirement, config: &Config, findings: &Findings) {
    let name = requirement.name.as_str();
    let brings_it = |package: &str| package.contains("libgl") || package.contains("mesa");
    let mut packages = config.system_deps.iter();
    // Who knows what is in an image that is not the official one.
    let has_library = config.base_image.is_some() || packages.any(|one| brings_it(&one.value));
    if OPENCV_WITH_WINDOWS.contains(&name) && !has_library {
        let finding = OPENCV_WITHOUT_LIBGL
            .finding(format!(
                "`{name}` needs `libGL.so.1`, which the image does not have"
            ))
            .help(format!(
                "write `{name}-headless`, or `system_deps = [\"libgl1\", \"libglib2.0-0\"]`"
            ));
        add(findings, requirement, finding);
    }
}

/// Of the project's own list only: an extra for tests is chosen on purpose.
fn development(requirement: &Requirement, config: &Config, findings: &Findings) {
    let name = requirement.name.as_str();
    let project = config.project.normalized_name.as_deref();
    // A plugin of a tool needs the tool.
    let is_plugin = project.is_some_and(|project| {
        let family = name.split('-').next().unwrap_or(name);
        project.split('-').any(|part| part == family)
    });
    if DEVELOPMENT.contains(&name) && !is_plugin {
        let finding = DEVELOPMENT_DEPENDENCY
            .finding(format!(
                "`{name}` is a tool for development, and is installed in the image"
            ))
            .help("move it to `[dependency-groups]`, `dev = [\"…\"]`");
        add(findings, requirement, finding);
    }
}

fn duplicates(listed: &[Requirement], findings: &Findings) {
    for (n, requirement) in listed.iter().enumerate() {
        let is_same = |other: &&Requirement| {
            other.name == requirement.name
                && other.marker == requirement.marker
                && other.text.span != requirement.text.span
        };
        if let Some(first) = listed[..n].iter().find(is_same) {
            let place = first.text.span.to_string();
            let finding = DUPLICATE_DEPENDENCY
                .finding(format!(
                    "`{}` is listed already at {place}",
                    requirement.name
                ))
                .help("merge the two");
            add(findings, requirement, finding);
        }
    }
}

fn conflicts(listed: &[&Requirement], findings: &Findings) {
    for family in SAME_MODULES {
        let mut members = listed
            .iter()
            .filter(|requirement| family.contains(&requirement.name.as_str()));
        let Some(first) = members.next() else {
            continue;
        };
        if let Some(other) = members.find(|other| other.name != first.name) {
            let finding = CONFLICTING_DEPENDENCIES
                .finding(format!(
                    "`{}` and `{}` install the same modules over each other",
                    first.name, other.name
                ))
                .help("keep one of them");
            add(findings, other, finding);
        }
    }
}
