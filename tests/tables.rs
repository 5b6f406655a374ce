//! A fork's own tables: what is read, and what is said about mistakes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use microb::grammar::{Mistake, absolute_path, debian_package};
use microb::prelude::*;
use microb::std::{PythonVersion, Requirement};
use microb::table::{FileSchema, Keyed, Map};
use microb::{Diagnostics, MemoryContext};
use serde_json::{Value, json};

/// What the platform team asks of every service.
#[derive(Table, Debug)]
#[table("tool.acme")]
struct Acme {
    /// The team that answers
    /// for the image.
    ///
    /// It is called at night.
    #[key(example = "payments")]
    team: Spanned<String>,
    /// The port that the service listens on.
    #[key(default = 8080)]
    port: u16,
    /// Who pays.
    #[key(name = "cost-center", old = "costcenter")]
    cost_center: Option<Keyed<String>>,
    /// How urgent a failure is.
    #[key(default = Tier::Silver)]
    tier: Tier,
    /// Further ports.
    ports: Vec<u16>,
    /// Feature switches.
    flags: BTreeMap<String, bool>,
    /// Annotations.
    annotations: Map<Spanned<String>>,
    /// Folders that the service writes to.
    #[key(check = absolute_path, pattern = "^/")]
    volumes: Vec<String>,
    /// Tools for people who look inside.
    #[key(check = |text: &str| debian_package(text))]
    tools: Vec<String>,
    /// The image that it starts from.
    base: Option<ImageRef>,
    /// The interpreter.
    python: Option<PythonVersion>,
    /// What is installed for every service.
    agent: Option<Requirement>,
    /// How much it may use.
    limits: Limits,
    /// Who is asked.
    contacts: Vec<Contact>,
    /// The share of requests that are traced.
    #[key(default = 0.5)]
    traced: f64,
    /// The region.
    #[key(default = "eu")]
    region: String,
    /// Its name is that of its check, and of what the macro might call something.
    #[key(check = text, default = text_default())]
    text: String,
    /// A word of Rust.
    r#type: Option<i8>,
}

fn text(text: &str) -> Result<(), Mistake> {
    match text.find('!') {
        Some(at) => Err(Mistake::new("nobody shouts", at..at + 1).help("remove it")),
        None => Ok(()),
    }
}

fn text_default() -> String {
    "quiet".to_owned()
}

#[derive(Choice, Debug, PartialEq)]
enum Tier {
    /// Somebody is called at night.
    Gold,
    /// It waits.
    Silver,
    /// Nobody cares.
    #[key(name = "none")]
    Unset,
}

/// Limits.
#[derive(Table, Debug, PartialEq)]
struct Limits {
    /// In mebibytes.
    #[key(default = 256)]
    memory: u64,
}

/// A person.
#[derive(Table, Debug)]
struct Contact {
    /// The name.
    name: String,
    /// The mail.
    mail: Option<String>,
}

fn read(lines: &str) -> Result<Acme, Diagnostics> {
    Acme::read(&MemoryContext::new(format!("[tool.acme]\n{lines}\n")))
}

/// The messages without the file, the line and the severity.
fn messages(read: Result<Acme, Diagnostics>) -> Vec<String> {
    let found = read.err().unwrap();
    found
        .iter()
        .map(|found| {
            let shown = found.span.as_ref().map_or("", |span| span.text());
            let help = found.help.as_deref().unwrap_or_default();
            format!("{shown} | {} ({help})", found.message)
        })
        .collect()
}

