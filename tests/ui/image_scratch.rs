use microb::prelude::*;

fn main() {
    let _ = image!("scratch");
}
