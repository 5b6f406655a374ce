use microb::prelude::*;

fn main() {
    let _ = label!("a" =);
}
