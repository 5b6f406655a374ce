use microb::prelude::*;

#[derive(Choice)]
struct Tier {
    gold: bool,
}

fn main() {
    fn is_choice<T: Choice>() {}
    is_choice::<Tier>();
}
