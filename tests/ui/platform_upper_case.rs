use microb::prelude::*;

fn main() {
    let _ = platform!("Linux/ARM64");
}
