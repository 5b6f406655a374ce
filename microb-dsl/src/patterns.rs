//! Patterns of paths, as `.dockerignore` and `COPY --exclude` have them: the rules of `github.com/moby/patternmatcher`.
//!
//! `*` and `?` stay within a name, `**` is any number of folders, `[a-z]` is one of these characters, and `\` makes the
//! next one plain. What a pattern matches is left out with everything below; a later one that starts with `!` takes back.

mod matcher;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::SourceFile;
use matcher::Matcher;

/// A list of patterns: the last one that matches decides.
///
/// ```
/// # use microb_dsl::{SourceFile, patterns::Patterns};
/// let file = SourceFile::new(".dockerignore", "# what is made\n**/*.pyc\ndocs\n!docs/index.md\n");
/// let patterns = Patterns::read(&file)?;
/// assert!(patterns.leave_out("a/b/c.pyc") && patterns.leave_out("docs/x/y"));
/// assert!(!patterns.leave_out("docs/index.md") && !patterns.leave_out("mydocs"));
/// # Ok::<(), microb_dsl::Diagnostics>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns(Vec<Pattern>);

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// Its shortest form, without `!`.
    text: String,
    takes_back: bool,
    matcher: Matcher,
}

impl Patterns {
    /// Reads an ignore file: a pattern a line, and comments, which start with `#` at the very start of a line.
    ///
    /// # Errors
    ///
    /// Each invalid pattern, with its place.
    pub fn read(file: &SourceFile) -> Result<Self, Diagnostics> {
        let (mut patterns, mut mistakes) = (Vec::new(), Vec::new());
        for (n, line) in file.text().lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            match Pattern::parse(line) {
                Ok(pattern) => patterns.push(pattern),
                Err((problem, help)) => {
                    let mistake =
                        Diagnostic::error(format!("`{}` is no pattern: {problem}", line.trim()));
                    let span = file.line(n + 1).unwrap_or_else(|| file.whole());
                    mistakes.push(mistake.at(&span).help(help));
                }
            }
        }
        Diagnostics::or(mistakes, Self(patterns))
    }

    /// Takes patterns from a list; an invalid one matches nothing.
    pub fn of<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Self {
        let patterns = texts
            .into_iter()
            .filter_map(|text| Pattern::parse(text.as_ref()).ok());
        Self(patterns.collect())
    }

    /// The patterns in their shortest form, as the engine takes them.
    pub fn texts(&self) -> Vec<String> {
        let texts = self.0.iter().map(|pattern| {
            let mark = if pattern.takes_back { "!" } else { "" };
            format!("{mark}{}", pattern.text)
        });
        texts.collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them includes again what others leave out.
    pub fn take_back(&self) -> bool {
        self.0.iter().any(|pattern| pattern.takes_back)
    }

    /// Whether the path is left out. The root of a context, `.`, never is.
    pub fn leave_out(&self, path: &str) -> bool {
        let path = path.trim_matches('/');
        if matches!(path, "" | ".") {
            return false;
        }
        let ends = path.match_indices('/').map(|(end, _)| end);
        let mut matched = vec![false; self.0.len()];
        let mut is_left_out = false;
        // From the top down, as a client walks: what a pattern matched it matches all the way below.
        for end in ends.chain([path.len()]) {
            is_left_out = false;
            for (pattern, matched) in self.0.iter().zip(&mut matched) {
                *matched = *matched
                    || (pattern.takes_back == is_left_out && pattern.matcher.matches(&path[..end]));
                if *matched {
                    is_left_out = !pattern.takes_back;
                }
            }
        }
        is_left_out
    }

    /// Whether something in a folder that is left out may be included again.
    pub fn may_take_back_in(&self, folder: &str) -> bool {
        self.0.iter().any(|pattern| {
            let mut names = pattern.text.split('/');
            let is_on_the_way = |folder: &str| {
                let name = names.next();
                name.is_some_and(|name| name.contains("**") || Matcher::new(name).matches(folder))
            };
            pattern.takes_back
                && (pattern.text.contains("**") || folder.split('/').all(is_on_the_way))
        })
    }

    /// The same patterns, followed by some that include these paths again if they are left out.
    #[must_use]
    pub fn without(mut self, paths: impl IntoIterator<Item = String>) -> Self {
        for path in paths {
            let path = shortest(path.trim_start_matches('/'));
            if self.leave_out(&path)
                && let Ok(pattern) = Pattern::parse(&format!("!{path}"))
            {
                self.0.push(pattern);
            }
        }
        self
    }

    /// Whether one of the patterns matches the path or a folder above it; `!` means nothing special.
    #[cfg(feature = "llb")]
    pub(crate) fn cover(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matcher.covers(path))
    }
}

/// Whether a name matches a pattern without `/`; one that is invalid matches none.
pub(crate) fn matches_name(pattern: &str, name: &str) -> bool {
    Matcher::check(pattern).is_ok() && Matcher::new(pattern).matches(name)
}

