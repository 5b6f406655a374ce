use microb::prelude::*;

fn main() {
    let _ = sh!("echo 'it\'s'");
}
