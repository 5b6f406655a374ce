//! Wildcards in the paths of a copy.

/// Whether `*`, `?` or `[` in the path would match. As `containsWildcards` of BuildKit's `fsutil`: a character after a
/// backslash does not count.
pub(crate) fn has_wildcards(path: &str) -> bool {
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' | '?' | '[' => return true,
            '\\' => _ = characters.next(),
            _ => {}
        }
    }
    false
}

/// The pattern that matches this path only.
pub(crate) fn literal(path: &str) -> String {
    path.chars().fold(String::new(), |mut pattern, c| {
        match c {
            // Read twice: by Go's `filepath.Match`, and as a pattern of `.dockerignore` when the context is sent;
            // the latter takes a star for a wildcard inside brackets, too.
            '*' | '?' => pattern.extend(['[', '\\', c, ']']),
            '[' => pattern.push_str("[[]"),
            '\\' => pattern.push_str("\\\\"),
            _ => pattern.push(c),
        }
        pattern
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFile;
    use crate::patterns::Patterns;

    #[test]
    fn a_backslash_takes_the_meaning_of_a_wildcard() {
        for (path, expected) in [
            ("a/b", false),
            ("a*", true),
            ("a\\*", false),
            ("a\\\\[b", true),
        ] {
            assert_eq!(has_wildcards(path), expected, "{path}");
        }
    }

    #[test]
    fn a_literal_pattern_matches_its_path_and_no_other() {
        for (path, other) in [
            ("x[1].txt", "x1.txt"),
            ("a*c", "abc"),
            ("a?c", "abc"),
            ("a\\b", "ab"),
        ] {
            let file = SourceFile::new(".dockerignore", literal(path));
            let patterns = Patterns::read(&file).unwrap();
            assert!(patterns.leave_out(path), "{path}");
            assert!(!patterns.leave_out(other), "{path}");
        }
    }
}
