use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// Who pays.
    payer: String,
    /// Who pays, too.
    #[key(name = "payer")]
    cost_center: String,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
