//! `add!`: an archive of the build context, or what a URL or a git reference names.

use microb_dsl::grammar::source_path;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;
use syn::visit_mut::VisitMut;

use crate::arrow::{self, Arrow};
use crate::list::{literal, refuse_other_literals};
use crate::literals::Literals;
use crate::report::Reports;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reports = Reports::default();
    let stand_in = quote!(::microb::add("", ""));
    let Arrow {
        mut source,
        destination,
    } = match arrow::parse(input, "add") {
        Ok(arrow) => arrow,
        Err(error) => {
            reports.add(error);
            return reports.or(&TokenStream::new(), &stand_in);
        }
    };
    check_source(&source, &mut reports);
    Literals(&mut reports).visit_expr_mut(&mut source);
    arrow::check_destination(&destination, &mut reports);
    reports.or(&quote!(::microb::add(#source, #destination)), &stand_in)
}

fn check_source(source: &Expr, reports: &mut Reports) {
    if let Expr::Array(sources) = source {
        let help = "write one `add!` for each, or `copy!` if nothing is unpacked";
        return reports.at(sources, "`add!` takes one source", help);
    }
    let Some(text) = literal(source) else {
        return refuse_other_literals(source, reports);
    };
    let path = text.value();
    let is_git = path.starts_with("git@")
        || path.starts_with("git://")
        || path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.strip_suffix(".git").is_some());
    if is_git {
        let message = format!("`{path}` is read as a path, and looks like a git repository");
        reports.at(text, message, format!("write `git({path:?})`"));
    } else if path.contains("://") {
        let message = format!("`{path}` is read as a path, and looks like a URL");
        reports.at(text, message, format!("write `http({path:?})`"));
    } else if let Err(mistake) = source_path(&path) {
        reports.inside(text, &mistake);
    }
}
