//! `new`: a crate with a recipe of one's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use microb_dsl::{Diagnostic, Diagnostics};

use super::print;
use crate::recipe::Recipe;

/// Names that a crate beside `microb` and `microb-frontend` cannot have, or that Cargo refuses.
const TAKEN: &[&str] = &[
    "alloc",
    "core",
    "microb",
    "microb-frontend",
    "microb_frontend",
    "proc-macro",
    "proc_macro",
    "std",
    "test",
];

/// Rust's words, which Cargo refuses: <https://doc.rust-lang.org/reference/keywords.html>.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Writes the crate and says what to do with it.
pub(super) fn new(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let Some(folder) = matches.get_one::<PathBuf>("NAME") else {
        return Ok(());
    };
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    check_name(&name)?;
    let checkout = matches
        .get_one::<PathBuf>("path")
        .map(|path| checkout(path))
        .transpose()?;
    if folder.symlink_metadata().is_ok() {
        let message = format!("`{}` is there already", folder.display());
        return Err(Diagnostic::error(message)
            .help("choose another name, or remove it")
            .into());
    }
    let dependencies = dependencies(checkout.as_deref());
    let fill = |text: &str| {
        let filled = dependencies
            .iter()
            .fold(text.to_owned(), |text, (mark, value)| {
                text.replace(mark, value)
            });
        filled.replace("{{name}}", &name)
    };
    for (path, text) in recipe.starter {
        write(&folder.join(path), &fill(text))?;
    }
    if let Some(checkout) = &checkout {
        // The versions that microb is tested with, and no network for who has them already.
        let lock = fs::read_to_string(checkout.join("Cargo.lock")).unwrap_or_default();
        write(&folder.join("Cargo.lock"), &lock)?;
    }
    print(
        format!(
            "wrote {folder}: the recipe is in src/main.rs\n\n  cd {folder}\n  cargo test\n  cargo run -- build -t hello example\n  docker run --rm hello\n",
            folder = folder.display()
        )
        .as_bytes(),
    )
}

/// What stands for the dependencies, and what Cargo needs to know of them.
fn dependencies(checkout: Option<&Path>) -> [(&'static str, String); 2] {
    let source = |folder: &str| match checkout {
        Some(checkout) => {
            let path = checkout.join(folder);
            format!("path = {:?}", path.to_string_lossy().trim_end_matches('/'))
        }
        None => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
    };
    [
        ("{{microb}}", source("")),
        ("{{microb-frontend}}", source("frontend")),
    ]
}

fn write(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| cannot("write", path, &error))
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot {what} `{}`: {error}", path.display()))
}

/// A clone of microb's repository, as an absolute path.
fn checkout(path: &Path) -> Result<PathBuf, Diagnostic> {
    let absolute = path
        .canonicalize()
        .map_err(|error| cannot("open", path, &error))?;
    if absolute.join("frontend/Cargo.toml").is_file() && absolute.join("microb-dsl").is_dir() {
        return Ok(absolute);
    }
    let message = format!("`{}` is no clone of microb's repository", path.display());
    Err(Diagnostic::error(message)
        .help("give the folder that has `microb-dsl` and `frontend` in it"))
}

/// The name is that of a crate, of a program, of an image and of a table.
fn check_name(name: &str) -> Result<(), Diagnostic> {
    let error =
        |why: &str| Diagnostic::error(format!("`{name}` cannot be the name of a crate: {why}"));
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() {
        return Err(error("it is empty").help("write for instance `acme-image`"));
    }
    let has_letter_first = name.starts_with(|c: char| c.is_ascii_lowercase());
    let parts_are_full = name.split(['-', '_']).all(|part| !part.is_empty());
    if !has_letter_first || !parts_are_full || !name.chars().all(allowed) {
        let why = "it is lower-case letters and digits with single `-` or `_` between them, and begins with a letter";
        return Err(error(why).help(format!("write `{}`", instead(name))));
    }
    if TAKEN.contains(&name) || KEYWORDS.contains(&name) {
        return Err(error("it has another meaning").help(format!("write `{name}-image`")));
    }
    Ok(())
}

/// A name that is allowed and looks like this one.
fn instead(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '-',
    };
    let plain: String = name.chars().map(letter).collect();
    let parts: Vec<_> = plain.split('-').filter(|part| !part.is_empty()).collect();
    match parts.join("-") {
        joined if joined.starts_with(|c: char| c.is_ascii_lowercase()) => joined,
        joined if joined.is_empty() => "acme-image".to_owned(),
        joined => format!("image-{joined}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_for_crates_images_and_tables() {
        for (name, help) in [
            ("acme", None),
            ("acme-image_2", None),
            ("", Some("write for instance `acme-image`")),
            ("Acme Image", Some("write `acme-image`")),
            ("acme--image", Some("write `acme-image`")),
            ("-acme", Some("write `acme`")),
            ("2fast", Some("write `image-2fast`")),
            ("été", Some("write `t`")),
            ("..", Some("write `acme-image`")),
            ("microb", Some("write `microb-image`")),
            ("match", Some("write `match-image`")),
        ] {
            let found = check_name(name).err().and_then(|error| error.help);
            assert_eq!(found.as_deref(), help, "{name}");
            let help = found.unwrap_or_default();
            if let Some((_, proposed)) = help.trim_end_matches('`').rsplit_once('`') {
                assert_eq!(check_name(proposed), Ok(()), "{proposed}");
            }
        }
    }
}
