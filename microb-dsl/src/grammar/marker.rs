//! Environment markers, PEP 508: `python_version < '3.11' and sys_platform == 'linux'`.

use super::Mistake;

/// A parsed marker. The parts are as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker<'a> {
    /// All must hold; at least two.
    And(Vec<Self>),
    /// One must hold; at least two.
    Or(Vec<Self>),
    /// A comparison, of which at least one side is a variable.
    Compare {
        /// What stands on the left.
        left: Operand<'a>,
        /// `==`, `in`, `not in` …
        operator: &'static str,
        /// What stands on the right.
        right: Operand<'a>,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand<'a> {
    /// A variable such as `python_version`, in PEP 508's spelling.
    Variable(&'a str),
    /// A quoted string, without its quotes.
    Text(&'a str),
}

/// Parses a marker.
///
/// ```
/// # use microb_dsl::grammar::marker::{Marker, Operand, marker};
/// let Marker::Compare { left, operator, right } = marker("os_name == 'nt'").unwrap() else { panic!() };
/// assert_eq!((left, operator, right), (Operand::Variable("os_name"), "==", Operand::Text("nt")));
/// ```
///
/// # Errors
///
/// Where the text leaves PEP 508's grammar.
pub fn marker(text: &str) -> Result<Marker<'_>, Mistake> {
    let mut scanner = Scanner { text, at: 0 };
    let marker = scanner.or(0)?;
    scanner.space();
    match scanner.rest() {
        "" => Ok(marker),
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

/// The spelling of PEP 508 for a name of PEP 345.
///
/// <https://peps.python.org/pep-0345/#environment-markers>
fn modern(variable: &str) -> &str {
    match variable {
        "os.name" => "os_name",
        "sys.platform" => "sys_platform",
        "platform.version" => "platform_version",
        "platform.machine" => "platform_machine",
        "platform.python_implementation" | "python_implementation" => {
            "platform_python_implementation"
        }
        other => other,
    }
}

/// Several conditions as one, and one as it is.
fn joined<'a>(mut all: Vec<Marker<'a>>, join: fn(Vec<Marker<'a>>) -> Marker<'a>) -> Marker<'a> {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            join(all)
        }
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

    fn or(&mut self, depth: usize) -> Result<Marker<'a>, Mistake> {
        let mut all = vec![self.and(depth)?];
        while self.eat_word("or") {
            all.push(self.and(depth)?);
        }
        Ok(joined(all, Marker::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Marker<'a>, Mistake> {
        let mut all = vec![self.condition(depth)?];
        while self.eat_word("and") {
            all.push(self.condition(depth)?);
        }
        Ok(joined(all, Marker::And))
    }

    fn condition(&mut self, depth: usize) -> Result<Marker<'a>, Mistake> {
        self.space();
        let start = self.at;
        if self.eat("(") {
            if depth == MAX_DEPTH {
                return Err(Mistake::at(start..start + 1, "too many nested parentheses"));
            }
            let inside = self.or(depth + 1)?;
            return if self.eat(")") {
                Ok(inside)
            } else {
                Err(Mistake::at(start..start + 1, "the `(` has no `)`"))
            };
        }
        let left = self.operand()?;
        let operator = self.operator()?;
        let right = self.operand()?;
        if let (Operand::Text(_), Operand::Text(_)) = (left, right) {
            return Err(
                Mistake::at(start..self.at, "the condition compares two strings")
                    .help("one side is a variable, for instance `python_version`"),
            );
        }
        Ok(Marker::Compare {
            left,
            operator,
            right,
        })
    }

    fn operator(&mut self) -> Result<&'static str, Mistake> {
        if self.eat_word("in") {
            return Ok("in");
        }
        if let Some(operator) = OPERATORS.iter().find(|operator| self.eat(operator)) {
            return Ok(operator);
        }
        if self.eat_word("not") && self.eat_word("in") {
            return Ok("not in");
        }
        Err(self.unexpected("a comparison such as `==` or `in`"))
    }

    /// Reads a variable or a quoted string.
    fn operand(&mut self) -> Result<Operand<'a>, Mistake> {
        self.space();
        let start = self.at;
        if let Some(quote) = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
        {
            let text = &self.rest()[1..];
            let Some(length) = text.find(quote) else {
                return Err(Mistake::at(start..self.text.len(), "the string has no end")
                    .help(format!("close it with `{quote}`")));
            };
            self.at += length + 2;
            return Ok(Operand::Text(&text[..length]));
        }
        let word = self.word();
        if VARIABLES.contains(&word) {
            self.at += word.len();
            return Ok(Operand::Variable(modern(word)));
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
            assert!(super::marker(marker).is_ok(), "{marker}");
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        let compare = |variable| Marker::Compare {
            left: Operand::Variable(variable),
            operator: "not in",
            right: Operand::Text("x"),
        };
        let [a, b, c] = ["os_name", "extra", "sys_platform"].map(compare);
        for (text, expected) in [
            (
                "os.name not in 'x' or extra not  in \"x\" and sys.platform not in 'x'",
                Marker::Or(vec![a.clone(), Marker::And(vec![b.clone(), c.clone()])]),
            ),
            (
                "(os_name not in 'x' or extra not in 'x') and sys_platform not in 'x'",
                Marker::And(vec![Marker::Or(vec![a.clone(), b]), c]),
            ),
            ("((os_name not in 'x'))", a),
        ] {
            assert_eq!(marker(text), Ok(expected), "{text}");
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
                marker[super::marker(marker).unwrap_err().range],
                *shown,
                "{marker:.40}"
            );
        }
    }
}
