use microb::prelude::*;

fn main() {
    let _ = run!("make # all");
}
