//! JSON schemas (draft 7), which editors read: <https://json-schema.org/draft-07>.

use std::fmt;

use serde_json::{Map, Value as Json, json};
use toml::de::DeValue;

use super::{Field, Table};

/// The schema of a value.
///
/// ```
/// use microb_std::table::Schema;
///
/// let schema = Schema::list(Schema::string()).pattern("^/").describe("Folders.");
/// assert_eq!(
///     schema.into_json().to_string(),
///     r#"{"description":"Folders.","items":{"pattern":"^/","type":"string"},"type":"array"}"#,
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Schema(Map<String, Json>);

impl Schema {
    fn typed(name: &str) -> Self {
        Self::any().with("type", json!(name))
    }

    /// Any value.
    pub fn any() -> Self {
        Self(Map::new())
    }

    /// A string.
    pub fn string() -> Self {
        Self::typed("string")
    }

    /// `true` or `false`.
    pub fn boolean() -> Self {
        Self::typed("boolean")
    }

    /// A number.
    pub fn number() -> Self {
        Self::typed("number")
    }

    /// A whole number from `least` to `most`; what does not fit into 64 bits is left out.
    pub fn integer(least: i128, most: i128) -> Self {
        let mut schema = Self::typed("integer");
        for (name, limit) in [("minimum", least), ("maximum", most)] {
            if let Ok(limit) = i64::try_from(limit) {
                schema = schema.with(name, json!(limit));
            }
        }
        schema
    }

    /// A list.
    pub fn list(items: Self) -> Self {
        Self::typed("array").with("items", items.into_json())
    }

    /// A table of names and values.
    pub fn map(values: Self) -> Self {
        Self::typed("object").with("additionalProperties", values.into_json())
    }

    /// One of several strings, each with its meaning.
    pub fn choice(choices: &[(&str, &str)]) -> Self {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        if choices.iter().all(|(_, meaning)| meaning.is_empty()) {
            return Self::string().with("enum", json!(names));
        }
        let one = |(name, meaning): &(&str, &str)| json!({ "const": name, "description": meaning });
        let choices: Vec<_> = choices.iter().map(one).collect();
        Self::string().with("oneOf", json!(choices))
    }

    /// A table with no keys but those that [`Schema::key`] adds.
    pub fn table(description: &str) -> Self {
        Self::typed("object")
            .describe(description)
            .with("properties", json!({}))
            .with("additionalProperties", json!(false))
    }

    /// Adds a key to a table. It is required unless a missing one has a meaning.
    pub fn key<T>(mut self, field: &Field<T>) -> Self {
        let key = field.key;
        let mut schema = field.schema();
        if let Some(default) = field.default.map(|default| (field.to_json)(&default()))
            && !default.is_null()
        {
            schema = schema.with("default", default);
        }
        if field.absent().is_none() {
            let required = self.0.entry("required").or_insert_with(|| json!([]));
            if let Some(names) = required.as_array_mut() {
                names.push(json!(key.name));
            }
        }
        if let Some(old) = key.old {
            let text = format!("The old spelling of `{}`.", key.name);
            let old_schema = schema
                .clone()
                .describe(&text)
                .with("deprecated", json!(true));
            self = self.property(old, old_schema);
        }
        self.property(key.name, schema)
    }

    fn property(mut self, name: &str, schema: Self) -> Self {
        if let Some(Json::Object(properties)) = self.0.get_mut("properties") {
            properties.insert(name.to_owned(), schema.into_json());
        }
        self
    }

    /// Says what the value means, in Markdown.
    pub fn describe(self, description: &str) -> Self {
        match description {
            "" => self,
            text => self.with("description", json!(text)),
        }
    }

    /// Says how the strings of the value look: an unanchored regular expression (ECMA 262).
    pub fn pattern(mut self, pattern: &str) -> Self {
        for inner in ["items", "additionalProperties"] {
            if let Some(Json::Object(schema)) = self.0.get(inner) {
                let schema = Self(schema.clone()).pattern(pattern);
                return self.with(inner, schema.into_json());
            }
        }
        if self.kind() == Some("string") {
            self.0.insert("pattern".to_owned(), json!(pattern));
        }
        self
    }

    /// Says how the names of a [map](Schema::map) look.
    pub fn names(self, pattern: &str) -> Self {
        self.with("propertyNames", json!({ "pattern": pattern }))
    }

    /// Gives an example, as it is written in TOML.
    pub fn example(self, toml: &str) -> Self {
        match DeValue::parse(toml) {
            Ok(value) => {
                let example = from_toml(value.get_ref());
                self.with("examples", json!([example]))
            }
            Err(_) => self,
        }
    }

