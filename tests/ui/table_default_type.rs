use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// The port that the service listens on.
    #[key(default = 80_80_80)]
    port: u16,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
