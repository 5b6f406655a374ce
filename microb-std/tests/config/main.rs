//! What a `pyproject.toml` means, and what is said when it means nothing.

mod broken;
mod discovery;
mod examples;
mod extends;
mod indices;
mod interpreter;
mod members;
mod mistakes;
mod options;
mod own_steps;
mod place;
mod script;
mod system_needs;
