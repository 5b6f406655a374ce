//! What files are copied and added, and from where.

use microb::{Context, Diagnostic, Spanned, nearest};

use crate::config::{AddFile, AddSource, Config, CopyFile, CopyFrom};
use crate::location::{check_url, within_context};
use crate::mistake::{Findings, part};
use crate::requirement::is_git;
use crate::rules::EMPTY_PATTERN;
use crate::target_table::{AddTable, CopyTable};
use crate::tree;

/// What files are copied into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The final image.
    Image,
    /// The build stage.
    Builder,
}

/// The entries of `copy_files` or `copy_files_before_build`.
pub(crate) fn copies(
    written: Vec<CopyTable>,
    place: Place,
    targets: &[Spanned<String>],
    cx: &dyn Context,
    findings: &Findings,
) -> Vec<CopyFile> {
    let copy = |CopyTable { src, dst, from }| {
        let paths = paths(src, dst, findings);
        let from = match from {
            None => {
                let (src, dst) = paths?;
                stay_inside(&src, findings);
                return Some(CopyFile {
                    src,
                    dst,
                    from: None,
                });
            }
            Some(from) => findings.keep(copy_from(from, targets, cx))?,
        };
        if from.value == CopyFrom::Builder && place == Place::Builder {
            findings.add(
                Diagnostic::error("`builder` is not there before the build")
                    .at(&from.span)
                    .help("copy from it in `copy_files`, or name another source here"),
            );
        }
        let (src, dst) = paths?;
        Some(CopyFile {
            src,
            dst,
            from: Some(from),
        })
    };
    written.into_iter().filter_map(copy).collect()
}

/// The entries of `add_files` or `add_files_before_build`.
pub(crate) fn adds(written: Vec<AddTable>, findings: &Findings) -> Vec<AddFile> {
    let add = |AddTable { src, dst, checksum }| {
        let (src, dst) = paths(src, dst, findings)?;
        let source = add_source(&src, findings)?;
        if let Some(checksum) = &checksum {
            check_checksum(checksum, &source, findings);
        }
        Some(AddFile {
            src: Spanned::new(source, src.span),
            dst,
            checksum,
        })
    };
    written.into_iter().filter_map(add).collect()
}

/// Both paths, unless one is empty.
fn paths(
    src: Spanned<String>,
    dst: Spanned<String>,
    findings: &Findings,
) -> Option<(Spanned<String>, Spanned<String>)> {
    let mut right = true;
    for (path, what) in [(&src, "source"), (&dst, "destination")] {
        if path.value.trim().is_empty() {
            right = false;
            findings.add(
                Diagnostic::error(format!("the {what} path is empty"))
                    .at(&path.span)
                    .help("write a path, for instance `/app/`"),
            );
        }
    }
    right.then_some((src, dst))
}

fn stay_inside(src: &Spanned<String>, findings: &Findings) {
    if within_context("", &src.value).is_none() {
        findings.add(
            Diagnostic::error(format!("`{}` is outside the build context", tree::escape(&src.value)))
                .at(&src.span)
                .help("move it into the build context, or pass its folder with `--build-context NAME=FOLDER` and say `from = \"NAME\"`"),
        );
    }
}

/// Tells what is to be copied from the build context and is not there: all of it, before anything is built.
pub(crate) fn check_sources(config: &Config, cx: &dyn Context, findings: &Findings) {
    let copies = config
        .copy_files_before_build
        .iter()
        .chain(&config.copy_files);
    let copied = copies
        .filter(|copy| copy.from.is_none())
        .map(|copy| copy.src.clone());
    let adds = config
        .add_files_before_build
        .iter()
        .chain(&config.add_files);
    let added = adds.filter_map(|add| match &add.src.value {
        AddSource::Context(path) => Some(Spanned::new(path.clone(), add.src.span.clone())),
        AddSource::Git(_) | AddSource::Http(_) => None,
    });
    let sources: Vec<Spanned<String>> = copied
        .chain(added)
        .filter(|src| within_context("", &src.value).is_some())
        .collect();
    if sources.is_empty() {
        return;
    }
    let paths: Vec<String> = sources.iter().map(|src| src.value.clone()).collect();
    let absent = match cx.absent(&paths) {
        Ok(absent) => absent,
        Err(error) => {
            findings.add(Diagnostic::error(error.to_string()));
            return;
        }
    };
    for src in sources.iter().filter(|src| absent.contains(&src.value)) {
        let path = tree::escape(&src.value);
        let finding = if src.value.contains(['*', '?', '[']) {
            EMPTY_PATTERN
                .finding(format!("`{path}` matches nothing in the build context"))
                .help("check the pattern, and `.dockerignore`")
        } else {
            Diagnostic::error(format!("`{path}` is not in the build context"))
                .help("check the path, and `.dockerignore`")
        };
        findings.add(finding.at(&src.span));
    }
}

