use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// Folders that the service writes to.
    #[key(check = "absolute_path")]
    volumes: Vec<String>,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
