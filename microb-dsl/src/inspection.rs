//! Inspections of the finished image: a program in its file system, and what its report means.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::into_steps::IntoSteps;
use crate::stage::{Stage, from};
use crate::step::Step;

/// The name of the stages that look at an image.
const NAME: &str = "inspection";

/// An inspection of what was built: steps that write a report, and a function that says what the report means.
///
/// The steps run on top of the finished image, and what they write is no part of it. A recipe asks for it with
/// [`Context::inspect`](crate::Context::inspect). The frontend builds it with the image, and tells the findings before
/// it gives the image back: an unchanged build reads one small file.
///
/// ```
/// use microb_dsl::prelude::*;
/// use microb_dsl::{Inspection, Judgment, MemoryContext};
///
/// let cx = MemoryContext::new("");
/// cx.inspect(Inspection::new(run("ls /app > /report"), "/report", |report| {
///     let is_empty = report.is_empty();
///     Judgment::Findings(is_empty.then(|| Diagnostic::error("there is nothing in `/app`")).into_iter().collect())
/// }));
/// let image = scratch().named("final").then(copy("app", "/app"));
/// let asked = &cx.inspections()[0];
/// assert_eq!(microb_dsl::dockerfile::render(&asked.stage(&image))?, "\
/// FROM scratch AS final
/// COPY app /app
///
/// FROM final AS inspection
/// RUN ls /app > /report
/// ");
/// assert!(matches!(asked.judge(b""), Judgment::Findings(found) if found.len() == 1));
/// assert!(matches!(asked.judge(b"app"), Judgment::Findings(found) if found.is_empty()));
/// # Ok::<(), Diagnostics>(())
/// ```
#[derive(Clone)]
#[must_use = "an inspection does nothing until `Context::inspect` takes it"]
pub struct Inspection {
    /// `None` for the finished image.
    subject: Option<Stage>,
    steps: Vec<Step>,
    report: String,
    judge: Arc<Judge>,
}

/// Looks are equal when they look at the same. What they say of it is a function, which cannot be compared.
impl PartialEq for Inspection {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject && self.steps == other.steps && self.report == other.report
    }
}

impl Eq for Inspection {}

type Judge = dyn Fn(&[u8]) -> Judgment + Send + Sync;

/// What a report means.
#[derive(Debug, Clone)]
pub enum Judgment {
    /// What was found; nothing if all is well. A finding of a [`Rule`](crate::Rule) can be skipped by the user.
    Findings(Vec<Diagnostic>),
    /// Another inspection is needed before that can be said.
    More(Inspection),
}

impl Inspection {
    /// Steps in the finished image, the file that they write, and what that means. What it means when one of them fails is said
    /// by the step itself, with [`IntoSteps::on_failure`].
    pub fn new(
        steps: impl IntoSteps,
        report: impl Into<String>,
        judge: impl Fn(&[u8]) -> Judgment + Send + Sync + 'static,
    ) -> Self {
        Self {
            subject: None,
            steps: steps.into_steps(),
            report: report.into(),
            judge: Arc::new(judge),
        }
    }

    /// Inspects another stage than the finished image.
    pub fn of(mut self, stage: &Stage) -> Self {
        self.subject = Some(stage.clone());
        self
    }

    /// The stage that has the report, when `image` is the finished one.
    pub fn stage(&self, image: &Stage) -> Stage {
        from(self.subject.as_ref().unwrap_or(image))
            .named(NAME)
            .then(self.steps.clone())
    }

    /// The path of the report.
    pub fn report(&self) -> &str {
        &self.report
    }

    /// What a report means.
    pub fn judge(&self, report: &[u8]) -> Judgment {
        (self.judge)(report)
    }
}

impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspection")
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
