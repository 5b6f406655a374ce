use microb::prelude::*;

fn main() {
    let _ = stage! {
        from --platform=linux/arm64 "python:3.14" as build;
    };
}
