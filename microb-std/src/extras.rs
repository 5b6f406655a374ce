//! Extras: which requirements the chosen ones stand for.

use std::collections::{BTreeMap, BTreeSet};

use microb::{Diagnostic, Spanned, nearest};

use crate::mistake::Findings;
use crate::requirement::{Requirement, normalized};
use crate::tree;

/// The extras of a project by their normal names, with their requirements.
pub(crate) type Extras = BTreeMap<String, Vec<Requirement>>;

/// So many requirements of the project on itself are followed.
const MAX_STEPS: usize = 10_000;

/// The requirements of a project with the chosen extras, in order.
///
/// A requirement on the project itself, `name[extra]`, stands for that extra: it must never reach an index, where
/// anybody may have published that name. Cycles are fine.
pub(crate) fn expand(
    name: Option<&str>,
    dependencies: &[Requirement],
    extras: &Extras,
    chosen: &[Spanned<String>],
    findings: &Findings,
) -> Vec<Requirement> {
    let mut expansion = Expansion {
        extras,
        seen: BTreeSet::new(),
        findings,
    };
    // What is still to be read, the next one last.
    let mut open: Vec<Open> = Vec::new();
    for extra in chosen.iter().rev() {
        let normal = Spanned::new(normalized(&extra.value), extra.span.clone());
        open.extend(
            expansion
                .enter(&normal, &Conditions::new())
                .into_iter()
                .rev(),
        );
    }
    let unconditional = |requirement: &Requirement| (requirement.clone(), Conditions::new());
    open.extend(dependencies.iter().rev().map(unconditional));
    let mut out = Vec::new();
    let mut steps = 0;
    while let Some((requirement, conditions)) = open.pop() {
        steps += 1;
        if steps > MAX_STEPS {
            let error = Diagnostic::error("the project's extras require one another too often");
            findings.add(error.at(&requirement.text.span));
            break;
        }
        if name != Some(requirement.name.as_str()) {
            out.push(requirement.only_if(conditions));
            continue;
        }
        let mut conditions = conditions;
        conditions.extend(requirement.marker.clone());
        for extra in requirement.extras.iter().rev() {
            let extra = Spanned::new(extra.clone(), requirement.text.span.clone());
            open.extend(expansion.enter(&extra, &conditions).into_iter().rev());
        }
    }
    out
}

/// Markers that must all hold.
type Conditions = BTreeSet<String>;

/// A requirement and the conditions under which it was reached.
type Open = (Requirement, Conditions);

struct Expansion<'a> {
    extras: &'a Extras,
    /// Extras with the conditions under which they were read already.
    seen: BTreeSet<(String, Conditions)>,
    findings: &'a Findings,
}

impl Expansion<'_> {
    /// The requirements of an extra, unless they were read under no stronger condition.
    fn enter(&mut self, extra: &Spanned<String>, conditions: &Conditions) -> Vec<Open> {
        let Some(requirements) = self.extras.get(&extra.value) else {
            self.findings.add(unknown(extra, self.extras));
            return Vec::new();
        };
        let is_read = |(name, weaker): &(String, Conditions)| {
            *name == extra.value && weaker.is_subset(conditions)
        };
        if self.seen.iter().any(is_read) {
            return Vec::new();
        }
        self.seen.insert((extra.value.clone(), conditions.clone()));
        let open = |one: &Requirement| (one.clone(), conditions.clone());
        requirements.iter().map(open).collect()
    }
}

/// An extra that the project does not have.
pub(crate) fn unknown(extra: &Spanned<String>, extras: &Extras) -> Diagnostic {
    let known: Vec<_> = extras.keys().map(String::as_str).collect();
    let error = Diagnostic::error(format!("unknown extra `{}`", tree::escape(&extra.value)))
        .at(&extra.span);
    match nearest(&normalized(&extra.value), known.iter().copied()) {
        Some(near) => error.help(format!("write `{near}`")),
        None if known.is_empty() => {
            error.help("remove it; the project has no `optional-dependencies`")
        }
        None => error.help(format!("the project's extras are {}", tree::list(&known))),
    }
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    fn requirement(text: &str) -> Requirement {
        let file = SourceFile::new("p", text);
        Requirement::parse(Spanned::new(text.to_owned(), file.whole())).unwrap()
    }

    fn check(extras: &[(&str, &[&str])], chosen: &[&str], expected: &[&str]) {
        let extras = extras
            .iter()
            .map(|(name, texts)| {
                let requirements = texts.iter().map(|text| requirement(text)).collect();
                ((*name).to_owned(), requirements)
            })
            .collect();
        let chosen: Vec<_> = chosen
            .iter()
            .map(|name| Spanned::new((*name).to_owned(), SourceFile::new("p", *name).whole()))
            .collect();
        let findings = Findings::default();
        let out = expand(
            Some("x"),
            &[requirement("base")],
            &extras,
            &chosen,
            &findings,
        );
        let mut lines: Vec<String> = out.iter().map(ToString::to_string).collect();
        lines.extend(
            findings
                .into_all()
                .iter()
                .map(|finding| finding.message.clone()),
        );
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_project_itself_is_never_asked_from_an_index() {
        let extras: &[(&str, &[&str])] = &[
            ("all", &["X[yaml,Fast_Json]", "idna"]),
            ("yaml", &["pyyaml"]),
            ("fast-json", &["orjson"]),
            ("bare", &["x"]),
        ];
        check(extras, &["all"], &["base", "orjson", "pyyaml", "idna"]);
        check(extras, &["Fast.Json"], &["base", "orjson"]);
        check(extras, &["bare"], &["base"]);
        check(extras, &[], &["base"]);
    }

    #[test]
    fn a_condition_on_an_extra_holds_for_what_is_in_it() {
        check(
            &[
                ("all", &["x[win] ; os_name=='nt'"]),
                ("win", &["pywin32", "colorama ; extra=='c'"]),
            ],
            &["all"],
            &[
                "base",
                "pywin32 ; os_name=='nt'",
                "colorama ; (extra=='c') and (os_name=='nt')",
            ],
        );
    }

    #[test]
    fn a_cycle_is_the_union() {
        check(
            &[("a", &["x[b]", "one"]), ("b", &["x[a]", "two"])],
            &["a"],
            &["base", "two", "one"],
        );
        check(
            &[
                ("a", &["x[b];os_name=='m'", "one"]),
                ("b", &["x[a];os_name=='n'"]),
            ],
            &["a"],
            &["base", "one"],
        );
    }

    #[test]
    fn an_extra_that_is_not_there_is_an_error() {
        check(
            &[("test", &[])],
            &["tset"],
            &["base", "unknown extra `tset`"],
        );
        check(&[("a", &["x[b]"])], &["a"], &["base", "unknown extra `b`"]);
    }
}
