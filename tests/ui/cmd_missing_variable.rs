use microb::prelude::*;

fn main() {
    let _ = cmd!("--port {prot}");
}
