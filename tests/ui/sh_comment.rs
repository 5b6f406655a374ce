use microb::prelude::*;

fn main() {
    let name = "x";
    let _ = sh!("true # {name}");
}
