use microb::prelude::*;

fn main() {
    let _ = image!("-a.example.org/x:1");
}
