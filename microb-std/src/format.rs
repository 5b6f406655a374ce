//! What a frontend has to know of `pyproject.toml`.

use microb::Format;

use crate::{READS, ignored, rules, schema, targets};

/// What every recipe for `pyproject.toml` has in common: `Recipe::new("acme", recipe).format(PYPROJECT)`.
pub const PYPROJECT: Format = Format {
    filename: "pyproject.toml",
    reads: READS,
    ignores: ignored,
    targets,
    rules: rules::RULES,
    schema: || schema().to_string(),
};
