use microb::prelude::*;

fn main() {
    let _ = stage! {
        from "python" as Build;
        apt!["-y"];
        if true {
            copy!("../a" => "b");
        }
        env!(A = "1", A = "2");
    };
}
