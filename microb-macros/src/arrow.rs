//! `SOURCE => DESTINATION`, as `copy!` and `add!` take it.

use microb_dsl::grammar::destination_path;
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Token};

use crate::list::{literal, refuse_other_literals};
use crate::report::{Reports, mistake};

/// A source and a destination.
pub(crate) struct Arrow {
    pub(crate) source: Expr,
    pub(crate) destination: Expr,
}

/// Reads the arguments of `copy!` or `add!`.
pub(crate) fn parse(input: TokenStream, function: &str) -> syn::Result<Arrow> {
    if input.is_empty() {
        let help = format!("write `{function}!(\"src\" => \"/dst\")`");
        return Err(mistake(
            input,
            format!("`{function}!` without a source"),
            help,
        ));
    }
    let arrow: Arrow =
        syn::parse2(input.clone()).map_err(|error| commas(&input, function).unwrap_or(error))?;
    Ok(arrow)
}

impl Parse for Arrow {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let source = input.parse()?;
        if input.is_empty() {
            let help = format!("write `{} => \"/dst\"`", quote!(#source));
            return Err(mistake(source, "the destination is missing", help));
        }
        let arrow: Token![=>] = input.parse()?;
        if input.is_empty() {
            let help = "write for instance `=> \"/dst\"`";
            return Err(mistake(arrow, "the destination is missing", help));
        }
        let destination = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("nothing more was expected here"));
        }
        Ok(Self {
            source,
            destination,
        })
    }
}

/// What to write instead of a list with commas.
fn commas(input: &TokenStream, function: &str) -> Option<syn::Error> {
    type List = syn::punctuated::Punctuated<Item, Token![,]>;
    let items = syn::parse::Parser::parse2(List::parse_terminated, input.clone()).ok()?;
    let (last, sources) = {
        let mut all: Vec<_> = items.into_iter().collect();
        (all.pop()?, all)
    };
    let destination = last.destination.as_ref().unwrap_or(&last.source);
    let mut sources: Vec<_> = sources.into_iter().map(|item| item.source).collect();
    if last.destination.is_some() {
        sources.push(last.source.clone());
    }
    let destination = quote!(#destination);
    let (message, meant) = match sources.as_slice() {
        [] => return None,
        [source] => (
            "`=>` is missing between source and destination",
            quote!(#source),
        ),
        _ => (
            "several sources are a list in brackets",
            quote!([#(#sources),*]),
        ),
    };
    let help = format!("write `{function}!({meant} => {destination})`");
    Some(mistake(input, message, help))
}

/// `SOURCE` or `SOURCE => DESTINATION`, for a message.
struct Item {
    source: Expr,
    destination: Option<Expr>,
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let source = input.parse()?;
        let arrow: Option<Token![=>]> = input.parse()?;
        let destination = arrow.map(|_| input.parse()).transpose()?;
        Ok(Self {
            source,
            destination,
        })
    }
}

/// Checks where files go.
pub(crate) fn check_destination(destination: &Expr, reports: &mut Reports) {
    match literal(destination) {
        Some(text) => {
            if let Err(mistake) = destination_path(&text.value()) {
                reports.inside(text, &mistake);
            }
        }
        None => refuse_other_literals(destination, reports),
    }
}
