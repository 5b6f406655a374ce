//! What a user sees, end to end: projects built by a real engine with the frontend image `microb:dev`.
//!
//! `make test` and `make conformance` load that image and run half of it each; without an engine, only what needs none is run.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod docker;
mod own_steps;
mod private;
mod program;
mod progress;
mod project;
mod registry;
mod replay;
mod server;
mod service;

mod advanced;
mod caching;
mod checks;
mod client;
mod client_frontends;
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
mod exported;
mod failures;
mod ignore;
mod index;
mod inspection;
mod locks;
mod mistakes;
mod monorepo;
mod new;
mod options;
mod own_engine;
mod parity;
mod projects;
mod protocol;
mod recipes;
mod sbom;
mod script;
mod supply;
mod vertices;
mod zero_configuration;
