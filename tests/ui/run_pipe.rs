use microb::prelude::*;

fn main() {
    let _ = run!("cat x | wc -l");
}
