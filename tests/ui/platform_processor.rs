use microb::prelude::*;

fn main() {
    let _ = platform!("linux/amd46");
}
