//! What is wrong with a text, before it is known in which file the text stands.

use std::cell::RefCell;
use std::ops::Range;

use microb::{Context, Diagnostic, Diagnostics, Severity, Span, Spanned};

/// A mistake inside a value. `range` counts bytes of the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    range: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same mistake in a longer text, in which this one begins at `offset`.
    pub(crate) fn shift(mut self, offset: usize) -> Self {
        self.range = self.range.start + offset..self.range.end + offset;
        self
    }

    /// The mistake as an error in the file where the value stands.
    pub(crate) fn at(self, value: &Spanned<String>) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.message).at(&part(value, self.range));
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub(crate) fn of<'a>(&self, text: &'a str) -> &'a str {
        &text[self.range.clone()]
    }
}

impl From<microb::grammar::Mistake> for Mistake {
    fn from(mistake: microb::grammar::Mistake) -> Self {
        Self {
            range: mistake.range,
            message: mistake.message,
            help: mistake.help,
        }
    }
}

/// A mistake of the language's grammar, as an error in the file where the value stands.
pub(crate) fn in_value(mistake: microb::grammar::Mistake, value: &Spanned<String>) -> Diagnostic {
    Mistake::from(mistake).at(value)
}

/// The place of a part of a value; `range` counts bytes of the value.
///
/// A string with escapes is not in the file as it is, so for it the whole string is the place.
pub(crate) fn part(value: &Spanned<String>, range: Range<usize>) -> Span {
    match value.span.text().find(value.value.as_str()) {
        Some(at) if !value.value.is_empty() => {
            // An empty range at the end would show nothing: point to the character before.
            let start = match range.end.min(value.value.len()) {
                end if range.start >= end => end.saturating_sub(1),
                _ => range.start,
            };
            value.span.sub(at + start..at + range.end)
        }
        _ => value.span.clone(),
    }
}

/// Whether there is no image because of it. A finding of a rule never is: the user may skip the rule.
fn is_mistake(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error && finding.rule.is_none()
}

/// So many findings are kept.
const MAX_FINDINGS: usize = 100;

/// The mistakes and warnings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(RefCell<Vec<Diagnostic>>);

impl Findings {
    /// Whether nobody would read more, so that a file of megabytes need not take minutes.
    pub(crate) fn is_full(&self) -> bool {
        self.0.borrow().len() >= MAX_FINDINGS
    }

    pub(crate) fn add(&self, finding: Diagnostic) {
        if self.is_full() {
            return;
        }
        let mut findings = self.0.borrow_mut();
        // Two targets with the same mistake in what they share have one mistake.
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }

    pub(crate) fn extend(&self, findings: impl IntoIterator<Item = Diagnostic>) {
        for finding in findings {
            self.add(finding);
        }
    }

    /// The value of a reader, or its mistake as a finding and nothing.
    pub(crate) fn keep<T>(&self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|finding| self.add(finding)).ok()
    }

    /// Takes over other findings; their warnings only on demand.
    pub(crate) fn take(&self, other: Self, with_warnings: bool) {
        for finding in other.0.into_inner() {
            if with_warnings || is_mistake(&finding) {
                self.add(finding);
            }
        }
    }

    /// Takes out the warnings and tells them.
    pub(crate) fn tell_warnings(&self, cx: &dyn Context) {
        let (errors, warnings) = self.0.take().into_iter().partition(is_mistake);
        self.0.replace(errors);
        for warning in Vec::<Diagnostic>::into_iter(warnings) {
            cx.warn(warning);
        }
    }

    /// The first error, if there is one.
    pub(crate) fn first_error(&self) -> Option<Diagnostic> {
        let findings = self.0.borrow();
        let mut errors = findings.iter();
        errors
            .find(|finding| finding.severity == Severity::Error)
            .cloned()
    }

    /// Whether there is no image already.
    pub(crate) fn has_mistake(&self) -> bool {
        self.0.borrow().iter().any(is_mistake)
    }

    /// All of them, each once, in the order in which they were found.
    pub(crate) fn into_all(self) -> Vec<Diagnostic> {
        self.0.into_inner()
    }

    /// The value, if there is no error.
    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, Diagnostics> {
        let errors = self.into_errors();
        match value {
            Some(value) => Diagnostics::or(errors, value),
            None => Err(first_of(errors)),
        }
    }

    /// The errors, in the order of their places; what has no place comes first.
    pub(crate) fn into_errors(self) -> Vec<Diagnostic> {
        let mut errors = self.0.into_inner();
        errors.retain(is_mistake);
        errors.sort_by_key(|finding| {
            finding
                .span
                .as_ref()
                .map(|span| (span.file().name().to_owned(), span.range().start))
        });
        errors
    }
}

fn first_of(errors: Vec<Diagnostic>) -> Diagnostics {
    match Diagnostics::or(errors, ()) {
        Err(errors) => errors,
        // Nothing is given up without an error; if it were, the user should know.
        Ok(()) => Diagnostic::error("microb bug: the file was refused without a reason").into(),
    }
}
