use microb::prelude::*;

fn main() {
    let _ = platform!();
}
