//! What is wrong, where, and what to write instead.

use std::fmt;

use crate::rule::Rule;
use crate::span::Span;

/// Whether a diagnostic stops the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// The build continues.
    Warning,
}

/// One mistake, told once: what is wrong, where it stands, what to write instead.
///
/// The message starts with a lower-case letter, has no final period, puts user text in backticks
/// and shows the value that was found. The help is an imperative with the replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a diagnostic that nobody reads helps nobody"]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where it stands in a file of the user.
    pub span: Option<Span>,
    /// What to do or write instead.
    pub help: Option<String>,
    /// The rule that says so, when the user can skip it.
    pub rule: Option<&'static Rule>,
}

impl Diagnostic {
    /// A mistake that stops the build.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span: None,
            help: None,
            rule: None,
        }
    }

    /// Something that the user should know, and that does not stop the build.
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// Points to the place of the mistake. `None` leaves it as it was.
    ///
    /// ```
    /// # use microb_dsl::{Diagnostic, SourceFile};
    /// let file = SourceFile::new("app.toml", "nmae = 'x'");
    /// let wrong = || Diagnostic::error("unknown key `nmae`");
    /// assert_eq!(wrong().at(&file.whole()).to_string(), "app.toml:1:1: error: unknown key `nmae`");
    /// assert_eq!(wrong().at(file.find("name").as_ref()).to_string(), "error: unknown key `nmae`");
    /// ```
    pub fn at<'a>(mut self, span: impl Into<Option<&'a Span>>) -> Self {
        if let Some(span) = span.into() {
            self.span = Some(span.clone());
        }
        self
    }

    /// Says what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One line, for instance `pyproject.toml:3:1: error: unknown target (write one of …)`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{span}: ")?;
        }
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// The mistakes that were found together; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Turns a list of findings into a result: `Ok` when there is none.
    ///
    /// ```
    /// # use microb_dsl::{Diagnostic, Diagnostics};
    /// assert_eq!(Diagnostics::or(vec![], 3), Ok(3));
    /// assert!(Diagnostics::or(vec![Diagnostic::error("no such target")], 3).is_err());
    /// ```
    pub fn or<T>(found: Vec<Diagnostic>, value: T) -> Result<T, Self> {
        if found.is_empty() {
            Ok(value)
        } else {
            Err(Self(found))
        }
    }

    /// Both values, or the mistakes of both without duplicates, so that the user sees all of them at once.
    ///
    /// ```
    /// # use microb_dsl::{Diagnostic, Diagnostics};
    /// let wrong = |message| Err::<u8, Diagnostics>(Diagnostic::error(message).into());
    /// assert_eq!(Diagnostics::both(Ok(1), Ok("a")), Ok((1, "a")));
    /// assert_eq!(Diagnostics::both(wrong("no name"), wrong("no team")).unwrap_err().iter().count(), 2);
    /// assert_eq!(Diagnostics::both(wrong("no name"), wrong("no name")).unwrap_err().iter().count(), 1);
    /// ```
    ///
    /// # Errors
    ///
    /// When one of them is an error.
    pub fn both<A, B>(a: Result<A, Self>, b: Result<B, Self>) -> Result<(A, B), Self> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(mistakes), Ok(_)) | (Ok(_), Err(mistakes)) => Err(mistakes),
            (Err(mut a), Err(b)) => {
                for mistake in b {
                    if !a.0.contains(&mistake) {
                        a.0.push(mistake);
                    }
                }
                Err(a)
            }
        }
    }

    /// The findings, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Adds the findings of another list.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, diagnostic) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// The member of `known` that is nearest to `written`, when it is near enough to be what was meant.
///
/// ```
/// # use microb_dsl::nearest;
/// assert_eq!(nearest("entry_point", ["command", "entrypoint"]), Some("entrypoint"));
/// assert_eq!(nearest("volume", ["command", "entrypoint"]), None);
/// ```
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = written.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's edit distance, in characters, case ignored.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
