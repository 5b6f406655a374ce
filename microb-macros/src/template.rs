//! The values that templates name.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::report::Reports;

/// The text of a variable's value.
pub(crate) fn value(name: &str, template: &LitStr, reports: &mut Reports) -> TokenStream {
    let name = variable(name, template, reports);
    quote!(::std::string::ToString::to_string(&#name))
}

/// The texts of a list's values, as an iterator.
pub(crate) fn values(name: &str, template: &LitStr, reports: &mut Reports) -> TokenStream {
    let name = variable(name, template, reports);
    quote!(#name.iter().map(::std::string::ToString::to_string))
}

/// A variable is looked up where the template stands.
fn variable(name: &str, template: &LitStr, reports: &mut Reports) -> Ident {
    if name != "self" && syn::parse_str::<Ident>(name).is_err() {
        let message = format!("`{{{name}}}` is a word of Rust's own, not a variable");
        let help = "give the value another name with `let`";
        reports.at(template, message, help);
        return Ident::new("_unnamed", template.span());
    }
    Ident::new(name, template.span())
}
