//! A field of the struct: a key of the table.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Path, Type};

use super::attribute::Arguments;
use super::{description, is_bare};
use crate::report::Reports;

/// What `#[key(…)]` takes.
const ARGUMENTS: &[&str] = &[
    "name", "old", "default", "check", "pattern", "names", "example",
];

/// A key, and what is said of it.
pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) name: String,
    pub(super) old: Option<String>,
    description: String,
    example: Option<String>,
    pattern: Option<String>,
    names: Option<String>,
    /// The value of a missing key, if it is said here.
    default: Option<TokenStream>,
    check: Option<Expr>,
}

impl Field {
    /// Reads a field with a name.
    pub(super) fn read(field: &syn::Field, reports: &mut Reports) -> Option<Self> {
        let ident = field.ident.clone()?;
        let mut arguments = Arguments::of(&field.attrs, "key", reports);
        let mut name = |which: &str, reports: &mut Reports| {
            let name = arguments.string(which, "\"cost-center\"", reports)?;
            if !is_bare(&name.value()) {
                let message = format!(
                    "`{}` is no name of a key: it has only letters, digits, `_` and `-`",
                    name.value()
                );
                reports.at(&name, message, format!("write `{which} = \"cost-center\"`"));
            }
            Some(name.value())
        };
        let read = Self {
            name: name("name", reports).unwrap_or_else(|| ident.unraw().to_string()),
            old: name("old", reports),
            default: arguments.expression("default", reports),
            check: arguments.function("check", reports),
            pattern: pattern("pattern", &mut arguments, reports),
            names: pattern("names", &mut arguments, reports),
            example: arguments.toml("example", reports),
            description: description(&field.attrs),
            ty: field.ty.clone(),
            ident,
        };
        arguments.end(ARGUMENTS, "key(name = \"…\", default = …)", reports);
        if read.description.is_empty() {
            let message = format!("the key `{}` has no description", read.name);
            let help =
                "say above it what it means, `/// …`: editors show it to those who write the key";
            reports.at(&read.ident, message, help);
        }
        Some(read)
    }

    /// What is known of the key.
    pub(super) fn key(&self, root: &Path) -> TokenStream {
        let (name, description) = (&self.name, &self.description);
        let names = option(self.names.as_ref());
        let (old, example, pattern) = (
            option(self.old.as_ref()),
            option(self.example.as_ref()),
            option(self.pattern.as_ref()),
        );
        quote! {
            #root::Key {
                name: #name,
                description: #description,
                old: #old,
                example: #example,
                pattern: #pattern,
                names: #names,
            }
        }
    }

    /// The name of [`Self::function`], which nobody has for a function of their own.
    pub(super) fn function_name(&self) -> Ident {
        format_ident!("__key_{}", self.ident)
    }

    /// A function that returns the `n`th key of the table with its type.
    pub(super) fn function(&self, n: usize, table: &Ident, root: &Path) -> TokenStream {
        let (name, ty) = (self.function_name(), &self.ty);
        let default = option(
            self.default
                .as_ref()
                .map(|default| quote!(|| -> #ty { #default })),
        );
        let check = if let Some(check) = &self.check {
            quote!(|__text: &str| (#check)(__text).map(|_| ()))
        } else {
            quote!(|_: &str| ::core::result::Result::Ok(()))
        };
        // Whether the type is that of a value is told at the type.
        let new = quote_spanned!(ty.span()=> __Field::<#ty>::new);
        quote! {
            fn #name() -> __Field<#ty> {
                #new(&<#table as #root::Table>::KEYS[#n], #default, #check)
            }
        }
    }
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

/// A regular expression, which is not checked here.
fn pattern(name: &str, arguments: &mut Arguments, reports: &mut Reports) -> Option<String> {
    let text = arguments.string(name, "\"^/\"", reports)?;
    Some(text.value())
}
