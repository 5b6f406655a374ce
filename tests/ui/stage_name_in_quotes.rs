use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "python:3.14" as "My stage";
    };
}
