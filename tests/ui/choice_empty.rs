use microb::prelude::*;

#[derive(Choice)]
enum Tier {}

fn main() {
    fn is_choice<T: Choice>() {}
    is_choice::<Tier>();
}
