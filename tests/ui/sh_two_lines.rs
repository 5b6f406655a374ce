use microb::prelude::*;

fn main() {
    let _ = sh!("make", "make install");
}
