//! The words of a line that are not the same.

use super::common::{Aligned, aligned};

/// A part of a line of two recipes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// In both.
    Same(String),
    /// In the first only.
    Removed(String),
    /// In the second only.
    Added(String),
}

/// Whether two lines say the same thing with a few other words: the same instruction, and half of it in common.
pub(super) fn are_alike(before: &str, after: &str) -> bool {
    let keyword = |line: &str| line.split_whitespace().next().map(str::to_owned);
    if keyword(before) != keyword(after) {
        return false;
    }
    let (before, after) = (words(before), words(after));
    let common = aligned(&before, &after)
        .iter()
        .filter_map(|part| match part {
            Aligned::Both(word) => Some(word.len()),
            Aligned::Removed(_) | Aligned::Added(_) => None,
        })
        .sum::<usize>();
    let length = |words: &[&str]| words.iter().map(|word| word.len()).sum::<usize>();
    common * 2 >= length(&before).min(length(&after))
}

/// The first line, and each line with a word that is not in both.
pub(super) fn changed(before: &str, after: &str) -> Vec<Vec<Word>> {
    let (before, after) = (words(before), words(after));
    let mut lines = vec![Vec::new()];
    for part in aligned(&before, &after) {
        let (text, make): (&str, fn(String) -> Word) = match part {
            Aligned::Both(word) => (word, Word::Same),
            Aligned::Removed(word) => (word, Word::Removed),
            Aligned::Added(word) => (word, Word::Added),
        };
        for (n, piece) in text.split('\n').enumerate() {
            if n > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut()
                && !piece.is_empty()
            {
                add(line, piece, make);
            }
        }
    }
    let differs = |line: &Vec<Word>| line.iter().any(|word| !matches!(word, Word::Same(_)));
    let lines = lines.into_iter().enumerate();
    lines
        .filter(|(n, line)| *n == 0 || differs(line))
        .map(|(_, line)| line)
        .collect()
}

/// Adds to the last word if it is of the same kind.
fn add(line: &mut Vec<Word>, piece: &str, make: fn(String) -> Word) {
    let word = make(piece.to_owned());
    match (line.last_mut(), &word) {
        (Some(Word::Same(last)), Word::Same(_))
        | (Some(Word::Removed(last)), Word::Removed(_))
        | (Some(Word::Added(last)), Word::Added(_)) => last.push_str(piece),
        _ => line.push(word),
    }
}

/// A line with `[-…-]` around what went and `{+…+}` around what came.
pub(super) fn marked(line: &[Word]) -> String {
    let marked = line.iter().map(|word| match word {
        Word::Same(text) => text.clone(),
        Word::Removed(text) => format!("[-{text}-]"),
        Word::Added(text) => format!("{{+{text}+}}"),
    });
    marked.collect()
}

/// Names and versions are words, all else is one character each.
fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_differ_are_marked() {
        for (before, after, expected) in [
            (
                "LABEL v=\"1.0.0\"",
                "LABEL v=\"1.0.1\"",
                "LABEL v=\"[-1.0.0-]{+1.0.1+}\"",
            ),
            ("RUN a b", "RUN a b c", "RUN a b{+ c+}"),
            (
                "COPY <<EOF /r\na>=1\nb\nEOF",
                "COPY <<EOF /r\na>=2\nb\nEOF",
                "COPY <<EOF /r\na>=[-1-]{+2+}",
            ),
        ] {
            let lines = changed(before, after);
            let lines: Vec<String> = lines.iter().map(|line| marked(line)).collect();
            assert_eq!(lines.join("\n"), expected);
            assert!(are_alike(before, after));
        }
        assert!(!are_alike("RUN make", "COPY make"));
        assert!(!are_alike("RUN apt-get update", "RUN pip install x"));
    }
}
