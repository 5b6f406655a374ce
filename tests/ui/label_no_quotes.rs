use microb::prelude::*;

fn main() {
    let _ = label!(com.example.team = "x");
}
