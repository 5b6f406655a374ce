//! `env!`: environment variables.

use microb_dsl::grammar::{env_name, names_a_secret};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Token};

use crate::list::literal;
use crate::pairs::{self, Key};
use crate::report::{Reports, mistake};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    pairs::expand::<Name>(input, "env", "NAME = \"value\"")
}

/// A variable's name.
struct Name(Ident);

impl Parse for Name {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let name: LitStr = input.parse()?;
            let help = if input.is_empty() {
                "write `NAME = \"value\"`, or `std::env!(…)` for a variable that the compiler sees"
                    .to_owned()
            } else {
                format!("write `{} = …`", name.value())
            };
            return Err(mistake(name, "a variable's name has no quotes here", help));
        }
        if !input.peek(Ident::peek_any) {
            return Err(input.error("a variable's name is missing\nhelp: write `NAME = \"value\"`"));
        }
        let name = Ident::parse_any(input)?;
        if input.peek(Token![-]) || input.peek(Token![.]) {
            let message = "a variable's name has only letters, digits and `_`";
            return Err(mistake(&name, message, format!("write `{name}_…`")));
        }
        Ok(Self(name))
    }
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

impl Key for Name {
    fn text(&self) -> String {
        self.0.unraw().to_string()
    }

    fn check(&self, value: &Expr, reports: &mut Reports) {
        let name = self.text();
        if let Err(wrong) = env_name(&name) {
            reports.at(
                &self.0,
                wrong.message,
                "write it with `A` to `Z`, `0` to `9` and `_`",
            );
        }
        let Some(text) = literal(value) else {
            return;
        };
        let value = text.value();
        if names_a_secret(&name) && !value.is_empty() {
            let message = format!(
                "`{name}` looks like a secret, and its value would be readable in the image"
            );
            let help = format!(
                "write `run!(…).mount(secret(\"{}\").env(\"{name}\"))`",
                name.to_lowercase()
            );
            reports.at(text, message, help);
        } else if value.contains('\0') {
            reports.at(
                text,
                format!("the value of `{name}` has a NUL"),
                "remove the NUL",
            );
        } else if name == "PATH" && value.contains('$') {
            let folder = value
                .split(':')
                .find(|part| !part.starts_with('$'))
                .unwrap_or("/folder");
            let help = format!("write `path({folder:?})`");
            reports.at(
                text,
                "a value is literal: `$PATH` would be five characters of it",
                help,
            );
        }
    }
}
