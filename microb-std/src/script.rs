//! Scripts that say what they need in a comment, PEP 723.
//!
//! <https://packaging.python.org/en/latest/specifications/inline-script-metadata/>

use microb::{Diagnostic, SourceFile, Span, Spanned};
use toml::de::DeTable;

use crate::config::{Packaging, Project};
use crate::metadata::{self, Metadata, Tables};
use crate::mistake::Findings;
use crate::specifier::Constraint;
use crate::tree::{self, Table};

/// The line that begins the block.
const OPENING: &str = "# /// script";

/// The line that ends it.
const CLOSING: &str = "# ///";

/// The keys of the block.
const KEYS: &[&str] = &["requires-python", "dependencies", "tool"];

/// Whether a definition file is a script, by its name, or by its block if the name does not tell.
pub(crate) fn is_script(file: &SourceFile) -> bool {
    let extension = file.name().rsplit_once('.').map(|(_, extension)| extension);
    match extension {
        Some("py" | "pyw") => true,
        Some("toml") => false,
        _ => file.text().lines().any(|line| line == OPENING),
    }
}

/// The name of a script's file, without folders.
pub(crate) fn file_name(file: &SourceFile) -> &str {
    file.name().rsplit('/').next().unwrap_or(file.name())
}

/// The block of a script.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line that begins it.
    pub(crate) opening: Span,
    /// Its TOML at the offsets that it has in the file, with spaces for all that is not TOML.
    pub(crate) toml: String,
}

/// A line of the file without its end, and where it begins.
type Line<'a> = (usize, &'a str);

impl Block {
    /// Finds the block.
    ///
    /// # Errors
    ///
    /// When there is none, more than one, or one without an end.
    pub(crate) fn of(file: &SourceFile) -> Result<Self, Diagnostic> {
        let lines = lines(file.text());
        let mut found: Option<(usize, usize)> = None;
        let mut at = 0;
        while let Some((_, line)) = lines.get(at) {
            if !is_opening(line) {
                at += 1;
                continue;
            }
            let below = &lines[at + 1..];
            let inside = below.iter().take_while(|line| is_comment(line.1)).count();
            // The last one counts: what is in a block may look like its end.
            let end = below[..inside].iter().rposition(|line| line.1 == CLOSING);
            if *line == OPENING {
                let end = end.ok_or_else(|| unclosed(file, &lines, at, inside))?;
                if let Some((first, _)) = found {
                    return Err(second(file, &lines, first, at));
                }
                if let Some(next) = below[..end].iter().position(|line| line.1 == OPENING) {
                    return Err(second(file, &lines, at, at + 1 + next));
                }
                found = Some((at, end));
            }
            at += end.map_or(1, |end| end + 2);
        }
        let (at, end) = found.ok_or_else(|| absent(file, &lines))?;
        Ok(Self {
            opening: span(file, lines[at]),
            toml: masked(file.text(), lines[at], &lines[at + 1..][..end]),
        })
    }

    /// The TOML as a tree whose places are those of the file.
    pub(crate) fn parse<'a>(
        &'a self,
        file: &'a SourceFile,
        findings: &Findings,
    ) -> Option<toml::Spanned<DeTable<'a>>> {
        tree::parse_text(&self.toml, file, findings)
    }
}

