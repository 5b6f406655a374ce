use microb::prelude::*;

fn main() {
    let name = "linux/arm64";
    let _ = platform!(name);
}
