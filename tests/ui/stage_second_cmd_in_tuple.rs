use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "python:3.14" as build;
        (cmd!("a"), user(1));
        cmd!("b");
    };
}
