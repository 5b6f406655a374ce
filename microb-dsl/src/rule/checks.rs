//! Which findings the user wants: the comment `# check=…` and the build argument of the same syntax.
//!
//! The syntax is that of Dockerfiles: <https://docs.docker.com/reference/dockerfile/#check>.

use std::collections::BTreeSet;

use super::{PAGES, RULES, Rule};
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::grammar::boolean;
use crate::span::{SourceFile, Span};

/// The build argument that overrides the comment at the top of the file.
pub const BUILD_ARG: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// The keys of comments at the top of a file that say how it is read (`frontend/dockerfile/parser/directives.go`).
const DIRECTIVES: &[&str] = &["syntax", "escape", "check"];

pub(super) static UNKNOWN_RULE: Rule = Rule::new(
    "UnknownRule",
    "A rule that is skipped or asked for should be one that there is",
)
.pages(PAGES);

/// Which rules are skipped, which experimental ones are enabled, and whether any finding stops the build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checks {
    skip: Selection,
    experimental: Selection,
    error: bool,
    /// Where the file says so.
    span: Option<Span>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Selection {
    All,
    Only(BTreeSet<String>),
}

impl Default for Selection {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl Selection {
    fn parse(names: &str) -> Self {
        match names.trim() {
            "all" => Self::All,
            names => Self::Only(
                names
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect(),
            ),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::All => None,
            Self::Only(names) => Some(names),
        };
        names.into_iter().flatten().map(String::as_str)
    }
}

/// The findings that the user wants, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// Findings that do not stop the build.
    pub warnings: Vec<Diagnostic>,
    /// Findings that stop the build.
    pub errors: Vec<Diagnostic>,
}

impl Checks {
    /// What the build argument says, else the file's comment.
    ///
    /// # Errors
    ///
    /// When one of them is not of the form `skip=RULE,RULE;experimental=RULE;error=true`.
    pub fn of(definition: &SourceFile, build_arg: Option<&str>) -> Result<Self, Diagnostic> {
        if let Some(given) = build_arg {
            return Self::parse(given).map_err(|problem| {
                Diagnostic::error(format!("build argument `{BUILD_ARG}`: {problem}")).help(HELP)
            });
        }
        let Some((value, span)) = directive(definition) else {
            return Ok(Self::default());
        };
        match Self::parse(value) {
            Ok(checks) => Ok(Self {
                span: Some(span),
                ..checks
            }),
            Err(problem) => Err(Diagnostic::error(problem).at(&span).help(HELP)),
        }
    }

    /// Reads `skip=RULE,RULE;experimental=RULE;error=true` (`ParseLintOptions` in BuildKit's `linter.go`).
    fn parse(text: &str) -> Result<Self, String> {
        let mut checks = Self::default();
        if text.trim().is_empty() {
            return Ok(checks);
        }
        for option in text.splitn(3, ';') {
            let (key, value) = option
                .split_once('=')
                .ok_or_else(|| format!("`{option}` is no check option"))?;
            match key.trim() {
                "skip" => checks.skip = Selection::parse(value),
                "experimental" => checks.experimental = Selection::parse(value),
                "error" => {
                    checks.error = boolean(value.trim())
                        .ok_or_else(|| format!("`{option}` is neither true nor false"))?;
                }
                other => return Err(format!("`{other}` is no check option")),
            }
        }
        Ok(checks)
    }

