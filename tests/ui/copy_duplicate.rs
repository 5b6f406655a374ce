use microb::prelude::*;

fn main() {
    let _ = copy!(["a.py", "b.py", "a.py"] => "/app/");
}
