//! Typed tables of the definition file: `[tool.microb]`, and a fork's own beside it.
//!
//! A struct with `#[derive(Table)]` says which keys a table has, an enum with `#[derive(Choice)]` which strings a key takes.
//! [`Table::read`] reads the table of the file: all mistakes at once, each at its place and with what to write instead.
//! The same declaration makes the JSON schema that editors read: [`FileSchema`].
//!
//! ```
//! use microb::{Context, MemoryContext, Spanned};
//! # use microb_std::table;
//! use table::{Choice, Table};
//!
//! /// What the platform team asks of every service.
//! #[derive(Table)]
//! #[table("tool.acme", crate = table)]
//! struct Acme {
//!     /// The team that answers for the image.
//!     #[key(example = "payments")]
//!     team: Spanned<String>,
//!     /// The port that the service listens on.
//!     #[key(default = 8080)]
//!     port: u16,
//!     /// How urgent a failure is.
//!     tier: Option<Tier>,
//! }
//!
//! #[derive(Choice, PartialEq, Debug)]
//! #[choice(crate = table)]
//! enum Tier {
//!     /// Somebody is called at night.
//!     Gold,
//!     /// It waits until the morning.
//!     Silver,
//! }
//!
//! let cx = MemoryContext::new("[tool.acme]\nteam = 'payments'\ntier = 'gold'\n");
//! let acme = Acme::read(&cx)?;
//! assert_eq!((acme.team.value.as_str(), acme.port), ("payments", 8080));
//! assert_eq!(acme.tier, Some(Tier::Gold));
//!
//! let cx = MemoryContext::new("[tool.acme]\ntaem = 'payments'\ntier = 'glod'\n");
//! assert_eq!(Acme::read(&cx).err().unwrap().to_string(), "\
//! pyproject.toml:1:1: error: `tool.acme` has no `team` (add `team = \"payments\"`)
//! pyproject.toml:2:1: error: unknown key `taem` in `tool.acme` (write `team`)
//! pyproject.toml:3:8: error: unknown tier `glod` (write `\"gold\"`)");
//! # Ok::<(), microb::Diagnostics>(())
//! ```
//!
//! In a crate that depends on `microb`, `crate = …` is not needed: it says where this module is, and the macros look for `::microb::table`.

mod entry;
mod key;
mod schema;
mod values;

use microb::{Context, Diagnostic, Diagnostics, Span};

pub use microb_macros::{Choice, Table};
/// A value of JSON, as it stands in a schema.
pub use serde_json::Value as Json;

pub use crate::tree::Table as Keys;
pub use entry::Entry;
pub use key::{Field, Key};
pub use schema::{FileSchema, Schema};
pub use values::{Keyed, Map};

use crate::mistake::Findings;
use crate::tree;

/// A type that a value of a TOML file can be read as.
///
/// There are `String`, `bool`, the integers, `f64`, [`ImageRef`](microb::ImageRef), [`Platform`](microb::Platform), [`PythonVersion`](crate::PythonVersion),
/// [`Requirement`](crate::Requirement), `Vec<T>`, `BTreeMap<String, T>`, [`Map<T>`](Map), `Option<T>` for a key that may be missing,
/// [`Spanned<T>`](microb::Spanned) for a value with its place, [`Keyed<T>`](Keyed) with that of its key too,
/// structs with `#[derive(Table)]` and enums with `#[derive(Choice)]`.
///
/// A type of your own, in a grammar of your own:
///
/// ```
/// use microb::grammar::{Mistake, absolute_path};
/// use microb_std::table::{Entry, Schema, Value};
///
/// struct Folder(String);
///
/// impl Value for Folder {
///     fn read(entry: &Entry<'_>) -> Option<Self> {
///         entry.parse(|text| absolute_path(text).map(|()| Self(text.to_owned())))
///     }
///
///     fn schema() -> Schema {
///         Schema::string().pattern("^/")
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a table",
    label = "no type of a key",
    note = "a key is a `String`, `bool`, number, `Vec`, `BTreeMap<String, _>`, `Option`, `Spanned`, a struct with `#[derive(Table)]`, an enum with `#[derive(Choice)]`, or a type that implements `microb::table::Value`"
)]
pub trait Value: Sized {
    /// Reads the value. What is wrong is told to the entry; the result is `None` then.
    fn read(entry: &Entry<'_>) -> Option<Self>;

    /// What the value looks like, for editors and for what messages propose.
    fn schema() -> Schema;

    /// What a missing key means; `None` if it must not be missing.
    fn missing() -> Option<Self> {
        None
    }

    /// The value as it stands in the schema when it is a default; `null` if it cannot.
    fn to_json(&self) -> Json {
        Json::Null
    }
}

/// A table with typed keys. Made by `#[derive(Table)]`.
pub trait Table: Value {
    /// The dotted name in the definition file, `tool.acme`; empty for the whole file.
    const PATH: &'static str;

