use microb::prelude::*;

fn main() {
    let name = "x";
    let _ = sh!("cat <<EOF\n{name}\nEOF");
}
