use microb::prelude::*;

fn main() {
    let names = ["x"];
    let _ = sh!("echo a{names...}");
}
