//! Patterns of `.dockerignore` and of `COPY --exclude`, as `github.com/moby/patternmatcher` reads them.

/// Whether the patterns leave a path out: the last one that matches it or a folder above it decides, and `!` takes back.
///
/// ```
/// # use microb_dsl::explain::is_excluded;
/// let patterns = ["**/*.pyc", "docs", "!docs/index.md"].map(str::to_owned);
/// assert!(is_excluded(&patterns, "a/b/c.pyc") && is_excluded(&patterns, "docs/x/y"));
/// assert!(!is_excluded(&patterns, "docs/index.md") && !is_excluded(&patterns, "mydocs"));
/// ```
pub fn is_excluded(patterns: &[String], path: &str) -> bool {
    patterns.iter().fold(false, |excluded, pattern| {
        let (pattern, takes_back) = match pattern.strip_prefix('!') {
            Some(pattern) => (pattern, true),
            None => (pattern.as_str(), false),
        };
        if excluded == takes_back && covers(pattern, path) {
            !takes_back
        } else {
            excluded
        }
    })
}

/// Whether a pattern matches the path or a folder above it.
pub(super) fn covers(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.trim_matches('/').chars().collect();
    let path: Vec<char> = path.trim_matches('/').chars().collect();
    let ends = path.iter().enumerate().filter(|(_, c)| **c == '/');
    let mut ends = ends.map(|(n, _)| n).chain([path.len()]);
    ends.any(|end| path.get(..end).is_some_and(|path| matches(&pattern, path)))
}

/// Whether a pattern matches a whole path: `**` is any number of folders, `*` and `?` stay within a name.
pub(super) fn matches(pattern: &[char], path: &[char]) -> bool {
    match pattern {
        [] => path.is_empty(),
        ['*', '*', '/', rest @ ..] => {
            let starts = path.iter().enumerate().filter(|(_, c)| **c == '/');
            let mut starts = [0].into_iter().chain(starts.map(|(n, _)| n + 1));
            starts.any(|n| path.get(n..).is_some_and(|path| matches(rest, path)))
        }
        ['*', '*', rest @ ..] => (0..=path.len()).any(|n| matches(rest, &path[n..])),
        ['*', rest @ ..] => {
            let name = path.iter().position(|c| *c == '/').unwrap_or(path.len());
            (0..=name).any(|n| matches(rest, &path[n..]))
        }
        ['?', rest @ ..] => matches!(path, [c, path @ ..] if *c != '/' && matches(rest, path)),
        ['[', rest @ ..] => class(rest, path),
        ['\\', wanted, rest @ ..] | [wanted, rest @ ..] => {
            matches!(path, [c, path @ ..] if c == wanted && matches(rest, path))
        }
    }
}

/// `[a-z]` or `[^a-z]`, after the opening bracket.
fn class(pattern: &[char], path: &[char]) -> bool {
    let (negated, mut items) = match pattern {
        ['^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let [c, path @ ..] = path else { return false };
    let mut found = false;
    loop {
        let (low, rest) = match items {
            [']', rest @ ..] => return *c != '/' && found != negated && matches(rest, path),
            ['\\', low, rest @ ..] | [low, rest @ ..] => (low, rest),
            [] => return false,
        };
        let (high, rest) = match rest {
            ['-', high, rest @ ..] if *high != ']' => (high, rest),
            _ => (low, rest),
        };
        found |= (low..=high).contains(&c);
        items = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The rows are from the table of patternmatcher_test.go.
    #[test]
    fn patterns_match_as_in_moby() {
        for (pattern, path, expected) in [
            ("**", "file", true),
            ("**/", "file", true),
            ("**", "dir/file", true),
            ("**/**", "dir/file", true),
            ("dir/**", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir/dir2/*", "dir/file", false),
            ("**file", "dir/file", true),
            ("**/file", "dir/file", true),
            ("**/file", "dir/dir/file.txt", false),
            ("**/file*txt", "dir/dir/file.txt", true),
            ("**/**/*.txt2", "dir/dir/file.txt", false),
            ("a**/*.txt", "a/file.txt", true),
            ("a**/*.txt", "abcd/dir/dir/file.txt", true),
            ("a/*.txt", "a/dir/file.txt", false),
            ("a[b-d]e", "ae", false),
            ("a[b-d]e", "ace", true),
            ("a[^b-d]e", "aze", true),
            ("abc.def", "abcZdef", false),
            ("abc?def", "abcdef", false),
            ("a\\*b", "a*b", true),
            ("a\\", "a", false),
            (".*", ".foo", true),
            (".*", "foo", false),
            ("*/dir", "a/dir/file", true),
            ("[", "a", false),
        ] {
            assert_eq!(covers(pattern, path), expected, "{pattern} {path}");
        }
    }
}
