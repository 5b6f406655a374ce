//! How recipes are composed: [`IntoSteps`] is everything that can be used where a step can.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inspection::Inspection;
use crate::span::Span;
use crate::step::{
    Copy, Healthcheck, Instruction, Meaning, Mkdir, Mkfile, Origin, Remove, Run, Setting, Step,
    Symlink,
};

/// A step, or anything that is made of steps: a tuple, an `Option`, a `Vec`, an array, or nothing.
///
/// So a fragment of a recipe is a function that returns `impl IntoSteps`, a condition is
/// `bool::then`, and a repetition is an iterator that is collected into a `Vec`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a build step",
    label = "expected a step such as `run(..)`, `copy(..)`, `env(..)`, or a tuple, `Option` or `Vec` of steps"
)]
pub trait IntoSteps: Sized {
    /// The steps, in order.
    fn into_steps(self) -> Vec<Step>;

    /// Says which place in a user's file caused these steps. A place that a step has already stays.
    fn at<'a>(self, span: impl Into<Option<&'a Span>>) -> Vec<Step> {
        let span = span.into();
        with_origin(self, |origin| {
            if origin.span.is_none() {
                origin.span = span.cloned();
            }
        })
    }

    /// What progress shows instead of the instruction. A name that a step has already stays.
    fn called(self, name: impl Into<Arc<str>>) -> Vec<Step> {
        let name = name.into();
        with_origin(self, |origin| {
            origin.name.get_or_insert_with(|| name.clone());
        })
    }

    /// Shows these steps as one line of progress.
    fn grouped(self, group: impl Into<Arc<str>>) -> Vec<Step> {
        let group = group.into();
        with_origin(self, |origin| {
            origin.group.get_or_insert_with(|| group.clone());
        })
    }

    /// What to report when one of these steps fails, whatever its exit code, in place of the engine's message.
    ///
    /// ```
    /// # use microb_dsl::prelude::*;
    /// let built = run(["make"]).on_failure(Diagnostic::error("`make` failed").help("read what it said"));
    /// assert_eq!(built[0].origin.failures[0].finding.message, "`make` failed");
    /// ```
    fn on_failure(self, finding: Diagnostic) -> Vec<Step> {
        meaning(self, None, &finding)
    }

    /// The same for one exit code only: it takes precedence over [`on_failure`](Self::on_failure).
    fn on_exit_code(self, exit_code: u8, finding: Diagnostic) -> Vec<Step> {
        meaning(self, Some(exit_code), &finding)
    }

    /// An inspection that looks for the cause when one of these steps fails. It starts from the file system that the
    /// step started from, and never comes from the cache. Its findings are reported; if there are none, what
    /// [`on_failure`](Self::on_failure) says is. All that the engine knows of a failed program is its exit code, so the
    /// inspection usually runs it again and reads its output.
    ///
    /// ```
    /// # use microb_dsl::prelude::*;
    /// # use microb_dsl::{Inspection, Judgment};
    /// let again = Inspection::new(run("make > /said 2>&1 || true"), "/said", |said| {
    ///     let is_missing = said.starts_with(b"make: *** No rule");
    ///     let finding = is_missing.then(|| Diagnostic::error("the `Makefile` lacks a rule"));
    ///     Judgment::Findings(finding.into_iter().collect())
    /// });
    /// let built = run(["make"]).on_failure_look(again);
    /// assert_eq!(built[0].origin.look.as_ref().unwrap().report(), "/said");
    /// ```
    fn on_failure_look(self, look: Inspection) -> Vec<Step> {
        let look = Arc::new(look);
        with_origin(self, |origin| origin.look = Some(Arc::clone(&look)))
    }
}

fn meaning(steps: impl IntoSteps, exit_code: Option<u8>, finding: &Diagnostic) -> Vec<Step> {
    with_origin(steps, |origin| {
        origin.failures.push(Meaning {
            exit_code,
            finding: finding.clone(),
        });
    })
}

fn with_origin(steps: impl IntoSteps, mut change: impl FnMut(&mut Origin)) -> Vec<Step> {
    let mut steps = steps.into_steps();
    for step in &mut steps {
        change(&mut step.origin);
    }
    steps
}

impl IntoSteps for Step {
    fn into_steps(self) -> Vec<Step> {
        vec![self]
    }
}

impl IntoSteps for () {
    fn into_steps(self) -> Vec<Step> {
        Vec::new()
    }
}

impl<T: IntoSteps> IntoSteps for Option<T> {
    fn into_steps(self) -> Vec<Step> {
        self.map(T::into_steps).unwrap_or_default()
    }
}

impl<T: IntoSteps> IntoSteps for Vec<T> {
    fn into_steps(self) -> Vec<Step> {
        self.into_iter().flat_map(T::into_steps).collect()
    }
}

impl<T: IntoSteps, const N: usize> IntoSteps for [T; N] {
    fn into_steps(self) -> Vec<Step> {
        self.into_iter().flat_map(T::into_steps).collect()
    }
}

macro_rules! instruction {
    ($($kind:ident)*) => {$(
        impl From<$kind> for Step {
            fn from(value: $kind) -> Self {
                Instruction::$kind(value).into()
            }
        }

        one_step!($kind);
    )*};
}

macro_rules! one_step {
    ($kind:ident) => {
        impl IntoSteps for $kind {
            fn into_steps(self) -> Vec<Step> {
                vec![self.into()]
            }
        }
    };
}
instruction!(Run Copy Mkdir Mkfile Remove Symlink);

impl From<Setting> for Step {
    fn from(setting: Setting) -> Self {
        Instruction::Config(setting).into()
    }
}

impl From<Healthcheck> for Step {
    fn from(check: Healthcheck) -> Self {
        Setting::Healthcheck(check).into()
    }
}
one_step!(Healthcheck);

macro_rules! tuple {
    ($($name:ident)*) => {
        impl<$($name: IntoSteps),*> IntoSteps for ($($name,)*) {
            fn into_steps(self) -> Vec<Step> {
                #[expect(non_snake_case, reason = "a tuple's fields are named like its types")]
                let ($($name,)*) = self;
                let mut steps = Vec::new();
                $(steps.extend($name.into_steps());)*
                steps
            }
        }
    };
}
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
tuple!(A B C D E F G H I);
tuple!(A B C D E F G H I J);
tuple!(A B C D E F G H I J K);
tuple!(A B C D E F G H I J K L);