    /// Drops the findings that the user does not want, and separates those that stop the build from the others.
    ///
    /// `rules` are those of the recipe; those of the language are known anyway.
    pub fn review(&self, findings: Vec<Diagnostic>, rules: &[&'static Rule]) -> Review {
        let mut known: Vec<&Rule> = RULES.iter().chain(rules).copied().collect();
        known.extend(findings.iter().filter_map(|finding| finding.rule));
        let unknown = self.unknown(&known);
        let mut review = Review::default();
        for mut finding in findings.into_iter().chain(unknown) {
            if !self.wants(&finding) {
                continue;
            }
            if self.error && finding.rule.is_some() {
                finding.severity = Severity::Error;
            }
            let list = match finding.severity {
                Severity::Error => &mut review.errors,
                Severity::Warning => &mut review.warnings,
            };
            if !list.contains(&finding) {
                list.push(finding);
            }
        }
        review
    }

    /// Without a rule there is no name by which it could be skipped.
    fn wants(&self, finding: &Diagnostic) -> bool {
        let Some(rule) = finding.rule else {
            return true;
        };
        if rule.experimental {
            return self.experimental.has(rule.name) && !is_skipped_at(finding, rule);
        }
        !self.skip.has(rule.name) && !is_skipped_at(finding, rule)
    }

    /// Names in the file that are no rules. A build argument may name rules of Dockerfiles too.
    fn unknown(&self, known: &[&Rule]) -> Vec<Diagnostic> {
        let Some(span) = &self.span else {
            return Vec::new();
        };
        let names = || known.iter().map(|rule| rule.name);
        let written = self.skip.names().chain(self.experimental.names());
        written
            .filter(|name| !names().any(|known| known == *name))
            .map(|name| {
                let at = span
                    .text()
                    .find(name)
                    .map_or_else(|| span.clone(), |start| span.sub(start..start + name.len()));
                if name.is_empty() {
                    return UNKNOWN_RULE
                        .finding("the name of a rule is missing")
                        .at(span)
                        .help("write the names without spaces between them");
                }
                let finding = UNKNOWN_RULE
                    .finding(format!("there is no rule `{name}`"))
                    .at(&at);
                match nearest(name, names()) {
                    Some(near) => finding.help(format!("write `{near}`")),
                    None => finding.help("remove it"),
                }
            })
            .collect()
    }
}

impl Review {
    /// What stops the build, if anything does, with a first line as BuildKit's Dockerfile frontend has it.
    pub fn into_errors(self) -> Vec<Diagnostic> {
        let names: BTreeSet<&str> = self
            .errors
            .iter()
            .filter_map(|finding| Some(finding.rule?.name))
            .collect();
        if names.is_empty() {
            return self.errors;
        }
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        let mut errors = vec![Diagnostic::error(format!(
            "lint violation found for rules: {names}"
        ))];
        errors.extend(self.errors);
        errors
    }
}

const HELP: &str =
    "write `skip=RULE,RULE`, `experimental=RULE` or `error=true`, with `;` between them";

/// The value of `check` among the directives at the top of the file, and where it stands.
fn directive(file: &SourceFile) -> Option<(&str, Span)> {
    let mut at = 0;
    for (n, raw) in file.text().split_inclusive('\n').enumerate() {
        let line = raw.trim();
        if !(n == 0 && line.starts_with("#!")) {
            let (name, value) = name_and_value(line)?;
            if name.eq_ignore_ascii_case("check") {
                let start = at + (value.as_ptr() as usize - raw.as_ptr() as usize);
                return Some((value, file.span(start..start + value.len())));
            }
            let is_directive = |known: &&&str| name.eq_ignore_ascii_case(known);
            DIRECTIVES.iter().find(is_directive)?;
        }
        at += raw.len();
    }
    None
}

/// `# name = value`. What follows a space in the value belongs to whoever reads the comment.
fn name_and_value(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let name = name.trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric());
    let value = value.split_whitespace().next().unwrap_or_default();
    (is_name && !value.is_empty()).then_some((name, value))
}

/// Whether a comment right above the finding's line, or at the end of it, skips the rule there.
fn is_skipped_at(finding: &Diagnostic, rule: &Rule) -> bool {
    let Some(span) = &finding.span else {
        return false;
    };
    let skips = |comment: &str| {
        let checks = match name_and_value(comment) {
            Some(("check", value)) => Checks::parse(value).ok(),
            _ => None,
        };
        checks.is_some_and(|checks| checks.skip.has(rule.name))
    };
    let above = (1..span.start().line)
        .rev()
        .map_while(|line| span.file().line(line))
        .take_while(|line| line.text().starts_with('#'));
    let rest = &span.file().text()[span.range().end..];
    let rest = rest.lines().next().unwrap_or_default();
    let behind = rest.find('#').map(|at| &rest[at..]);
    above.into_iter().any(|line| skips(line.text())) || behind.is_some_and(skips)
}

#[cfg(test)]
mod tests {
    use super::*;

    static ONE: Rule = Rule::new("One", "one");
    static TWO: Rule = Rule::new("Two", "two");
    static NEW: Rule = Rule::new("New", "new").experimental();
    static FATAL: Rule = Rule::new("Fatal", "fatal").error();

