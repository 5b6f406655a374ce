//! Environment markers, PEP 508: checked here, evaluated by the installer.

use super::Mistake;

/// The variables of PEP 508 and PEP 751, and the names that PEP 345 had for some of them.
const VARIABLES: &[&str] = &[
    "python_version",
    "python_full_version",
    "os_name",
    "sys_platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform_machine",
    "platform_python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
    "extras",
    "dependency_groups",
    "os.name",
    "sys.platform",
    "platform.version",
    "platform.machine",
    "platform.python_implementation",
    "python_implementation",
];

const OPERATORS: &[&str] = &["===", "<=", ">=", "==", "!=", "~=", "<", ">"];

/// Deeper than anybody writes, and shallow enough for any stack.
const MAX_DEPTH: usize = 32;

/// Checks a marker against the grammar.
pub(super) fn check(text: &str) -> Result<(), Mistake> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.or(0)?;
    scanner.space();
    match scanner.rest() {
        "" => Ok(()),
        rest => Err(Mistake::at(
            scanner.at..text.trim_end().len(),
            format!(
                "`{}` does not belong to the environment marker",
                rest.trim_end()
            ),
        )
        .help("join conditions with `and` or `or`")),
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Letters, digits, `_` and `.`, without moving on.
    fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.word() == word && self.eat(word)
    }

    fn or(&mut self, depth: usize) -> Result<(), Mistake> {
        self.and(depth)?;
        while self.eat_word("or") {
            self.and(depth)?;
        }
        Ok(())
    }

    fn and(&mut self, depth: usize) -> Result<(), Mistake> {
        self.condition(depth)?;
        while self.eat_word("and") {
            self.condition(depth)?;
        }
        Ok(())
    }

    fn condition(&mut self, depth: usize) -> Result<(), Mistake> {
        self.space();
        let start = self.at;
        if self.eat("(") {
            if depth == MAX_DEPTH {
                return Err(Mistake::at(start..start + 1, "too many nested parentheses"));
            }
            self.or(depth + 1)?;
            return if self.eat(")") {
                Ok(())
            } else {
                Err(Mistake::at(start..start + 1, "the `(` has no `)`"))
            };
        }
        let left_is_variable = self.operand()?;
        self.operator()?;
        let right_is_variable = self.operand()?;
        if left_is_variable || right_is_variable {
            Ok(())
        } else {
            Err(
                Mistake::at(start..self.at, "the condition compares two strings")
                    .help("one side is a variable, for instance `python_version`"),
            )
        }
    }

    fn operator(&mut self) -> Result<(), Mistake> {
        if self.eat_word("in") || OPERATORS.iter().any(|operator| self.eat(operator)) {
            return Ok(());
        }
        if self.eat_word("not") && self.eat_word("in") {
            return Ok(());
        }
        Err(self.unexpected("a comparison such as `==` or `in`"))
    }

    /// Reads a variable or a quoted string, and says whether it was a variable.
    fn operand(&mut self) -> Result<bool, Mistake> {
        self.space();
        let start = self.at;
        if let Some(quote) = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
        {
            let Some(length) = self.rest()[1..].find(quote) else {
                return Err(Mistake::at(start..self.text.len(), "the string has no end")
                    .help(format!("close it with `{quote}`")));
            };
            self.at += length + 2;
            return Ok(false);
        }
        let word = self.word();
        if VARIABLES.contains(&word) {
            self.at += word.len();
            return Ok(true);
        }
        if word.is_empty() {
            return Err(self.unexpected("a variable or a quoted string"));
        }
        let mistake = Mistake::at(
            start..start + word.len(),
            format!("`{word}` is neither a marker variable nor a quoted string"),
        );
        Err(match crate::nearest(word, VARIABLES.iter().copied()) {
            Some(near) => mistake.help(format!("write `{near}`")),
            None => mistake.help(format!("put quotes around it: `'{word}'`")),
        })
    }

    fn unexpected(&self, expected: &str) -> Mistake {
        let found = self.rest().trim_end();
        match found.chars().next() {
            Some(first) => Mistake::at(
                self.at..self.at + first.len_utf8(),
                format!("the environment marker has `{found}` where {expected} is expected"),
            ),
            None => Mistake::at(
                self.text.len().saturating_sub(1)..self.text.len(),
                format!("the environment marker ends where {expected} is expected"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_real_projects_are_fine() {
        for marker in [
            "python_version < '3.9'",
            " sys_platform=='win32' and (os_name != \"nt\" or extra == 'x')",
            "'linux' in sys_platform",
            "platform_machine not in 'x86_64 aarch64'",
            "python_full_version ~= '3.8.1'",
            "os.name == 'posix'",
            "platform_release === '1.2-foo'",
            "(((extra=='a')))",
        ] {
            assert_eq!(check(marker), Ok(()), "{marker}");
        }
    }

    #[test]
    fn a_wrong_marker_is_shown_where_it_stands() {
        let deep = "(".repeat(9_999);
        for (marker, shown) in [
            ("python_version > 3", "3"),
            ("python_versoin > '3'", "python_versoin"),
            ("python_version '3'", "'"),
            ("python_version >", ">"),
            ("python_version > '3", "'3"),
            ("(python_version > '3'", "("),
            ("python_version > '3')", ")"),
            ("'a' == 'b'", "'a' == 'b'"),
            ("extra == 'a' && extra == 'b'", "&& extra == 'b'"),
            ("extra not 'a'", "'"),
            ("é", "é"),
            ("extra == 'a' and", "d"),
            (&deep, "("),
        ] {
            assert_eq!(
                marker[check(marker).unwrap_err().range],
                *shown,
                "{marker:.40}"
            );
        }
    }
}
