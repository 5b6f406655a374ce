//! `.dockerignore`: patterns of what is not part of the build context.

/// Reads the patterns of an ignore file, in the normal form of `github.com/moby/patternmatcher/ignorefile`.
///
/// A byte order mark is dropped and a line may end with CRLF. A `#` starts a comment at the very start of a line only.
pub(crate) fn patterns(file: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(file);
    text.trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match line.strip_prefix('!') {
            Some(pattern) => format!("!{}", normal(pattern.trim())),
            None => normal(line),
        })
        .collect()
}

/// The shortest form of a path, as Go's `filepath.Clean`, relative to the root of the context.
fn normal(pattern: &str) -> String {
    if pattern.is_empty() {
        return String::new();
    }
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

    #[track_caller]
    fn check<const N: usize>(file: &str, expected: [&str; N]) {
        assert_eq!(patterns(file.as_bytes()), expected, "{file:?}");
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
        check("!\n", ["!"]);
    }
}