    /// The lines of what is told, and of what stops the build.
    fn review(text: &str, build_arg: Option<&str>) -> Vec<String> {
        let file = SourceFile::new("p", text);
        let at = |rule: &'static Rule| {
            let span = file.find(&rule.name.to_lowercase());
            rule.finding("x").at(span.as_ref())
        };
        let checks = match Checks::of(&file, build_arg) {
            Ok(checks) => checks,
            Err(problem) => return vec![problem.to_string()],
        };
        let findings = vec![at(&ONE), at(&TWO), at(&NEW), at(&ONE)];
        let review = checks.review(findings, &[]);
        let lines = |list: Vec<Diagnostic>| {
            list.into_iter().map(|found| match found.rule {
                Some(rule) => format!("{:?} {}", found.severity, rule.name),
                None => found.message,
            })
        };
        let warnings = lines(review.warnings.clone());
        warnings.chain(lines(review.into_errors())).collect()
    }

    #[test]
    fn options_are_read_as_in_a_dockerfile() {
        let both = ["Warning One", "Warning Two"];
        for (text, expected) in [
            ("", &both[..]),
            ("# check=skip=One\n", &["Warning Two"]),
            ("#syntax=x\n# check = skip=One,Two words\n", &[]),
            ("#!/bin/x\n#CHECK=skip=One\n", &["Warning Two"]),
            (
                "# check=skip=One, Two\n",
                &["Warning Two", "Warning UnknownRule"],
            ),
            ("# check=skip=all\n", &[]),
            ("# check=experimental=all;skip=One,Two\n", &["Warning New"]),
            ("# check=experimental=New;skip=all\n", &["Warning New"]),
            // A comment, or anything else, ends the directives.
            ("# why\n# check=skip=all\n", &both),
            ("a = 1\n# check=skip=all\n", &both),
            ("\n# check=skip=all\n", &both),
            (
                "# check=error=true;skip=Two\n",
                &["lint violation found for rules: One", "Error One"],
            ),
            (
                "# check=skip=Oen,Two\n",
                &["Warning One", "Warning UnknownRule"],
            ),
            (
                "# check=skpi=One\n",
                &[
                    "p:1:9: error: `skpi` is no check option (write `skip=RULE,RULE`, `experimental=RULE` or `error=true`, with `;` between them)",
                ],
            ),
            (
                "# check=error=maybe\n",
                &[
                    "p:1:9: error: `error=maybe` is neither true nor false (write `skip=RULE,RULE`, `experimental=RULE` or `error=true`, with `;` between them)",
                ],
            ),
        ] {
            assert_eq!(review(text, None), expected, "{text}");
        }
    }

    #[test]
    fn the_build_argument_takes_the_place_of_the_comment() {
        let text = "# check=skip=all\n";
        assert_eq!(review(text, Some("")), ["Warning One", "Warning Two"]);
        let some = Some("skip=JSONArgsRecommended;error=1;experimental=One");
        assert_eq!(
            review(text, some),
            [
                "lint violation found for rules: One, Two",
                "Error One",
                "Error Two"
            ]
        );
        assert!(review(text, Some("x"))[0].contains("build argument `BUILDKIT_DOCKERFILE_CHECK`"));
    }

    #[test]
    fn a_comment_at_the_place_skips_the_rule_there() {
        for (text, expected) in [
            ("x\n# check=skip=One\none\ntwo\n", &["Warning Two"][..]),
            (
                "x\n# why not\n  # check=skip=One\n# more\n  one\ntwo",
                &["Warning Two"],
            ),
            ("one # check=skip=One\ntwo # check=skip=all because\n", &[]),
            (
                "# x\none\ntwo # check=skip=One\n",
                &["Warning One", "Warning Two"],
            ),
            (
                "x\n# check=skip=One\n\none two\n",
                &["Warning One", "Warning Two"],
            ),
        ] {
            assert_eq!(review(text, None), expected, "{text}");
        }
    }

    #[test]
    fn an_error_of_a_rule_stops_the_build_unless_it_is_skipped() {
        let findings = || vec![FATAL.finding("x"), Diagnostic::warning("no rule")];
        let review = Checks::default().review(findings(), &[]);
        assert_eq!((review.warnings.len(), review.errors.len()), (1, 1));
        let review = Checks::parse("skip=all").unwrap().review(findings(), &[]);
        assert_eq!((review.warnings.len(), review.errors.len()), (1, 0));
    }
}
