use microb::prelude::*;

#[derive(Table)]
#[table("project")]
struct Acme {
    /// Who pays.
    payer: String,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
