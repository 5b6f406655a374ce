use microb::prelude::*;

fn main() {
    let _ = apt!["curl", "git", "curl=8.5"];
}
