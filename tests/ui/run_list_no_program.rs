use microb::prelude::*;

fn main() {
    let _ = run!["", "x"];
}
