//! Words of a program and its arguments: quotes and `\` as in a shell, but no shell.

use std::ops::Range;

use super::{
    Part, Scanner, Token, after_backslash, in_quotes, nothing_escaped, splat_in_word, unclosed,
};

/// The state of [`words`].
#[derive(Default)]
pub(super) struct Words {
    done: Vec<Vec<Part>>,
    word: Option<Vec<Part>>,
    after_splat: bool,
    told_of_shell: bool,
}

impl Words {
    pub(super) fn take(&mut self, scanner: &mut Scanner, token: Token) {
        let start = scanner.at;
        match token {
            Token::Wrong => self.word = Some(self.word.take().unwrap_or_default()),
            Token::Value { part, range } => self.value(scanner, part, range),
            Token::Plain(c @ ('\'' | '"')) => self.quoted(scanner, c, start - 1),
            Token::Plain('\\') => self.escaped(scanner, start - 1),
            Token::Plain('\n') => {
                self.end_word();
                self.shell(scanner, start - 1..start, "a line break");
            }
            Token::Plain(c) if c.is_whitespace() => self.end_word(),
            Token::Plain(c) => {
                let at = start - c.len_utf8();
                if self.is_for_a_shell(c, scanner) {
                    self.shell(scanner, at..start, &format!("`{c}`"));
                }
                self.push(scanner, c, at);
            }
        }
    }

    fn is_for_a_shell(&self, c: char, scanner: &Scanner) -> bool {
        let begins = self.word.is_none();
        match c {
            '~' => begins && scanner.rest().starts_with(['/', ' ']),
            '#' => begins,
            // `NAME=value program`
            '=' => self.done.is_empty() && self.word.as_deref().is_some_and(is_env_name),
            _ => "|&;<>()$`*?".contains(c),
        }
    }

    /// Something that only a shell would understand. One such mistake stands for all.
    fn shell(&mut self, scanner: &mut Scanner, range: Range<usize>, what: &str) {
        if self.told_of_shell {
            return;
        }
        self.told_of_shell = true;
        let message = format!("{what} is for a shell, and here is none");
        scanner.wrong(
            range,
            message,
            "write `sh!(…)`, or put the word in quotes to have it as it is",
        );
    }

    fn value(&mut self, scanner: &mut Scanner, part: Part, range: Range<usize>) {
        if matches!(part, Part::Splat(_)) {
            let touches = self.word.is_some() || self.after_splat;
            self.end_word();
            if touches {
                splat_in_word(scanner, range);
            } else {
                self.done.push(vec![part]);
            }
            self.after_splat = true;
        } else {
            self.no_splat_before(scanner, range.start);
            self.word.get_or_insert_default().push(part);
        }
    }

    fn no_splat_before(&mut self, scanner: &mut Scanner, at: usize) {
        if self.after_splat {
            self.after_splat = false;
            let start = scanner.text[..at].rfind('{').unwrap_or(at);
            splat_in_word(scanner, start..at);
        }
    }

    fn push(&mut self, scanner: &mut Scanner, c: char, at: usize) {
        self.no_splat_before(scanner, at);
        let word = self.word.get_or_insert_default();
        if let Some(Part::Text(text)) = word.last_mut() {
            text.push(c);
        } else {
            word.push(Part::Text(c.to_string()));
        }
    }

    fn escaped(&mut self, scanner: &mut Scanner, at: usize) {
        match scanner.next() {
            Some(Token::Plain('\n') | Token::Wrong) => {}
            Some(Token::Plain(c)) => self.push(scanner, c, at),
            Some(Token::Value { range, .. }) => after_backslash(scanner, range),
            None => nothing_escaped(scanner, at),
        }
    }

