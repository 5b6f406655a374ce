//! Arguments with commas between, as `apt!`, `apk!` and `pip!` take them.

use std::collections::BTreeSet;

use microb_dsl::grammar::Mistake;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, ExprLit, Lit, LitStr, Token};

use crate::report::Reports;

/// Reads arguments with commas between. One that cannot be read hides none of the others.
pub(crate) fn arguments<T: Parse>(input: TokenStream, reports: &mut Reports) -> Vec<T> {
    let read = |input: ParseStream| {
        let mut arguments = Vec::new();
        while !input.is_empty() {
            let fork = input.fork();
            match fork.parse::<T>() {
                Ok(argument) => {
                    syn::parse::discouraged::Speculative::advance_to(input, &fork);
                    arguments.push(argument);
                    if !input.is_empty() && !input.peek(Token![,]) {
                        let next: TokenStream = input.fork().parse()?;
                        let next = next.into_iter().next();
                        reports.at(
                            next,
                            "a `,` is missing before this",
                            "write a `,` between two",
                        );
                    }
                }
                Err(error) => {
                    reports.add(error);
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<proc_macro2::TokenTree>()?;
                    }
                }
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(arguments)
    };
    // Reading ends with the input, so that nothing can be left.
    read.parse2(input).unwrap_or_default()
}

/// The string literal that an expression is, if it is one. A macro that passes a literal on puts a group around it.
pub(crate) fn literal(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(inner) => literal(&inner.expr),
        _ => None,
    }
}

/// Reports a literal that is no string, such as a number. Other expressions are the function's to check.
pub(crate) fn refuse_other_literals(expression: &Expr, reports: &mut Reports) {
    if let Expr::Lit(ExprLit { lit, .. }) = expression
        && !matches!(lit, Lit::Str(_))
    {
        let written = quote!(#lit).to_string();
        let text = match lit {
            Lit::ByteStr(text) => String::from_utf8_lossy(&text.value()).into_owned(),
            Lit::CStr(text) => text.value().to_string_lossy().into_owned(),
            Lit::Char(c) => c.value().to_string(),
            Lit::Byte(byte) => char::from(byte.value()).to_string(),
            _ => written.clone(),
        };
        let message = format!("`{written}` is no string");
        reports.at(lit, message, format!("write `{text:?}`"));
    }
}

/// Expands a macro whose arguments are the elements of one list: `apt!["a", "b"]` is `apt(["a", "b"])`.
///
/// `check` returns what makes an element the same as another.
pub(crate) fn expand(
    input: TokenStream,
    function: &str,
    what: &str,
    check: impl Fn(&str) -> Result<String, Mistake>,
) -> TokenStream {
    let mut reports = Reports::default();
    let is_empty = input.is_empty();
    let elements: Vec<Expr> = arguments(input, &mut reports);
    if is_empty {
        let message = format!("`{function}!` without {what}");
        let help = "name one, or remove the line";
        reports.at(TokenStream::new(), message, help);
    }
    let mut seen = BTreeSet::new();
    for element in &elements {
        if let Some(text) = literal(element) {
            match check(&text.value()) {
                Err(mistake) => reports.inside(text, &mistake),
                Ok(same) if !seen.insert(same.clone()) => {
                    reports.at(text, format!("`{same}` is here twice"), "remove one");
                }
                Ok(_) => {}
            }
        } else if let Expr::Array(array) = element {
            refuse_array(array, function, &mut reports);
        } else {
            refuse_other_literals(element, &mut reports);
        }
    }
    let name = Ident::new(function, Span::call_site());
    reports.or(
        &quote!(::microb::#name([#(#elements),*])),
        &quote!(::microb::#name([""])),
    )
}

/// Reports brackets in the brackets.
pub(crate) fn refuse_array(array: &syn::ExprArray, function: &str, reports: &mut Reports) {
    let inner = &array.elems;
    let message = format!("`{function}!` is a list already");
    reports.at(
        array,
        message,
        format!("write `{function}![{}]`", quote!(#inner)),
    );
}
