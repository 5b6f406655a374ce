use microb::prelude::*;

fn main() {
    let _ = pip![""];
}
