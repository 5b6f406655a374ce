use microb::env;

fn main() {
    let _ = env!(GITHUB_TOKEN = "ghp_x");
}
