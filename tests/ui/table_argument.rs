use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// The port that the service listens on.
    #[key(defualt = 8080)]
    port: u16,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
