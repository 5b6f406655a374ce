use microb::env;

fn main() {
    let _ = env!(PATH = "/app/bin:$PATH");
}
