use microb::prelude::*;

fn main() {
    let _ = apk!["git jq"];
}
