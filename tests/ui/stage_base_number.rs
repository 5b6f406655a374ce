use microb::prelude::*;

fn main() {
    let _ = stage! {
        from 3.14 as build;
    };
}
