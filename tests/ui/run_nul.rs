use microb::prelude::*;

fn main() {
    let _ = run!["echo", "a\0b"];
}
