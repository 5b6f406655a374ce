//! Diagnostics as text: the user's own line with a caret under the mistake, and what to write instead.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::rule::Rule;

/// Renders findings one below the other, as `rustc` does. Without colour, since a build log has none.
///
/// ```
/// # use microb_dsl::{Diagnostic, Rule, SourceFile, report::render};
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
/// let finding = Diagnostic::warning("there is no lock").help("add one");
/// assert_eq!(render([&finding]), "warning: there is no lock\nhelp: add one");
///
/// static NO_LOCK: Rule = Rule::new("NoLock", "Without a lock, versions change from build to build");
/// assert_eq!(render([&NO_LOCK.finding("there is no lock")]), "warning[NoLock]: there is no lock");
/// ```
pub fn render<'a>(findings: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    let rendered: Vec<String> = findings.into_iter().map(one).collect();
    rendered.join("\n\n")
}

fn one(finding: &Diagnostic) -> String {
    let Some(span) = &finding.span else {
        return without_place(finding);
    };
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(finding.message.as_str());
    if let Some(rule) = finding.rule {
        title = title.id(rule.name);
    }
    let snippet = Snippet::source(span.file().text())
        .path(span.file().name())
        .annotation(AnnotationKind::Primary.span(span.range()));
    let help = finding.help.as_deref();
    let help = help.map(|help| Level::HELP.message(help));
    let page = finding.rule.and_then(Rule::url);
    let page = page.map(|page| Level::NOTE.message(page));
    let notes = help.into_iter().chain(page);
    let group = Group::with_title(title).element(snippet).elements(notes);
    Renderer::plain().render(&[group])
}

/// Without a line of the user's, the frame around it would be empty.
fn without_place(finding: &Diagnostic) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let rule = finding.rule.map(|rule| format!("[{}]", rule.name));
    let rule = rule.unwrap_or_default();
    let help = finding.help.iter().map(|help| format!("\nhelp: {help}"));
    help.fold(
        format!("{severity}{rule}: {}", finding.message),
        |text, help| text + &help,
    )
}
