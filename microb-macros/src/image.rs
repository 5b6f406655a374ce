//! `image!`: a reference to an image.

use microb_dsl::ImageRef;
use microb_dsl::grammar::Mistake;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, LitStr};

use crate::list::{arguments, literal, refuse_other_literals};
use crate::report::Reports;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reports = Reports::default();
    let is_empty = input.is_empty();
    let all: Vec<Expr> = arguments(input, &mut reports);
    let mut expansion = TokenStream::new();
    match (all.first(), all.get(1)) {
        (_, Some(second)) => {
            let help = "write the tag after a `:`, for instance `image!(\"python:3.14\")`";
            reports.at(second, "`image!` takes one reference", help);
        }
        (Some(one), None) => match literal(one) {
            Some(text) => expansion = checked(text, &mut reports),
            None if matches!(one, Expr::Lit(_)) => refuse_other_literals(one, &mut reports),
            None => {
                let help = "write `text.parse::<ImageRef>()`, which can fail";
                reports.at(one, "`image!` checks a literal, and this is none", help);
            }
        },
        (None, None) if is_empty => {
            let help = "write for instance `image!(\"python:3.14\")`";
            reports.at(TokenStream::new(), "`image!` without a reference", help);
        }
        (None, None) => {}
    }
    reports.or(&expansion, &quote!(::microb::ImageRef::official("", "")))
}

/// The value of a literal, after its check.
pub(crate) fn checked(text: &LitStr, reports: &mut Reports) -> TokenStream {
    if let Err(mistake) = check(&text.value()) {
        reports.inside(text, &mistake);
    }
    quote!(#text.parse::<::microb::ImageRef>().expect("checked by `image!`"))
}

fn check(text: &str) -> Result<(), Mistake> {
    let wrong = |message: String, help: String| {
        Err(Mistake {
            message,
            range: 0..text.len(),
            help: Some(help),
        })
    };
    if text == "scratch" {
        return wrong(
            "`scratch` is no image".to_owned(),
            "write `scratch()`, or in `stage!` `from scratch`".to_owned(),
        );
    }
    if let Some((_, after)) = text.split_once("://") {
        return wrong(
            format!("`{text}` is no image reference: it has no scheme"),
            format!("write `{after}`"),
        );
    }
    if text.contains(['{', '$']) {
        return wrong(
            format!("`{text}` is no image reference, and nothing is filled in"),
            "write `format!(…).parse::<ImageRef>()`, which can fail".to_owned(),
        );
    }
    let reference = text.parse::<ImageRef>()?;
    if reference.tag() == Some("latest") && !text.ends_with(":latest") {
        return wrong(
            format!("`{text}` has no tag, so it is another image after its next release"),
            format!(
                "write the tag that you test with, for instance `{text}:3.14`, or `{text}:latest` if you mean it"
            ),
        );
    }
    Ok(())
}
