//! Whole projects, large dependencies and databases among them: `make test-projects`, for they take minutes.

mod counterparts;
mod databases;
mod servers;
