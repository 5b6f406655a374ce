use microb::prelude::*;

fn main() {
    let _ = pip!["foo-.>=1"];
}
