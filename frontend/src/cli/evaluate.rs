//! Runs a recipe for a person: a recipe that panics or never ends becomes an error like any other.

use std::sync::{Arc, Once, mpsc};
use std::time::Duration;
use std::{panic, thread};

use microb_dsl::{Context, Diagnostics, Stage};

use crate::context::{LIMIT, STACK, bug};
use crate::panics;
use crate::recipe::Recipe;

/// The name of the thread, and the mark of its panics.
const THREAD: &str = "recipe";

/// Runs the recipe on a thread of its own.
///
/// # Errors
///
/// The mistakes that the recipe found, or that it panicked, or that it did not end in time.
pub(super) fn evaluate(
    recipe: &Recipe,
    cx: Arc<dyn Context + Send + Sync>,
) -> Result<Stage, Diagnostics> {
    evaluate_within(recipe, cx, LIMIT)
}

fn evaluate_within(
    recipe: &Recipe,
    cx: Arc<dyn Context + Send + Sync>,
    limit: Duration,
) -> Result<Stage, Diagnostics> {
    remember_panics();
    let (sender, receiver) = mpsc::channel();
    let running = recipe.clone();
    let run = move || {
        let stage = panics::catch(|| running.run(&*cx)).unwrap_or_else(|panic| {
            Err(bug(running.name(), &format!("it panicked: {panic}")).into())
        });
        // Nobody listens after the time limit.
        let _ = sender.send(stage);
    };
    let thread = thread::Builder::new()
        .name(THREAD.to_owned())
        .stack_size(STACK);
    if let Err(error) = thread.spawn(run) {
        let problem = format!("its thread did not start: {error}");
        return Err(bug(recipe.name(), &problem).into());
    }
    receiver.recv_timeout(limit).unwrap_or_else(|_| {
        let problem = format!("it did not end within {} seconds", limit.as_secs());
        Err(bug(recipe.name(), &problem).into())
    })
}

/// Lets panics of recipes be told by us, and all others as usual.
fn remember_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                earlier(panic);
            }
        }));
        panics::remember();
    });
}

#[cfg(test)]
mod tests {
    use microb_dsl::{MemoryContext, scratch};

    use super::*;

    fn message(recipe: &Recipe, limit: Duration) -> String {
        let cx = Arc::new(MemoryContext::new(""));
        let mistakes = evaluate_within(recipe, cx, limit).unwrap_err();
        mistakes.iter().next().unwrap().message.clone()
    }

    #[test]
    #[expect(
        clippy::panic_in_result_fn,
        reason = "a recipe that panics is what is tested"
    )]
    fn a_panic_is_an_error_of_the_recipe_with_its_place() {
        fn recipe(_: &dyn Context) -> Result<Stage, Diagnostics> {
            panic!("no such {}", "thing")
        }
        let line = line!() - 2;
        let found = message(&Recipe::new("broken", recipe), LIMIT);
        let file = file!();
        let expected =
            format!("the recipe `broken` failed: it panicked: no such thing at {file}:{line}:13");
        assert_eq!(found, expected);
    }

    #[test]
    fn a_recipe_that_never_ends_is_an_error() {
        let recipe = Recipe::new("slow", |_| {
            thread::sleep(Duration::from_mins(10));
            Ok(scratch())
        });
        let found = message(&recipe, Duration::from_millis(10));
        assert_eq!(
            found,
            "the recipe `slow` failed: it did not end within 0 seconds"
        );
    }
}
