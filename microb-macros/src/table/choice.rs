//! `#[derive(Choice)]`: an enum as one of several strings.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Path};

use super::attribute::Arguments;
use super::{description, is_bare, items};
use crate::report::Reports;

/// A variant: its string, and what it means.
struct Variant {
    ident: Ident,
    name: String,
    description: String,
}

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut reports = Reports::default();
    let mut arguments = Arguments::of(&input.attrs, "choice", &mut reports);
    let root = arguments.path("crate", &mut reports);
    let root = root.unwrap_or_else(|| syn::parse_quote!(::microb::table));
    arguments.end(&["crate"], "choice(crate = …)", &mut reports);
    if !input.generics.params.is_empty() {
        let help = "write one enum for each type";
        reports.at(&input.generics, "a choice has no parameters", help);
    }
    let variants = variants(&input, &mut reports);
    let expansion = implementation(&input.ident, &root, &variants);
    items(reports, &expansion, &stand_in(&input, &root))
}

fn variants(input: &DeriveInput, reports: &mut Reports) -> Vec<Variant> {
    let Data::Enum(data) = &input.data else {
        let help = "write `#[derive(Table)]` for a table with keys";
        reports.at(&input.ident, "only an enum is a choice", help);
        return Vec::new();
    };
    if data.variants.is_empty() {
        let help = "write a variant for each string";
        reports.at(&input.ident, "a choice between nothing", help);
    }
    let mut variants = Vec::new();
    let mut seen = BTreeMap::new();
    for variant in &data.variants {
        if !variant.fields.is_empty() {
            let help = format!("write `{}`, without fields", variant.ident);
            reports.at(&variant.fields, "a string has no fields", help);
        }
        let mut arguments = Arguments::of(&variant.attrs, "key", reports);
        let written = arguments.string("name", "\"very-high\"", reports);
        arguments.end(&["name"], "key(name = \"…\")", reports);
        let name = match &written {
            Some(written) => written.value(),
            None => kebab_case(&variant.ident.unraw().to_string()),
        };
        if let Some(written) = written.filter(|written| !is_plain(&written.value())) {
            let message = format!(
                "`{}` cannot stand in a string of TOML as it is",
                written.value()
            );
            reports.at(
                written,
                message,
                "leave out quotes, backslashes and control characters",
            );
        }
        if let Some(other) = seen.insert(name.clone(), variant.ident.clone()) {
            let message = format!("the string `{name}` is that of the variant `{other}` too");
            reports.at(&variant.ident, message, "give one of them another `name`");
        }
        variants.push(Variant {
            ident: variant.ident.clone(),
            description: description(&variant.attrs),
            name,
        });
    }
    variants
}

/// Whether a message can show the text in quotes.
fn is_plain(text: &str) -> bool {
    is_bare(text)
        || !text.is_empty() && !text.contains(|c: char| c.is_control() || c == '"' || c == '\\')
}

/// `VeryHigh` is `very-high`.
fn kebab_case(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(c.to_lowercase());
    }
    text
}

fn implementation(name: &Ident, root: &Path, variants: &[Variant]) -> TokenStream {
    let strings: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let descriptions = variants.iter().map(|variant| &variant.description);
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let numbers = 0..variants.len();
    quote! {
        #[automatically_derived]
        impl #root::Choice for #name {
            const CHOICES: &'static [(&'static str, &'static str)] = &[#((#strings, #descriptions)),*];

            fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#idents => #strings,)*
                }
            }
        }

        #[automatically_derived]
        impl #root::Value for #name {
            fn read(entry: &#root::Entry<'_>) -> ::core::option::Option<Self> {
                match entry.choice(<Self as #root::Choice>::CHOICES)? {
                    #(#numbers => ::core::option::Option::Some(Self::#idents),)*
                    _ => ::core::option::Option::None,
                }
            }

            fn schema() -> #root::Schema {
                #root::Schema::choice(<Self as #root::Choice>::CHOICES)
            }

            fn to_json(&self) -> #root::Json {
                #root::Json::from(<Self as #root::Choice>::as_str(self))
            }
        }
    }
}

fn stand_in(input: &DeriveInput, root: &Path) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        impl #generics #root::Choice for #name #arguments #conditions {
            const CHOICES: &'static [(&'static str, &'static str)] = &[];

            fn as_str(&self) -> &'static str {
                ""
            }
        }

        impl #generics #root::Value for #name #arguments #conditions {
            fn read(_: &#root::Entry<'_>) -> ::core::option::Option<Self> {
                ::core::option::Option::None
            }

            fn schema() -> #root::Schema {
                #root::Schema::any()
            }
        }
    }
}
