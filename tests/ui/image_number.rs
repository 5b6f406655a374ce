use microb::prelude::*;

fn main() {
    let _ = image!(3.14);
}
