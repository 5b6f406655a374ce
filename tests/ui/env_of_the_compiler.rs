use microb::env;

fn main() {
    let _ = env!("CARGO_PKG_NAME");
}
