use microb::prelude::*;

fn main() {
    let _ = pip!["-r requirements.txt"];
}
