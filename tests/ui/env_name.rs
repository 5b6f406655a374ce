use microb::env;

fn main() {
    let _ = env!(GRÖSSE = "1");
}
