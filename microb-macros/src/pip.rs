//! `pip!`: packages of a Python package index.

use microb_dsl::grammar::{Mistake, normalized_name, requirement};
use proc_macro2::TokenStream;

use crate::list;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    list::expand(input, "pip", "a requirement", one)
}

/// Checks a requirement; two of one name are the same unless their markers differ.
fn one(text: &str) -> Result<String, Mistake> {
    let parsed = match option(text) {
        Some(mistake) => return Err(mistake),
        None => requirement(text).map_err(|mistake| several(text).unwrap_or(mistake))?,
    };
    let name = normalized_name(parsed.name);
    Ok(match parsed.marker {
        Some(marker) => format!("{name} ; {marker}"),
        None => name,
    })
}

fn option(text: &str) -> Option<Mistake> {
    text.starts_with('-').then(|| Mistake {
        message: format!("`{text}` is a pip option, not a requirement"),
        range: 0..text.len(),
        help: Some(format!("write `run!(\"pip install {text} …\")`")),
    })
}

fn several(text: &str) -> Option<Mistake> {
    let words: Vec<_> = text.split_whitespace().collect();
    (words.len() > 1 && words.iter().all(|word| is_one(word))).then(|| Mistake {
        message: "one requirement per string".to_owned(),
        range: 0..text.len(),
        help: Some(format!("write `\"{}\"`", words.join("\", \""))),
    })
}

/// Whether a word is a requirement, and not the version of the one before.
fn is_one(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic()) && requirement(word).is_ok()
}
