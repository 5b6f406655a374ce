use microb::prelude::*;

#[derive(Table)]
struct Acme(String);

fn main() {
    let _ = Acme::read(&microb::MemoryContext::new(""));
}
