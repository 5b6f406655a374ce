//! Requirements files: read with all that they include, and written again as one text.
//!
//! The format is pip's: <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.

use std::collections::{BTreeMap, BTreeSet};

use microb::grammar::secret_login;
use microb::{Context, Diagnostic, SourceFile, Span, Spanned};

use crate::location::within_context;
use crate::lock::checked_hash;
use crate::mistake::Findings;
use crate::requirement::{Requirement, is_git, is_ssh};
use crate::requirement_line::{
    FLAGS, Kind, Line, Local, WITH_PATH, WITH_VALUE, find_options, lines, local, named, option,
    span_of, unknown_option, url,
};
use crate::text;

/// What a requirements file and its includes say together.
#[derive(Debug, Default)]
pub(crate) struct Flattened {
    /// The lines, in order.
    pub(crate) requirements: Vec<String>,
    /// The lines of what `-c` includes.
    pub(crate) constraints: Vec<String>,
    pub(crate) has_hashes: bool,
    /// Paths of the build context.
    pub(crate) local_paths: BTreeMap<String, Span>,
    /// Where the project itself is required.
    pub(crate) itself: Option<Span>,
    /// The extras of `.[extra]`.
    pub(crate) own_extras: Vec<Spanned<String>>,
    pub(crate) ssh: Option<Span>,
    pub(crate) git: Option<Span>,
    /// The requirements that have a name.
    pub(crate) listed: Vec<Requirement>,
    /// Whether a tool wrote it, of what others ask for.
    pub(crate) is_compiled: bool,
    /// Where URLs with a password or a token stand.
    pub(crate) logins: Vec<Span>,
}

/// Reads the file at `path` of the build context; `named` is where the user names it.
pub(crate) fn read(
    cx: &dyn Context,
    project_dir: &str,
    path: &str,
    named: &Span,
    findings: &Findings,
) -> Flattened {
    let mut reader = Reader {
        cx,
        project_dir,
        findings,
        seen: BTreeSet::new(),
        out: Flattened::default(),
    };
    reader.file(path, named, false);
    reader.out
}

struct Reader<'a> {
    cx: &'a dyn Context,
    project_dir: &'a str,
    findings: &'a Findings,
    /// Files that were read, and whether as constraints.
    seen: BTreeSet<(String, bool)>,
    out: Flattened,
}

/// How deep files may include one another.
const MAX_INCLUDES: usize = 64;

