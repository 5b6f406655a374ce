use microb::prelude::*;

fn main() {
    let _ = copy!("https://example.org/a.txt" => "/app/");
}
