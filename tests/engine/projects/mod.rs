//! Whole projects, large dependencies and databases among them: `make conformance`, for they take minutes.

mod corpus;
mod counterparts;
mod databases;
mod servers;
mod system_needs;
mod two_indices;
