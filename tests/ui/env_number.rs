use microb::env;

fn main() {
    let _ = env!(PORT = 8000);
}
