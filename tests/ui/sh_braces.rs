use microb::prelude::*;

fn main() {
    let _ = sh!("awk '{print $1}' file");
}
