use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "alpine:3.23";
        copy!("start" => "/").mode(755);
    };
}