    /// Reads what is in quotes, of which the first stands at `open`.
    fn quoted(&mut self, scanner: &mut Scanner, quote: char, open: usize) {
        self.no_splat_before(scanner, open);
        let word = self.word.get_or_insert_default();
        if !matches!(word.last(), Some(Part::Text(_))) {
            word.push(Part::Text(String::new()));
        }
        while let Some(token) = scanner.next() {
            let at = scanner.at;
            match token {
                Token::Plain(c) if c == quote => return,
                Token::Plain('\\') if quote == '"' => match scanner.rest().chars().next() {
                    Some(c) if "\"\\$`".contains(c) => {
                        scanner.at += 1;
                        self.push(scanner, c, at);
                    }
                    _ => self.push(scanner, '\\', at),
                },
                Token::Plain(c @ ('$' | '`')) if quote == '"' => {
                    self.shell(scanner, at - 1..at, &format!("`{c}`"));
                }
                Token::Plain(c) => self.push(scanner, c, at),
                Token::Value { range, .. } => in_quotes(scanner, range),
                Token::Wrong => {}
            }
        }
        unclosed(scanner, quote, open);
    }

    pub(super) fn end(mut self) -> Vec<Vec<Part>> {
        self.end_word();
        self.done
    }

    fn end_word(&mut self) {
        self.after_splat = false;
        self.done.extend(self.word.take());
    }
}

fn is_env_name(word: &[Part]) -> bool {
    matches!(word, [Part::Text(text)] if crate::grammar::env_name(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use crate::grammar::template::Part;

    /// Writes words as `a|b{x}|{xs...}`.
    fn shown(text: &str) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(name) => format!("{{{name}}}"),
            Part::Splat(name) => format!("{{{name}...}}"),
        };
        let words: Vec<String> = words(text)
            .unwrap()
            .iter()
            .map(|word| word.iter().map(part).collect())
            .collect();
        words.join("|")
    }

    #[test]
    fn a_template_is_split_as_a_shell_would() {
        for (text, words) in [
            ("", ""),
            ("  make   all ", "make|all"),
            ("a 'b c' \"d e\"", "a|b c|d e"),
            ("a''b '' c", "ab||c"),
            (r"a\ b \' \\", r"a b|'|\"),
            ("\"a\\\"b\\c\"", "a\"b\\c"),
            ("'a\\'", "a\\"),
            ("a x={x} {y}{z}", "a|x={x}|{y}{z}"),
            ("a {xs...} b", "a|{xs...}|b"),
            ("{xs...}", "{xs...}"),
            ("{{}} '{{x}}'", "{}|{x}"),
            (
                "pip install 'numpy>=1' uvicorn[standard]",
                "pip|install|numpy>=1|uvicorn[standard]",
            ),
            ("a \\\n b", "a|b"),
            ("é ü{x}", "é|ü{x}"),
            ("a --x=y b#c a~", "a|--x=y|b#c|a~"),
        ] {
            assert_eq!(shown(text), words, "{text}");
        }
    }

    #[test]
    fn each_mistake_is_told_once_and_where_it_stands() {
        for (text, wrong) in [
            ("echo 'a", vec!["'"]),
            ("echo \"a", vec!["\""]),
            ("a && b || c", vec!["&"]),
            ("a > b", vec![">"]),
            ("echo $HOME", vec!["$"]),
            ("echo \"$HOME\"", vec!["$"]),
            ("ls *.py", vec!["*"]),
            ("ls ~/x", vec!["~"]),
            ("a # b", vec!["#"]),
            ("A=b c", vec!["="]),
            ("a\nb", vec!["\n"]),
            ("a '{x}'", vec!["{x}"]),
            ("a b{xs...}", vec!["{xs...}"]),
            ("a {xs...}b", vec!["{xs...}"]),
            ("a {xs...}{ys...}", vec!["{ys...}"]),
            ("a {", vec!["{"]),
            ("a }", vec!["}"]),
            (
                "a {} {x.y} {x:?} {0} { x }",
                vec!["{}", "{x.y}", "{x:?}", "{0}", "{ x }"],
            ),
            ("a \\", vec!["\\"]),
            ("a \\{x}", vec!["{x}"]),
            ("é|ü", vec!["|"]),
        ] {
            let mistakes = words(text).unwrap_err();
            let found: Vec<_> = mistakes.iter().map(|m| &text[m.range.clone()]).collect();
            assert_eq!(found, wrong, "{text}");
        }
    }
}
