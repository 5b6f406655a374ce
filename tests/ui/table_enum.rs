use microb::prelude::*;

#[derive(Table)]
enum Acme {
    Team,
}

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
