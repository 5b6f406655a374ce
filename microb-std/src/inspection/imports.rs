//! Imports of the project's own modules that fail as soon as the program starts.

use std::collections::BTreeSet;

use microb::{Context, SourceFile, Span};

use super::report::{FailingImport, Report};
use super::{APPLICATION, Subject};
use crate::builder::VENV;
use crate::config::{Config, Packaging};
use crate::mistake::Findings;
use crate::project_dir::within;
use crate::rules::UNRESOLVED_IMPORT;
use crate::tree::escape;

/// Modules whose distribution has another name, as its own documentation says.
const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("Crypto", "pycryptodome"),
    ("MySQLdb", "mysqlclient"),
    ("OpenSSL", "pyopenssl"),
    ("PIL", "pillow"),
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("bson", "pymongo"),
    ("cv2", "opencv-python-headless"),
    ("dateutil", "python-dateutil"),
    // Of the standard library until Python 3.12.
    ("distutils", "setuptools"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("faiss", "faiss-cpu"),
    ("fitz", "pymupdf"),
    ("git", "gitpython"),
    ("grpc", "grpcio"),
    ("jose", "python-jose"),
    ("jwt", "pyjwt"),
    ("magic", "python-magic"),
    ("nacl", "pynacl"),
    ("pkg_resources", "setuptools"),
    ("pptx", "python-pptx"),
    ("psycopg2", "psycopg2-binary"),
    ("rest_framework", "djangorestframework"),
    ("serial", "pyserial"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("slugify", "python-slugify"),
    ("socketio", "python-socketio"),
    ("telegram", "python-telegram-bot"),
    ("yaml", "pyyaml"),
    ("zmq", "pyzmq"),
];

/// The folders that modules of a project are found from, each with what is in it.
#[derive(Debug)]
pub(super) struct Roots([(String, Vec<String>); 2]);

impl Roots {
    pub(super) fn of(cx: &dyn Context, config: &Config) -> Self {
        Self(["src", ""].map(|below| {
            let folder = within(&config.project_dir, below);
            let folder = folder.trim_end_matches('/');
            let listed = if folder.is_empty() { "." } else { folder };
            let names = cx.list(listed).unwrap_or_default();
            (folder.to_owned(), names)
        }))
    }

    /// The path in the build context of the file or folder of this name.
    fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        self.0.iter().find_map(|(folder, names)| {
            let name = names.iter().find(|name| is_it(name))?;
            Some(within(folder, name))
        })
    }
}

pub(super) fn check(subject: &Subject, report: &Report, findings: &Findings) {
    let mut told = BTreeSet::new();
    for import in &report.imports {
        if told.insert(&import.module) {
            let finding = UNRESOLVED_IMPORT
                .finding(format!(
                    "the program needs the module `{}`, which is not in the image",
                    escape(&import.module)
                ))
                .at(&place(subject, report, import))
                .help(help(subject, &import.module));
            findings.add(finding);
        }
    }
}

/// The import, in the file that the user has.
fn place(subject: &Subject, report: &Report, import: &FailingImport) -> Span {
    let path = in_context(subject, report, &import.path);
    let name = path.unwrap_or_else(|| import.path.clone());
    let file = SourceFile::new(escape(&name), import.text.as_str());
    file.line(import.line).unwrap_or_else(|| file.whole())
}

