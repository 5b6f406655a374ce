use microb::prelude::*;

fn main() {
    let name = "x";
    let _ = sh!("echo \"hello {name}\"");
}