/// The tables of a block. It has no `[project]`.
pub(crate) fn tables(root: Table<'_>) -> Tables<'_> {
    root.only(KEYS);
    let tables = Tables {
        project: None,
        build_system: None,
        tool: root.table("tool"),
        poetry: None,
        is_script: true,
        root,
    };
    let microb = tables.tool("microb");
    if let Some(place) = microb.and_then(|microb| microb.long_string()) {
        let error = Diagnostic::error("a string of a script's block cannot go over several lines");
        let help = "write it in one line, with `\\n` for the end of a line";
        tables.root.report(error.at(&place).help(help));
    }
    tables
}

/// What is known of a script: which interpreter it needs.
pub(crate) fn metadata(tables: &Tables<'_>) -> Metadata {
    let root = &tables.root;
    let requires = root.string("requires-python");
    let findings = root.findings();
    Metadata {
        project: Project {
            packaging: Packaging::Sources,
            ..Project::default()
        },
        requires: requires
            .and_then(|text| metadata::constraint(text, Constraint::pep440, findings)),
        ..Metadata::default()
    }
}

/// The only target of a script, if it is one and has no tables of targets. What stands in `[tool.microb]` itself is about the only one, `default`.
pub(crate) fn only_target<'a>(tables: &Tables<'a>) -> Option<(Spanned<String>, Table<'a>)> {
    let microb = tables.tool.as_ref()?.table("microb")?;
    if !tables.is_script || microb.has("target") {
        return None;
    }
    let name = Spanned::new("default".to_owned(), microb.span().clone());
    Some((name, microb))
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        lines.push((at, line.strip_suffix('\r').unwrap_or(line)));
        at += whole.len();
    }
    lines
}

/// `# /// TYPE`
fn is_opening(line: &str) -> bool {
    let is_type = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    line.strip_prefix("# /// ").is_some_and(is_type)
}

/// A line that a block may go on with.
fn is_comment(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

fn span(file: &SourceFile, (start, line): Line<'_>) -> Span {
    file.span(start..start + line.len())
}

/// The text up to the end of the block, with spaces for all but these lines of TOML below the opening one.
fn masked(text: &str, opening: Line<'_>, toml: &[Line<'_>]) -> String {
    let blank = |byte| if byte == b'\n' { '\n' } else { ' ' };
    let above = &text[..opening.0 + opening.1.len()];
    let mut masked: String = above.bytes().map(blank).collect();
    for (start, line) in toml {
        // Between two lines is the end of the first.
        masked.push_str(&text[masked.len()..*start]);
        match line.strip_prefix("# ") {
            Some(toml) => {
                masked.push_str("  ");
                masked.push_str(toml);
            }
            None => masked.push(' '),
        }
    }
    masked
}

fn absent(file: &SourceFile, lines: &[Line<'_>]) -> Diagnostic {
    let squeezed = |line: &str| line.split_whitespace().collect::<String>();
    let is_near = |line: &&Line<'_>| {
        let line = squeezed(line.1).to_lowercase();
        line.starts_with("#///") && line != "#///"
    };
    if let Some(near) = lines.iter().find(is_near)
        && squeezed(near.1).to_lowercase() == squeezed(OPENING)
    {
        return Diagnostic::error("a block of inline metadata does not begin like this")
            .at(&span(file, *near))
            .help(format!(
                "write `{OPENING}`, with nothing before and after it"
            ));
    }
    let name = tree::escape(file.name());
    let first = lines.iter().find(|line| !line.1.starts_with("#!"));
    let place = first.map_or_else(|| file.whole(), |line| span(file, *line));
    Diagnostic::error(format!("`{name}` has no inline metadata"))
        .at(&place)
        .help(
            "add the lines `# /// script`, `# requires-python = \">=3.12\"`, `# dependencies = []` \
             and `# ///` below this one",
        )
}

fn unclosed(file: &SourceFile, lines: &[Line<'_>], at: usize, inside: usize) -> Diagnostic {
    let message = format!("the block `{OPENING}` has no end");
    match lines.get(at + 1 + inside) {
        // A comment that was meant to belong to the block.
        Some(line) if line.1.starts_with('#') => Diagnostic::error(message)
            .at(&span(file, *line))
            .help("begin the lines of the block with `# `, and end it with the line `# ///`"),
        _ => Diagnostic::error(message)
            .at(&span(file, lines[at]))
            .help("end it with the line `# ///`"),
    }
}

fn second(file: &SourceFile, lines: &[Line<'_>], first: usize, at: usize) -> Diagnostic {
    let message = format!(
        "the script has a second block `{OPENING}`; the first is in line {}",
        first + 1
    );
    Diagnostic::error(message)
        .at(&span(file, lines[at]))
        .help("write all into one block")
}
