use microb::prelude::*;

#[derive(Table)]
#[table("tool.microb.acme")]
struct Acme {
    /// Who pays.
    payer: String,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
