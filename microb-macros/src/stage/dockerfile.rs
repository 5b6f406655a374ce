//! Lines of a Dockerfile in the body of `stage!`: what to write instead.

use proc_macro2::{Delimiter, Ident, TokenTree};

/// Each instruction with what does the same in the language.
const INSTRUCTIONS: [(&str, &str); 17] = [
    (
        "from",
        "begin another `stage!`, or copy from it: `copy!(\"/a\" => \"/a\").from(&other)`",
    ),
    (
        "run",
        "write `run!(\"program argument\");`, or `sh!(\"line\");` for a shell",
    ),
    ("copy", "write `copy!(\"src\" => \"/dst\");`"),
    ("add", "write `add!(\"archive.tar\" => \"/dst\");`"),
    ("env", "write `env!(NAME = \"value\");`"),
    ("label", "write `label!(\"com.example.key\" = \"value\");`"),
    ("entrypoint", "write `entrypoint!(\"program argument\");`"),
    ("cmd", "write `cmd!(\"argument\");`"),
    ("workdir", "write `workdir(\"/folder\");`"),
    ("user", "write `user(65532);`"),
    ("expose", "write `expose(\"8000/tcp\");`"),
    ("volume", "write `volume(\"/folder\");`"),
    ("stopsignal", "write `stop_signal(\"SIGINT\");`"),
    (
        "healthcheck",
        "write `healthcheck([\"program\", \"argument\"]);`",
    ),
    ("arg", "write `let name = cx.build_arg(\"NAME\");`"),
    (
        "maintainer",
        "write `label!(\"org.opencontainers.image.authors\" = \"name\");`",
    ),
    ("shell", "write `shell([\"/bin/bash\", \"-c\"]);`"),
];

/// The first line of a Dockerfile among these statements, which are no Rust, with what to write instead.
pub(super) fn line(statements: &[TokenTree]) -> Option<(&Ident, &'static str)> {
    (0..statements.len()).find_map(|at| {
        let begins = match at.checked_sub(1).map(|before| &statements[before]) {
            None => true,
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
            Some(TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_)) => false,
        };
        let TokenTree::Ident(word) = &statements[at] else {
            return None;
        };
        let goes_on = match statements.get(at + 1) {
            Some(TokenTree::Punct(next)) => "-$./*@".contains(next.as_char()),
            Some(TokenTree::Group(next)) => next.delimiter() == Delimiter::Bracket,
            Some(TokenTree::Ident(_) | TokenTree::Literal(_)) => true,
            None => false,
        };
        let lower = word.to_string().to_lowercase();
        let known = INSTRUCTIONS.iter().find(|(name, _)| *name == lower);
        known
            .filter(|_| begins && goes_on)
            .map(|(_, help)| (word, *help))
    })
}
