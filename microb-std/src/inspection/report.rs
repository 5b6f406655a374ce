//! The report of `facts.py`: what is true of a finished image.

use std::collections::BTreeMap;

/// What is known of a finished image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Report {
    /// The variables of PEP 508's markers.
    pub(super) markers: BTreeMap<String, String>,
    /// What the folder of the interpreter's packages is called: `python3.14`, `python3.14t`, `pypy3.11`.
    pub(super) interpreter: String,
    /// For which interpreters the environment has packages, by the same names.
    pub(super) environments: Vec<String>,
    /// The installed distributions, sorted by the names of their folders.
    pub(super) distributions: Vec<Distribution>,
    /// What everybody may write to.
    pub(super) writable: Vec<String>,
    /// Sources whose bytecode was made of something else.
    pub(super) stale: Vec<Stale>,
    /// What needs a library that is not there.
    pub(super) libraries: Vec<MissingLibrary>,
    /// Imports of the project's modules that fail when the program starts.
    pub(super) imports: Vec<FailingImport>,
    /// What is wrong with the program that the image starts.
    pub(super) program: Option<Problem>,
    /// Why the report ends early.
    pub(super) failure: Option<String>,
}

/// An installed distribution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Distribution {
    pub(super) name: String,
    pub(super) version: String,
    /// The folder with its metadata, `NAME-VERSION.dist-info`.
    pub(super) folder: String,
    /// `Requires-Dist`, as written.
    pub(super) requires: Vec<String>,
}

/// A source that is newer or older than its bytecode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stale {
    pub(super) path: String,
    /// Whether the interpreter runs the bytecode all the same.
    pub(super) is_run: bool,
}

/// A file that needs a library, and the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MissingLibrary {
    pub(super) path: String,
    pub(super) library: String,
    /// Whether an extension module or the image's program needs it, and not only what something may load.
    pub(super) is_needed: bool,
    /// The folder with the metadata of the distribution that has the file, or nothing.
    pub(super) owner: String,
}

/// An import of what is not in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FailingImport {
    /// The file that it stands in, and its line, beginning with 1.
    pub(super) path: String,
    pub(super) line: usize,
    /// The dotted name, as far as the part that is not there.
    pub(super) module: String,
    /// What the file says.
    pub(super) text: String,
}

/// What is wrong with a program: a kind, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) kind: String,
    pub(super) about: Vec<String>,
}

impl Report {
    /// Reads a report. A line of an unknown kind is passed over.
    pub(super) fn read(text: &[u8]) -> Self {
        let mut report = Self::default();
        for line in String::from_utf8_lossy(text).lines() {
            let mut fields = line.split('\t').map(unescaped);
            let kind = fields.next().unwrap_or_default();
            let fields: Vec<String> = fields.collect();
            report.add(&kind, &fields);
        }
        report
    }

    fn add(&mut self, kind: &str, fields: &[String]) {
        match (kind, fields) {
            ("marker", [name, value]) => drop(self.markers.insert(name.clone(), value.clone())),
            ("interpreter", [name]) => self.interpreter.clone_from(name),
            ("environment", [name]) => self.environments.push(name.clone()),
            ("distribution", [name, version, folder]) => self.distributions.push(Distribution {
                name: name.clone(),
                version: version.clone(),
                folder: folder.clone(),
                requires: Vec::new(),
            }),
            ("requires", [requirement]) => {
                if let Some(last) = self.distributions.last_mut() {
                    last.requires.push(requirement.clone());
                }
            }
            ("writable", [path]) => self.writable.push(path.clone()),
            ("stale", [kind, path]) => self.stale.push(Stale {
                path: path.clone(),
                is_run: kind == "unchecked",
            }),
            ("library", [role, path, library, owner]) => self.libraries.push(MissingLibrary {
                path: path.clone(),
                library: library.clone(),
                is_needed: role == "module",
                owner: owner.clone(),
            }),
            ("import", [path, line, module, text]) => self.imports.push(FailingImport {
                path: path.clone(),
                line: line.parse().unwrap_or(1),
                module: module.clone(),
                text: text.clone(),
            }),
            ("failed", [kind, message]) => self.failure = Some(format!("{kind}: {message}")),
            ("program", [kind, about @ ..]) => {
                self.program = Some(Problem {
                    kind: kind.clone(),
                    about: about.to_vec(),
                });
            }
            _ => {}
        }
    }

    /// The value of a marker variable; empty if there is none.
    pub(super) fn marker(&self, name: &str) -> &str {
        self.markers.get(name).map_or("", String::as_str)
    }
}

fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(c) = characters.next() {
        match (c, characters.clone().next()) {
            ('\\', Some(escaped @ ('\\' | 't' | 'n'))) => {
                characters.next();
                text.push(match escaped {
                    't' => '\t',
                    'n' => '\n',
                    other => other,
                });
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_line_by_line() {
        let report = Report::read(
            b"marker\tos_name\tposix\ndistribution\tA\t1\tA-1.dist-info\nrequires\tb>=1\n\
              writable\t/app/a\\tb\\\\n\nlibrary\tmodule\t/app/x.so\tlibx.so.1\t\n\
              import\t/app/m.py\t2\ty\timport x\\nimport y\nprogram\tmissing\tapp\nnew\tthing\n",
        );
        assert_eq!(report.marker("os_name"), "posix");
        assert_eq!(report.distributions[0].requires, ["b>=1"]);
        assert_eq!(report.writable, ["/app/a\tb\\n"]);
        assert!(report.libraries[0].is_needed);
        assert_eq!(
            (report.imports[0].line, &*report.imports[0].text),
            (2, "import x\nimport y")
        );
        assert_eq!(report.program.unwrap().about, ["app"]);
    }
}
