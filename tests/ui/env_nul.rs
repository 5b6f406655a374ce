use microb::env;

fn main() {
    let _ = env!(A = "\0");
}
