//! microb.

fn main() {}
