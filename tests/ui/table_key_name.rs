use microb::prelude::*;

#[derive(Table)]
struct Acme {
    /// Who pays.
    #[key(name = "cost center")]
    cost_center: String,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