impl Reader<'_> {
    fn file(&mut self, path: &str, named: &Span, is_constraint: bool) {
        if !self.seen.insert((path.to_owned(), is_constraint)) {
            return;
        }
        if self.seen.len() > MAX_INCLUDES {
            self.error(
                Diagnostic::error("too many requirements files include one another").at(named),
            );
            return;
        }
        let file = match text::read(self.cx, path) {
            Ok(Some(file)) => file,
            Ok(None) => {
                let error = Diagnostic::error(format!("`{path}` is not in the build context"));
                self.error(error.at(named).help("check the path, and `.dockerignore`"));
                return;
            }
            Err(error) => {
                let error = if error.span.is_some() {
                    error
                } else {
                    error.at(named)
                };
                self.error(error);
                return;
            }
        };
        if let Some(conflict) = text::conflict_of_people(&file) {
            self.error(conflict);
            return;
        }
        self.out.is_compiled |= is_compiled(&file);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for line in lines(&file) {
            if self.findings.is_full() {
                return;
            }
            if line.value.starts_with('-') {
                self.options(folder, &line, is_constraint);
            } else {
                self.requirement(folder, &line, is_constraint);
            }
        }
    }

    fn error(&self, error: Diagnostic) {
        self.findings.add(error);
    }

    fn push(&mut self, line: String, is_constraint: bool) {
        if is_constraint {
            self.out.constraints.push(line);
        } else {
            self.out.requirements.push(line);
        }
    }

    /// A line of options: `-r base.txt`, `--index-url=https://…`.
    fn options(&mut self, folder: &str, line: &Line, is_constraint: bool) {
        let mut words = line.value.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if FLAGS.contains(&word) {
                self.out.has_hashes |= word == "--require-hashes";
                self.push(word.to_owned(), is_constraint);
                continue;
            }
            let Some((name, attached)) = option(word) else {
                self.error(unknown_option(line, word));
                return;
            };
            let value = match attached {
                Some(value) => value,
                // The path of `-e` may hold spaces, and a marker may follow it.
                None if matches!(name, "-e" | "--editable") => {
                    let rest = words.peek().map_or("", |next| {
                        &line.value[next.as_ptr() as usize - line.value.as_ptr() as usize..]
                    });
                    words = "".split_whitespace().peekable();
                    rest
                }
                None => words.next().unwrap_or_default(),
            };
            if value.is_empty() {
                let error = Diagnostic::error(format!("`{name}` lacks a value"));
                self.error(error.at(&span_of(line, word)));
                return;
            }
            self.option(folder, line, name, value, is_constraint);
        }
    }

    fn option(&mut self, folder: &str, line: &Line, name: &str, value: &str, is_constraint: bool) {
        if secret_login(value).is_some() {
            self.out.logins.push(span_of(line, value));
        }
        if let Some((_, long)) = WITH_VALUE.iter().find(|(known, _)| *known == name) {
            self.push(format!("{long} {value}"), is_constraint);
            return;
        }
        let Some((_, kind)) = WITH_PATH.iter().find(|(known, _)| *known == name) else {
            return;
        };
        let value = value.trim_matches(['"', '\'']);
        let is_url = value.contains("://");
        match kind {
            Kind::Requirement | Kind::Constraint if is_url => {
                self.push(format!("{name} {value}"), is_constraint);
            }
            Kind::Requirement | Kind::Constraint => {
                let span = span_of(line, value);
                if let Some(path) = self.inside(folder, value, &span) {
                    self.file(&path, &span, is_constraint || *kind == Kind::Constraint);
                }
            }
            // An installed package is a copy: nobody edits it in an image.
            Kind::Editable => {
                let requirement = Spanned::new(value.to_owned(), span_of(line, value));
                self.requirement(folder, &requirement, is_constraint);
            }
            Kind::FindLinks if is_url => self.push(format!("--find-links {value}"), is_constraint),
            Kind::FindLinks => {
                let span = span_of(line, value);
                if let Some(path) = self.inside(folder, value, &span) {
                    self.push(format!("--find-links ./{path}"), is_constraint);
                    self.out.local_paths.entry(path).or_insert(span);
                }
            }
        }
    }

    /// A path of the build context, or an error.
    fn inside(&self, folder: &str, path: &str, span: &Span) -> Option<String> {
        let is_absolute = path.starts_with('/') || path.get(1..3) == Some(":/");
        let inside = within_context(folder, path).filter(|_| !is_absolute);
        if inside.is_none() {
            let what = if is_absolute {
                "is an absolute path"
            } else {
                "is outside the build context"
            };
            self.error(
                Diagnostic::error(format!("`{path}` {what}"))
                    .at(span)
                    .help("write a path inside the build context, relative to this file"),
            );
        }
        inside
    }

    /// A requirement with its own options: `numpy==2.0 --hash=sha256:…`.
    fn requirement(&mut self, folder: &str, line: &Line, is_constraint: bool) {
        let (wanted, options) = match find_options(&line.value) {
            Some(at) => line.value.split_at(at),
            None => (line.value.as_str(), ""),
        };
        let wanted = wanted.trim();
        if let Some(meant) = wanted.strip_prefix("pip install ") {
            let error = Diagnostic::error(format!("`{wanted}` is a command"));
            let help = format!("write `{}`", meant.trim());
            self.error(error.at(&span_of(line, wanted)).help(help));
            return;
        }
        self.out.has_hashes |= options.contains("--hash");
        self.check_hashes(line, options);
        let options = options
            .split_whitespace()
            .fold(String::new(), |mut all, word| {
                all.push(' ');
                all.push_str(word);
                all
            });
        let place = Spanned::new(wanted.to_owned(), span_of(line, wanted));
        if let Some(local) = local(wanted) {
            self.local(folder, &place, &local, &options, is_constraint);
            return;
        }
        self.note_url(wanted, &place.span);
        let has_name = !url(wanted).contains("://") || wanted.contains('@') && named(wanted);
        // pip and uv replace `${VAR}` themselves.
        if !has_name || wanted.contains("${") {
            self.push(format!("{wanted}{options}"), is_constraint);
            return;
        }
        if let Some(requirement) = self.findings.keep(Requirement::parse(place)) {
            self.push(format!("{requirement}{options}"), is_constraint);
            if !is_constraint {
                self.out.listed.push(requirement);
            }
        }
    }

    /// The installer would name neither the file nor the line.
    fn check_hashes(&self, line: &Line, options: &str) {
        for hash in options.split("--hash").skip(1) {
            let hash = hash.trim_start_matches(['=', ' ', '\t']);
            let hash = hash.split_whitespace().next().unwrap_or_default();
            let written = Spanned::new(hash.to_owned(), span_of(line, hash));
            if let Err(error) = checked_hash(&written) {
                self.error(error.help(
                    "copy all of it, or write the file with `uv pip compile --generate-hashes`",
                ));
            }
        }
    }

    fn note_url(&mut self, wanted: &str, span: &Span) {
        let url = url(wanted);
        if secret_login(url).is_some() {
            self.out.logins.push(span.clone());
        }
        if is_ssh(url) {
            self.out.ssh.get_or_insert_with(|| span.clone());
        }
        if is_git(url) {
            self.out.git.get_or_insert_with(|| span.clone());
        }
    }

    fn local(
        &mut self,
        folder: &str,
        place: &Spanned<String>,
        local: &Local<'_>,
        options: &str,
        is_constraint: bool,
    ) {
        let path = local.path.replace('\\', "/");
        let Some(path) = self.inside(folder, &path, &place.span) else {
            return;
        };
        if path == self.project_dir {
            self.out.itself.get_or_insert_with(|| place.span.clone());
            let extras = local.extras.split(',').map(str::trim);
            self.out.own_extras.extend(
                extras
                    .filter(|extra| !extra.is_empty())
                    .map(|extra| Spanned::new(extra.to_owned(), place.span.clone())),
            );
            return;
        }
        let extras = match local.extras {
            "" => String::new(),
            extras => format!("[{extras}]"),
        };
        let marker = match local.marker {
            "" => String::new(),
            marker => format!(" ; {marker}"),
        };
        self.push(format!("./{path}{extras}{marker}{options}"), is_constraint);
        self.out
            .local_paths
            .entry(path)
            .or_insert_with(|| place.span.clone());
    }
}

