//! The JSON schema of the standard recipe says what its reader says.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use microb::MemoryContext;
use microb::std::Config;
use serde_json::{Value, json};
use toml::de::DeValue;

/// Whether the schema accepts a `pyproject.toml`, or where and why not.
struct Validator {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Validator {
    fn new() -> Self {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler
            .add_resource("microb.json", microb::std::schema().into())
            .unwrap();
        let index = compiler.compile("microb.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn validate(&self, text: &str) -> Result<(), String> {
        let table = toml::de::DeTable::parse(text).unwrap();
        let table = DeValue::Table(table.into_inner());
        self.schemas
            .validate(&json_of(&table), self.index)
            .map_err(|error| error.to_string())
    }
}

fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Boolean(value) => json!(value),
        DeValue::Integer(number) => {
            json!(i64::from_str_radix(number.as_str(), number.radix()).unwrap())
        }
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().unwrap()),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let pairs = table.iter();
            pairs
                .map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref())))
                .collect()
        }
    }
}

#[test]
fn every_example_is_valid() {
    let validator = Validator::new();
    let mut count = 0;
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let file = folder.unwrap().path().join("pyproject.toml");
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        assert_eq!(validator.validate(&text), Ok(()), "{}", file.display());
        count += 1;
    }
    assert!(count >= 9, "only {count} examples");
}

/// Lines of a target that are right.
const RIGHT: &[&str] = &[
    "",
    "api_version = 'v1'",
    "python_version = '3'",
    "python_version = '3.14.1'",
    "build_deps = ['gcc', 'libc6-dev=2:1']",
    "system_deps = []",
    "env = { A = '${B:-c}' }",
    "environment = { A = 'b' }",
    "labels = { 'org.example.a' = 'b' }",
    "indices = [{ url = 'https://h/simple', username = 'u', password_secret = 'p', trust = true }]",
    "entrypoint = ['python', '-m', 'app']",
    "command = []",
    "copy_files = [{ src = 'a', dst = '/a' }, { src = 'a', dst = '/b', from = 'builder' }]",
    "add_files = [{ src = 'https://h/a', dst = '/a', checksum = 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' }]",
    "flavor = 'alpine'",
    "healthcheck = false",
    "healthcheck = { tcp = 80 }",
];

/// Lines of a target that are wrong.
const WRONG: &[&str] = &[
    "entry_point = ['a']",
    "entrypoint = 'a b'",
    "command = ['a', 1]",
    "api_version = 'v2'",
    "python_version = 3.11",
    "python_version = '>=3.11'",
    "python_version = '2.7'",
    "flavor = 'ubuntu'",
    "build_deps = 'gcc'",
    "system_deps = ['gcc make']",
    "system_deps = ['-y']",
    "env = { PORT = 8080 }",
    "env = { 'A B' = '' }",
    "env = { 1A = '' }",
    "env = ['A=b']",
    "labels = { 'a b' = '' }",
    "indices = [{ url = 'pypi' }]",
    "indices = [{ url = 'ftp://h' }]",
    "indices = [{ username = 'u' }]",
    "indices = ['https://h']",
    "indices = [{ url = 'https://h', trust = 'true' }]",
    "indices = [{ url = 'https://h', username = 'u', password_secret = 'a,b' }]",
    "copy_files = [{ src = 'a' }]",
    "copy_files = [{ src = '', dst = '/a' }]",
    "copy_files = [{ src = 'a', dst = '/a', chmod = '1' }]",
    "copy_files = { src = 'a', dst = '/a' }",
    "add_files = [{ src = 'https://h/a', dst = '/a', checksum = 'md5:1' }]",
    "extras = ['a b']",
    "requirements = ['r.txt']",
    "requirements = '/r.txt'",
    "healthcheck = true",
    "healthcheck = '/health'",
];

#[test]
fn the_schema_and_the_reader_agree() {
    let validator = Validator::new();
    let lines = RIGHT
        .iter()
        .map(|line| (line, true))
        .chain(WRONG.iter().map(|line| (line, false)));
    for (line, is_right) in lines {
        let text = format!(
            "[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\n{line}\n"
        );
        assert_eq!(
            validator.validate(&text).is_ok(),
            is_right,
            "the schema says of {line}"
        );
        assert_eq!(
            Config::resolve(&MemoryContext::new(text).file("a", "")).is_ok(),
            is_right,
            "the reader says of {line}"
        );
    }
}

#[test]
fn keys_outside_of_a_target_are_wrong() {
    let validator = Validator::new();
    for text in [
        "[tool.microb]\nflavor = 'alpine'\n",
        "[tool.microb.targets.a]\n",
        "[tool]\nmicrob = 1\n",
    ] {
        assert!(validator.validate(text).is_err(), "{text}");
    }
    assert_eq!(validator.validate("[tool.black]\nx = 1\n"), Ok(()));
}

#[test]
fn the_readme_has_a_row_for_every_key() {
    let schema: Value = microb::std::schema().into();
    let target = &schema["properties"]["tool"]["properties"]["microb"]["properties"]["target"];
    let keys = target["additionalProperties"]["properties"]
        .as_object()
        .unwrap();
    let readme = include_str!("../README.md");
    for (key, schema) in keys {
        let is_told = readme
            .lines()
            .any(|line| line.starts_with('|') && line.contains(&format!("`{key}`")));
        assert!(
            is_told || schema["deprecated"] == true,
            "`{key}` has no row in README.md"
        );
    }
}
