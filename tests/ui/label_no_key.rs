use microb::prelude::*;

fn main() {
    let _ = label!(= "1");
}
