use microb::prelude::*;

fn main() {
    let _ = stage! {
        from;
    };
}
