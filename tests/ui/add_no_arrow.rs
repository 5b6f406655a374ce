use microb::prelude::*;

fn main() {
    let _ = add!("a.tar", "/srv/");
}
