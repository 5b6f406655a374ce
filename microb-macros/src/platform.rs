//! `platform!`: what an image runs on.

use microb_dsl::grammar;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;

use crate::list::{arguments, literal, refuse_other_literals};
use crate::report::Reports;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reports = Reports::default();
    let is_empty = input.is_empty();
    let all: Vec<Expr> = arguments(input, &mut reports);
    let mut expansion = TokenStream::new();
    match &all[..] {
        [] if is_empty => reports.at(
            TokenStream::new(),
            "`platform!` without a platform",
            "write for instance `platform!(\"linux/arm64\")`",
        ),
        [] => {}
        [one] => match literal(one) {
            Some(text) => {
                if let Err(mistake) = grammar::platform(&text.value()) {
                    reports.inside(text, &mistake);
                }
                expansion =
                    quote!(#text.parse::<::microb::Platform>().expect("checked by `platform!`"));
            }
            None if matches!(one, Expr::Lit(_)) => refuse_other_literals(one, &mut reports),
            None => {
                let help = "write `text.parse::<Platform>()`, which can fail";
                reports.at(one, "`platform!` checks a literal, and this is none", help);
            }
        },
        [_, second, ..] => {
            let help = "write one string, for instance `platform!(\"linux/arm64\")`";
            reports.at(second, "`platform!` takes one platform", help);
        }
    }
    reports.or(&expansion, &quote!(::microb::Platform::host()))
}
