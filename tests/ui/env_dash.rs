use microb::env;

fn main() {
    let _ = env!(MY-VAR = "1");
}
