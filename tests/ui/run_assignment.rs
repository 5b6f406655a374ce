use microb::prelude::*;

fn main() {
    let _ = run!("DEBUG=1 make");
}
