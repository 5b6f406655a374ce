//! Panics as text: a panic on standard error is seen by the daemon's log only.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes every panic leave its message and place for [`catch`], besides what it does anyway.
pub(crate) fn remember() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!(" at {at}"));
        let text = panic.payload_as_str().unwrap_or("no message");
        LAST.set(Some(format!("{text}{place}")));
        before(panic);
    }));
}

/// Runs a function; a panic in it becomes its message and place.
pub(crate) fn catch<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(function)).map_err(|payload| last(payload.as_ref()))
}

/// The message and place of the panic with this payload, which happened on this thread.
pub(crate) fn last(payload: &(dyn Any + Send)) -> String {
    LAST.take().unwrap_or_else(|| {
        let text = payload.downcast_ref::<&str>().copied();
        text.unwrap_or("no message").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message_and_place() {
        remember();
        let caught = catch(|| panic!("no such {}", "luck"));
        let message = caught.map(|()| "nothing").unwrap_err();
        assert!(message.starts_with("no such luck at "), "{message}");
        assert!(message.contains("panics.rs:"), "{message}");
        assert_eq!(catch(|| 3), Ok(3));
    }
}
