//! Functions that return steps. No interpreter knows of them.

mod apk;
mod apt;
mod pip;

pub use apk::{Apk, apk};
pub use apt::{Apt, apt};
pub use pip::{Pip, pip};

use crate::shell;

/// Words for a command line: quoted, in order, each once.
fn words(words: &[String]) -> Vec<String> {
    let mut quoted: Vec<String> = Vec::new();
    for word in words {
        let word = shell::quote(word).into_owned();
        if !quoted.contains(&word) {
            quoted.push(word);
        }
    }
    quoted
}
