use microb::prelude::*;

fn main() {
    let _ = pip!["tomli; python_version '3.11'"];
}
