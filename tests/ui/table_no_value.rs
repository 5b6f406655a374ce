use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// Who pays.
    payer: Payer,
}

struct Payer;

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
