use microb::prelude::*;

fn main() {
    let _ = entrypoint!("python -m app && true");
}
