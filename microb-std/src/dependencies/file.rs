//! `requirements`: a requirements file instead of what the project lists.

use microb::{Context, Diagnostic, Spanned};

use super::Wanted;
use super::listed::outside;
use crate::config::{Dependencies, RequirementsFile};
use crate::extras;
use crate::location::within_context;
use crate::lock::Format;
use crate::mistake::Findings;
use crate::requirements;
use crate::resolve::Shared;
use crate::rules::ONLY_PROJECT_REQUIRED;
use crate::tree::escape;

pub(super) fn from_file(
    shared: &Shared,
    path: &Spanned<String>,
    cx: &dyn Context,
    findings: &Findings,
) -> Wanted {
    let project_dir = shared.project_dir.as_str();
    let (listed, project) = (&shared.listed, &shared.metadata.project);
    let inside = within_context(project_dir, &path.value)
        .filter(|inside| !inside.is_empty() && !path.value.starts_with('/'));
    let Some(inside) = inside else {
        findings.add(outside(path));
        return Wanted::nothing();
    };
    if Format::of(&inside).is_some_and(|format| format != Format::Requirements) {
        findings.add(
            Diagnostic::error(format!(
                "`{}` is a lock file, no requirements file",
                escape(&path.value)
            ))
            .at(&path.span)
            .help(format!("write `lock = \"{}\"`", escape(&path.value))),
        );
        return Wanted::nothing();
    }
    let mut flat = requirements::read(cx, project_dir, &inside, &path.span, findings);
    let nothing_else = flat.requirements.is_empty() && flat.own_extras.is_empty();
    if let (Some(span), true) = (&flat.itself, nothing_else) {
        findings.add(
            ONLY_PROJECT_REQUIRED
                .finding("the requirements file lists nothing but the project itself, whose dependencies are not installed then")
                .at(span)
                .help("remove `requirements` to install the project's dependencies"),
        );
    }
    // A file with hashes is a lock, and lists what the extras need.
    if !flat.has_hashes && !flat.own_extras.is_empty() && listed.backend_knows_extras.is_none() {
        let name = project.normalized_name.as_deref();
        let more = extras::expand(name, &[], &listed.extras, &flat.own_extras, findings);
        for requirement in &more {
            if requirement.needs_ssh() {
                flat.ssh
                    .get_or_insert_with(|| requirement.text.span.clone());
            }
            if requirement.needs_git() {
                flat.git
                    .get_or_insert_with(|| requirement.text.span.clone());
            }
        }
        flat.requirements
            .extend(more.iter().map(ToString::to_string));
        flat.listed.extend(more);
    }
    let text = |lines: Vec<String>| -> String {
        lines
            .into_iter()
            .flat_map(|line| [line, "\n".to_owned()])
            .collect()
    };
    let local_paths = flat.local_paths.into_iter();
    Wanted {
        folders: Vec::new(),
        ssh: flat.ssh,
        git: flat.git,
        dependencies: Dependencies::File(RequirementsFile {
            path: Spanned::new(inside, path.span.clone()),
            requirements: text(flat.requirements),
            constraints: text(flat.constraints),
            has_hashes: flat.has_hashes,
            listed: flat.listed,
            is_compiled: flat.is_compiled,
            logins: flat.logins,
            local_paths: local_paths
                .map(|(path, span)| Spanned::new(path, span))
                .collect(),
        }),
    }
}
