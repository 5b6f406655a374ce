use microb::prelude::*;

fn main() {
    let _ = label!("a" = "1", "a" = "2");
}
