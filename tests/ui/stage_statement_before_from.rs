use microb::prelude::*;

fn main() {
    let _ = stage! {
        let build = "x";
        from "python:3.14" as build;
    };
}
