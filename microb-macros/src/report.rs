//! What is wrong with an invocation, all of it, each at its token.

use std::fmt::Display;

use microb_dsl::grammar::Mistake;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::LitStr;

/// The mistakes of one invocation.
#[derive(Default)]
pub(crate) struct Reports(Option<syn::Error>);

/// A message with what to write instead.
pub(crate) fn mistake(at: impl ToTokens, message: impl Display, help: impl Display) -> syn::Error {
    syn::Error::new_spanned(at, format!("{message}\nhelp: {help}"))
}

impl Reports {
    /// Adds one.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Adds one with what to write instead.
    pub(crate) fn at(&mut self, at: impl ToTokens, message: impl Display, help: impl Display) {
        self.add(mistake(at, message, help));
    }

    /// Adds a mistake inside a literal. The compiler can underline the whole literal only, so the message has carets.
    pub(crate) fn inside(&mut self, literal: &LitStr, mistake: &Mistake) {
        let excerpt = excerpt(&literal.value(), mistake);
        let help = mistake.help.iter().map(|help| format!("\nhelp: {help}"));
        let message = format!("{}{excerpt}{}", mistake.message, help.collect::<String>());
        self.add(syn::Error::new_spanned(literal, message));
    }

    /// The mistakes, if there are any.
    pub(crate) fn into_error(self) -> Option<syn::Error> {
        self.0
    }

    /// The expansion; or, if there are mistakes, these and something of the same type, so that no other message follows.
    pub(crate) fn or(self, expansion: &TokenStream, stand_in: &TokenStream) -> TokenStream {
        match self.0 {
            None => expansion.clone(),
            Some(errors) => {
                let errors = errors.into_compile_error();
                quote!({ #errors #stand_in })
            }
        }
    }
}

/// The line with carets under the mistake; nothing if all of a text is the mistake.
fn excerpt(text: &str, mistake: &Mistake) -> String {
    let range = &mistake.range;
    if text.trim().len() <= range.len() || range.start > text.len() {
        return String::new();
    }
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let shown = |text: &str| text.replace(|c: char| c.is_control(), " ");
    let before = text[start..range.start].chars().count();
    let marked = text[range.start..range.end.min(start + line.len()).max(range.start)]
        .chars()
        .count();
    let carets = "^".repeat(marked.max(1));
    format!("\n  | {}\n  | {:before$}{carets}", shown(line), "")
}
