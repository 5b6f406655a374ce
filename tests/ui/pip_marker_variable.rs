use microb::prelude::*;

fn main() {
    let _ = pip!["tomli; python_versoin < '3.11'"];
}
