//! Best-practice container images from `pyproject.toml`: the language and the standard recipe under one name.

pub use microb_dsl::*;
pub use microb_std as std;
