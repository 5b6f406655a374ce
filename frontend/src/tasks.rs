//! Work for several platforms at once: its results, its mistakes, its panics.

use std::collections::BTreeMap;
use std::future::Future;

use microb_dsl::Diagnostics;
use tokio::task::JoinSet;

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

/// The same up to the first failure: what still runs then is dropped, and with it its calls of the gateway.
///
/// An error group of Go does so, hence BuildKit's own frontend: nobody waits for a build that has failed.
pub(crate) async fn all_succeed<T: Send + 'static, E: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = Result<T, E>> + Send + 'static>,
) -> Result<Vec<T>, E> {
    let mut running = JoinSet::new();
    for (n, task) in tasks.enumerate() {
        running.spawn(async move { (n, task.await) });
    }
    let mut results = BTreeMap::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((n, result)) => _ = results.insert(n, result?),
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
    Ok(results.into_values().collect())
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
    use std::time::Duration;

    use microb_dsl::Diagnostic;
    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

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

    #[tokio::test]
    async fn results_come_in_the_order_of_the_tasks() {
        let tasks = [3, 1, 2].into_iter().map(|n| async move {
            sleep(Duration::from_millis(n)).await;
            Ok::<_, ()>(n)
        });
        assert_eq!(all_succeed(tasks).await, Ok(vec![3, 1, 2]));
    }

    #[tokio::test]
    async fn the_first_failure_is_told_at_once_and_the_rest_is_dropped() {
        let (running, dropped) = oneshot::channel::<()>();
        let mut running = Some(running);
        let tasks = [false, true].into_iter().map(|fails| {
            let running = running.take();
            async move {
                if !fails {
                    // Ends only when it is dropped.
                    std::future::pending::<()>().await;
                }
                drop(running);
                Err::<(), _>("the second one")
            }
        });
        let minute = Duration::from_mins(1);
        let failed = timeout(minute, all_succeed(tasks)).await.unwrap();
        assert_eq!(failed, Err("the second one"));
        assert!(timeout(minute, dropped).await.unwrap().is_err());
    }
}
