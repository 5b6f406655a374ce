use microb::prelude::*;

fn main() {
    let _ = label!("org.opencontainers.image.titel" = "x");
}
