//! Work for several platforms at once: its results, its mistakes, its panics.

use std::future::Future;

use microb_dsl::Diagnostics;

use crate::gateway::{Failure, Outcome};
use crate::panics;

/// All values, or all mistakes, each once: several platforms usually make the same ones.
pub(crate) fn every<T>(
    results: impl Iterator<Item = Result<T, Diagnostics>>,
) -> Result<Vec<T>, Diagnostics> {
    let (mut values, mut mistakes) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(found) => {
                for mistake in found {
                    if !mistakes.contains(&mistake) {
                        mistakes.push(mistake);
                    }
                }
            }
        }
    }
    Diagnostics::or(mistakes, values)
}

/// Runs tasks side by side and gives their results in order. A panic in one goes on in the caller.
pub(crate) async fn all<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(running.len());
    for task in running {
        match task.await {
            Ok(result) => results.push(result),
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
    results
}

/// Runs a build; a panic in it becomes a failure that the user sees.
pub(crate) async fn guarded(
    build: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
) -> Result<Outcome, Failure> {
    match tokio::spawn(build).await {
        Ok(result) => result,
        Err(stopped) => {
            let panic = panics::last(stopped.into_panic().as_ref());
            Err(Failure::new(format!("microb bug: {panic}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use microb_dsl::Diagnostic;

    use super::*;

    #[test]
    fn a_mistake_that_all_platforms_make_is_told_once() {
        let mistake = |text: &str| Diagnostics::from(Diagnostic::error(text));
        let found: Result<Vec<()>, _> = every(
            [
                Err(mistake("a")),
                Err(mistake("a").and(mistake("b"))),
                Ok(()),
            ]
            .into_iter(),
        );
        assert_eq!(found.unwrap_err(), mistake("a").and(mistake("b")));
    }
}
