use microb::prelude::*;

fn main() {
    let _ = pip!["https://example.org/x.whl"];
}
