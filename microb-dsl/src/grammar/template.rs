//! The templates of `run!` and `sh!`: text with `{variable}` and `{list...}` in it.
//!
//! A value is always exactly one word, whatever is in it, and the values of a list are one word each.
//! So a template refuses every place where that could not be kept. `{{` and `}}` are braces.

use std::ops::Range;

use line::Line;
use words::Words;

use super::Mistake;

mod line;
mod words;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text: for `run!` without quotes and escapes, for `sh!` as the shell reads it.
    Text(String),
    /// `{name}`: the value of a variable, one word or a part of one.
    Variable(String),
    /// `{name...}`: the values of a list, each a word of its own.
    Splat(String),
}

/// The words of a program and its arguments, as `run!` takes them: quotes and `\` as in a shell, but no shell.
///
/// ```
/// # use microb_dsl::grammar::template::{Part, words};
/// let text = |text: &str| Part::Text(text.to_owned());
/// assert_eq!(
///     words("pip install 'a b' --target={dir}"),
///     Ok(vec![
///         vec![text("pip")],
///         vec![text("install")],
///         vec![text("a b")],
///         vec![text("--target="), Part::Variable("dir".to_owned())],
///     ]),
/// );
/// assert_eq!(words("make && make install").unwrap_err()[0].message, "`&` is for a shell, and here is none");
/// ```
///
/// # Errors
///
/// Everything that is wrong with the text.
pub fn words(text: &str) -> Result<Vec<Vec<Part>>, Vec<Mistake>> {
    let mut words = Words::default();
    let mut scanner = Scanner::new(text);
    while let Some(c) = scanner.next() {
        words.take(&mut scanner, c);
    }
    scanner.done(words.end())
}

/// A line for the shell, as `sh!` takes it: only the braces are read, all else is the shell's.
///
/// ```
/// # use microb_dsl::grammar::template::{Part, line};
/// let text = |text: &str| Part::Text(text.to_owned());
/// assert_eq!(
///     line("rm -rf {dir} && echo '{{}}'"),
///     Ok(vec![text("rm -rf "), Part::Variable("dir".to_owned()), text(" && echo '{}'")]),
/// );
/// assert!(line("echo 'unclosed").is_err());
/// ```
///
/// # Errors
///
/// Everything that is wrong with the text.
pub fn line(text: &str) -> Result<Vec<Part>, Vec<Mistake>> {
    let mut line = Line::default();
    let mut scanner = Scanner::new(text);
    while let Some(c) = scanner.next() {
        line.take(&mut scanner, c);
    }
    let parts = line.end(&mut scanner);
    scanner.done(parts)
}

/// Goes through a template and finds the braces.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    mistakes: Vec<Mistake>,
}

/// What the scanner found: a character, or something in braces.
#[derive(Debug, Clone)]
enum Token {
    Plain(char),
    Value {
        part: Part,
        range: Range<usize>,
    },
    /// What is in the braces is wrong, and was told.
    Wrong,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            mistakes: Vec::new(),
        }
    }

    fn done<T>(self, value: T) -> Result<T, Vec<Mistake>> {
        if self.mistakes.is_empty() {
            Ok(value)
        } else {
            Err(self.mistakes)
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<Token> {
        let rest = self.rest();
        let c = rest.chars().next()?;
        let start = self.at;
        self.at += c.len_utf8();
        let doubled = rest[c.len_utf8()..].starts_with(c);
        match c {
            '{' | '}' if doubled => {
                self.at += 1;
                Some(Token::Plain(c))
            }
            '{' => Some(self.value(start)),
            '}' => {
                self.wrong(
                    start..start + 1,
                    "a `}` without a `{`",
                    "write `}}` for a brace",
                );
                Some(Token::Wrong)
            }
            _ => Some(Token::Plain(c)),
        }
    }

    fn wrong(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake::at(range, message).help(help));
    }

    /// Reads what follows a `{`, which stands at `start`.
    fn value(&mut self, start: usize) -> Token {
        let Some(length) = self.rest().find('}') else {
            self.wrong(
                start..start + 1,
                "a `{` without a `}`",
                "write `{{` for a brace",
            );
            return Token::Wrong;
        };
        let inner = &self.rest()[..length];
        self.at += length + 1;
        let range = start..self.at;
        let (name, splat) = match inner.strip_suffix("...") {
            Some(name) => (name, true),
            None => (inner, false),
        };
        if is_variable(name) {
            let part = if splat { Part::Splat } else { Part::Variable };
            return Token::Value {
                part: part(name.to_owned()),
                range,
            };
        }
        let (message, help) = not_a_variable(inner, name);
        self.wrong(range, message, help);
        Token::Wrong
    }
}

fn not_a_variable(inner: &str, name: &str) -> (String, String) {
    if name.trim().is_empty() {
        return (
            format!("`{{{inner}}}` names no variable"),
            "write the variable's name between the braces, or `{{}}` for braces".to_owned(),
        );
    }
    if is_variable(name.trim()) {
        return (
            format!("`{{{inner}}}` has white space in it"),
            format!(
                "write `{{{}}}`",
                inner.split_whitespace().collect::<String>()
            ),
        );
    }
    match name.split_once(':') {
        Some((variable, _)) if is_variable(variable) => (
            format!("`{{{inner}}}` asks for a format, and a word has none"),
            format!("write `{{{variable}}}`"),
        ),
        _ => (
            format!("`{inner}` is no name of a variable"),
            format!("give the value a name with `let`, or write `{{{{{inner}}}}}` for braces"),
        ),
    }
}

/// Whether a text has the form of a Rust identifier.
fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
        && text != "_"
}

/// A mistake that is the same wherever a value stands in quotes.
fn in_quotes(scanner: &mut Scanner, range: Range<usize>) {
    let value = &scanner.text[range.clone()];
    let message = format!("`{value}` is in quotes");
    scanner.wrong(
        range,
        message,
        "take it out of them: a value is one word without quotes",
    );
}

/// A splat that touches other text.
fn splat_in_word(scanner: &mut Scanner, range: Range<usize>) {
    let value = &scanner.text[range.clone()];
    let message = format!("`{value}` is part of a word, and makes words of its own");
    scanner.wrong(range, message, "put spaces around it");
}

fn unclosed(scanner: &mut Scanner, quote: char, open: usize) {
    let message = format!("the `{quote}` is not closed");
    let help = match quote {
        '\'' => "close it, or write `\\'` for an apostrophe".to_owned(),
        _ => format!("close it with another `{quote}`"),
    };
    scanner.wrong(open..open + 1, message, help);
}

fn nothing_escaped(scanner: &mut Scanner, at: usize) {
    scanner.wrong(
        at..at + 1,
        "the `\\` at the end escapes nothing",
        "remove it",
    );
}

fn after_backslash(scanner: &mut Scanner, range: Range<usize>) {
    let value = &scanner.text[range.clone()];
    let message = format!("a `\\` before `{value}` would change its first character");
    scanner.wrong(range, message, "remove the `\\`");
}
