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
mod causes;
mod certificates;
mod container;
mod decisions;
mod dependencies;
mod discovery;
mod extends;
mod extras;
mod files;
mod format;
mod groups;
mod healthcheck;
mod ignored;
mod index_table;
mod init;
mod install;
mod interpreter;
mod labels;
mod listening;
mod location;
mod lock;
mod members;
mod metadata;
mod mistake;
mod named_image;
mod own_step_table;
mod own_steps;
mod packages;
mod pipfile;
pub mod program;
mod project_dir;
mod python;
mod python_version_file;
mod recipe;
mod refused;
mod requirement_line;
mod requirements;
mod resolve;
mod script;
mod source_path;
mod specifier;
mod substitute;
mod system_needs;
mod target;
mod target_table;
mod targets;
mod text;
mod tool_indices;
mod tool_versions;
mod tree;
mod unclosed;
mod unheard;
mod unread;
mod uv_sources;
mod uv_version;
mod uv_workspace;
mod venv;
mod version_from_git;
mod wheel_tags;
mod wheels;
mod words;

pub use config::{
    AddFile, AddSource, ApiVersion, BuildSystem, Certificate, Config, CopyFile, CopyFrom,
    Credential, Dependencies, ExplicitPackage, Flavor, Index, IndexRole, Installer, Member,
    OwnSecret, OwnStep, Packaging, PassedOver, Project, Python, PythonOrigin, PythonVersion,
    RequirementsFile,
};
pub use container::{NONROOT, Port, StopSignal, Time, User};
pub use format::PYPROJECT;
pub use ignored::ignored;
pub use init::init;
pub use pinned::{Pinned, PinnedSet, PinnedSource};
pub use program::Program;
pub use recipe::{Bases, ToBases, image, recipe};
pub use requirement::{Requirement, VersionOrUrl};
pub use resolve::READS;
pub use system_needs::SystemNeed;
pub use target_table::schema;
pub use targets::targets;
