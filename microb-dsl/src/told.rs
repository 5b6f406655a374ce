//! What a recipe tells its context, in order.

use std::sync::{Mutex, PoisonError};

/// A list that can be added to through a shared reference: implementors of [`Context`](crate::Context) collect warnings
/// in it.
#[derive(Debug)]
pub struct Told<T>(Mutex<Vec<T>>);

impl<T: Clone> Told<T> {
    /// Keeps one more.
    pub fn add(&self, one: T) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(one);
    }

    /// All that was told so far.
    pub fn all(&self) -> Vec<T> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
