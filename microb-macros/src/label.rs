//! `label!`: labels of the image config.

use microb_dsl::grammar::label_key;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Token};

use crate::pairs::{self, Key};
use crate::report::{Reports, mistake};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    pairs::expand::<Label>(input, "label", "\"com.example.key\" = \"value\"")
}

/// A label's key.
struct Label(LitStr);

impl Parse for Label {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Ident::peek_any) {
            let first = Ident::parse_any(input)?;
            let mut key = first.to_string();
            while input.parse::<Option<Token![.]>>()?.is_some() {
                key = format!("{key}.{}", Ident::parse_any(input)?);
            }
            let help = format!("write `\"{key}\" = …`");
            return Err(mistake(first, "a label's key is a string", help));
        }
        if !input.peek(LitStr) {
            let help = "write `\"com.example.key\" = \"value\"`";
            return Err(input.error(format!("a label's key is missing\nhelp: {help}")));
        }
        Ok(Self(input.parse()?))
    }
}

impl ToTokens for Label {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

impl Key for Label {
    fn text(&self) -> String {
        self.0.value()
    }

    fn check(&self, _: &Expr, reports: &mut Reports) {
        if let Err(mistake) = label_key(&self.0.value()) {
            reports.inside(&self.0, &mistake);
        }
    }
}