#[test]
fn values_of_every_type_are_read() {
    let acme = read(
        "team = 'payments'\nport = 80\ncost-center = 'x1'\ntier = 'gold'\nports = [1, 0x10]\nflags = { a = true }\n\
         annotations = { b = '1', a = '2' }\nvolumes = ['/data']\ntools = ['curl']\nbase = 'python:3.13'\npython = '3.13'\n\
         agent = 'Agent>=1'\nlimits = { memory = 1_000 }\ncontacts = [{ name = 'a' }, { name = 'b', mail = 'm' }]\ntraced = 1\n\
         region = 'us'\ntype = -3",
    )
    .unwrap();
    assert_eq!(
        (acme.team.value.as_str(), acme.team.span.to_string()),
        ("payments", "pyproject.toml:2:8".into())
    );
    assert_eq!(
        (acme.port, acme.ports, acme.tier),
        (80, vec![1, 16], Tier::Gold)
    );
    let cost_center = acme.cost_center.unwrap();
    assert_eq!(
        (cost_center.key.text(), cost_center.value.as_str()),
        ("cost-center", "x1")
    );
    assert_eq!(acme.flags, BTreeMap::from([("a".to_owned(), true)]));
    let names: Vec<_> = acme
        .annotations
        .0
        .iter()
        .map(|(name, value)| (name.value.as_str(), value.value.as_str()))
        .collect();
    assert_eq!(names, [("b", "1"), ("a", "2")]);
    assert_eq!(
        (acme.volumes, acme.tools),
        (vec!["/data".to_owned()], vec!["curl".to_owned()])
    );
    assert_eq!(acme.base.unwrap(), "python:3.13".parse().unwrap());
    assert_eq!(acme.python.unwrap().to_string(), "3.13");
    assert_eq!(acme.agent.unwrap().name, "agent");
    assert_eq!(acme.limits, Limits { memory: 1000 });
    assert_eq!(acme.contacts[1].mail.as_deref(), Some("m"));
    assert_eq!(
        (acme.contacts[0].name.as_str(), &acme.contacts[0].mail),
        ("a", &None)
    );
    assert!((acme.traced - 1.0).abs() < f64::EPSILON);
    assert_eq!((acme.region.as_str(), acme.r#type), ("us", Some(-3)));
}

#[test]
fn a_missing_key_has_its_default() {
    let acme = read("team = 'payments'").unwrap();
    assert_eq!(
        (acme.port, acme.tier, acme.limits.memory),
        (8080, Tier::Silver, 256)
    );
    assert!(acme.ports.is_empty() && acme.flags.is_empty() && acme.cost_center.is_none());
    assert_eq!((acme.region.as_str(), acme.r#type), ("eu", None));
    assert_eq!(acme.text, "quiet");
}

#[test]
fn each_mistake_has_one_message_at_its_place() {
    for (line, message) in MISTAKES {
        let found = messages(read(&format!("team = 'x'\n{line}")));
        assert_eq!(found, [*message], "{line}");
    }
}

/// What is written, and what is underlined with its message and help.
const MISTAKES: &[(&str, &str)] = &[
    (
        "taem = 'x'",
        "taem | unknown key `taem` in `tool.acme` (write `team`)",
    ),
    (
        "port = '80'",
        "'80' | `tool.acme.port` must be an integer, found a string (write `80`, without quotes)",
    ),
    (
        "port = 70_000",
        "70_000 | `70_000` is out of range for `tool.acme.port` (write a number from 0 to 65535)",
    ),
    (
        "port = -1",
        "-1 | `-1` is out of range for `tool.acme.port` (write a number from 0 to 65535)",
    ),
    (
        "ports = 80",
        "80 | `tool.acme.ports` must be a list of integers, found an integer (write a list: `[80]`)",
    ),
    (
        "ports = [80, 'x']",
        "'x' | `tool.acme.ports[1]` must be an integer, found a string ()",
    ),
    (
        "tier = 'glod'",
        "'glod' | unknown tier `glod` (write `\"gold\"`)",
    ),
    (
        "tier = 'bronze'",
        "'bronze' | unknown tier `bronze` (write `\"gold\"`, `\"silver\"` or `\"none\"`)",
    ),
    (
        "tier = 1",
        "1 | `tool.acme.tier` must be a string, found an integer (write `\"1\"`)",
    ),
    (
        "flags = { a = 'true' }",
        "'true' | `tool.acme.flags.a` must be a boolean, found a string (write `true`, without quotes)",
    ),
    (
        "flags = true",
        "true | `tool.acme.flags` must be a table, found a boolean ()",
    ),
    (
        "volumes = ['/a', 'data']",
        "data | `data` is no absolute path (write `/data`)",
    ),
    ("text = 'wow!'", "! | nobody shouts (remove it)"),
    (
        "tools = ['curl', 'Git']",
        "G | `Git` is no Debian package name: it has only lower-case letters, digits, `+`, `-` and `.` (write `git`)",
    ),
    (
        "base = 'Python'",
        "Python | `Python` is no image reference: repository names are lower case (write `python`)",
    ),
    (
        "python = '3'",
        "'3' | `3` is no minor version of Python (write for instance `3.14`)",
    ),
    (
        "python = '2.7'",
        "'2.7' | Python `2.7` is not supported (write 3.8 or newer, for instance `3.14`)",
    ),
    (
        "agent = 'agent >>1'",
        ">>1 | `>>1` is no version specifier of PEP 440 (write for instance `>=3.9,<4`)",
    ),
    (
        "limits = { memroy = 1 }",
        "memroy | unknown key `memroy` in `tool.acme.limits` (write `memory`)",
    ),
    (
        "contacts = [{ mail = 'm' }]",
        "{ mail = 'm' } | `tool.acme.contacts[0]` has no `name` (add `name = \"…\"`)",
    ),
    (
        "contacts = { name = 'a' }",
        "{ name = 'a' } | `tool.acme.contacts` must be a list of tables, found a table ()",
    ),
    (
        "traced = 'all'",
        "'all' | `tool.acme.traced` must be a number, found a string ()",
    ),
    (
        "region = \"a\\u0000\"",
        "\"a\\u0000\" | `tool.acme.region` contains a NUL character (remove it)",
    ),
    (
        "cost-center = 'a'\ncostcenter = 'b'",
        "costcenter | `costcenter` is the old spelling of `cost-center`, and both are given (move everything to `cost-center`)",
    ),
];

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let found = messages(read("tier = 'x'\nports = ['a', 'b']\nvolumes = 1"));
    let places: Vec<_> = found
        .iter()
        .map(|line| line.split(" |").next().unwrap())
        .collect();
    assert_eq!(places, ["[tool.acme]", "'x'", "'a'", "'b'", "1"]);
}

#[test]
fn mistakes_of_the_standard_table_and_of_the_own_are_told_together() {
    let cx = MemoryContext::new(
        "[project]\nname = 'a'\nversion = '1'\n[tool.microb.target.default]\nflavour = 'alpine'\n[tool.acme]\nport = 'x'\n",
    );
    let found = Diagnostics::both(microb::std::Config::resolve(&cx), Acme::read(&cx))
        .err()
        .unwrap();
    let lines: Vec<_> = found
        .iter()
        .map(|found| found.span.as_ref().unwrap().start().line)
        .collect();
    assert_eq!(lines, [5, 6, 7]);
}

/// Nothing, so far.
#[derive(Table)]
#[table("tool.empty")]
struct Empty {}

#[test]
fn a_table_may_have_no_keys() {
    let Empty {} = Empty::read(&MemoryContext::new("[tool.empty]\n")).unwrap();
    let found = Empty::read(&MemoryContext::new("[tool.empty]\nx = 1\n"));
    let found = found.err().unwrap().to_string();
    assert_eq!(
        found,
        "pyproject.toml:2:1: error: unknown key `x` in `tool.empty` (remove it)"
    );
}

#[test]
fn a_table_that_is_missing_is_what_its_keys_are_or_an_error() {
    let cx = MemoryContext::new("[tool.black]\n");
    let found = Acme::read(&cx).err().unwrap().to_string();
    let expected = "pyproject.toml:1:1: error: the table `tool.acme` is missing (add `[tool.acme]` with `team = \"payments\"`)";
    assert_eq!(found, expected);
    assert!(Acme::read_if_any(&cx).unwrap().is_none());
    assert_eq!(
        Limits::read(&MemoryContext::new("")).unwrap(),
        Limits { memory: 256 }
    );
    let wrong = Acme::read_if_any(&MemoryContext::new("[tool]\nacme = 1\n"));
    assert_eq!(
        messages(wrong.map(Option::unwrap)),
        ["1 | `tool.acme` must be a table, found an integer ()"]
    );
}

#[test]
fn a_table_without_a_name_is_the_whole_file() {
    let read = |text: &str| Limits::read(&MemoryContext::new(text));
    assert_eq!(read("memory = 1\n").unwrap(), Limits { memory: 1 });
    let found = read("memroy = 1\n").err().unwrap().to_string();
    assert_eq!(
        found,
        "pyproject.toml:1:1: error: unknown key `memroy` in the file (write `memory`)"
    );
}

#[test]
fn an_old_spelling_works_with_a_warning() {
    let cx = MemoryContext::new("[tool.acme]\nteam = 'x'\ncostcenter = 'y'\n");
    assert_eq!(Acme::read(&cx).unwrap().cost_center.unwrap().value, "y");
    let warnings: Vec<_> = cx.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "pyproject.toml:3:1: warning: `costcenter` is the old spelling of `cost-center` (write `cost-center`)"
        ]
    );
}

#[test]
fn wrong_toml_is_an_error() {
    let found = read("team = \n").err().unwrap();
    assert!(
        found
            .iter()
            .all(|found| found.message.starts_with("invalid TOML: ")),
        "{found}"
    );
}

#[test]
fn the_schema_describes_the_keys() {
    let schema: Value = FileSchema::new("pyproject.toml").table::<Acme>().into();
    let acme = &schema["properties"]["tool"]["properties"]["acme"];
    assert_eq!(
        acme["description"],
        "What the platform team asks of every service."
    );
    assert_eq!(
        (&acme["additionalProperties"], &acme["required"]),
        (&json!(false), &json!(["team"]))
    );
    let keys = &acme["properties"];
    for (key, expected) in [
        (
            "team",
            json!({ "type": "string", "description": "The team that answers for the image.\n\nIt is called at night.", "examples": ["payments"] }),
        ),
        (
            "port",
            json!({ "type": "integer", "minimum": 0, "maximum": 65535, "default": 8080, "description": "The port that the service listens on." }),
        ),
        (
            "tier",
            json!({ "type": "string", "default": "silver", "description": "How urgent a failure is.", "oneOf": [
            { "const": "gold", "description": "Somebody is called at night." },
            { "const": "silver", "description": "It waits." },
            { "const": "none", "description": "Nobody cares." },
        ] }),
        ),
        (
            "flags",
            json!({ "type": "object", "additionalProperties": { "type": "boolean" }, "description": "Feature switches." }),
        ),
        (
            "volumes",
            json!({ "type": "array", "items": { "type": "string", "pattern": "^/" }, "description": "Folders that the service writes to." }),
        ),
        (
            "region",
            json!({ "type": "string", "default": "eu", "description": "The region." }),
        ),
    ] {
        assert_eq!(keys[key], expected, "{key}");
    }
    assert_eq!(keys["costcenter"]["deprecated"], true);
    assert_eq!(keys["limits"]["properties"]["memory"]["default"], 256);
    assert_eq!(keys["contacts"]["items"]["required"], json!(["name"]));
}

#[test]
fn a_schema_of_the_standard_table_has_the_own_beside_it() {
    let schema: Value = microb::std::schema().table::<Acme>().into();
    let tables = schema["properties"]["tool"]["properties"]
        .as_object()
        .unwrap();
    assert_eq!(tables.keys().collect::<Vec<_>>(), ["acme", "microb"]);
}
