//! What two image configs say differently.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The settings of a container that are not the same in two OCI image configs, in words.
pub(crate) fn config_differences(before: &[u8], after: &[u8]) -> Vec<String> {
    let (before, after) = (settings(before), settings(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let (then, now) = (before.get(name), after.get(name));
        if then == now {
            continue;
        }
        match name.as_str() {
            "Env" => found.extend(named("variable", &variables(then), &variables(now))),
            "Labels" => found.extend(named("label", &object(then), &object(now))),
            name => found.push(name.to_lowercase()),
        }
    }
    found
}

/// The member `config` of an OCI image config.
fn settings(config: &[u8]) -> Map<String, Value> {
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    object(config.get("config"))
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn variables(env: Option<&Value>) -> Map<String, Value> {
    let lines = env.and_then(Value::as_array).into_iter().flatten();
    let pairs = lines.filter_map(|line| line.as_str()?.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect()
}

fn named(what: &str, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    differ.map(|name| format!("{what} {name}")).collect()
}
