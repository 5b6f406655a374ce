use microb::prelude::*;

fn main() {
    let _ = copy!("src" =>);
}
