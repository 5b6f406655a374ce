//! What a user sees, end to end: projects built by a real engine with the frontend image `microb:dev`.
//!
//! `make test` loads that image and runs all of it; without an engine, only what needs none is run.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod docker;
mod program;
mod progress;
mod project;
mod registry;
mod server;

mod advanced;
mod caching;
mod checks;
mod client;
mod command_line;
mod company;
mod comparison;
mod container;
mod context;
mod contexts;
mod decisions;
mod determinism;
mod examples;
mod explain;
mod ignore;
mod index;
mod inspection;
mod locks;
mod mistakes;
mod monorepo;
mod new;
mod options;
mod parity;
mod protocol;
mod recipes;
mod script;
mod supply;
mod vertices;
mod zero_configuration;
