use microb::prelude::*;

fn main() {
    let _ = label!("my label" = "x");
}
