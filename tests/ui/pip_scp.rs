use microb::prelude::*;

fn main() {
    let _ = pip!["x @ git@github.com:a/x.git"];
}
