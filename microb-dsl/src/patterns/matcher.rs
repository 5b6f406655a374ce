//! Matching one pattern, in time linear in its length and that of the path.

use super::Mistake;

/// A pattern that is ready to match. Which form it has decides what matches: the forms differ in more than speed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Matcher {
    /// Without any special character.
    Exact(String),
    /// `TEXT**`: what starts with the text.
    Prefix(String),
    /// `**TEXT`: what ends with the text; after `**/` it is a whole path too.
    Suffix(String),
    /// Everything else.
    Parts(Vec<Part>),
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// This character.
    Plain(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any characters of a name.
    Name,
    /// Any characters.
    Rest,
    /// The next two parts, or nothing.
    MaybeTwo,
    /// `[a-z]` or `[^a-z]`.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Matcher {
    /// Says what is wrong with a pattern: what Go's `filepath.Match` and `regexp.Compile` refuse.
    pub(super) fn check(pattern: &str) -> Result<(), Mistake> {
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => drop(escaped(&mut rest)?),
                '[' => drop(class(&mut rest)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// A pattern that [`Self::check`] accepts.
    pub(super) fn new(pattern: &str) -> Self {
        let is_plain = |text: &str| !text.contains(['*', '?', '[', ']', '\\']);
        if is_plain(pattern) {
            return Self::Exact(pattern.to_owned());
        }
        if let Some(text) = pattern.strip_prefix("**").filter(|text| is_plain(text)) {
            return Self::Suffix(text.to_owned());
        }
        if let Some(text) = pattern.strip_suffix("**").filter(|text| is_plain(text)) {
            return Self::Prefix(text.to_owned());
        }
        Self::Parts(parts(pattern))
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(text) => path == text,
            Self::Prefix(text) => path.starts_with(text),
            Self::Suffix(text) => path.ends_with(text) || text.strip_prefix('/') == Some(path),
            Self::Parts(parts) => parts_match(parts, path),
        }
    }

    /// Whether it matches the path or a folder above it.
    #[cfg(any(feature = "llb", test))]
    pub(super) fn covers(&self, path: &str) -> bool {
        let path = path.trim_matches('/');
        let ends = path.match_indices('/').map(|(end, _)| end);
        ends.chain([path.len()])
            .any(|end| self.matches(&path[..end]))
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.as_str().starts_with('*') => {
                rest.next();
                // `**/` is `**`.
                let after = rest.as_str();
                let after = after.strip_prefix('/').unwrap_or(after);
                rest = after.chars();
                if after.is_empty() {
                    parts.push(Part::Rest);
                } else {
                    parts.extend([Part::MaybeTwo, Part::Rest, Part::Plain('/')]);
                }
            }
            '*' => parts.push(Part::Name),
            '?' => parts.push(Part::One),
            '[' => parts.extend(class(&mut rest)),
            '\\' => parts.extend(escaped(&mut rest).map(Part::Plain)),
            c => parts.push(Part::Plain(c)),
        }
    }
    parts
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Result<char, Mistake> {
    rest.next().ok_or((
        "it ends in `\\`, which makes the next character plain",
        "write `\\\\` for the character itself",
    ))
}

/// What is between brackets, after the opening one.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Part, Mistake> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    while ranges.is_empty() || !rest.as_str().starts_with(']') {
        let low = class_character(rest)?;
        let high = if rest.as_str().starts_with('-') {
            rest.next();
            class_character(rest)?
        } else {
            low
        };
        if high < low {
            return Err((
                "a range in its brackets ends before it starts",
                "write the lower character first, for instance `[a-z]`",
            ));
        }
        ranges.push((low, high));
    }
    rest.next();
    Ok(Part::Class { negated, ranges })
}

fn class_character(rest: &mut std::str::Chars<'_>) -> Result<char, Mistake> {
    match rest.next() {
        None => Err((
            "its `[` is not closed",
            "write `]` after the characters, or `\\[` for the character itself",
        )),
        Some('-' | ']') => Err((
            "`-` and `]` mean something else at this place in its brackets",
            "write `\\-` or `\\]` for the character itself",
        )),
        Some('\\') => escaped(rest),
        Some(c) => Ok(c),
    }
}

/// Follows all ways through the parts at once.
fn parts_match(parts: &[Part], path: &str) -> bool {
    let mut at = vec![false; parts.len() + 1];
    reach(parts, &mut at, 0);
    for c in path.chars() {
        let mut next = vec![false; parts.len() + 1];
        for (n, part) in parts.iter().enumerate().filter(|(n, _)| at[*n]) {
            match part {
                Part::Name if c != '/' => reach(parts, &mut next, n),
                Part::Rest => reach(parts, &mut next, n),
                part if part.takes(c) => reach(parts, &mut next, n + 1),
                _ => {}
            }
        }
        at = next;
    }
    at[parts.len()]
}

/// Marks a place, and those that are reached from there without a character.
fn reach(parts: &[Part], at: &mut [bool], n: usize) {
    if at[n] {
        return;
    }
    at[n] = true;
    match parts.get(n) {
        Some(Part::Name | Part::Rest) => reach(parts, at, n + 1),
        Some(Part::MaybeTwo) => {
            reach(parts, at, n + 1);
            reach(parts, at, n + 3);
        }
        Some(Part::Plain(_) | Part::One | Part::Class { .. }) | None => {}
    }
}

