use microb::prelude::*;

fn main() {
    let n = 1;
    let _ = sh!("echo $(({n} + 1))");
}
