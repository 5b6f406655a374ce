use microb::prelude::*;

fn main() {
    let line = format!("make {}", 1);
    let _ = sh!(line);
}