/// What is wrong, and what to write instead.
type Mistake = (&'static str, &'static str);

impl Pattern {
    fn parse(text: &str) -> Result<Self, Mistake> {
        let text = text.trim();
        let (text, takes_back) = match text.strip_prefix('!') {
            Some(text) => (text.trim(), true),
            None => (text, false),
        };
        if text.is_empty() {
            return Err((
                "there is nothing after `!`",
                "write what to keep after it, for instance `!README.md`",
            ));
        }
        let text = shortest(text);
        Matcher::check(&text)?;
        Ok(Self {
            matcher: Matcher::new(&text),
            text,
            takes_back,
        })
    }
}

/// The shortest form of a path, as Go's `filepath.Clean`, relative to the root of the context.
fn shortest(pattern: &str) -> String {
    let rooted = pattern.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (parts.is_empty(), rooted) {
        (true, true) => "/".to_owned(),
        (true, false) => ".".to_owned(),
        (false, _) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Result<Patterns, Diagnostics> {
        Patterns::read(&SourceFile::new(".dockerignore", file))
    }

    #[track_caller]
    fn check<const N: usize>(file: &str, expected: [&str; N]) {
        assert_eq!(read(file).unwrap().texts(), expected, "{file:?}");
    }

    // Expected values are what Go's `ignorefile.ReadAll` gives.
    #[test]
    fn an_ignore_file_is_read_as_docker_reads_it() {
        check("", []);
        check("\u{feff}a\r\n\r\n  b  \r\n", ["a", "b"]);
        check("# comment\n #not\n#", ["#not"]);
        check("/a/b\n/\n./c/\nd//e\n", ["a/b", "/", "c", "d/e"]);
        check("!README.md\n! /docs/x \n", ["!README.md", "!docs/x"]);
        check("**/*.pyc\n*\n.\n", ["**/*.pyc", "*", "."]);
        check("a/../b\n../x\n/../y\n", ["b", "../x", "y"]);
    }

    #[test]
    fn what_is_no_pattern_is_told_with_its_line() {
        let text = "# comment\nok\n  a[b \n!\n";
        let mistakes = read(text).unwrap_err().to_string();
        let expected = [
            ".dockerignore:3:3: error: `a[b` is no pattern: its `[` is not closed",
            ".dockerignore:4:1: error: `!` is no pattern: there is nothing after `!`",
        ];
        for (line, expected) in mistakes.lines().zip(expected) {
            assert!(line.starts_with(expected), "{mistakes}");
        }
        assert_eq!(mistakes.lines().count(), expected.len());
    }

    #[track_caller]
    fn check_path(patterns: &[&str], path: &str, expected: bool) {
        let is_left_out = Patterns::of(patterns).leave_out(path);
        assert_eq!(is_left_out, expected, "{patterns:?} {path}");
    }

    // The rows are from the tables of patternmatcher_test.go.
    #[test]
    fn the_last_pattern_that_matches_decides() {
        check_path(&["!fileutils.go", "*.go"], "fileutils.go", true);
        check_path(&["*.go", "!fileutils.go"], "fileutils.go", false);
        for docs in ["docs", "docs/", "docs/*"] {
            check_path(&[docs, "!docs/README.md"], "docs/README.md", false);
        }
        let web = "util/docker/web";
        check_path(&["**", "!util/docker/web"], "util/docker/web/foo", false);
        let foo = "util/docker/web/foo";
        check_path(&["**", &format!("!{web}"), foo], foo, true);
        let wheel = "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl";
        check_path(&["**", &format!("!{wheel}")], wheel, false);
        check_path(&["**", "!dist/*.whl"], wheel, false);
        check_path(&["*.go"], ".", false);
        check_path(&[], "any/path/there", false);
    }

    #[test]
    fn a_folder_shows_when_something_in_it_may_be_taken_back() {
        let patterns = Patterns::of(["*", "!src/app", "!*.d/x", "!**/keep"]);
        for folder in ["src", "src/app", "a.d", "anything"] {
            assert!(patterns.may_take_back_in(folder), "{folder}");
        }
        let patterns = Patterns::of(["*", "!src/app", "docs"]);
        for (folder, expected) in [("src", true), ("docs", false), ("src/other", false)] {
            assert_eq!(patterns.may_take_back_in(folder), expected, "{folder}");
        }
    }

    #[test]
    fn what_is_named_can_be_taken_back() {
        let patterns = Patterns::of(["dist/*.whl", ".env"]);
        let patterns = patterns.without(["dist/*.whl", "README.md"].map(str::to_owned));
        assert_eq!(patterns.texts(), ["dist/*.whl", ".env", "!dist/*.whl"]);
        assert!(!patterns.leave_out("dist/a.whl") && patterns.leave_out(".env"));
    }
}
