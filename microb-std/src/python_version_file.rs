//! The file `.python-version`, as pyenv and uv read it.

use microb::{Diagnostic, SourceFile, Span, Spanned};

use crate::mistake::Findings;
use crate::python::{self, Wanted};
use crate::rules::SKIPPED_PYTHON_VERSION;
use crate::specifier::Constraint;
use crate::text;

/// The name of the file, beside the `pyproject.toml`.
pub(crate) const NAME: &str = ".python-version";

/// The first usable one of these words, of a file that has the versions of all tools.
pub(crate) fn first(words: Vec<Spanned<String>>, findings: &Findings) -> Option<Spanned<Wanted>> {
    for text in words {
        match version(&text) {
            Line::Version(wanted) => return Some(Spanned::new(wanted, text.span)),
            Line::Skip => {}
            Line::Wrong(error) => {
                findings.add(error);
                return None;
            }
        }
    }
    None
}

/// The version that the first usable line names.
///
/// Names of virtual environments, `system` and development versions are skipped with a warning; a file with
/// nothing else is an error.
pub(crate) fn read(file: &SourceFile, findings: &Findings) -> Option<Spanned<Wanted>> {
    let mut skipped = Vec::new();
    for Spanned { value: line, span } in text::lines(file) {
        // pyenv allows several versions in a line; the first is `python`. A range may contain spaces.
        let word = if line.starts_with(['<', '>', '=', '!', '~']) {
            line.split('#').next().unwrap_or(line).trim()
        } else {
            line.split_whitespace().next().unwrap_or(line)
        };
        let text = Spanned::new(word.to_owned(), span.sub(0..word.len()));
        match version(&text) {
            Line::Version(wanted) => {
                for skip in skipped {
                    findings.add(skip);
                }
                return Some(Spanned::new(wanted, text.span));
            }
            Line::Skip => skipped.push(
                SKIPPED_PYTHON_VERSION
                    .finding(format!("`{word}` names no Python version and is skipped"))
                    .at(&text.span)
                    .help("remove the line"),
            ),
            Line::Wrong(error) => {
                findings.add(error);
                return None;
            }
        }
    }
    findings.add(nothing_usable(
        file,
        skipped.first().and_then(|skip| skip.span.as_ref()),
    ));
    None
}

fn nothing_usable(file: &SourceFile, first: Option<&Span>) -> Diagnostic {
    let whole = file.whole();
    let message = match first {
        Some(span) => format!("`{}` names no Python version", span.text()),
        None => format!("`{}` names no Python version", file.name()),
    };
    Diagnostic::error(message)
        .at(first.unwrap_or(&whole))
        .help("write a version such as `3.14`, `3.14.1`, `cpython-3.14` or `>=3.12,<3.15`")
}

enum Line {
    Version(Wanted),
    Skip,
    Wrong(Diagnostic),
}

fn version(text: &Spanned<String>) -> Line {
    let word = text.value.as_str();
    let no_image = |what: &str| {
        Line::Wrong(
            Diagnostic::error(format!("there is no official image of {what} `{word}`"))
                .at(&text.span)
                .help("write a version of CPython such as `3.14`"),
        )
    };
    if word.starts_with("pypy") {
        return no_image("the interpreter");
    }
    if [
        "graalpy",
        "pyodide",
        "jython",
        "ironpython",
        "micropython",
        "stackless",
        "pyston",
    ]
    .iter()
    .any(|name| word.starts_with(name))
    {
        return no_image("the interpreter");
    }
    if word.starts_with(['<', '>', '=', '!', '~']) {
        return match Constraint::pep440(word) {
            Ok(constraint) => Line::Version(Wanted::Range(constraint)),
            Err(mistake) => Line::Wrong(mistake.at(text)),
        };
    }
    let number = ["cpython-", "cpython@", "cpython", "python-", "python", "v"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix))
        .unwrap_or(word);
    let number = match short(word) {
        Some(number) => number,
        None => number.to_owned(),
    };
    // `cpython-3.12.1-linux-x86_64-gnu`: the platform comes from `--platform`.
    let number = match number.split_once('-') {
        Some((_, "dev")) => return Line::Skip,
        Some((number, _)) if word.starts_with("cpython") => number.to_owned(),
        _ => number,
    };
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return Line::Skip;
    }
    if let Some((number, variant)) = number.split_once('+')
        && number.chars().all(|c| c.is_ascii_digit() || c == '.')
        && !variant.is_empty()
    {
        return no_image("the build");
    }
    if let Some(number) = number.strip_suffix(['t', 'd'])
        && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    {
        return no_image("the build");
    }
    if number.ends_with(".*") {
        return match Constraint::pep440(&format!("=={number}")) {
            Ok(constraint) => Line::Version(Wanted::Range(constraint)),
            Err(_) => Line::Skip,
        };
    }
    if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Line::Skip;
    }
    match python::wanted(&Spanned::new(number, text.span.clone())) {
        Ok(wanted) => Line::Version(wanted),
        Err(error) => Line::Wrong(error),
    }
}

