use microb::prelude::*;

#[derive(Choice)]
enum Tier {
    Gold,
    #[key(name = "gold")]
    Silver,
}

fn main() {
    fn is_choice<T: Choice>() {}
    is_choice::<Tier>();
}
