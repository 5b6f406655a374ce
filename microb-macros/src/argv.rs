//! `run!`, `entrypoint!` and `cmd!`: a program and its arguments, without a shell.

use microb_dsl::grammar::template::{Part, words};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, LitStr};

use crate::list::{arguments, literal, refuse_array, refuse_other_literals};
use crate::report::Reports;
use crate::template::{value, values};

/// Whether the first word is the program, or an argument as it may be for `cmd!`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    Program,
    Argument,
}

pub(crate) fn expand(input: TokenStream, function: &str, first: First) -> TokenStream {
    let mut reports = Reports::default();
    let is_empty = input.is_empty();
    let all: Vec<Expr> = arguments(input, &mut reports);
    let argv = match all.as_slice() {
        [] if is_empty => {
            let message = format!("`{function}!` without a program");
            let help = format!("write for instance `{function}!(\"python -m app\")`");
            reports.at(TokenStream::new(), message, help);
            TokenStream::new()
        }
        [one] if let Some(text) = literal(one) => template(text, function, &mut reports),
        [Expr::Array(array)] => {
            refuse_array(array, function, &mut reports);
            TokenStream::new()
        }
        all => {
            check_list(all, first, &mut reports);
            quote!([#(#all),*])
        }
    };
    let name = Ident::new(function, Span::call_site());
    reports.or(
        &quote!(::microb::#name(#argv)),
        &quote!(::microb::#name("")),
    )
}

/// A list of words, each as it is.
fn check_list(all: &[Expr], first: First, reports: &mut Reports) {
    for (n, word) in all.iter().enumerate() {
        let Some(text) = literal(word) else {
            refuse_other_literals(word, reports);
            continue;
        };
        let value = text.value();
        let words: Vec<_> = value.split_whitespace().collect();
        if value.contains('\0') {
            reports.at(text, "an argument with a NUL", "remove the NUL");
        } else if n == 0 && first == First::Program && words.is_empty() {
            reports.at(
                text,
                "the program has no name",
                "write its name or its path",
            );
        } else if n == 0 && first == First::Program && words.len() > 1 {
            let message = format!("the program `{value}` has white space in its name");
            let help = format!("write `\"{}\"`", words.join("\", \""));
            reports.at(text, message, help);
        }
    }
}

fn template(text: &LitStr, function: &str, reports: &mut Reports) -> TokenStream {
    let words = match words(&text.value()) {
        Ok(words) => words,
        Err(mistakes) => {
            for mut mistake in mistakes {
                // Only `run!` has a sister for the shell.
                if function != "run" && mistake.message.contains("for a shell") {
                    mistake.help = Some("put the word in quotes to have it as it is".to_owned());
                }
                reports.inside(text, &mistake);
            }
            return TokenStream::new();
        }
    };
    if words.is_empty() {
        let help = format!("write for instance `{function}!(\"python -m app\")`");
        reports.at(text, format!("`{function}!` without a program"), help);
    }
    if let Some(plain) = plain(&words) {
        return quote!([#(#plain),*]);
    }
    let argv = Ident::new("argv", Span::mixed_site());
    let pushed = words.iter().map(|word| match word.as_slice() {
        [Part::Splat(name)] => {
            let values = values(name, text, reports);
            quote!(#argv.extend(#values);)
        }
        parts => {
            let word = joined(parts, text, reports);
            quote!(#argv.push(#word);)
        }
    });
    let pushed: Vec<_> = pushed.collect();
    quote!({
        let mut #argv = ::std::vec::Vec::<::std::string::String>::new();
        #(#pushed)*
        #argv
    })
}

/// The words of a template without variables.
fn plain(words: &[Vec<Part>]) -> Option<Vec<&str>> {
    let plain = words.iter().map(|word| match word.as_slice() {
        [Part::Text(text)] => Some(text.as_str()),
        _ => None,
    });
    plain.collect()
}

fn joined(parts: &[Part], text: &LitStr, reports: &mut Reports) -> TokenStream {
    let pieces: Vec<_> = parts
        .iter()
        .map(|part| match part {
            Part::Text(plain) => quote!(::std::string::String::from(#plain)),
            Part::Variable(name) | Part::Splat(name) => value(name, text, reports),
        })
        .collect();
    if let [one] = pieces.as_slice() {
        one.clone()
    } else {
        quote!([#(#pieces),*].concat())
    }
}
