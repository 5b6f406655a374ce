use microb::prelude::*;

fn main() {
    let _ = pip!["numpy>=1.*"];
}