fn copy_from(
    from: Spanned<String>,
    targets: &[Spanned<String>],
    cx: &dyn Context,
) -> Result<Spanned<CopyFrom>, Diagnostic> {
    let name = from.value.as_str();
    if name == "builder" {
        return Ok(from.map(|_| CopyFrom::Builder));
    }
    if targets.iter().any(|target| target.value == name) {
        return Ok(from.map(CopyFrom::Target));
    }
    if cx.has_named_context(name) {
        return Ok(from.map(CopyFrom::NamedContext));
    }
    let near = || {
        nearest(
            name,
            targets
                .iter()
                .map(|target| target.value.as_str())
                .chain(["builder"]),
        )
    };
    // An image of Docker Hub may be called so, and has a version then.
    let near = if name.contains(['/', ':', '@']) {
        None
    } else {
        near()
    };
    if let Some(near) = near {
        let error = Diagnostic::error(format!("there is no target `{}`", tree::escape(name)));
        let help = format!(
            "write `{near}`; an image of that name is `{}:VERSION`",
            tree::escape(name)
        );
        return Err(error.at(&from.span).help(help));
    }
    match name.parse() {
        Ok(image) => Ok(from.map(|_| CopyFrom::Image(image))),
        Err(reason) => Err(Diagnostic::error(reason.to_string())
            .at(&from.span)
            .help("write `builder`, another target, a named context or an image")),
    }
}

fn add_source(src: &Spanned<String>, findings: &Findings) -> Option<AddSource> {
    let text = src.value.as_str();
    let path = text.split('#').next().unwrap_or(text);
    let is_http = text.starts_with("http://") || text.starts_with("https://");
    if is_git(text) || text.starts_with("ssh://") || (is_http && is_repository(path)) {
        return Some(AddSource::Git(text.to_owned()));
    }
    if is_http {
        return match check_url(src) {
            Ok(()) => Some(AddSource::Http(text.to_owned())),
            Err(error) => {
                findings.add(error);
                None
            }
        };
    }
    if let Some((scheme, _)) = text.split_once("://") {
        findings.add(
            Diagnostic::error(format!(
                "files cannot be added over `{}`",
                tree::escape(scheme)
            ))
            .at(&part(src, 0..scheme.len()))
            .help("write a path of the build context, an `https://` URL or a git repository"),
        );
        return None;
    }
    stay_inside(src, findings);
    Some(AddSource::Context(text.to_owned()))
}

/// BuildKit takes such a URL for a repository, in lower case only.
fn is_repository(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end == "git")
}

fn check_checksum(checksum: &Spanned<String>, source: &AddSource, findings: &Findings) {
    let error = |message: String, help: &str| {
        findings.add(Diagnostic::error(message).at(&checksum.span).help(help));
    };
    match source {
        AddSource::Http(_) => {}
        AddSource::Git(_) => {
            error(
                "a git repository has no `checksum`".to_owned(),
                "pin the commit in the URL: `….git#COMMIT`",
            );
            return;
        }
        AddSource::Context(_) => {
            error(
                "a file of the build context has no `checksum`".to_owned(),
                "remove it; it is for URLs",
            );
            return;
        }
    }
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let Some(digest) = checksum.value.strip_prefix("sha256:") else {
        error(
            format!("`{}` is no checksum", tree::escape(&checksum.value)),
            "write `sha256:` and 64 hexadecimal digits",
        );
        return;
    };
    if !digest.chars().all(is_hex) {
        error(
            "the checksum has characters that are no hexadecimal digits in lower case".to_owned(),
            "write `sha256:` and 64 digits of 0-9 and a-f",
        );
    } else if digest.len() != 64 {
        error(
            format!("the checksum has {} digits", digest.len()),
            "write `sha256:` and 64 hexadecimal digits",
        );
    }
}
