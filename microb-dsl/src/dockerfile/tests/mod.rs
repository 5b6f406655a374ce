//! What each step and each stage is rendered as.

mod config;
mod copy;
mod run;
mod stages;

use crate::dockerfile;
use crate::prelude::*;

fn image(name: &str) -> ImageRef {
    name.parse().unwrap()
}

#[track_caller]
fn check(steps: impl IntoSteps, expected: &str) {
    assert_eq!(dockerfile::steps(steps).unwrap(), format!("{expected}\n"));
}

#[track_caller]
fn refused(steps: impl IntoSteps, expected: &str) {
    let wrong = dockerfile::steps(steps).unwrap_err();
    let messages: Vec<&str> = wrong.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, [expected]);
}
