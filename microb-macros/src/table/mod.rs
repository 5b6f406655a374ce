//! `#[derive(Table)]`: a struct as a table with typed keys.

mod attribute;
mod choice;
mod field;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path};

use crate::report::Reports;
use attribute::Arguments;
pub(crate) use choice::expand as choice;
use field::Field;

/// Tables that have a meaning already: <https://packaging.python.org/en/latest/specifications/pyproject-toml/>.
const TAKEN: &[&str] = &["project", "build-system", "dependency-groups", "tool"];

/// What stands at the type itself.
struct Header {
    /// Where the module `table` is.
    root: Path,
    /// The dotted name in the file.
    path: String,
    description: String,
}

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut reports = Reports::default();
    let header = header(&input, &mut reports);
    let fields = fields(&input, &mut reports);
    if !input.generics.params.is_empty() {
        let help = "write one struct for each type";
        reports.at(&input.generics, "a table has no parameters", help);
    }
    let expansion = implementation(&input, &header, &fields);
    items(reports, &expansion, &stand_in(&input, &header.root))
}

/// The items; or, if there are mistakes, these and what stands in for the items.
fn items(reports: Reports, expansion: &TokenStream, stand_in: &TokenStream) -> TokenStream {
    match reports.into_error() {
        None => expansion.clone(),
        Some(error) => {
            let errors = error.into_compile_error();
            quote!(#errors #stand_in)
        }
    }
}

fn header(input: &DeriveInput, reports: &mut Reports) -> Header {
    let mut header = Header {
        root: syn::parse_quote!(::microb::table),
        path: String::new(),
        description: description(&input.attrs),
    };
    let mut arguments = Arguments::of(&input.attrs, "table", reports);
    if let Some(path) = arguments.leading_string() {
        let trusted = arguments.has("crate");
        if let Some((message, help)) = wrong_path(&path.value(), trusted) {
            reports.at(&path, message, help);
        }
        header.path = path.value();
    }
    if let Some(root) = arguments.path("crate", reports) {
        header.root = root;
    }
    arguments.end(&["crate"], "table(\"tool.NAME\")", reports);
    header
}

/// What is wrong with the name of a table, and what to write instead.
fn wrong_path(path: &str, trusted: bool) -> Option<(String, String)> {
    if path.is_empty() {
        return Some((
            "the name of the table is empty".to_owned(),
            "write `#[table(\"tool.NAME\")]`, or nothing for the whole file".to_owned(),
        ));
    }
    if path.starts_with('[') {
        let bare = path.trim_matches(['[', ']', ' ']);
        return Some((
            "the name of a table is written without brackets".to_owned(),
            format!("write `#[table(\"{bare}\")]`"),
        ));
    }
    let mut parts = path.split('.');
    if let Some(part) = parts.clone().find(|part| !is_bare(part)) {
        return Some((
            format!("`{part}` is no name of a table: it has only letters, digits, `_` and `-`"),
            "write names with dots between, for instance `tool.acme`".to_owned(),
        ));
    }
    let (first, second) = (parts.next()?, parts.next());
    if first == "tool" && second == Some("microb") && !trusted {
        return Some((
            "`tool.microb` has the keys of the standard recipe, and no others".to_owned(),
            "name a table of your own, for instance `tool.acme`".to_owned(),
        ));
    }
    if TAKEN.contains(&first) && (first != "tool" || second.is_none()) {
        return Some((
            format!("`{path}` belongs to the standards of Python's packaging"),
            "name a table of your own, for instance `tool.acme`".to_owned(),
        ));
    }
    None
}

/// What TOML takes for a name without quotes.
fn is_bare(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.chars().all(allowed)
}

fn fields(input: &DeriveInput, reports: &mut Reports) -> Vec<Field> {
    let Data::Struct(data) = &input.data else {
        let (message, help) = match &input.data {
            Data::Enum(_) => (
                "an enum is no table",
                "write `#[derive(Choice)]` for one of several strings",
            ),
            _ => ("a union is no table", "write a struct"),
        };
        reports.at(&input.ident, message, help);
        return Vec::new();
    };
    let Fields::Named(named) = &data.fields else {
        let help = format!("write `struct {} {{ key: String }}`", input.ident);
        reports.at(&input.ident, "the keys of a table have names", help);
        return Vec::new();
    };
    let fields: Vec<_> = named
        .named
        .iter()
        .filter_map(|field| Field::read(field, reports))
        .collect();
    let mut seen = BTreeMap::new();
    for field in &fields {
        for name in [Some(&field.name), field.old.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Some(other) = seen.insert(name.clone(), &field.ident) {
                let message = format!("the key `{name}` is that of the field `{other}` too");
                reports.at(&field.ident, message, "give one of them another `name`");
            }
        }
    }
    fields
}

fn implementation(input: &DeriveInput, header: &Header, fields: &[Field]) -> TokenStream {
    let Header {
        root,
        path,
        description,
    } = header;
    let name = &input.ident;
    let keys = fields.iter().map(|field| field.key(root));
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let names: Vec<_> = fields.iter().map(Field::function_name).collect();
    // A table without keys would not use it.
    let import = (!fields.is_empty()).then(|| quote!(use #root::Field as __Field;));
    let numbered = fields.iter().enumerate();
    let functions = numbered.map(|(n, field)| field.function(n, name, root));
    quote! {
        const _: () = {
            #import

            #(#functions)*

            #[automatically_derived]
            impl #root::Value for #name {
                fn read(entry: &#root::Entry<'_>) -> ::core::option::Option<Self> {
                    <Self as #root::Table>::from_keys(&entry.keys_of::<Self>()?)
                }

                fn schema() -> #root::Schema {
                    #root::Schema::table(#description)#(.key(&#names()))*
                }

                fn missing() -> ::core::option::Option<Self> {
                    ::core::option::Option::Some(Self { #(#idents: #names().absent()?),* })
                }
            }

            #[automatically_derived]
            impl #root::Table for #name {
                const PATH: &'static str = #path;
                const KEYS: &'static [#root::Key] = &[#(#keys),*];

                fn from_keys(keys: &#root::Keys<'_>) -> ::core::option::Option<Self> {
                    keys.expect(<Self as #root::Table>::KEYS);
                    // All are read before one that is missing ends it.
                    let values = (#(keys.value(&#names()),)*);
                    let (#(#idents,)*) = values;
                    ::core::option::Option::Some(Self { #(#idents: #idents?),* })
                }
            }
        };
    }
}

fn stand_in(input: &DeriveInput, root: &Path) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        impl #generics #root::Value for #name #arguments #conditions {
            fn read(_: &#root::Entry<'_>) -> ::core::option::Option<Self> {
                ::core::option::Option::None
            }

            fn schema() -> #root::Schema {
                #root::Schema::any()
            }
        }

        impl #generics #root::Table for #name #arguments #conditions {
            const PATH: &'static str = "";
            const KEYS: &'static [#root::Key] = &[];

            fn from_keys(_: &#root::Keys<'_>) -> ::core::option::Option<Self> {
                ::core::option::Option::None
            }
        }
    }
}

/// The documentation comment, with the line breaks inside of paragraphs taken out.
fn description(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes.iter().filter(|one| one.path().is_ident("doc")) {
        let Ok(pair) = attribute.meta.require_name_value() else {
            continue;
        };
        let Ok(line) = syn::parse2::<LitStr>(pair.value.to_token_stream()) else {
            continue;
        };
        for line in line
            .value()
            .lines()
            .map(str::trim)
            .chain(line.value().is_empty().then_some(""))
        {
            match line {
                "" if text.is_empty() => {}
                "" => text.push_str("\n\n"),
                _ => {
                    if !text.is_empty() && !text.ends_with('\n') {
                        text.push(' ');
                    }
                    text.push_str(line);
                }
            }
        }
    }
    text.trim_end().to_owned()
}