    /// A value that is as this schema says, or as the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self::any().with("anyOf", json!([self.into_json(), other.into_json()]))
    }

    /// Sets any keyword of a schema.
    pub fn with(mut self, keyword: &str, value: Json) -> Self {
        self.0.insert(keyword.to_owned(), value);
        self
    }

    /// The schema as JSON.
    pub fn into_json(self) -> Json {
        Json::Object(self.0)
    }

    fn kind(&self) -> Option<&str> {
        self.0.get("type").and_then(Json::as_str)
    }

    /// What a value is, in words: `a string`, `a list of tables`.
    pub fn words(&self) -> String {
        match self.kind() {
            Some("string") => "a string".to_owned(),
            Some("boolean") => "a boolean".to_owned(),
            Some("number") => "a number".to_owned(),
            Some("integer") => "an integer".to_owned(),
            Some("object") => "a table".to_owned(),
            Some("array") => match self.0.get("items") {
                Some(Json::Object(items)) => {
                    let item = Self(items.clone()).words();
                    let item = item.split_once(' ').map_or("value", |(_, item)| item);
                    let plural = item.replacen("list of", "lists of", 1);
                    let ending = if plural == item { "s" } else { "" };
                    format!("a list of {plural}{ending}")
                }
                _ => "a list".to_owned(),
            },
            _ => "a value".to_owned(),
        }
    }

    /// A line that gives a key a value, for what messages propose.
    pub(super) fn line(&self, name: &str) -> String {
        format!("{name} = {}", self.sample())
    }

    fn sample(&self) -> String {
        let first = |keyword: &str| self.0.get(keyword)?.get(0);
        let choice = first("enum").or_else(|| first("oneOf")?.get("const"));
        if let Some(value) = first("examples").or(choice) {
            return to_toml(value);
        }
        match self.kind() {
            Some("boolean") => "true".to_owned(),
            Some("integer" | "number") => "0".to_owned(),
            Some("array") => match self.0.get("items") {
                Some(Json::Object(items)) => format!("[{}]", Self(items.clone()).sample()),
                _ => "[…]".to_owned(),
            },
            Some("object") => match self.required().as_slice() {
                [] => "{ … }".to_owned(),
                lines => format!("{{ {} }}", lines.join(", ")),
            },
            _ => "\"…\"".to_owned(),
        }
    }

    /// For each required key of a table, a line that gives it a value.
    pub(super) fn required(&self) -> Vec<String> {
        let names = self.0.get("required").and_then(Json::as_array);
        let line = |name: &Json| {
            let name = name.as_str()?;
            let schema = self.0.get("properties")?.get(name)?.as_object()?;
            Some(Self(schema.clone()).line(name))
        };
        names.into_iter().flatten().filter_map(line).collect()
    }
}

/// The schema of a whole definition file: of the tables that a recipe reads. Other tables may hold anything.
///
/// The command line prints it, `microb schema`: see `Recipe::schema` in `microb-frontend`.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct FileSchema(Json);

impl FileSchema {
    /// The schema of a file in which nothing is known yet.
    pub fn new(title: &str) -> Self {
        Self(json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": title,
            "type": "object",
        }))
    }

    /// Adds a table. One without a [path](Table::PATH) is the whole file.
    pub fn table<T: Table>(self) -> Self {
        self.at(T::PATH, &T::schema())
    }

    /// Adds the schema of the table with this dotted name.
    pub fn at(mut self, path: &str, schema: &Schema) -> Self {
        let mut place = &mut self.0;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            place = &mut place["properties"][name];
            if place.is_null() {
                *place = json!({ "type": "object" });
            }
        }
        if let Json::Object(place) = place {
            place.extend(schema.0.clone());
        }
        self
    }
}

/// As JSON, indented.
impl fmt::Display for FileSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl From<FileSchema> for Json {
    fn from(schema: FileSchema) -> Self {
        schema.0
    }
}

fn from_toml(value: &DeValue<'_>) -> Json {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Boolean(value) => json!(value),
        DeValue::Integer(number) => {
            json!(i64::from_str_radix(number.as_str(), number.radix()).ok())
        }
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().ok()),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| from_toml(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), from_toml(value.get_ref())))
            .collect(),
    }
}

fn to_toml(value: &Json) -> String {
    match value {
        Json::Object(table) => {
            let pairs: Vec<_> = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", to_toml(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(to_toml).collect();
            format!("[{}]", items.join(", "))
        }
        scalar => scalar.to_string(),
    }
}
