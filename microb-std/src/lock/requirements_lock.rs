//! A requirements file as a lock: rye's `requirements.lock`, and what `pip-compile` and `uv pip compile` write.

use microb::{Diagnostic, Span, Spanned};

use super::Question;
use super::condition::Condition;
use super::environment::Environment;
use super::fields::{at_path, checked_version, git, hashes, is_archive, no_hash};
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::{Requirement, VersionOrUrl, is_git, normalized};
use crate::requirements;
use crate::text;

/// What the file says.
pub(super) struct Read {
    /// The packages that the target gets.
    pub(super) pins: Vec<Pinned>,
    pub(super) options: Vec<String>,
    /// Where URLs with a password or a token stand.
    pub(super) logins: Vec<Span>,
}

pub(super) fn read(question: &Question<'_>) -> Result<Read, Diagnostic> {
    for (key, values) in [
        ("extras", question.extras),
        ("groups", question.wanted_groups),
    ] {
        if let Some(first) = values.first() {
            let message = format!("`{key}` cannot be chosen from a requirements file");
            return Err(Diagnostic::error(message)
                .at(&first.span)
                .help("remove it; what the file was made for is installed"));
        }
    }
    let lock = question.lock;
    let findings = Findings::default();
    let flat = requirements::read(
        question.cx,
        question.project_dir,
        &lock.path,
        &lock.span,
        &findings,
    );
    if let Some(error) = findings.first_error() {
        return Err(error);
    }
    let reader = Reader {
        environment: question.environment(std::collections::BTreeSet::new()),
        question,
    };
    let mut pins = Vec::new();
    let mut options = Vec::new();
    for line in &flat.requirements {
        match line.strip_prefix("--") {
            Some("require-hashes") => {}
            Some(_) => options.push(line.clone()),
            None => pins.extend(reader.line(line)?),
        }
    }
    if flat.has_hashes {
        let is_open = |pin: &&Pinned| {
            let needs = matches!(pin.source, PinnedSource::Index | PinnedSource::Url(_));
            needs && pin.hashes.is_empty()
        };
        if let Some(pin) = pins.iter().find(is_open) {
            return Err(no_hash(&pin.name, &pin.span));
        }
    }
    Ok(Read {
        pins,
        options,
        logins: flat.logins,
    })
}

struct Reader<'a> {
    environment: Environment,
    question: &'a Question<'a>,
}

impl Reader<'_> {
    /// A line as [`requirements::read`] writes it.
    fn line(&self, line: &str) -> Result<Option<Pinned>, Diagnostic> {
        let mut words = line.split(" --hash");
        let wanted = words.next().unwrap_or_default().trim();
        let span = self.place(wanted);
        let written: Vec<_> = words
            .map(|hash| {
                Spanned::new(
                    hash.trim_start_matches(['=', ' ']).trim().to_owned(),
                    span.clone(),
                )
            })
            .collect();
        let hashes = hashes(&written)?;
        if let Some(path) = wanted.strip_prefix("./") {
            return self.local(path, hashes, span);
        }
        let named = match egg(wanted) {
            Some(name) => format!("{name} @ {wanted}"),
            None => wanted.to_owned(),
        };
        let requirement = Requirement::parse(Spanned::new(named, span.clone()))?;
        let condition = self.condition(requirement.marker.as_deref(), &span)?;
        if condition.is_never() {
            return Ok(None);
        }
        let (version, source) = source(&requirement, &span)?;
        Ok(Some(Pinned {
            name: requirement.name,
            version,
            source,
            hashes,
            wheels: Vec::new(),
            marker: condition.marker(),
            span,
        }))
    }

    fn condition(&self, marker: Option<&str>, span: &Span) -> Result<Condition, Diagnostic> {
        let marker = marker.map(|marker| Spanned::new(marker.trim().to_owned(), span.clone()));
        self.environment.holds(marker.as_ref())
    }

    /// `lib[extra] ; marker`, a path of the build context.
    fn local(
        &self,
        text: &str,
        hashes: Vec<String>,
        span: Span,
    ) -> Result<Option<Pinned>, Diagnostic> {
        let (path, marker) = match text.split_once(" ; ") {
            Some((path, marker)) => (path, Some(marker)),
            None => (text, None),
        };
        let condition = self.condition(marker, &span)?;
        if condition.is_never() {
            return Ok(None);
        }
        let path = path.split('[').next().unwrap_or(path).to_owned();
        let file = path.rsplit('/').next().unwrap_or(&path);
        let name = if is_archive(file) {
            file.split('-').next().unwrap_or(file)
        } else {
            file
        };
        Ok(Some(Pinned {
            name: normalized(name),
            version: None,
            hashes,
            source: at_path(path.clone()),
            wheels: Vec::new(),
            marker: condition.marker(),
            span,
        }))
    }

    /// Where a line stands: the file's lines are joined and normalized, so the name is looked for.
    fn place(&self, wanted: &str) -> Span {
        let lock = self.question.lock;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let start = wanted.trim_start_matches("./");
        let name = &start[..start.find(|c| !is_name(c)).unwrap_or(start.len())];
        let file = text::read(self.question.cx, &lock.path).ok().flatten();
        let found = file.as_ref().and_then(|file| {
            let mut lines = text::lines(file);
            let line = lines.find(|line| normalized(line.value).starts_with(&normalized(name)));
            line.map(|line| line.span)
        });
        found.unwrap_or_else(|| lock.span.clone())
    }
}

/// The name in `git+https://h/r#egg=name`.
fn egg(wanted: &str) -> Option<&str> {
    let (_, fragment) = wanted.split_once('#').filter(|_| is_git(wanted))?;
    fragment
        .split('&')
        .find_map(|part| part.strip_prefix("egg="))
}

fn source(
    requirement: &Requirement,
    span: &Span,
) -> Result<(Option<String>, PinnedSource), Diagnostic> {
    let spanned = |text: &str| Spanned::new(text.to_owned(), span.clone());
    match &requirement.version {
        VersionOrUrl::Version(specifiers) => match specifiers.strip_prefix("==") {
            Some(version) if !version.contains([',', '*', '=']) => Ok((
                Some(checked_version(&spanned(version))?),
                PinnedSource::Index,
            )),
            _ => {
                let message = format!(
                    "`{}` has no fixed version, so the file is no lock",
                    requirement.name
                );
                Err(Diagnostic::error(message)
                    .at(span)
                    .help("name the file with `requirements` instead of `lock`, or make it with `uv pip compile --generate-hashes`"))
            }
        },
        VersionOrUrl::Url(url) if is_git(url) => {
            let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
            let part = fragment
                .split('&')
                .find_map(|part| part.strip_prefix("subdirectory="));
            let (url, commit) = url.rsplit_once('@').unwrap_or((url, ""));
            let part = part.map(spanned);
            Ok((None, git(&spanned(url), &spanned(commit), part.as_ref())?))
        }
        VersionOrUrl::Url(url) => Ok((None, PinnedSource::Url(url.clone()))),
    }
}