/// Whether the file says of packages which others want them, as `pip-compile` and `uv pip compile` do: `# via flask`.
fn is_compiled(file: &SourceFile) -> bool {
    let comments = file.text().lines().filter_map(|line| line.split_once('#'));
    let mut words = comments.map(|(_, comment)| comment.split_whitespace().next());
    words.any(|word| word == Some("via"))
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    fn flatten(files: &[(&str, &str)]) -> (Flattened, Vec<String>) {
        let mut cx = MemoryContext::new("");
        for (path, content) in files {
            cx = cx.file(*path, *content);
        }
        let findings = Findings::default();
        let named = cx.definition().whole();
        let out = read(&cx, "", files[0].0, &named, &findings);
        let errors = findings
            .into_all()
            .iter()
            .map(ToString::to_string)
            .collect();
        (out, errors)
    }

    fn check(files: &[(&str, &str)], expected: &[&str]) -> Flattened {
        let (out, errors) = flatten(files);
        assert_eq!(errors, Vec::<String>::new(), "{files:?}");
        assert_eq!(out.requirements, expected, "{files:?}");
        out
    }

    #[test]
    fn comments_and_layout_do_not_reach_the_installed_text() {
        check(
            &[(
                "r.txt",
                "\u{feff}# top\r\n\r\nNats-Py == 2.7.2  # why\r\nnumpy>=1.20,<2\n  \nx @ https://h/x.whl#sha256=a\n",
            )],
            &[
                "nats-py==2.7.2",
                "numpy>=1.20,<2",
                "x @ https://h/x.whl#sha256=a",
            ],
        );
    }

    #[test]
    fn continuations_are_joined_and_hashes_seen() {
        let out = check(
            &[(
                "r.txt",
                "idna==3.7 \\\n    --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \\\r\n    --hash=sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\niniconfig \\\n ==2.3.1\nlast \\\n",
            )],
            &[
                "idna==3.7 --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --hash=sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                "iniconfig==2.3.1",
                "last",
            ],
        );
        assert!(out.has_hashes);
    }

    #[test]
    fn includes_are_relative_to_the_file_and_read_once() {
        let out = check(
            &[
                (
                    "req/all.txt",
                    "-r base.txt\n--requirement=../top.txt\n-rbase.txt\n-c c.txt\nz\n",
                ),
                ("req/base.txt", "b\n-r all.txt\n"),
                ("top.txt", "t\n"),
                ("req/c.txt", "b<2 # limit\n--constraint more.txt\n"),
                ("req/more.txt", "t<3"),
            ],
            &["b", "t", "z"],
        );
        assert_eq!(out.constraints, ["b<2", "t<3"]);
    }

    #[test]
    fn the_project_itself_is_dropped_and_other_folders_stay() {
        let out = check(
            &[(
                "r.txt",
                "-e .\n.\nfile:.\n-e file:.\n--editable=./\n-e .[fast,all]\n./vendor/lib[x] ; python_version>'3'\n-e ./tools\nwheels/a-1.whl\npkg @ file:./pkg\n-f ./wheels\n-e git+https://h/r.git#egg=r\n",
            )],
            &[
                "./vendor/lib[x] ; python_version>'3'",
                "./tools",
                "./wheels/a-1.whl",
                "./pkg",
                "--find-links ./wheels",
                "git+https://h/r.git#egg=r",
            ],
        );
        let extras: Vec<_> = out
            .own_extras
            .iter()
            .map(|extra| extra.value.as_str())
            .collect();
        assert_eq!(extras, ["fast", "all"]);
        let paths: Vec<_> = out.local_paths.keys().collect();
        assert_eq!(
            paths,
            ["pkg", "tools", "vendor/lib", "wheels", "wheels/a-1.whl"]
        );
        assert!(out.itself.is_some());
        assert!(out.git.is_some());
        assert!(out.ssh.is_none());
    }

    #[test]
    fn options_of_pip_pass() {
        check(
            &[(
                "r.txt",
                "-i https://a/simple --extra-index-url=https://b/simple\n--trusted-host h\n--pre\n--no-binary :all:\n--only-binary=numpy\n-fhttps://w/\n--no-index\n",
            )],
            &[
                "--index-url https://a/simple",
                "--extra-index-url https://b/simple",
                "--trusted-host h",
                "--pre",
                "--no-binary :all:",
                "--only-binary numpy",
                "--find-links https://w/",
                "--no-index",
            ],
        );
    }

    #[test]
    fn ssh_in_a_comment_is_no_ssh() {
        let out = check(
            &[("r.txt", "# x @ git+ssh://h/x\nidna # git+ssh\n")],
            &["idna"],
        );
        assert!(out.ssh.is_none() && out.git.is_none());
        let (out, _) = flatten(&[("a.txt", "-r b.txt"), ("b.txt", "x@git+ssh://git@h/x.git")]);
        assert_eq!(out.ssh.unwrap().to_string(), "b.txt:1:1");
    }

    #[test]
    fn variables_of_the_installer_stay() {
        check(
            &[("r.txt", "x @ https://${TOKEN}@h/x.whl\nhttps://h/y.whl\n")],
            &["x @ https://${TOKEN}@h/x.whl", "https://h/y.whl"],
        );
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        for (content, error) in [
            (
                "a\n-r none.txt\n",
                "r.txt:2:4: error: `none.txt` is not in the build context (check the path, and `.dockerignore`)",
            ),
            (
                "-r ../up.txt",
                "r.txt:1:4: error: `../up.txt` is outside the build context (write a path inside the build context, relative to this file)",
            ),
            (
                "a\n/abs/pkg\n",
                "r.txt:2:1: error: `/abs/pkg` is an absolute path (write a path inside the build context, relative to this file)",
            ),
            (
                "-e file:///home/me/x",
                "r.txt:1:4: error: `/home/me/x` is an absolute path (write a path inside the build context, relative to this file)",
            ),
            ("-r", "r.txt:1:1: error: `-r` lacks a value"),
            (
                "--index-ulr x",
                "r.txt:1:1: error: `--index-ulr` is no option of a requirements file (write `--index-url`)",
            ),
            (
                "idna >=3 <4",
                "r.txt:1:6: error: `>=3 <4` is no version specifier of PEP 440 (separate specifiers with commas: `>=3,<4`)",
            ),
        ] {
            let (_, errors) = flatten(&[("r.txt", content)]);
            assert_eq!(errors, [error], "{content:?}");
        }
    }
}
