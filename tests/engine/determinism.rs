//! The same project gives the same bytes, however often it is lowered.

use std::path::Path;
use std::thread;

use microb::{Platform, llb};
use microb_frontend::directory_context::DirectoryContext;

use crate::project::{EXAMPLES, example};

fn lowered(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let cx = DirectoryContext::open(folder, &folder.join("pyproject.toml")).unwrap();
    let stage = microb_std::recipe(&cx).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let lowered = llb::lower(&stage, &llb::Inputs::offline(Platform::host()));
    let lowered = lowered.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (lowered.definition.unwrap().to_bytes(), lowered.config)
}

#[test]
fn a_thousand_lowerings_of_each_example_give_the_same_bytes() {
    thread::scope(|scope| {
        for name in EXAMPLES {
            scope.spawn(move || lower_often(name));
        }
    });
}

fn lower_often(name: &str) {
    let folder = example(name);
    let first = lowered(&folder);
    assert!(first.0.len() > 1000, "{name}");
    for count in 2..=1000 {
        assert!(lowered(&folder) == first, "{name}: the {count}th differs");
    }
}

#[test]
fn examples_differ_from_each_other() {
    let mut all: Vec<_> = EXAMPLES
        .iter()
        .map(|name| lowered(&example(name)).0)
        .collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), EXAMPLES.len());
}
