//! Which images a `pyproject.toml` describes.

use microb::{Context, Diagnostics, Span, Target};

use crate::config::Config;
use crate::flavor::runtime_image;
use crate::mistake::Findings;
use crate::resolve::{target_tables, with_tables};

/// The tables `[tool.microb.target.NAME]`, in the order of the file; one without a name for a file that has none.
///
/// The comment right above a table describes it.
///
/// # Errors
///
/// When the file is no TOML, or a target is no table.
pub fn targets(cx: &dyn Context) -> Result<Vec<Target>, Diagnostics> {
    let findings = Findings::default();
    let names = with_tables(cx, &findings, |tables| {
        let tables = target_tables(tables).into_iter();
        tables.map(|(name, _)| name).collect::<Vec<_>>()
    });
    let names = names.unwrap_or_default();
    Diagnostics::or(findings.into_errors(), ())?;
    if names.is_empty() {
        return Ok(vec![Target {
            name: String::new(),
            description: None,
            is_default: true,
            base: base(Config::resolve(cx)),
            span: None,
        }]);
    }
    let has_default = names.iter().any(|name| name.value == "default");
    let is_default = |name: &str| name == "default" || (!has_default && names.len() == 1);
    let targets = names.iter().map(|name| Target {
        description: comment(&name.span, &name.value),
        is_default: is_default(&name.value),
        base: base(Config::resolve_target(cx, &name.value)),
        name: name.value.clone(),
        span: Some(name.span.clone()),
    });
    Ok(targets.collect())
}

/// The image that the final stage starts from, if the target has no mistakes.
fn base(config: Result<Config, Diagnostics>) -> Option<String> {
    Some(runtime_image(&config.ok()?).familiar())
}

/// The lines of the comment right above, as one. In Dockerfiles it begins with the name, which is left out here too.
fn comment(span: &Span, name: &str) -> Option<String> {
    let text = text_above(span);
    let text = about(&text, name).unwrap_or(&text);
    (!text.is_empty()).then(|| text.to_owned())
}

/// The same for a comment that begins with the name, as in `# PORT: where it listens`.
pub(crate) fn comment_about(span: &Span, name: &str) -> Option<String> {
    about(&text_above(span), name).map(str::to_owned)
}

fn about<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(name)?;
    let is_word = rest.starts_with([' ', ':']);
    is_word.then(|| rest.trim_start_matches([' ', ':']))
}

fn text_above(span: &Span) -> String {
    let above = (1..span.start().line).rev();
    let lines = above.map_while(|n| {
        let line = span.file().line(n)?;
        let comment = line.text().strip_prefix('#')?;
        let is_text = comment.contains(char::is_alphanumeric) && !is_directive(comment);
        is_text.then(|| comment.trim().to_owned())
    });
    let mut lines: Vec<String> = lines.collect();
    lines.reverse();
    lines.join(" ")
}

/// `syntax=…` and `check=…` are for programs.
fn is_directive(comment: &str) -> bool {
    let name = comment.split('=').next().unwrap_or_default().trim();
    comment.contains('=') && ["syntax", "check", "escape"].contains(&name)
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    #[track_caller]
    fn check(toml: &str, expected: &[(&str, bool, &str, &str)]) {
        let found = targets(&MemoryContext::new(toml)).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|target| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let (description, base) = (text(&target.description), text(&target.base));
                (target.name.clone(), target.is_default, description, base)
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, default, text, base)| {
                (
                    name.to_string(),
                    *default,
                    text.to_string(),
                    base.to_string(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{toml}");
    }

    #[test]
    fn targets_have_the_comment_above_them_and_one_is_the_default() {
        check("[tool.microb]\n", &[("", true, "", "python:3.14-slim")]);
        check(
            "# x\n\n# web: serves the pages\n[tool.microb.target.web]\n",
            &[("web", true, "serves the pages", "python:3.14-slim")],
        );
        check(
            "# check=skip=all\n# worker takes jobs\n# from the queue\n[tool.microb.target.worker]\npython_version = '3.13'\n\
             # -----\n[tool.microb.target.default]\nflavor = 'alpine'\n",
            &[
                (
                    "worker",
                    false,
                    "takes jobs from the queue",
                    "python:3.13-slim",
                ),
                ("default", true, "", "python:3.14-alpine"),
            ],
        );
        check(
            "[tool.microb.target.a]\nflavor = 'x'\n[tool.microb.target.b]\n",
            &[("a", false, "", ""), ("b", false, "", "")],
        );
    }

    #[test]
    fn a_file_that_is_no_toml_has_no_targets() {
        assert!(targets(&MemoryContext::new("[tool.microb")).is_err());
    }
}