/// `cp312` and `312`: the tags of wheels.
fn short(word: &str) -> Option<String> {
    let digits = word.strip_prefix("cp")?;
    let minor = digits.strip_prefix('3')?;
    let is_number = !minor.is_empty() && minor.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| format!("3.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PythonOrigin;
    use crate::python::{Question, choose};

    /// The tag, or the first error; and the number of warnings.
    fn tag(text: &str) -> (String, usize) {
        let file = SourceFile::new(NAME, text);
        let findings = Findings::default();
        let wanted = read(&file, &findings);
        let python = wanted.as_ref().and_then(|wanted| {
            let question = Question {
                explicit: None,
                image: None,
                version_file: Some(wanted),
                requires: None,
            };
            choose(&question, &findings)
        });
        let all = findings.into_all();
        match python {
            Some(python) => {
                assert_eq!(python.origin, PythonOrigin::VersionFile);
                (python.version.to_string(), all.len())
            }
            None => (all[0].message.clone(), all.len() - 1),
        }
    }

    /// The accepted lines are those that uv accepts, and pyenv's.
    #[test]
    fn lines_are_read_as_uv_and_pyenv_do() {
        for (text, version, warnings) in [
            ("3.12", "3.12", 0),
            ("3.12.1", "3.12.1", 0),
            ("3.12.1\r\n", "3.12.1", 0),
            ("\u{feff}3.12\r\n", "3.12", 0),
            ("# comment\n\n  3.12  \n", "3.12", 0),
            ("cpython-3.12", "3.12", 0),
            ("cpython@3.12", "3.12", 0),
            ("cp312", "3.12", 0),
            (">=3.12,<3.13", "3.12", 0),
            (">= 3.12, < 3.13  # why", "3.12", 0),
            ("cpython-3.12.1-linux-x86_64-gnu", "3.12.1", 0),
            ("v3.12", "3.12", 0),
            ("python3.12", "3.12", 0),
            ("myenv\n3.12.1", "3.12.1", 1),
            ("3.12 3.11", "3.12", 0),
            ("3.12.*", "3.12", 0),
            ("system\n3.13-dev\n3.12", "3.12", 2),
            ("3", "3.14", 0),
            ("3.99", "3.99", 1),
        ] {
            assert_eq!(tag(text), (version.to_owned(), warnings), "{text:?}");
        }
    }

    #[test]
    fn of_words_the_first_that_is_a_version_counts() {
        let tag = |words: &[&str]| {
            let findings = Findings::default();
            let file = SourceFile::new(".tool-versions", "");
            let word = |word: &&str| Spanned::new((*word).to_owned(), file.whole());
            let wanted = first(words.iter().map(word).collect(), &findings)?;
            let question = Question {
                explicit: None,
                image: None,
                version_file: Some(&wanted),
                requires: None,
            };
            Some(choose(&question, &findings)?.version.to_string())
        };
        for (words, version) in [
            (&["3.13.5"][..], Some("3.13.5")),
            (&["3.12", "3.11"], Some("3.12")),
            (&["system", "3.12"], Some("3.12")),
            (&["latest"], None),
            (&[], None),
        ] {
            assert_eq!(tag(words).as_deref(), version, "{words:?}");
        }
    }

    #[test]
    fn what_has_no_image_or_no_meaning_is_an_error() {
        for (text, message) in [
            ("", "`.python-version` names no Python version"),
            ("# only\n", "`.python-version` names no Python version"),
            ("system\n", "`system` names no Python version"),
            ("3.12-dev", "`3.12-dev` names no Python version"),
            ("3.13t", "there is no official image of the build `3.13t`"),
            ("3.13d", "there is no official image of the build `3.13d`"),
            (
                "3.13+freethreaded",
                "there is no official image of the build `3.13+freethreaded`",
            ),
            (
                "pypy3.11",
                "there is no official image of the interpreter `pypy3.11`",
            ),
            (
                "pypy@3.11",
                "there is no official image of the interpreter `pypy@3.11`",
            ),
            (
                "pypy-3.11-7.3.23",
                "there is no official image of the interpreter `pypy-3.11-7.3.23`",
            ),
            (
                "graalpy-24",
                "there is no official image of the interpreter `graalpy-24`",
            ),
            ("2.7.18", "Python `2.7.18` is not supported"),
            (">=3.x", "`>=3.x` is no version specifier of PEP 440"),
        ] {
            assert_eq!(tag(text), (message.to_owned(), 0), "{text:?}");
        }
    }
}
