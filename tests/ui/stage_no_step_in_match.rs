use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "python:3.14" as build;
        match 1 {
            1 => run!("a"),
            _ => 5,
        }
    };
}
