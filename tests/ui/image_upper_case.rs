use microb::prelude::*;

fn main() {
    let _ = image!("Python:3.14");
}
