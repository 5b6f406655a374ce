use microb::prelude::*;

fn main() {
    let _ = pip!["Foo_Bar>=1", "foo-bar"];
}
