//! `schema`: what editors need to know of the definition file.

use clap::ArgMatches;
use microb_dsl::{Diagnostic, Diagnostics, nearest};
use serde_json::{Value, json};

use super::print;
use crate::recipe::Recipe;

/// Prints the JSON schema of the definition file, or that of one table.
pub(super) fn schema(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let Some(schema) = recipe.schema else {
        let message = format!("the recipe `{}` describes no tables", recipe.name());
        return Err(Diagnostic::error(message)
            .help("give it a schema, `Recipe::new(…).schema(…)`")
            .into());
    };
    let mut schema: Value = serde_json::from_str(&schema()).map_err(|error| {
        Diagnostic::error(format!(
            "the schema of the recipe `{}` is no JSON: {error}",
            recipe.name()
        ))
    })?;
    if let Some(name) = matches.get_one::<String>("table") {
        schema = table(&schema, name)?;
    }
    print(format!("{schema:#}\n").as_bytes())
}

/// The schema of the table with this dotted name, as a document of its own.
fn table(schema: &Value, name: &str) -> Result<Value, Diagnostic> {
    let mut found = schema;
    for part in name.split('.') {
        let properties = &found["properties"];
        let Some(inner) = properties.get(part) else {
            let known = properties
                .as_object()
                .into_iter()
                .flat_map(|all| all.keys());
            let known: Vec<_> = known.map(String::as_str).collect();
            let message = format!("`{part}` in `{name}` is no table that is described");
            return Err(
                Diagnostic::error(message).help(match nearest(part, known.clone()) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("the known names are `{}`", known.join("`, `")),
                }),
            );
        };
        found = inner;
    }
    let mut found = found.clone();
    if let (Value::Object(found), Some(draft)) = (&mut found, schema.get("$schema")) {
        found.insert("$schema".to_owned(), draft.clone());
        found.entry("title").or_insert_with(|| json!(name));
    }
    Ok(found)
}
