use microb::prelude::*;

fn main() {
    let _ = add!(git("https://example.org/r.git").checksum("v1.0") => "/r");
}
