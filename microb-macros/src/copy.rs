//! `copy!`: files of the build context, or of what `.from(…)` names.

use std::collections::BTreeSet;

use microb_dsl::grammar::source_path;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, LitStr};

use crate::arrow::{self, Arrow};
use crate::list::{literal, refuse_other_literals};
use crate::report::Reports;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reports = Reports::default();
    let stand_in = quote!(::microb::copy("", ""));
    let Arrow {
        source,
        destination,
    } = match arrow::parse(input, "copy") {
        Ok(arrow) => arrow,
        Err(error) => {
            reports.add(error);
            return reports.or(&TokenStream::new(), &stand_in);
        }
    };
    if let Expr::Array(sources) = &source {
        check_sources(sources, &destination, &mut reports);
    } else {
        check_source(&source, &destination, &mut reports);
    }
    arrow::check_destination(&destination, &mut reports);
    reports.or(&quote!(::microb::copy(#source, #destination)), &stand_in)
}

fn check_sources(sources: &syn::ExprArray, destination: &Expr, reports: &mut Reports) {
    if sources.elems.is_empty() {
        reports.at(sources, "no source to copy", "name one, or remove the line");
    }
    let mut seen = BTreeSet::new();
    for source in &sources.elems {
        check_source(source, destination, reports);
        if let Some(text) = literal(source)
            && !seen.insert(text.value())
        {
            reports.at(
                text,
                format!("`{}` is here twice", text.value()),
                "remove one",
            );
        }
    }
    if let Some(text) = literal(destination)
        && sources.elems.len() > 1
        && is_one_file(text)
    {
        let to = text.value();
        let message = format!("several sources need a folder, and `{to}` could be a file");
        reports.at(text, message, format!("write `{to}/`"));
    }
}

/// Whether the destination is right but for the missing `/`.
fn is_one_file(destination: &LitStr) -> bool {
    let to = destination.value();
    to != "." && !to.ends_with('/') && microb_dsl::grammar::destination_path(&to).is_ok()
}

fn check_source(source: &Expr, destination: &Expr, reports: &mut Reports) {
    let Some(text) = literal(source) else {
        return refuse_other_literals(source, reports);
    };
    let path = text.value();
    if path.starts_with("http://") || path.starts_with("https://") {
        let help = format!("write `add!(http({path:?}) => {})`", quote!(#destination));
        reports.at(text, "`copy!` fetches nothing", help);
    } else if let Err(mistake) = source_path(&path) {
        reports.inside(text, &mistake);
    }
}
