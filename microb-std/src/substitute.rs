//! `$VAR` and `${VAR:-default}` in values, as in a Dockerfile.
//!
//! The forms are those of <https://docs.docker.com/reference/dockerfile/#environment-replacement>. Quotes, `#`
//! and line ends have no meaning here: a TOML string is one value already.

use std::collections::{BTreeMap, BTreeSet};

use crate::mistake::Mistake;

/// Deeper than anybody writes, and shallow enough for any stack.
const MAX_DEPTH: usize = 32;

/// A text with its variables replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Substituted {
    pub(crate) text: String,
    /// The variables that have no value and no default.
    pub(crate) undefined: BTreeSet<String>,
    /// What stands after `:-` for a variable, where anything does.
    pub(crate) defaults: BTreeMap<String, String>,
}

/// Replaces the variables of a text.
///
/// A `\$` is a dollar; any other backslash is a backslash. A dollar before anything but a name or a brace is a
/// dollar.
pub(crate) fn substitute(
    text: &str,
    value_of: &dyn Fn(&str) -> Option<String>,
) -> Result<Substituted, Mistake> {
    let mut scanner = Scanner {
        text,
        at: 0,
        value_of,
        undefined: BTreeSet::new(),
        defaults: BTreeMap::new(),
    };
    let text = scanner.until(None, 0)?;
    Ok(Substituted {
        text,
        undefined: scanner.undefined,
        defaults: scanner.defaults,
    })
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    value_of: &'a dyn Fn(&str) -> Option<String>,
    undefined: BTreeSet<String>,
    defaults: BTreeMap<String, String>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Reads up to the closing brace that belongs to `open`, or to the end.
    fn until(&mut self, open: Option<usize>, depth: usize) -> Result<String, Mistake> {
        let mut out = String::new();
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            self.at += c.len_utf8();
            match c {
                '}' if open.is_some() => return Ok(out),
                '\\' if self.rest().starts_with('$') => {
                    self.at += 1;
                    out.push('$');
                }
                '\\' if open.is_some() && self.rest().starts_with('}') => {
                    self.at += 1;
                    out.push('}');
                }
                '$' if self.rest().starts_with('{') => out.push_str(&self.braced(start, depth)?),
                '$' => match name(self.rest()) {
                    "" => out.push('$'),
                    name => {
                        self.at += name.len();
                        out.push_str(&self.value(name));
                    }
                },
                other => out.push(other),
            }
        }
        match open {
            Some(open) => Err(unclosed(self.text, open)),
            None => Ok(out),
        }
    }

    /// Reads `{NAME}` or `{NAME:-word}` after the dollar at `start`.
    fn braced(&mut self, start: usize, depth: usize) -> Result<String, Mistake> {
        if depth == MAX_DEPTH {
            return Err(Mistake::new(start..start + 2, "too many nested `${`"));
        }
        self.at += 1;
        let name = name(self.rest());
        if name.is_empty() {
            if self.rest().is_empty() {
                return Err(unclosed(self.text, start));
            }
            return Err(
                Mistake::new(start..self.at, "the variable after `${` has no name")
                    .help("write `\\$` for a dollar"),
            );
        }
        self.at += name.len();
        if self.rest().starts_with('}') {
            self.at += 1;
            return Ok(self.value(name));
        }
        if self.rest().is_empty() {
            return Err(unclosed(self.text, start));
        }
        let colon = self.rest().starts_with(':');
        let operator = self.rest()[usize::from(colon)..].chars().next();
        let Some(operator) = operator.filter(|c| matches!(c, '-' | '+')) else {
            return Err(self.no_such_operator(start, name));
        };
        self.at += usize::from(colon) + 1;
        let undefined = self.undefined.clone();
        let word = self.until(Some(start), depth + 1)?;
        if operator == '-' {
            let known = self.defaults.entry(name.to_owned());
            known.or_insert_with(|| word.clone());
        }
        let value = (self.value_of)(name).filter(|value| !(colon && value.is_empty()));
        let uses_word = (operator == '-') == value.is_none();
        if !uses_word {
            // What is not used cannot be missing.
            self.undefined = undefined;
        }
        Ok(match (operator, value) {
            ('-', Some(value)) => value,
            _ if uses_word => word,
            _ => String::new(),
        })
    }

    fn value(&mut self, name: &str) -> String {
        let value = (self.value_of)(name);
        if value.is_none() {
            self.undefined.insert(name.to_owned());
        }
        value.unwrap_or_default()
    }

    fn no_such_operator(&self, start: usize, name: &str) -> Mistake {
        let end = self
            .rest()
            .find('}')
            .map_or(self.text.len(), |length| self.at + length + 1);
        Mistake::new(
            start..end,
            format!("`{}` is no substitution", &self.text[start..end]),
        )
        .help(format!(
            "write `${{{name}}}`, `${{{name}:-default}}` or `${{{name}:+word}}`"
        ))
    }
}

