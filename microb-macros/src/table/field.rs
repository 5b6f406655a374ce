//! A field of the struct: a key of the table.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, Lit, Path, Type};

use super::attribute::Arguments;
use super::{description, is_bare};
use crate::report::Reports;

/// What `#[key(…)]` takes.
const ARGUMENTS: &[&str] = &["name", "old", "default", "check", "pattern", "example"];

/// A key, and what is said of it.
pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) name: String,
    pub(super) old: Option<String>,
    description: String,
    example: Option<String>,
    pattern: Option<String>,
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
            default: arguments.expression("default", reports).map(default),
            check: arguments.function("check", reports),
            pattern: arguments
                .string("pattern", "\"^/\"", reports)
                .map(|text| text.value()),
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
        let option = |text: &Option<String>| match text {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        let (name, description) = (&self.name, &self.description);
        let (old, example, pattern) = (
            option(&self.old),
            option(&self.example),
            option(&self.pattern),
        );
        quote! {
            #root::Key {
                name: #name,
                description: #description,
                old: #old,
                example: #example,
                pattern: #pattern,
            }
        }
    }

    fn default(&self) -> TokenStream {
        let ty = &self.ty;
        match &self.default {
            Some(default) => quote!(::core::option::Option::Some(&|| -> #ty { #default })),
            None => quote!(::core::option::Option::None),
        }
    }

    /// An expression that reads the value of the `n`th key.
    pub(super) fn read_from(&self, n: usize, root: &Path) -> TokenStream {
        let (ty, default) = (&self.ty, self.default());
        let check = match &self.check {
            Some(check) => quote!(&|text: &str| (#check)(text).map(|_| ())),
            None => quote!(&|_: &str| ::core::result::Result::Ok(())),
        };
        quote!(keys.value::<#ty>(&<Self as #root::Table>::KEYS[#n], #default, #check))
    }

    /// The call that adds the `n`th key to a schema.
    pub(super) fn schema(&self, n: usize, root: &Path) -> TokenStream {
        let (ty, default) = (&self.ty, self.default());
        quote!(key::<#ty>(&<Self as #root::Table>::KEYS[#n], #default))
    }

    /// An expression for the value of a missing key.
    pub(super) fn absent(&self, root: &Path) -> TokenStream {
        let ty = &self.ty;
        match &self.default {
            Some(default) => quote!(::core::option::Option::Some((|| -> #ty { #default })())),
            None => quote!(<#ty as #root::Value>::missing()),
        }
    }
}

/// A string may stand for whatever is made of one; `default` alone is that of the type.
fn default(value: Option<Expr>) -> TokenStream {
    match value {
        None => quote!(::core::default::Default::default()),
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => quote!(::core::convert::Into::into(#text)),
        Some(value) => quote!(#value),
    }
}
