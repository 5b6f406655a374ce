use microb::prelude::*;

fn main() {
    let name = "x";
    let _ = run!("echo 'hello {name}'");
}
