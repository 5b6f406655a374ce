//! Best-practice container images from `pyproject.toml`: the language and the standard recipe under one name.
//!
//! The language is documented in [`microb_dsl`], whose items are all here; the standard recipe is [`std`].

pub use microb_dsl::*;
pub use microb_std as std;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
