//! `apk!`: Alpine packages.

use microb_dsl::grammar::{Mistake, alpine_package};
use proc_macro2::TokenStream;

use crate::list;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    list::expand(input, "apk", "a package", package)
}

/// Checks a package. Two bounds of one version are two constraints, so only the same text is the same.
fn package(text: &str) -> Result<String, Mistake> {
    alpine_package(text).map_err(|mut mistake| {
        if text.starts_with('-') {
            let help = "`apk` passes `--no-cache` already; for others write `sh!(\"apk add …\")`";
            mistake.help.get_or_insert(help.to_owned());
        } else if let Some(name) = text.strip_prefix('!') {
            let help = format!("`apk` installs; to remove write `run!(\"apk del {name}\")`");
            mistake.help.get_or_insert(help);
        }
        mistake
    })?;
    Ok(text.to_owned())
}
