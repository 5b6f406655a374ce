use microb::prelude::*;

fn main() {
    let names = ["x"];
    let _ = run!("echo --names={names...}");
}
