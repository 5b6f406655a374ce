//! `apt!`: Debian packages.

use microb_dsl::grammar::{Mistake, debian_package};
use proc_macro2::TokenStream;

use crate::list;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    list::expand(input, "apt", "a package", package)
}

/// Checks a package; two versions of one are the same.
fn package(text: &str) -> Result<String, Mistake> {
    debian_package(text).map_err(|mut mistake| {
        if text.starts_with('-') {
            let help = "`apt` passes `-y --no-install-recommends` already; for others write `sh!(\"apt-get …\")`";
            mistake.help.get_or_insert(help.to_owned());
        }
        mistake
    })?;
    let name = text.split(['=', '/']).next().unwrap_or(text);
    Ok(name.to_owned())
}
