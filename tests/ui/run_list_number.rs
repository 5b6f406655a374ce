use microb::prelude::*;

fn main() {
    let _ = run!["sleep", 5];
}
