use microb::prelude::*;

fn main() {
    let _ = apt!["curl", "-y"];
}
