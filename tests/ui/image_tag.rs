use microb::prelude::*;

fn main() {
    let _ = image!("python:3 14");
}
