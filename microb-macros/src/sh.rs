//! `sh!`: a line for the shell.

use microb_dsl::grammar::template::{Part, line};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, LitStr};

use crate::list::{arguments, literal, refuse_other_literals};
use crate::report::Reports;
use crate::template::{value, values};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reports = Reports::default();
    let is_empty = input.is_empty();
    let all: Vec<Expr> = arguments(input, &mut reports);
    let mut command = TokenStream::new();
    match all.as_slice() {
        [] if !is_empty => {}
        [] => {
            let help = "write for instance `sh!(\"make && make install\")`";
            reports.at(TokenStream::new(), "`sh!` without a line", help);
        }
        [one] => match literal(one) {
            Some(text) => command = template(text, &mut reports),
            None if matches!(one, Expr::Lit(_)) => refuse_other_literals(one, &mut reports),
            None => {
                let help = "write the line here, with `{x}` for a value; one that is made elsewhere goes to `run(…)`";
                reports.at(one, "`sh!` checks a literal, and this is none", help);
            }
        },
        [_, second, ..] => {
            let help = "write one line, or `run!` for a list of words";
            reports.at(second, "`sh!` takes one line", help);
        }
    }
    reports.or(&quote!(::microb::run(#command)), &quote!(::microb::run("")))
}

fn template(text: &LitStr, reports: &mut Reports) -> TokenStream {
    let parts = match line(&text.value()) {
        Ok(parts) => parts,
        Err(mistakes) => {
            for mistake in mistakes {
                reports.inside(text, &mistake);
            }
            return TokenStream::new();
        }
    };
    match parts.as_slice() {
        [Part::Text(line)] if !line.trim().is_empty() => return quote!(#line),
        [] | [Part::Text(_)] => {
            let help = "write for instance `sh!(\"make && make install\")`";
            reports.at(text, "`sh!` without a command", help);
        }
        _ => {}
    }
    let pieces: Vec<_> = parts
        .iter()
        .map(|part| match part {
            Part::Text(plain) => quote!(::std::string::String::from(#plain)),
            Part::Variable(name) => {
                let value = value(name, text, reports);
                quote!(::microb::shell::quote(&#value).into_owned())
            }
            Part::Splat(name) => {
                let values = values(name, text, reports);
                quote! {
                    #values
                        .map(|word| ::microb::shell::quote(&word).into_owned())
                        .collect::<::std::vec::Vec<::std::string::String>>()
                        .join(" ")
                }
            }
        })
        .collect();
    quote!([#(#pieces),*].concat())
}
