use microb::prelude::*;

fn main() {
    let _ = image!("python@sha256:abc");
}
