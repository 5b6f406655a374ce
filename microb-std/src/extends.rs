//! `extends`: a target has what it does not say itself from another.

use microb::{Diagnostic, Spanned, nearest};

use crate::mistake::Findings;
use crate::tree::{Table, escape, list};

/// A target's name and its table.
type Target<'a> = (Spanned<String>, Table<'a>);

const EXTENDS: &str = "extends";

/// The tables with what they have from others. Mistakes are told at the `extends` that they are in.
pub(crate) fn link<'a>(targets: &[Target<'a>], findings: &Findings) -> Vec<Target<'a>> {
    let names: Vec<&str> = targets
        .iter()
        .map(|target| target.0.value.as_str())
        .collect();
    let mut told: Vec<&str> = Vec::new();
    let mut linked = Vec::new();
    for (name, table) in targets {
        let mut others = Vec::new();
        let mut seen: Vec<&str> = vec![&name.value];
        let mut last = table;
        while let Some(other) = last.string_if_any(EXTENDS) {
            let Some((next, table)) = targets.iter().find(|target| target.0.value == other.value)
            else {
                findings.add(unknown(&other, &names));
                break;
            };
            if let Some(from) = seen.iter().position(|seen| *seen == next.value) {
                let circle = &seen[from..];
                // One circle is one mistake, whichever of its targets comes first.
                if from == 0 && !circle.iter().any(|name| told.contains(name)) {
                    findings.add(in_circle(circle, &other));
                    told.extend(circle);
                }
                break;
            }
            seen.push(&next.value);
            others.push(table);
            last = table;
        }
        linked.push((name.clone(), join((table, &others))));
    }
    linked
}

/// The first table, with what the others say below it.
fn join<'a>(chain: (&Table<'a>, &[&Table<'a>])) -> Table<'a> {
    let (first, others) = chain;
    let below = others.iter().rev().fold(None, |below, table| match below {
        None => Some((*table).clone()),
        Some(below) => Some(extending(table, below)),
    });
    match below {
        None => first.clone(),
        Some(below) => extending(first, below),
    }
}

/// The arguments of another program are not those of this one: `ENTRYPOINT` resets `CMD` in Dockerfiles, too.
fn extending<'a>(table: &Table<'a>, below: Table<'a>) -> Table<'a> {
    let has_program = table.own_entry("entrypoint").is_some();
    let hides: &[&str] = if has_program { &["command"] } else { &[] };
    table.clone().hiding(hides).extending(below)
}

fn unknown(other: &Spanned<String>, names: &[&str]) -> Diagnostic {
    let message = format!("unknown target `{}`", escape(&other.value));
    let error = Diagnostic::error(message).at(&other.span);
    match nearest(&other.value, names.iter().copied()) {
        Some(near) => error.help(format!("write `{near}`")),
        None => error.help(format!("the targets are {}", list(names))),
    }
}

fn in_circle(circle: &[&str], last: &Spanned<String>) -> Diagnostic {
    let message = if let [itself] = circle {
        format!("the target `{}` extends itself", escape(itself))
    } else {
        let names: Vec<_> = circle.iter().map(|name| escape(name)).collect();
        format!(
            "targets extend one another in a circle: `{}` extends `{}`",
            names.join("` extends `"),
            names[0]
        )
    };
    Diagnostic::error(message)
        .at(&last.span)
        .help("remove this `extends`")
}
