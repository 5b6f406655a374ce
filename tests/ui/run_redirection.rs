use microb::prelude::*;

fn main() {
    let _ = run!("pip install numpy>=1.26");
}
