use microb::prelude::*;

#[derive(Table)]
#[table("acme corp")]
struct Acme {
    team: String,
    /// The port that the service listens on.
    #[key(defualt = 8080)]
    port: u16,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
