use microb::prelude::*;

fn main() {
    let _ = apk!["curl@=8"];
}
