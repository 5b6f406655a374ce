use microb::env;

fn main() {
    let _ = env!(A = "1", B = "2", A = "3");
}
