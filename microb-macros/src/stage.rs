//! `stage!`: a base and the steps on top of it, as ordinary Rust statements.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};

use crate::report::Reports;

mod body;
mod dockerfile;
mod header;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reports = Reports::default();
    let read = |input: ParseStream| {
        let header = header::read(input, &mut reports)?;
        Ok((header, input.parse::<TokenStream>()?))
    };
    let (stage, statements) = match read.parse2(input) {
        Ok(read) => read,
        Err(error) => {
            reports.add(error);
            return reports.or(&TokenStream::new(), &quote!(::microb::scratch()));
        }
    };
    let Some(mut statements) = body::read(statements, &mut reports) else {
        return reports.or(&TokenStream::new(), &quote!(::microb::scratch()));
    };
    // Hygienic: the body neither sees these names nor can hide them.
    let steps = Ident::new("steps", Span::mixed_site());
    let base = Ident::new("base", Span::mixed_site());
    let is_pushed = body::Body::new(&steps, &mut reports).list(&mut statements);
    let mutable = is_pushed.then(|| quote!(mut));
    let expansion = quote!({
        let #base = #stage;
        let #mutable #steps = ::std::vec::Vec::<::microb::Step>::new();
        #(#statements)*
        ::microb::Stage::then(#base, #steps)
    });
    // The body is right where only the header is wrong, and the macros in it have their own messages.
    reports.or(&expansion, &expansion)
}
