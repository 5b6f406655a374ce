use microb::prelude::*;

#[derive(Choice)]
enum Tier {
    #[key(default)]
    Gold,
    Silver,
}

fn main() {
    fn is_choice<T: Choice>() {}
    is_choice::<Tier>();
}
