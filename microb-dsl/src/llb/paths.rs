//! Paths inside an image, as Go's package `path` and the Dockerfile frontend treat them.

/// The shortest equal path: no `.`, no `..` that could be taken back, no double slashes. Go's `path.Clean`.
pub(crate) fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if absolute => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// The path seen from the working directory, absolute and clean.
pub(crate) fn absolute(working_dir: &str, path: &str) -> String {
    if path.starts_with('/') {
        clean(path)
    } else {
        clean(&format!("/{working_dir}/{path}"))
    }
}

/// The same for the destination of a copy, where a slash at the end says that it is a folder.
pub(super) fn destination(working_dir: &str, path: &str) -> String {
    let folder = path.ends_with('/') || path == "." || path.ends_with("/.");
    let mut cleaned = absolute(working_dir, path);
    if folder && !cleaned.ends_with('/') {
        cleaned.push('/');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        // The table of Go's path_test.go, shortened.
        for (path, cleaned) in [
            ("", "."),
            ("abc", "abc"),
            ("abc/def/", "abc/def"),
            ("/", "/"),
            ("//abc//", "/abc"),
            ("abc/./def", "abc/def"),
            ("abc/def/..", "abc"),
            ("/abc/def/../../..", "/"),
            ("abc/def/../../..", ".."),
            ("../../abc", "../../abc"),
            ("/../abc", "/abc"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn a_destination_keeps_the_slash_that_makes_it_a_folder() {
        for (dir, path, expected) in [
            ("/app", ".", "/app/"),
            ("/app", "./", "/app/"),
            ("/app", "x", "/app/x"),
            ("/app", "x/", "/app/x/"),
            ("/app", "/y/", "/y/"),
            ("/", "x", "/x"),
            ("/", ".", "/"),
        ] {
            assert_eq!(destination(dir, path), expected, "{path}");
        }
    }
}
