//! Whether a `uv.lock` was made for the project as it is: the lock repeats what it was made for.

use microb::{Diagnostic, Spanned};

use super::same_marker::same;
use super::{Question, stale};
use crate::requirement::{Requirement, VersionOrUrl, normalized};
use crate::specifier::{Constraint, specifiers};
use crate::tree::{Table, escape};

/// Compares `[package.metadata]` of the project in the lock with what the project lists.
pub(super) fn check(project: &Table<'_>, question: &Question<'_>) -> Result<(), Diagnostic> {
    let Some(metadata) = project.table_if_any("metadata") else {
        return Ok(());
    };
    let any = Constraint::any();
    let comparison = Comparison::of(question, &any);
    if let Some(listed) = question.listed_requirements() {
        comparison.check(&listed, &metadata.tables("requires-dist"))?;
    }
    let groups = metadata.table_if_any("requires-dev");
    for name in question.groups.names() {
        let listed: Vec<_> = question
            .groups
            .requirements(name)
            .into_iter()
            .map(|requirement| (requirement, None))
            .collect();
        let key = groups.iter().find_map(|groups| {
            let keys = groups.keys().into_iter();
            let mut same = keys.filter(|key| normalized(&key.value) == *name);
            Some((groups, same.next()?))
        });
        let locked = key.map_or_else(Vec::new, |(groups, key)| groups.tables(&key.value));
        comparison.check(&listed, &locked)?;
    }
    Ok(())
}

/// Compares the manifest of a script's lock with what the script lists.
pub(super) fn check_script(
    requirements: &[Table<'_>],
    question: &Question<'_>,
) -> Result<(), Diagnostic> {
    let any = Constraint::any();
    let listed = question.listed_requirements().unwrap_or_default();
    Comparison::of(question, &any).check(&listed, requirements)
}

struct Comparison<'a> {
    requires: &'a Constraint,
    /// Names of packages that `tool.uv.sources` takes from elsewhere, so that their versions are not the project's.
    elsewhere: Vec<String>,
    lock: &'a str,
}

/// A requirement of the lock's metadata.
struct Locked<'a> {
    name: Spanned<String>,
    table: &'a Table<'a>,
}

impl<'a> Comparison<'a> {
    fn of(question: &'a Question<'_>, any: &'a Constraint) -> Self {
        Self {
            requires: question
                .requires
                .map_or(any, |requires| &requires.constraint),
            elsewhere: question.uv_sources(),
            lock: question.file_name(),
        }
    }

    fn check(
        &self,
        listed: &[(Requirement, Option<String>)],
        locked: &[Table<'_>],
    ) -> Result<(), Diagnostic> {
        let mut all = Vec::new();
        for table in locked {
            let name = super::fields::name(table)?;
            all.push(Locked { name, table });
        }
        for (requirement, extra) in listed {
            let is_same =
                |locked: &&Locked<'_>| self.is_same(requirement, extra.as_deref(), locked);
            if all.iter().any(|locked| is_same(&locked)) {
                continue;
            }
            let other = all
                .iter()
                .find(|locked| locked.name.value == requirement.name);
            let what = match other {
                Some(other) => format!("was made for `{}`", other.shown()),
                None => "was made without it".to_owned(),
            };
            return Err(stale(
                format!(
                    "`{}`: `{}` {what}",
                    escape(requirement.text.value.trim()),
                    self.lock
                ),
                &requirement.text.span,
            ));
        }
        let is_listed = |locked: &Locked<'_>| {
            listed
                .iter()
                .any(|(requirement, extra)| self.is_same(requirement, extra.as_deref(), locked))
        };
        match all.iter().find(|locked| !is_listed(locked)) {
            None => Ok(()),
            Some(gone) => {
                let message = format!(
                    "`{}` was made for `{}`, which the project does not list",
                    self.lock,
                    gone.shown()
                );
                Err(stale(message, &gone.name.span))
            }
        }
    }

    fn is_same(&self, requirement: &Requirement, extra: Option<&str>, locked: &Locked<'_>) -> bool {
        if requirement.name != locked.name.value {
            return false;
        }
        let mut extras: Vec<_> = locked.table.strings_if_any("extras");
        let mut extras: Vec<_> = extras
            .drain(..)
            .map(|extra| normalized(&extra.value))
            .collect();
        extras.sort();
        if extras != requirement.extras {
            return false;
        }
        // A source may stand under a marker of its own, and hides the version.
        if self.elsewhere.contains(&requirement.name) {
            return true;
        }
        let marker = match (&requirement.marker, extra) {
            (Some(marker), Some(extra)) => Some(format!("({marker}) and extra == '{extra}'")),
            (None, Some(extra)) => Some(format!("extra == '{extra}'")),
            (marker, None) => marker.clone(),
        };
        let locked_marker = locked.table.string_if_any("marker");
        let locked_marker = locked_marker.as_ref().map(|marker| marker.value.as_str());
        same(marker.as_deref(), locked_marker, self.requires)
            && is_same_version(&requirement.version, locked.table)
    }
}

impl Locked<'_> {
    fn shown(&self) -> String {
        let specifier = self.table.string_if_any("specifier");
        format!(
            "{}{}",
            self.name.value,
            specifier.map(|text| text.value).unwrap_or_default()
        )
    }
}

fn is_same_version(wanted: &VersionOrUrl, locked: &Table<'_>) -> bool {
    match wanted {
        VersionOrUrl::Version(wanted) => {
            let locked = locked.string_if_any("specifier");
            let locked = locked.map(|text| text.value).unwrap_or_default();
            match (specifiers(wanted), specifiers(&locked)) {
                (Ok(wanted), Ok(locked)) => {
                    wanted.iter().all(|one| locked.contains(one))
                        && locked.iter().all(|one| wanted.contains(one))
                }
                _ => false,
            }
        }
        VersionOrUrl::Url(url) => {
            match (locked.string_if_any("git"), locked.string_if_any("url")) {
                (Some(git), _) => is_same_repository(url, &git.value),
                (None, Some(locked)) => is_same_url(url, &locked.value),
                (None, None) => !locked.has("specifier"),
            }
        }
    }
}

/// `git+https://h/r@v1#subdirectory=x` and `https://h/r?subdirectory=x&rev=v1`.
fn is_same_repository(url: &str, locked: &str) -> bool {
    let url = url.strip_prefix("git+").unwrap_or(url);
    let url = url.split('#').next().unwrap_or(url);
    let path = url.rfind('/').unwrap_or(0);
    let (url, rev) = match url[path..].split_once('@') {
        Some((end, rev)) => (&url[..path + end.len()], rev),
        None => (url, ""),
    };
    let (locked, query) = locked.split_once('?').unwrap_or((locked, ""));
    let locked_rev = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("rev="))
        .unwrap_or_default();
    is_same_url(url, locked) && rev == locked_rev.replace("%2F", "/")
}

fn is_same_url(left: &str, right: &str) -> bool {
    let plain = |url: &str| {
        let url = url.split('#').next().unwrap_or(url).trim_end_matches('/');
        url.strip_suffix(".git").unwrap_or(url).to_ascii_lowercase()
    };
    plain(left) == plain(right)
}
