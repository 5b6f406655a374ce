//! A line for the shell: where in it a value can be one word.

use std::ops::Range;

use super::{
    Part, Scanner, Token, after_backslash, in_quotes, nothing_escaped, splat_in_word, unclosed,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Quote {
    #[default]
    None,
    Single,
    Double,
}

/// The state of [`line`].
#[derive(Default)]
pub(super) struct Line {
    done: Vec<Part>,
    quote: Quote,
    /// Where the open quote or backtick stands.
    open: usize,
    /// The character before, when it was not escaped.
    before: Option<char>,
    backticks: bool,
    comment: bool,
    /// Parentheses that are open inside `$((`.
    arithmetic: usize,
    /// How many `<` were last in a row.
    less: usize,
    /// After `<<`, quotes are no quotes.
    here_document: bool,
}

impl Line {
    pub(super) fn take(&mut self, scanner: &mut Scanner, token: Token) {
        let at = scanner.at;
        match token {
            Token::Wrong => self.before = None,
            Token::Value { part, range } => {
                self.less('{');
                if self.may_stand_here(scanner, &part, &range) {
                    self.done.push(part);
                }
                self.before = Some('}');
            }
            Token::Plain(c) => {
                self.text(c);
                let at = at - c.len_utf8();
                if c == '\\' && self.quote != Quote::Single && !self.comment && !self.here_document
                {
                    self.escaped(scanner, at);
                } else {
                    self.read(c, at, scanner.rest());
                    self.before = Some(c);
                }
            }
        }
    }

    fn text(&mut self, c: char) {
        if let Some(Part::Text(text)) = self.done.last_mut() {
            text.push(c);
        } else {
            self.done.push(Part::Text(c.to_string()));
        }
    }

    fn escaped(&mut self, scanner: &mut Scanner, at: usize) {
        self.before = None;
        match scanner.next() {
            Some(Token::Plain(c)) => self.text(c),
            Some(Token::Value { range, .. }) => after_backslash(scanner, range),
            Some(Token::Wrong) => {}
            None => nothing_escaped(scanner, at),
        }
    }

    /// Follows the shell's reading of a character that is not escaped.
    fn read(&mut self, c: char, at: usize, rest: &str) {
        let begins_word = self
            .before
            .is_none_or(|c| c.is_whitespace() || ";&|(".contains(c));
        self.less(c);
        match (self.quote, c) {
            _ if self.here_document => {}
            _ if self.comment => self.comment = c != '\n',
            (Quote::Single, '\'') | (Quote::Double, '"') => self.quote = Quote::None,
            (Quote::Single, _) => {}
            (Quote::None, '\'' | '"') => {
                self.quote = if c == '"' {
                    Quote::Double
                } else {
                    Quote::Single
                };
                self.open = at;
            }
            (_, '`') => {
                self.backticks = !self.backticks;
                self.open = at;
            }
            (_, '$') if rest.starts_with("((") => self.arithmetic = 1,
            (_, '(') if self.arithmetic > 0 => self.arithmetic += 1,
            (_, ')') if self.arithmetic > 0 => {
                self.arithmetic -= 1;
                if self.arithmetic == 1 {
                    self.arithmetic = 0;
                }
            }
            (Quote::None, '#') => self.comment = begins_word,
            _ => {}
        }
    }

    /// Counts to the `<<` of a here-document; `<<<` is something else.
    fn less(&mut self, c: char) {
        let is_redirection = self.quote == Quote::None && self.arithmetic == 0 && !self.comment;
        if c == '<' && is_redirection {
            self.less += 1;
        } else {
            self.here_document |= self.less == 2;
            self.less = 0;
        }
    }

    /// Whether a value can be one word here; if not, says why.
    fn may_stand_here(&self, scanner: &mut Scanner, part: &Part, range: &Range<usize>) -> bool {
        let value = &scanner.text[range.clone()];
        let range = range.clone();
        let after = scanner.rest().chars().next();
        if self.here_document || self.comment {
            let place = if self.comment {
                "a comment"
            } else {
                "a here-document"
            };
            let help = before(value);
            scanner.wrong(
                range,
                format!("`{value}` is in {place}, which has no words"),
                help,
            );
        } else if self.quote != Quote::None {
            in_quotes(scanner, range);
        } else if self.before == Some('$') {
            let (name, range) = (value.trim_matches(['{', '}']), range.start - 1..range.end);
            let help = format!(
                "write `${name}` for a variable of the shell, or `{{{name}}}` for the value"
            );
            scanner.wrong(
                range,
                format!("`${value}` mixes a variable of the shell with one of the recipe"),
                help,
            );
        } else if self.backticks {
            let help = "write `$(…)` instead of the backticks";
            scanner.wrong(
                range,
                format!("`{value}` is in backticks, where quotes do not hold"),
                help,
            );
        } else if self.arithmetic > 0 {
            let help = before(value);
            scanner.wrong(
                range,
                format!("`{value}` is in arithmetic, which has no words"),
                help,
            );
        } else if matches!(after, Some('<' | '>')) {
            let help = "put a space between";
            let message =
                format!("`{value}` touches a redirection and could be read as its number");
            scanner.wrong(range, message, help);
        } else if matches!(part, Part::Splat(_)) && !(ends_word(self.before) && ends_word(after)) {
            splat_in_word(scanner, range);
        } else {
            return true;
        }
        false
    }

    pub(super) fn end(self, scanner: &mut Scanner) -> Vec<Part> {
        match self.quote {
            Quote::Single => unclosed(scanner, '\'', self.open),
            Quote::Double => unclosed(scanner, '"', self.open),
            Quote::None if self.backticks => unclosed(scanner, '`', self.open),
            Quote::None => {}
        }
        self.done
    }
}

/// What to write where a value cannot be a word.
fn before(value: &str) -> String {
    format!("set a variable of the shell before, `value={value};`, and write `$value` here")
}

fn ends_word(c: Option<char>) -> bool {
    c.is_none_or(|c| c.is_whitespace() || ";&|()".contains(c))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::super::line;
    use crate::grammar::template::Part;
    use crate::shell::quote;

    #[test]
    fn values_stand_where_they_are_words() {
        for text in [
            "echo {x} --a={x} {x}{y}",
            "echo '' \"\" {x}",
            "a && {x} | b; ({x})",
            "echo $(cat {x}) $HOME {{x}}",
            "a {xs...}; b {xs...}",
            "cat <<EOF\nit's\nEOF",
            "cat <<< {x}",
            "cat < {x}",
            "echo a#b {x}",
            "echo # it's\n{x}",
            "echo $((1 + (2 << 3))) {x}",
            r"echo \' {x} \\",
        ] {
            assert!(line(text).is_ok(), "{text}: {:?}", line(text));
        }
    }

    #[test]
    fn each_mistake_is_told_once_and_where_it_stands() {
        for (text, wrong) in [
            ("echo 'a", vec!["'"]),
            ("echo \"it's", vec!["\""]),
            ("echo `a", vec!["`"]),
            ("echo '{x}'", vec!["{x}"]),
            ("echo \"a {x}\" {y.z}", vec!["{x}", "{y.z}"]),
            ("echo ${x}", vec!["${x}"]),
            ("echo `cat {x}`", vec!["{x}"]),
            ("echo $(( {x} + 1 ))", vec!["{x}"]),
            ("cat <<EOF\n{x}\nEOF", vec!["{x}"]),
            ("true # {x}", vec!["{x}"]),
            ("echo {x}>f", vec!["{x}"]),
            ("echo a{xs...}", vec!["{xs...}"]),
            ("echo \\{x}", vec!["{x}"]),
            ("echo \\", vec!["\\"]),
            ("awk '{print $1}'", vec!["{print $1}"]),
        ] {
            let mistakes = line(text).unwrap_err();
            let found: Vec<_> = mistakes.iter().map(|m| &text[m.range.clone()]).collect();
            assert_eq!(found, wrong, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn a_value_is_one_word_whatever_surrounds_it(
            before in "[ a'\"$`\\\\(){};&|#<>\n=-]{0,6}",
            after in "[ a'\"$`\\\\(){};&|#<>\n=-]{0,6}",
            value in "[^\0]{0,8}",
        ) {
            // The line runs a function that shows its arguments. Whatever the template's own text does,
            // the value must do what a harmless value does in the same place.
            let template = format!("show {before}{{x}}{after}");
            // `$$` is another number in each run.
            prop_assume!(!template.contains("$$"));
            let Ok(parts) = line(&template) else { return Ok(()) };
            let run = |value: &str| {
                let made: String = parts.iter().map(|part| match part {
                    Part::Text(text) => text.clone(),
                    Part::Variable(_) | Part::Splat(_) => quote(value).into_owned(),
                }).collect();
                let script = format!("show() {{ printf '<%s>' \"$@\"; }}\n{made}");
                let output = Command::new("sh").args(["-c", &script]).current_dir("/dev/fd").output().unwrap();
                (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
            };
            let (status, harmless) = run("WORD");
            if status == Some(0) && harmless.contains("WORD") {
                prop_assert_eq!(run(&value).1, harmless.replace("WORD", &value), "{}", template);
            }
        }
    }
}