impl Part {
    /// Whether it takes exactly this character.
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Plain(plain) => *plain == c,
            Self::One => c != '/',
            // A negated class takes `/` too, as the regular expression that moby makes of it.
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Name | Self::Rest | Self::MaybeTwo => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a pattern matches: not, the path itself, or only a folder above it.
    #[derive(Debug, PartialEq)]
    enum Found {
        Not,
        Exact,
        Above,
    }
    use Found::{Above, Exact, Not};

    fn found(pattern: &str, path: &str) -> Found {
        let matcher = Matcher::new(pattern);
        match (matcher.matches(path), matcher.covers(path)) {
            (true, _) => Exact,
            (false, true) => Above,
            (false, false) => Not,
        }
    }

    // The rows are from the tables of patternmatcher_test.go; patterns are in their shortest form here.
    #[test]
    fn patterns_match_as_in_moby() {
        let proxy = "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl";
        for (pattern, path, expected) in [
            ("**", "file", Exact),
            ("**", "dir/file", Exact),
            ("**/**", "dir/file", Exact),
            ("dir/**", "dir/file", Exact),
            ("dir/**", "dir/dir2/file", Exact),
            ("**/dir", "dir", Exact),
            ("**/dir", "dir/file", Above),
            ("**/dir2/*", "dir/dir2/file", Exact),
            ("**/dir2/**", "dir/dir2/dir3/file", Exact),
            ("**file", "file", Exact),
            ("**file", "dir/file", Exact),
            ("**/file", "dir/file", Exact),
            ("**file", "dir/dir/file", Exact),
            ("**/file", "dir/dir/file", Exact),
            ("**/file*", "dir/dir/file", Exact),
            ("**/file*", "dir/dir/file.txt", Exact),
            ("**/file*txt", "dir/dir/file.txt", Exact),
            ("**/file*.txt", "dir/dir/file.txt", Exact),
            ("**/file*.txt*", "dir/dir/file.txt", Exact),
            ("**/**/*.txt", "dir/dir/file.txt", Exact),
            ("**/**/*.txt2", "dir/dir/file.txt", Not),
            ("**/*.txt", "file.txt", Exact),
            ("**/**/*.txt", "file.txt", Exact),
            ("a**/*.txt", "a/file.txt", Exact),
            ("a**/*.txt", "a/dir/file.txt", Exact),
            ("a**/*.txt", "a/dir/dir/file.txt", Exact),
            ("a/*.txt", "a/dir/file.txt", Not),
            ("a/*.txt", "a/file.txt", Exact),
            ("a/*.txt**", "a/file.txt", Exact),
            ("a[b-d]e", "ae", Not),
            ("a[b-d]e", "ace", Exact),
            ("a[b-d]e", "aae", Not),
            ("a[^b-d]e", "aze", Exact),
            (".*", ".foo", Exact),
            (".*", "foo", Not),
            ("abc.def", "abcdef", Not),
            ("abc.def", "abc.def", Exact),
            ("abc.def", "abcZdef", Not),
            ("abc?def", "abcZdef", Exact),
            ("abc?def", "abcdef", Not),
            ("**/foo/bar", "foo/bar", Exact),
            ("**/foo/bar", "dir/foo/bar", Exact),
            ("**/foo/bar", "dir/dir2/foo/bar", Exact),
            ("abc/**", "abc", Not),
            ("abc/**", "abc/def", Exact),
            ("abc/**", "abc/def/ghi", Exact),
            ("**/.foo", ".foo", Exact),
            ("**/.foo", "bar.foo", Not),
            ("a(b)c/def", "a(b)c/def", Exact),
            ("a(b)c/def", "a(b)c/xyz", Not),
            ("a.|)$(}+{bc", "a.|)$(}+{bc", Exact),
            (proxy, proxy, Exact),
            ("dist/*.whl", proxy, Exact),
            ("a\\\\", "a\\", Exact),
            ("a\\*b", "a*b", Exact),
        ] {
            assert_eq!(found(pattern, path), expected, "{pattern} {path}");
        }
    }

    // The rows are those of Go's own table for `filepath.Match`, as patternmatcher_test.go has them.
    #[test]
    fn names_match_as_in_go() {
        for (pattern, path, expected) in [
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", true),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[x\\-]", "-", true),
            ("[x\\-]", "z", false),
            ("[\\-x]", "a", false),
            ("*x", "xxx", true),
        ] {
            assert_eq!(
                Matcher::new(pattern).covers(path),
                expected,
                "{pattern} {path}"
            );
        }
        for pattern in [
            "[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a[", "[z-a]",
        ] {
            assert!(Matcher::check(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_could_match_in_many_ways_takes_no_time() {
        let (pattern, path) = ("*a".repeat(40), "a".repeat(4000));
        assert!(!Matcher::new(&format!("{pattern}b")).matches(&path));
    }
}
