//! The types of values that come with the crate.

use std::collections::BTreeMap;

use microb::{ImageRef, Platform, Span, Spanned};
use serde_json::{Value as Json, json};

use super::{Entry, Schema, Value};
use crate::python::{self, Wanted};
use crate::{PythonVersion, Requirement};

/// A value with the place of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed<T> {
    /// Where the key stands.
    pub key: Span,
    /// The value.
    pub value: T,
}

/// A table of names and values in the order of the file, each name with its place.
///
/// Where neither matters, a `BTreeMap<String, T>` is handier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl Value for String {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        Some(entry.string()?.value)
    }

    fn schema() -> Schema {
        Schema::string()
    }

    fn to_json(&self) -> Json {
        json!(self)
    }
}

impl Value for bool {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        entry.boolean()
    }

    fn schema() -> Schema {
        Schema::boolean()
    }

    fn to_json(&self) -> Json {
        json!(self)
    }
}

impl Value for f64 {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        entry.float()
    }

    fn schema() -> Schema {
        Schema::number()
    }

    fn to_json(&self) -> Json {
        json!(self)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Value for $integer {
            fn read(entry: &Entry<'_>) -> Option<Self> {
                // TOML has integers of 64 bits with a sign.
                let most = i128::try_from(Self::MAX).unwrap_or(i128::MAX).min(i128::from(i64::MAX));
                let least = i128::try_from(Self::MIN).unwrap_or(0);
                Self::try_from(entry.integer(least, most)?).ok()
            }

            fn schema() -> Schema {
                let most = i128::try_from(Self::MAX).unwrap_or(i128::MAX);
                Schema::integer(i128::try_from(Self::MIN).unwrap_or(0), most)
            }

            fn to_json(&self) -> Json {
                json!(self)
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl<T: Value> Value for Option<T> {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        T::read(entry).map(Some)
    }

    fn schema() -> Schema {
        T::schema()
    }

    fn missing() -> Option<Self> {
        Some(None)
    }

    fn to_json(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::to_json)
    }
}

impl<T: Value> Value for Spanned<T> {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        Some(Self::new(T::read(entry)?, entry.span()))
    }

    fn schema() -> Schema {
        T::schema()
    }

    fn to_json(&self) -> Json {
        self.value.to_json()
    }
}

impl<T: Value> Value for Keyed<T> {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let value = T::read(entry)?;
        let key = entry
            .key()
            .map_or_else(|| entry.span(), |key| key.span.clone());
        Some(Self { key, value })
    }

    fn schema() -> Schema {
        T::schema()
    }

    fn to_json(&self) -> Json {
        self.value.to_json()
    }
}

/// A missing key is an empty list. Items that are wrong are left out after their mistakes were told.
impl<T: Value> Value for Vec<T> {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let items = entry.items(&Self::schema().words())?;
        Some(items.iter().filter_map(T::read).collect())
    }

    fn schema() -> Schema {
        Schema::list(T::schema())
    }

    fn missing() -> Option<Self> {
        Some(Self::new())
    }

    fn to_json(&self) -> Json {
        self.iter().map(T::to_json).collect()
    }
}

/// A missing key is an empty table. Values that are wrong are left out after their mistakes were told.
impl<T: Value> Value for Map<T> {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let table = entry.table()?;
        let pair = |name: Spanned<String>| {
            let value = T::read(&table.entry(&name.value)?)?;
            Some((name, value))
        };
        Some(Self(table.keys().into_iter().filter_map(pair).collect()))
    }

    fn schema() -> Schema {
        Schema::map(T::schema())
    }

    fn missing() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Json {
        let pairs = self.0.iter();
        pairs
            .map(|(name, value)| (name.value.clone(), value.to_json()))
            .collect()
    }
}

/// As [`Map`].
impl<T: Value> Value for BTreeMap<String, T> {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let map = Map::read(entry)?;
        let pairs = map.0.into_iter();
        Some(pairs.map(|(name, value)| (name.value, value)).collect())
    }

    fn schema() -> Schema {
        Map::<T>::schema()
    }

    fn missing() -> Option<Self> {
        Some(Self::new())
    }

    fn to_json(&self) -> Json {
        self.iter()
            .map(|(name, value)| (name.clone(), value.to_json()))
            .collect()
    }
}

impl Value for ImageRef {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        entry.parse(str::parse)
    }

    fn schema() -> Schema {
        Schema::string()
            .describe("An image.")
            .example("\"python:3.14-slim\"")
    }

    fn to_json(&self) -> Json {
        json!(self.to_string())
    }
}

impl Value for Platform {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        entry.parse(str::parse)
    }

    fn schema() -> Schema {
        Schema::string()
            .describe("A platform.")
            .example("\"linux/amd64\"")
    }

    fn to_json(&self) -> Json {
        json!(self.to_string())
    }
}

impl Value for Wanted {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        match python::wanted(&entry.string()?) {
            Ok(version) => Some(version),
            Err(mistake) => {
                entry.report(mistake);
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::string()
            .pattern(r"^3(\.([89]|[1-9][0-9]+)(\.(0|[1-9][0-9]*))?)?$")
            .example("\"3.14\"")
    }
}

/// `3.14`, or `3.14.1`.
impl Value for PythonVersion {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        match Wanted::read(entry)? {
            Wanted::Minor(minor) => Some(Self { minor, patch: None }),
            Wanted::Patch(minor, patch) => Some(Self {
                minor,
                patch: Some(patch),
            }),
            Wanted::Any | Wanted::Range(_) => {
                let message = "`3` is no minor version of Python";
                let mistake = microb::Diagnostic::error(message).at(&entry.span());
                entry.report(mistake.help("write for instance `3.14`"));
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::string()
            .pattern(r"^3\.([89]|[1-9][0-9]+)(\.(0|[1-9][0-9]*))?$")
            .example("\"3.14\"")
    }

    fn to_json(&self) -> Json {
        json!(self.to_string())
    }
}

/// A requirement of PEP 508, `httpx>=0.27`.
impl Value for Requirement {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        match Self::parse(entry.string()?) {
            Ok(requirement) => Some(requirement),
            Err(mistake) => {
                entry.report(mistake);
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::string().example("\"httpx>=0.27\"")
    }
}
