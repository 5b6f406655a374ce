//! Best-practice container images from `pyproject.toml`: the language and the standard recipe under one name.
//!
//! [`guide`] is where to begin. The language is documented in [`microb_dsl`], whose items are all here; the standard recipe is [`std`].

pub mod guide;

pub use microb_dsl::*;
pub use microb_macros::{
    add, apk, apt, cmd, copy, entrypoint, env, image, label, pip, platform, run, sh, stage,
};
pub use microb_std as std;
pub use microb_std::table;

/// What a recipe needs in scope: `use microb::prelude::*;`.
///
/// The macro `env!` is not here, since the standard library has one of this name: see [`env!`](crate::env!).
pub mod prelude {
    pub use microb_dsl::Spanned;
    pub use microb_dsl::prelude::*;
    pub use microb_macros::{
        add, apk, apt, cmd, copy, entrypoint, image, label, pip, platform, run, sh, stage,
    };
    pub use microb_std::table::{Choice, Table};
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