fn unclosed(text: &str, start: usize) -> Mistake {
    Mistake::new(start..text.len(), "the substitution `${` has no `}`")
        .help("close it with `}`, or write `\\$` for a dollar")
}

/// The name that a text begins with: a letter or `_`, then letters, digits and `_`.
fn name(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICKY" => Some("$A ${A} \\$".to_owned()),
            _ => None,
        }
    }

    /// The substitutions have the values that the Dockerfile reference gives.
    #[test]
    fn variables_are_replaced_as_in_a_dockerfile() {
        for (written, meant) in [
            ("", ""),
            ("$A", "a"),
            ("${A}", "a"),
            ("x${A}y$A.z$A", "xaya.za"),
            ("${A:-d}", "a"),
            ("${NO:-d}", "d"),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${NO-d}", "d"),
            ("${A:+x}", "x"),
            ("${NO:+x}", ""),
            ("${EMPTY:+x}", ""),
            ("${EMPTY+x}", "x"),
            ("${NO:-${A}}", "a"),
            ("${NO:-${NO2:-deep}}", "deep"),
            ("${NO:-a b # c \"d\"}", "a b # c \"d\""),
            ("${NO:-}", ""),
            ("${NO:-\\}}", "}"),
            ("\\$A", "$A"),
            ("\\${A}", "${A}"),
            ("\\n\\", "\\n\\"),
            ("$5", "$5"),
            ("$", "$"),
            ("a $ b", "a $ b"),
            ("$(id) `id` $$", "$(id) `id` $$"),
            ("say \"hi\" # 'x'\n", "say \"hi\" # 'x'\n"),
            ("$TRICKY", "$A ${A} \\$"),
            ("}", "}"),
            ("é$A", "éa"),
        ] {
            let result = substitute(written, &value_of).unwrap();
            assert_eq!(result.text, meant, "{written}");
            assert!(result.undefined.is_empty(), "{written}");
        }
    }

    #[test]
    fn what_has_no_value_is_named_once() {
        for (written, meant, names) in [
            ("a$NO-$NO", "a-", vec!["NO"]),
            ("${NO}${OTHER}", "", vec!["NO", "OTHER"]),
            ("${NO:-$OTHER}", "", vec!["OTHER"]),
            ("${A:-$OTHER}", "a", vec![]),
            ("${NO:+$OTHER}", "", vec![]),
        ] {
            let result = substitute(written, &value_of).unwrap();
            assert_eq!(result.text, meant);
            assert_eq!(Vec::from_iter(result.undefined), names, "{written}");
        }
    }

    #[test]
    fn a_wrong_substitution_is_shown_where_it_stands() {
        let deep = "${A:-".repeat(9_999);
        for (written, shown) in [
            ("x ${A", "${A"),
            ("${", "${"),
            ("${A:-x", "${A:-x"),
            ("${A:", "${A:"),
            ("a ${A:?no} b", "${A:?no}"),
            ("${A%x}", "${A%x}"),
            ("${}", "${"),
            ("${5}", "${"),
            ("${A:-${B}", "${A:-${B}"),
            (&deep, "${"),
        ] {
            assert_eq!(
                substitute(written, &value_of).unwrap_err().of(written),
                shown,
                "{written:.40}"
            );
        }
    }
}
