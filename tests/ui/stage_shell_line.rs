use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "alpine:3.23";
        SHELL ["/bin/ash", "-e", "-c"];
        sh!("make");
    };
}
