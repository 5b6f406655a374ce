use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "Python:3.14" as build;
        run!("make");
    };
}
