use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "alpine:3.23";
        mkdir("/data").mode(0o17777);
    };
}
