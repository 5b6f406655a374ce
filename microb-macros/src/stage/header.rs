//! `from "image" as name;`, a Dockerfile's line in lower case.

use microb_dsl::grammar::stage_name;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, Ident, LitStr, Token};

use crate::image;
use crate::list::{literal, refuse_other_literals};
use crate::report::{Reports, mistake};

/// Reads the header and returns the stage that it makes. Where it is wrong, that is an empty one.
pub(crate) fn read(input: ParseStream, reports: &mut Reports) -> syn::Result<TokenStream> {
    let Some(from) = keyword(input, "from", reports)? else {
        let first: TokenStream = input.fork().parse()?;
        let first = first.into_iter().next();
        let help = "write `from \"python:3.14-slim\" as runtime;` first";
        // What follows may have its `from` somewhere else, so nothing is said about it.
        return Err(mistake(first, "a stage begins with `from`", help));
    };
    let mut base = Vec::new();
    while !(input.is_empty() || input.peek(Token![;]) || is_keyword(input, "as")) {
        base.push(input.parse::<TokenTree>()?);
    }
    let stage = stage(&from, &base, reports);
    let name = match keyword(input, "as", reports)? {
        Some(keyword) => name(&keyword, input, reports)?,
        None => None,
    };
    if input.parse::<Option<Token![;]>>()?.is_none() {
        let next: TokenStream = input.fork().parse()?;
        let help = "end the line of `from` with a `;`";
        match next.into_iter().next() {
            Some(next) => reports.at(next, "a `;` is missing before this", help),
            None => reports.at(
                base.last()
                    .map_or(from.to_token_stream(), ToTokens::to_token_stream),
                "a `;` is missing after `from`",
                help,
            ),
        }
    }
    Ok(match name {
        Some(name) => quote!(::microb::Stage::named(#stage, #name)),
        None => stage,
    })
}

fn is_keyword(input: ParseStream, word: &str) -> bool {
    let found = input.fork().call(Ident::parse_any);
    found.is_ok_and(|found| found.to_string().eq_ignore_ascii_case(word))
}

/// Reads a word in whatever case, and reports all but the lower one.
fn keyword(input: ParseStream, word: &str, reports: &mut Reports) -> syn::Result<Option<Ident>> {
    if !is_keyword(input, word) {
        return Ok(None);
    }
    let found = Ident::parse_any(input)?;
    if found != word {
        reports.at(
            &found,
            format!("`{found}` is in lower case here"),
            format!("write `{word}`"),
        );
    }
    Ok(Some(found))
}

fn stage(from: &Ident, base: &[TokenTree], reports: &mut Reports) -> TokenStream {
    let stand_in = quote!(::microb::scratch());
    let tokens: TokenStream = base.iter().cloned().collect();
    match base {
        [] => {
            let help = "write an image, `from \"python:3.14-slim\"`, or a stage, `from &build`";
            reports.at(from, "`from` without a base", help);
            return stand_in;
        }
        [TokenTree::Ident(name)] if name == "scratch" => return stand_in,
        [TokenTree::Punct(first), ..] if first.as_char() == '-' => {
            let help =
                "write `.on(StagePlatform::Build)` or another platform after the macro's `}`";
            reports.at(&tokens, "`from` has no options", help);
            return stand_in;
        }
        _ => {}
    }
    let Ok(base) = syn::parse2::<Expr>(tokens.clone()) else {
        let image: String = tokens.to_string().split_whitespace().collect();
        let help = format!("write it in quotes: `from \"{}\"`", image.trim_matches('"'));
        reports.at(&tokens, "an image is a string", help);
        return stand_in;
    };
    if let Some(text) = literal(&base) {
        let image = image::checked(text, reports);
        return quote!(::microb::from(#image));
    }
    if matches!(base, Expr::Lit(_)) {
        refuse_other_literals(&base, reports);
        return stand_in;
    }
    quote!(::microb::from(#base))
}

/// Reads and checks the stage's name: a word, or a string where it is no identifier.
fn name(after: &Ident, input: ParseStream, reports: &mut Reports) -> syn::Result<Option<String>> {
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        if let Err(mistake) = stage_name(&literal.value()) {
            reports.inside(&literal, &mistake);
        }
        return Ok(Some(literal.value()));
    }
    if !input.peek(Ident::peek_any) {
        reports.at(
            after,
            "the name after `as` is missing",
            "write for instance `as build`",
        );
        return Ok(None);
    }
    let word = Ident::parse_any(input)?;
    let name = word.unraw().to_string();
    if input.peek(Token![-]) || input.peek(Token![.]) {
        let mut tokens = word.to_token_stream();
        while !(input.is_empty() || input.peek(Token![;])) {
            tokens.extend(
                input
                    .parse::<TokenTree>()
                    .map(ToTokens::into_token_stream)?,
            );
        }
        let name: String = tokens.to_string().split_whitespace().collect();
        reports.at(
            tokens,
            "a name with `-` or `.` is a string",
            format!("write `as \"{name}\"`"),
        );
        return Ok(None);
    }
    if let Err(mistake) = stage_name(&name) {
        let help = mistake
            .help
            .unwrap_or("write another name, for instance `build`".to_owned());
        reports.at(word, mistake.message, help);
    }
    Ok(Some(name))
}
