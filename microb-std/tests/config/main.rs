//! What a `pyproject.toml` means, and what is said when it means nothing.

mod broken;
mod examples;
mod extends;
mod members;
mod mistakes;
mod options;
mod place;
mod script;
