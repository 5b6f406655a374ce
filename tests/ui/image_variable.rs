use microb::prelude::*;

fn main() {
    let name = String::from("python:3.14");
    let _ = image!(name);
}
