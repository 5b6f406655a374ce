//! The program that compiles what is installed, run by this machine's Python on a copy of a part of its own library.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and writes files"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A virtual environment with packages of the standard library in its site-packages. It is gone when the test is over.
struct Environment(PathBuf);

impl Environment {
    fn new(name: &str) -> Self {
        let folder = format!("{name}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let copy = "import os, shutil, sys\n\
            library = os.path.dirname(os.__file__)\n\
            ignore = shutil.ignore_patterns('__pycache__')\n\
            for package in ('asyncio', 'email', 'json', 'importlib'):\n    \
                shutil.copytree(os.path.join(library, package), os.path.join(sys.argv[1], package), ignore=ignore)\n\
            shutil.copy(os.path.join(library, 'ast.py'), sys.argv[1])";
        let environment = Self(folder);
        let site = environment.site();
        fs::create_dir_all(&site).unwrap();
        let mut python = Command::new("python3");
        let copied = python.args(["-c", copy]).arg(site).status();
        assert!(copied.unwrap().success());
        environment
    }

    fn site(&self) -> PathBuf {
        self.0.join("lib/python3/site-packages")
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.site().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Compiles it with so many processors.
    fn compile(&self, processors: usize) -> std::process::Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compile.py");
        let limited = "import os, runpy, sys\n\
            count = int(sys.argv[1])\n\
            os.sched_getaffinity = lambda pid: set(range(count))\n\
            del sys.argv[:2]\n\
            runpy.run_path(sys.argv[0], run_name='__main__')";
        let words = ["-c", limited, &processors.to_string()];
        let mut command = Command::new("python3");
        let command = command.args(words).arg(script).arg(&self.0);
        command.env("PYTHONHASHSEED", "0").output().unwrap()
    }

    /// The bytecode that so many processors give, by its path: without a word. What was there before is gone first.
    fn compiled(&self, processors: usize) -> BTreeMap<PathBuf, Vec<u8>> {
        for path in self.bytecode().keys() {
            fs::remove_file(self.site().join(path)).unwrap();
        }
        let compiled = self.compile(processors);
        assert!(
            compiled.status.success() && compiled.stderr.is_empty(),
            "{compiled:?}"
        );
        self.bytecode()
    }

    fn bytecode(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, found);
                } else if path.extension().is_some_and(|ending| ending == "pyc") {
                    found.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        let mut found = BTreeMap::new();
        collect(&self.site(), &mut found);
        let site = self.site();
        let relative = |path: PathBuf| path.strip_prefix(&site).unwrap().to_owned();
        found.into_iter().map(|(k, v)| (relative(k), v)).collect()
    }

    fn has_bytecode_of(&self, module: &str) -> bool {
        let start = module.replacen(".py", ".cpython-", 1);
        let path = |folder: &Path, name: &std::ffi::OsStr| {
            folder
                .join("__pycache__")
                .join(name)
                .to_str()
                .unwrap()
                .to_owned()
        };
        let start = Path::new(&start);
        let start = path(start.parent().unwrap(), start.file_name().unwrap());
        self.bytecode()
            .keys()
            .any(|path| path.to_str().unwrap().starts_with(&start))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn bytecode_is_the_same_with_any_number_of_processors() {
    let environment = Environment::new("processors");
    let one = environment.compiled(1);
    assert!(one.len() > 80, "{}", one.len());
    // PEP 552: the second word of the header is 1 for bytecode that is never compared with its source.
    assert!(one.values().all(|bytes| bytes[4..8] == [1, 0, 0, 0]));
    let name = |path: &PathBuf| path.display().to_string();
    for processors in [2, 5] {
        let other = environment.compiled(processors);
        let differs: Vec<String> = one
            .iter()
            .filter(|(path, bytes)| other.get(*path) != Some(*bytes))
            .map(|(path, _)| name(path))
            .collect();
        assert_eq!(
            (one.len(), differs),
            (other.len(), Vec::new()),
            "{processors}"
        );
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn another_package_changes_no_bytecode_of_those_that_are_there() {
    let environment = Environment::new("another");
    let before = environment.compiled(2);
    environment.file(
        "early/__init__.py",
        "import email, json\nCHUNKED = 'chunked', 'ast', email.message, json.loads\n",
    );
    let mut after = environment.compiled(2);
    after.retain(|path, _| !path.starts_with("early"));
    assert!(before == after);
}

#[test]
#[ignore = "needs Python: make test"]
fn tests_are_left_out_and_what_is_no_python_is_passed_over() {
    let environment = Environment::new("left-out");
    for path in [
        "pandas/tests/test_a.py",
        "pandas/core/tests/__init__.py",
        "pandas/a.py",
        "tests.py",
        "pandas/testing/a.py",
    ] {
        environment.file(path, "A = '\\d'\n");
    }
    environment.file("pandas/template.py", "class {{ name }}:\n");
    environment.file("pandas/latin.py", "A = '\0'\n");
    std::os::unix::fs::symlink("nowhere", environment.site().join("pandas/link.py")).unwrap();
    environment.compiled(2);
    for (module, expected) in [
        ("pandas/a.py", true),
        ("pandas/testing/a.py", true),
        ("tests.py", true),
        ("pandas/tests/test_a.py", false),
        ("pandas/core/tests/__init__.py", false),
        ("pandas/template.py", false),
        ("pandas/latin.py", false),
        ("pandas/link.py", false),
    ] {
        assert_eq!(environment.has_bytecode_of(module), expected, "{module}");
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn bytecode_that_cannot_be_written_is_an_error() {
    let environment = Environment::new("unwritable");
    // Root may write everywhere, but not where a file stands in the way.
    environment.file("json/__pycache__", "");
    let compiled = environment.compile(2);
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert_eq!(compiled.status.code(), Some(1), "{said}");
    assert!(said.contains("json/__init__.py is not compiled"), "{said}");
}

#[test]
#[ignore = "needs Python: make test"]
fn what_is_compiled_stays_and_what_is_newer_is_compiled_again() {
    let environment = Environment::new("again");
    let first = environment.compiled(1);
    environment.file("late.py", "late = 1\n");
    let ast = environment.site().join("ast.py");
    let text = fs::read_to_string(&ast).unwrap();
    environment.file("ast.py", &format!("{text}\nedited = 1\n"));
    // The program can tell only what is later than a second ago from what is now.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    fs::File::options()
        .write(true)
        .open(&ast)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let ran = environment.compile(1);
    assert!(ran.status.success(), "{ran:?}");
    let second = environment.bytecode();
    let differs = second
        .iter()
        .filter(|(path, bytes)| first.get(*path) != Some(*bytes));
    let differs: Vec<String> = differs
        .map(|(path, _)| path.display().to_string())
        .collect();
    let is_of = |stem: &str| {
        differs
            .iter()
            .any(|path| path.contains(&format!("/{stem}.cpython-")))
    };
    assert!(
        differs.len() == 2 && is_of("late") && is_of("ast"),
        "{differs:?}"
    );
}

#[test]
#[ignore = "needs Python: make test"]
fn a_module_whose_bytecode_has_too_long_a_name_is_passed_over() {
    let environment = Environment::new("long");
    let name = format!("{}.py", "n".repeat(245));
    environment.file(&name, "");
    let ran = environment.compile(2);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stderr.is_empty(), "{ran:?}");
    assert!(environment.has_bytecode_of("ast.py"));
}
