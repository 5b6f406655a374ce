//! Which paths of the build context were sent.

/// Whether the client sent the file if it has it: a pattern names it, or a folder above it.
///
/// Says no when in doubt, which costs a transfer. A wrong yes would hide a file.
pub(crate) fn covers(patterns: &[String], path: &str) -> bool {
    patterns.iter().any(|pattern| {
        let mut parts = path.split('/');
        pattern
            .split('/')
            .all(|pattern| parts.next().is_some_and(|part| matches(pattern, part)))
    })
}

/// Whether a name matches a pattern with `*` and `?`. Nothing matches one with `[`, `\` or `**`.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern.contains("**") || pattern.contains(['[', '\\']) {
        return false;
    }
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => (0..=name.len())
            .filter(|at| name.is_char_boundary(*at))
            .any(|at| matches(&pattern[1..], &name[at..])),
        Some(wanted) => name.chars().next().is_some_and(|found| {
            (wanted == '?' || wanted == found)
                && matches(&pattern[wanted.len_utf8()..], &name[found.len_utf8()..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_it_names_and_what_is_below() {
        let covered = |pattern: &str, path| covers(&[pattern.to_owned()], path);
        for (pattern, path) in [
            ("uv.lock", "uv.lock"),
            ("requirements*.txt", "requirements-dev.txt"),
            ("requirements*.txt", "requirements.txt"),
            ("r?q.txt", "réq.txt"),
            ("requirements", "requirements/base.txt"),
            ("a/*/c", "a/b/c"),
        ] {
            assert!(covered(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("uv.lock", "a/uv.lock"),
            ("uv.lock", "uv.lock2"),
            ("*.txt", "a/b.txt"),
            ("a/b", "a"),
            ("**/a", "b/a"),
            ("[ab]", "a"),
        ] {
            assert!(!covered(pattern, path), "{pattern} {path}");
        }
    }
}
