use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "alpine:3.23";
        copy("/a", "/").from(http("https://example.org/a").checksum("sha256:abc"));
    };
}
