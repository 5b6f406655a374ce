//! The standard Python image as a recipe that can be forked.
//!
//! [`Config::resolve`] reads a `pyproject.toml` through the [`Context`](microb::Context) and says what it means;
//! the recipe makes stages of that.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod builder;
pub mod config;
pub mod flavor;
pub mod indices;
pub mod inspection;
pub mod pinned;
pub mod requirement;
pub mod rules;
pub mod runtime;
pub mod table;

mod backend;
mod container;
mod decisions;
mod dependencies;
mod extends;
mod extras;
mod files;
mod format;
mod groups;
mod healthcheck;
mod ignored;
mod index_table;
mod labels;
mod location;
mod lock;
mod members;
mod metadata;
mod mistake;
mod packages;
pub mod program;
mod project_dir;
mod python;
mod python_version_file;
mod recipe;
mod requirement_line;
mod requirements;
mod resolve;
mod script;
mod specifier;
mod substitute;
mod target;
mod target_table;
mod targets;
mod text;
mod tree;
mod unheard;
mod unread;
mod wheels;

pub use config::{
    AddFile, AddSource, ApiVersion, BuildSystem, Config, CopyFile, CopyFrom, Credential,
    Dependencies, Flavor, Index, Member, Packaging, Project, Python, PythonOrigin, PythonVersion,
    RequirementsFile,
};
pub use container::{NONROOT, Port, StopSignal, Time, User};
pub use format::PYPROJECT;
pub use ignored::ignored;
pub use pinned::{Pinned, PinnedSet, PinnedSource};
pub use program::Program;
pub use recipe::{Bases, ToBases, image, recipe};
pub use requirement::{Requirement, VersionOrUrl};
pub use resolve::READS;
pub use target_table::schema;
pub use targets::targets;
