use microb::prelude::*;

#[derive(Choice)]
enum Tier {
    Gold(u8),
    Silver,
}

fn main() {
    fn is_choice<T: Choice>() {}
    is_choice::<Tier>();
}
