use microb::prelude::*;

fn main() {
    let _ = image!("docker://python:3.14");
}