/// The path in the build context of a module of the image, if it is where modules usually are.
fn in_context(subject: &Subject, report: &Report, path: &str) -> Option<String> {
    let site = format!("{VENV}/lib/{}/site-packages/", report.interpreter);
    if let Some(below) = path.strip_prefix(&site) {
        let (first, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
        let found = subject.roots.find(|name| name == first)?;
        return Some(format!("{found}{rest}"));
    }
    let below = path.strip_prefix(APPLICATION)?.strip_prefix('/')?;
    Some(within(&subject.config.project_dir, below))
}

fn help(subject: &Subject, module: &str) -> String {
    let config = &subject.config;
    let first = module.split('.').next().unwrap_or(module);
    let file = format!("{first}.py");
    let own = subject.roots.find(|name| name == first || name == file);
    if let Some(path) = own {
        let path = escape(&path);
        return match config.project.packaging {
            _ if module != first => format!(
                "let the file be sent to the engine and be a part of `{path}`, or do not import it"
            ),
            Packaging::Wheel if first == "src" => {
                "leave `src.` out of the import, since what is in `src` is installed without it; or let the build backend install the folder as a package".to_owned()
            }
            Packaging::Wheel => {
                format!("let the build backend put `{path}` into the project's wheel")
            }
            Packaging::Sources => format!(
                "let Python look for `{path}`: set `PYTHONPATH` in `env` to the folder that it is in, in the image"
            ),
        };
    }
    let known = DISTRIBUTIONS.iter().find(|(known, _)| *known == first);
    let what = known.map_or("the package that has it".to_owned(), |(_, name)| {
        format!("`{name}`")
    });
    format!("add {what} to {}", subject.list_of_dependencies())
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    const SITE: &str = "/app/.venv/lib/python3.14/site-packages";
    const PACKAGE: &str = "[project]\nname = 'shop'\nversion = '1'\n[build-system]\nrequires = ['hatchling']\n\
         build-backend = 'hatchling.build'\n[tool.microb.target.default]\nentrypoint = ['shop']\n";
    const SOURCES: &str = "[project]\nname = 'shop'\nversion = '1'\n";

    /// What is told of an import in the second line of a file: the file and the line, and the help.
    #[track_caller]
    fn told(cx: &MemoryContext, path: &str, module: &str, expected: (&str, &str)) {
        let config = Config::resolve(cx).unwrap();
        let subject = Subject::new(cx, &config);
        let line = format!("import\t{path}\t2\t{module}\timport os\\nimport x\\n\n");
        let report = Report::read(format!("interpreter\tpython3.14\n{line}{line}").as_bytes());
        let findings = Findings::default();
        check(&subject, &report, &findings);
        let all = findings.into_all();
        let [found] = all.as_slice() else {
            panic!("{all:?}")
        };
        let span = found.span.as_ref().unwrap();
        let place = format!("{}:{}", span.file().name(), span.start().line);
        assert_eq!((&*place, found.help.as_deref().unwrap()), expected);
        assert_eq!(span.text(), "import x");
    }

    #[test]
    fn an_import_is_told_in_the_users_file_with_what_is_missing() {
        let wheel = MemoryContext::new(PACKAGE)
            .file("src/shop/main.py", "")
            .file("src/shop/__init__.py", "")
            .file("tools.py", "");
        let module = format!("{SITE}/shop/main.py");
        let place = "src/shop/main.py:2";
        told(
            &wheel,
            &module,
            "yaml",
            (place, "add `pyyaml` to `dependencies`"),
        );
        let some = "add the package that has it to `dependencies`";
        told(&wheel, &module, "stripe", (place, some));
        let own = "let the build backend put `tools.py` into the project's wheel";
        told(&wheel, &module, "tools", (place, own));
        let part =
            "let the file be sent to the engine and be a part of `src/shop`, or do not import it";
        told(&wheel, &module, "shop.config", (place, part));
        let without = "leave `src.` out of the import, since what is in `src` is installed without it; \
            or let the build backend install the folder as a package";
        told(&wheel, &module, "src", (place, without));
        // Of what is generated only the image knows where it is.
        let made = format!("{SITE}/made.py");
        told(
            &wheel,
            &made,
            "yaml",
            (&format!("{made}:2"), "add `pyyaml` to `dependencies`"),
        );

        let sources = MemoryContext::new(SOURCES)
            .file("web/main.py", "")
            .file("requirements.txt", "flask==3.1.0\n");
        let list = "add `pillow` to `requirements.txt`";
        told(&sources, "/app/web/main.py", "PIL", ("web/main.py:2", list));
        let path = "let Python look for `web`: set `PYTHONPATH` in `env` to the folder that it is in, in the image";
        told(&sources, "/app/web/main.py", "web", ("web/main.py:2", path));
    }
}
