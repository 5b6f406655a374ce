use microb::prelude::*;

fn main() {
    let _ = stage! {
        FROM "python:3.14" AS build;
    };
}
