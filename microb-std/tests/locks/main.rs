//! Lock files of every format, against what the format's own tool exports of them, and broken ones.
//!
//! `generate.py` made the lock files and the answers in `cases/`; nothing of them is microb's own. No tool is needed to
//! run these tests.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod broken;
mod cases;
mod choice;
mod fresh;
mod stale;
