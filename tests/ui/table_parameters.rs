use microb::prelude::*;

#[derive(Table)]
struct Acme<T> {
    /// The team that answers for the image.
    team: T,
}

fn main() {
    let _ = Acme::<String>::read(&microb::MemoryContext::new(""));
}
