//! The table of conformance names tests that are there, and every test of BuildKit's once.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A line: the class, BuildKit's test, ours, and a note.
struct Row {
    class: String,
    upstream: String,
    ours: Vec<String>,
    note: String,
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn table() -> Vec<Row> {
    let text = read("tests/conformance.tsv");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut field = || fields.next().unwrap_or_default();
        Row {
            class: field(),
            upstream: field(),
            ours: field().split_whitespace().map(str::to_owned).collect(),
            note: field(),
        }
    });
    rows.collect()
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let table = table();
    for row in &table {
        for ours in &row.ours {
            let (file, name) = ours.split_once("::").unwrap();
            let text = texts.entry(file).or_insert_with(|| read(file));
            let (before, _) = text
                .split_once(&format!("fn {name}("))
                .unwrap_or_else(|| panic!("{}: no {ours}", row.upstream));
            let attributes = before.rsplit("\n\n").next().unwrap();
            assert!(attributes.contains("#[test]"), "{ours} is no test");
        }
        let is_explained = !row.ours.is_empty() || !row.note.is_empty();
        assert!(is_explained, "{} has neither test nor reason", row.upstream);
    }
}

#[test]
fn every_test_of_buildkit_is_there_once() {
    let table = table();
    let of_class = |class: &str| table.iter().filter(|row| row.class == class).count();
    assert_eq!((of_class("P"), of_class("T")), (98, 85));
    assert_eq!(table.len(), 98 + 85);
    let names: BTreeSet<&str> = table.iter().map(|row| row.upstream.as_str()).collect();
    assert_eq!(names.len(), table.len());
}

/// `make conformance`
#[test]
#[ignore = "prints the table"]
fn print() {
    let table = table();
    for (class, what) in [("P", "any frontend"), ("T", "the same under our keys")] {
        let rows = table.iter().filter(|row| row.class == class);
        let (tested, open): (Vec<&Row>, Vec<&Row>) = rows.partition(|row| !row.ours.is_empty());
        let (n, all) = (tested.len(), tested.len() + open.len());
        println!("\n{class}, {what}: {n} of {all} have a test\n");
        for row in tested {
            println!("  yes  {:<50} {}", row.upstream, row.ours.join(" "));
        }
        for row in open {
            println!("  no   {:<50} {}", row.upstream, row.note);
        }
    }
}
