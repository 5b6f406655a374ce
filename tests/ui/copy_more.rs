use microb::prelude::*;

fn main() {
    let _ = copy!("a" => "/b" => "/c");
}
