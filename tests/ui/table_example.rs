use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// Who pays.
    #[key(example = String::new())]
    payer: String,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
