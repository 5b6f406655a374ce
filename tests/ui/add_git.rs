use microb::prelude::*;

fn main() {
    let _ = add!("https://example.org/a.git" => "/srv/");
}
