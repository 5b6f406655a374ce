use microb::prelude::*;

#[derive(Table)]
#[table("tool.acme")]
struct Acme {
    team: String,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
