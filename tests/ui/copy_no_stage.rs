use microb::prelude::*;

fn main() {
    let _ = copy!("/app" => "/app").from(&bulider);
}
