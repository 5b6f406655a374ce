//! Quoting for the shell: the one place where text of a user may become part of a command line.

use std::borrow::Cow;

/// The text as one argument of a POSIX shell command line: nothing in it is expanded, split or run.
///
/// A text with a NUL has no such form, and no program takes one as an argument.
///
/// ```
/// # use microb_dsl::shell::quote;
/// assert_eq!(quote("numpy==1.26"), "numpy==1.26");
/// assert_eq!(quote("numpy>=1.20; rm -rf /"), "'numpy>=1.20; rm -rf /'");
/// assert_eq!(quote("it's"), r"'it'\''s'");
/// assert_eq!(quote(""), "''");
/// assert_eq!(quote("then"), "'then'");
/// ```
pub fn quote(text: &str) -> Cow<'_, str> {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(&b);
    if !text.is_empty() && text.bytes().all(safe) && !RESERVED.contains(&text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

/// The reserved words that are made of safe characters only: POSIX.1-2024, "Shell Command Language", 2.4.
const RESERVED: [&str; 15] = [
    "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select",
    "then", "until", "while",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// What a real shell makes of the words on a command line.
    fn split(line: &str) -> Vec<String> {
        let output = Command::new("sh")
            .args(["-c", &format!("printf '%s\\0' {line}")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_reads_each_quoted_text_as_one_word() {
        let texts = [
            "",
            " ",
            "a b",
            "$HOME",
            "`id`",
            "$(id)",
            "'",
            "''",
            "\"",
            "\\",
            "a\nb",
            "*",
            "~",
            "!x",
            "#x",
            "a;b",
            "{a,b}",
            "[a]",
            "é\u{1f40d}",
            "-n",
            "a=b",
            "\t",
            "\r\n",
            "&",
            "|",
            "<",
            ">",
            "%s",
            "\u{a0}",
        ];
        let line: Vec<_> = texts.iter().map(|text| quote(text)).collect();
        assert_eq!(split(&line.join(" ")), texts);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn any_list_of_texts_survives_a_shell(texts in prop::collection::vec("[^\0]{0,12}", 1..20)) {
            let line: Vec<_> = texts.iter().map(|text| quote(text)).collect();
            prop_assert_eq!(split(&line.join(" ")), texts);
        }
    }
}