    /// The keys, in the order of the fields.
    const KEYS: &'static [Key];

    /// Reads the keys. What is wrong is told to them; the result is `None` then.
    fn from_keys(keys: &Keys<'_>) -> Option<Self>;

    /// Reads the table from the definition file. Without the table, its keys mean what missing keys do.
    ///
    /// # Errors
    ///
    /// All mistakes at once, in the order of the file.
    fn read(cx: &dyn Context) -> Result<Self, Diagnostics> {
        read(cx, |root| match find(root, Self::PATH) {
            Some(keys) => Self::from_keys(&keys),
            None => Self::missing().or_else(|| {
                root.report(missing::<Self>().at(root.span()));
                None
            }),
        })
    }

    /// Where the table begins in the definition file; the file's first line if it has none. For mistakes of your own.
    fn span(cx: &dyn Context) -> Span {
        let findings = Findings::default();
        let file = cx.definition();
        let tree = tree::parse(file, &findings);
        let span = tree.map(|tree| {
            let root = Keys::root(&tree, file, &findings);
            let found = find(&root, Self::PATH);
            found.as_ref().unwrap_or(&root).span().clone()
        });
        span.unwrap_or_else(|| file.whole())
    }

    /// Reads the table from the definition file; `None` if the file has none.
    ///
    /// # Errors
    ///
    /// All mistakes at once, in the order of the file.
    fn read_if_any(cx: &dyn Context) -> Result<Option<Self>, Diagnostics> {
        read(cx, |root| match find(root, Self::PATH) {
            Some(keys) => Self::from_keys(&keys).map(Some),
            None => Some(None),
        })
    }
}

/// An enum whose variants are strings. Made by `#[derive(Choice)]`.
pub trait Choice: Value {
    /// The strings, each with its meaning, in the order of the variants.
    const CHOICES: &'static [(&'static str, &'static str)];

    /// The string of this variant.
    fn as_str(&self) -> &'static str;
}

fn read<T>(cx: &dyn Context, read: impl FnOnce(&Keys<'_>) -> Option<T>) -> Result<T, Diagnostics> {
    let findings = Findings::default();
    let file = cx.definition();
    let tree = tree::parse(file, &findings);
    let value = tree.and_then(|tree| read(&Keys::root(&tree, file, &findings)));
    findings.tell_warnings(cx);
    findings.into_result(value)
}

/// The table of this dotted name; `None` if it, or one above it, is not there. One that is no table is told.
fn find<'a>(root: &Keys<'a>, path: &str) -> Option<Keys<'a>> {
    let mut found = root.clone();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        found = found.table(name)?;
    }
    Some(found)
}

fn missing<T: Table>() -> Diagnostic {
    let keys = T::schema().required();
    let lines: Vec<_> = keys.iter().map(|line| format!("`{line}`")).collect();
    Diagnostic::error(format!("the table `{}` is missing", T::PATH)).help(format!(
        "add `[{}]` with {}",
        T::PATH,
        lines.join(" and ")
    ))
}
