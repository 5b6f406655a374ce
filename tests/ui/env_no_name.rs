use microb::env;

fn main() {
    let _ = env!(= "1");
}
