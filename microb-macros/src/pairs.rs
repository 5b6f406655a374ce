//! `KEY = value` with commas between, as `env!` and `label!` take it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Token};

use crate::list::{arguments, refuse_other_literals};
use crate::report::{Reports, mistake};

/// A key of `env!` or of `label!`.
pub(crate) trait Key: Parse + ToTokens {
    /// What the function gets as its first argument.
    fn text(&self) -> String;

    /// Reports what is wrong with the key, or with the value that it has.
    fn check(&self, value: &Expr, reports: &mut Reports);
}

struct Pair<K> {
    key: K,
    value: Expr,
}

impl<K: Key> Parse for Pair<K> {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let key: K = input.parse()?;
        let written = quote!(#key);
        if !input.peek(Token![=]) || input.peek(Token![==]) || input.peek(Token![=>]) {
            let message = format!("`=` is missing after `{written}`");
            return Err(mistake(key, message, format!("write `{written} = \"…\"`")));
        }
        let equals: Token![=] = input.parse()?;
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("the value of `{written}` is missing");
            return Err(mistake(
                equals,
                message,
                format!("write `{written} = \"…\"`"),
            ));
        }
        Ok(Self {
            key,
            value: input.parse()?,
        })
    }
}

/// Expands one pair to a call of the function, several to a list of calls.
pub(crate) fn expand<K: Key>(input: TokenStream, function: &str, example: &str) -> TokenStream {
    let mut reports = Reports::default();
    let name = Ident::new(function, Span::call_site());
    let stand_in = quote!(::microb::#name("", ""));
    if input.is_empty() {
        let message = format!("`{function}!` without a pair");
        reports.at(
            TokenStream::new(),
            message,
            format!("write `{function}!({example})`"),
        );
    } else if let Some(meant) = function_form(&input) {
        let message = format!("`{function}!` takes `KEY = value`");
        reports.at(
            &input,
            message,
            format!("write `{function}!({})`", meant(function)),
        );
        return reports.or(&TokenStream::new(), &stand_in);
    }
    let pairs: Vec<Pair<K>> = arguments(input, &mut reports);
    let mut seen = BTreeSet::new();
    for Pair { key, value } in &pairs {
        key.check(value, &mut reports);
        if !seen.insert(key.text()) {
            let help = "remove one: the last would win";
            reports.at(key, format!("`{}` is here twice", key.text()), help);
        }
        refuse_other_literals(value, &mut reports);
    }
    let calls = pairs.iter().map(|Pair { key, value }| {
        let key = key.text();
        quote!(::microb::#name(#key, #value))
    });
    let calls: Vec<_> = calls.collect();
    let expansion = if let [one] = calls.as_slice() {
        one.clone()
    } else {
        quote!(::std::vec![#(#calls),*])
    };
    reports.or(&expansion, &stand_in)
}

/// For `"key", value`, the arguments of the function: the pair that was meant.
fn function_form(input: &TokenStream) -> Option<impl Fn(&str) -> String + use<>> {
    let parse = |input: ParseStream| {
        let key: syn::LitStr = input.parse()?;
        input.parse::<Token![,]>()?;
        let value: Expr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok((key.value(), quote!(#value).to_string()))
    };
    let (key, value) = syn::parse::Parser::parse2(parse, input.clone()).ok()?;
    Some(move |function: &str| match function {
        "env" => format!("{key} = {value}"),
        _ => format!("{key:?} = {value}"),
    })
}
