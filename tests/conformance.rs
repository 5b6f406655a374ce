//! The tables of conformance name tests that are there: what of BuildKit's own tests has one of ours, and what of the
//! corpus of projects.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A file of lines with tabs between their fields.
struct Table {
    path: &'static str,
    /// The names of the fields. `tests` are ours, each `FILE::NAME`, with spaces between; `note` is the last.
    fields: &'static [&'static str],
}

const UPSTREAM: Table = Table {
    path: "tests/conformance.tsv",
    fields: &["class", "upstream", "tests", "note"],
};

const CORPUS: Table = Table {
    path: "tests/corpus.tsv",
    fields: &["number", "name", "expected", "tests", "note"],
};

/// A line: its fields by name.
struct Row(BTreeMap<&'static str, String>);

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Table {
    fn rows(&self) -> Vec<Row> {
        let text = read(self.path);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let rows = lines.map(|line| {
            let values = line.split('\t').map(str::to_owned);
            // The note may be missing.
            let count = line.split('\t').count();
            assert!(count <= self.fields.len(), "{}: {line}", self.path);
            Row(self.fields.iter().copied().zip(values).collect())
        });
        rows.collect()
    }
}

impl Row {
    fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    fn tests(&self) -> impl Iterator<Item = &str> {
        self.get("tests").split_whitespace()
    }
}

/// Whether a file has a test of this name: a function, or a line of what a macro makes tests of.
fn has_test(text: &str, name: &str) -> bool {
    let is_function = text
        .split_once(&format!("fn {name}("))
        .is_some_and(|(before, _)| {
            let attributes = before.rsplit("\n\n").next().unwrap_or_default();
            attributes.contains("#[test]")
        });
    let is_of_macro = |line: &str| {
        let rest = line
            .strip_prefix("    ")
            .and_then(|line| line.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    is_function || text.contains("macro_rules!") && text.lines().any(is_of_macro)
}

#[test]
fn every_test_that_a_table_names_is_there() {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for table in [UPSTREAM, CORPUS] {
        for row in table.rows() {
            for ours in row.tests() {
                let (file, name) = ours.split_once("::").unwrap();
                let text = texts.entry(file.to_owned()).or_insert_with(|| read(file));
                assert!(has_test(text, name), "{}: no test {ours}", table.path);
            }
            let is_explained = row.tests().count() > 0 || !row.get("note").is_empty();
            assert!(is_explained, "{:?} has neither test nor reason", row.0);
        }
    }
}

#[test]
fn every_test_of_buildkit_is_there_once() {
    let table = UPSTREAM.rows();
    let of_class = |class: &str| table.iter().filter(|row| row.get("class") == class).count();
    assert_eq!((of_class("P"), of_class("T")), (98, 85));
    assert_eq!(table.len(), 98 + 85);
    let names: BTreeSet<&str> = table.iter().map(|row| row.get("upstream")).collect();
    assert_eq!(names.len(), table.len());
}

#[test]
fn every_case_of_the_corpus_is_there_once_with_what_is_expected_and_a_test() {
    let table = CORPUS.rows();
    let numbers: Vec<_> = table.iter().map(|row| row.get("number").parse()).collect();
    assert_eq!(numbers, (1..=38).map(Ok).collect::<Vec<_>>());
    for row in table {
        assert!(row.get("expected").ends_with('.'), "{:?}", row.0);
        assert!(row.tests().count() > 0, "{:?}", row.0);
    }
}

/// A project of the corpus that nobody builds would be no test.
#[test]
fn every_project_of_the_corpus_is_built() {
    let tests = read("tests/engine/projects/corpus.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(tests.contains(&format!("\"{name}\"")), "{name}");
        let text = read(&format!("tests/corpus/{name}/pyproject.toml"));
        assert!(text.starts_with("#syntax=microb:dev\n"), "{name}");
    }
}

/// `make conformance-table`
#[test]
#[ignore = "prints the tables"]
fn print() {
    let table = UPSTREAM.rows();
    for (class, what) in [("P", "any frontend"), ("T", "the same under our keys")] {
        let rows = table.iter().filter(|row| row.get("class") == class);
        let (tested, open): (Vec<&Row>, Vec<&Row>) = rows.partition(|row| row.tests().count() > 0);
        let (n, all) = (tested.len(), tested.len() + open.len());
        println!("\n{class}, {what}: {n} of {all} have a test\n");
        for row in tested {
            println!("  yes  {:<50} {}", row.get("upstream"), row.get("tests"));
        }
        for row in open {
            println!("  no   {:<50} {}", row.get("upstream"), row.get("note"));
        }
    }
    let table = CORPUS.rows();
    println!("\nThe corpus of projects, {} cases\n", table.len());
    for row in table {
        println!(
            "  {:>2} {:<24} {}",
            row.get("number"),
            row.get("name"),
            row.get("expected")
        );
        for test in row.tests() {
            println!("{:29}{test}", "");
        }
    }
}
