//! A command line in one string, and the list of words that was meant.

/// The list to write for a line, as TOML has it: its words, or a shell that reads what only a shell understands.
pub(crate) fn list(line: &str) -> String {
    let line = line.trim();
    let words = if needs_shell(line) {
        vec!["sh", "-c", line]
    } else {
        line.split_whitespace().collect()
    };
    let quoted: Vec<String> = words.into_iter().map(quoted).collect();
    format!("[{}]", quoted.join(", "))
}

/// Whether its words are not simply what is between white space: an operator, a quote, or a variable before the program.
fn needs_shell(line: &str) -> bool {
    let program = line.split_whitespace().next().unwrap_or_default();
    program.contains('=') || line.contains(|c: char| "|&;<>()$`*?\\\"'~".contains(c))
}

/// A text as TOML writes it; JSON has the same escapes but for U+007F.
pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_words_unless_it_is_for_a_shell() {
        for (line, expected) in [
            (" pytest  -q ", r#"["pytest", "-q"]"#),
            ("make KEY=1", r#"["make", "KEY=1"]"#),
            ("echo hi && ls", r#"["sh", "-c", "echo hi && ls"]"#),
            ("KEY=1 make", r#"["sh", "-c", "KEY=1 make"]"#),
            ("a 'b c'", r#"["sh", "-c", "a 'b c'"]"#),
            ("a \"b c\"", r#"["sh", "-c", "a \"b c\""]"#),
            ("a > b", r#"["sh", "-c", "a > b"]"#),
        ] {
            assert_eq!(list(line), expected, "{line}");
        }
    }
}
