use microb::env;

fn main() {
    let _ = env!(A = , B = "2");
}
