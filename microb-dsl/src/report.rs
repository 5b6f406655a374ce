//! Diagnostics as text: the user's own line with a caret under the mistake, and what to write instead.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};

/// Renders findings one below the other, as `rustc` does. Without colour, since a build log has none.
///
/// ```
/// # use microb_dsl::{Diagnostic, SourceFile, report::render};
/// let file = SourceFile::new("pyproject.toml", "[project]\nnmae = 'x'\n");
/// let finding = Diagnostic::error("unknown key `nmae`")
///     .at(&file.find("nmae").unwrap())
///     .help("write `name`");
/// assert_eq!(render([&finding]), "\
/// error: unknown key `nmae`
///  --> pyproject.toml:2:1
///   |
/// 2 | nmae = 'x'
///   | ^^^^
///   |
///   = help: write `name`");
/// ```
pub fn render<'a>(findings: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    let plain = Renderer::plain();
    let rendered: Vec<String> = findings
        .into_iter()
        .map(|finding| plain.render(&[group(finding)]))
        .collect();
    rendered.join("\n\n")
}

fn group(finding: &Diagnostic) -> Group<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(finding.message.as_str());
    let help = finding
        .help
        .as_deref()
        .map(|help| Level::HELP.message(help));
    let Some(span) = &finding.span else {
        return Group::with_title(title).elements(help);
    };
    let snippet = Snippet::source(span.file().text())
        .path(span.file().name())
        .annotation(AnnotationKind::Primary.span(span.range()));
    Group::with_title(title).element(snippet).elements(help)
}
