//! The pages of the rules: what each calls bad breaks the rule, and what it calls good breaks none.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and reads the pages"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use microb::llb::{self, Inputs, ResolvedImage};
use microb::rule::{self, Checks, Review};
use microb::{
    Context, Diagnostic, Inspection, Judgment, MemoryContext, Rule, Severity, SourceFile, Stage,
};

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules")
}

fn rules() -> Vec<&'static Rule> {
    [rule::RULES, microb_std::rules::RULES].concat()
}

/// A page and its parts.
struct Page {
    rule: &'static Rule,
    text: String,
}

/// The files of an example, and the flags of the command that builds it.
#[derive(Debug, Default)]
struct Example {
    definition: String,
    files: Vec<(String, String)>,
    command: Vec<String>,
    /// What is found in the finished image; nothing if nobody looks.
    report: Option<Vec<u8>>,
}

/// What the program of `src/inspection/facts.py` says of an image, for a rule about that.
fn report(rule: &Rule, heading: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let bad = fs::read(folder.join(format!("{}.tsv", rule.name))).ok()?;
    match heading {
        "Bad" => Some(bad),
        _ => Some(fs::read(folder.join("Good.tsv")).unwrap()),
    }
}

/// What an inspection finds, where no further one has anything to say.
fn judged(inspection: &Inspection, report: &[u8]) -> Vec<Diagnostic> {
    match inspection.judge(report) {
        Judgment::Findings(findings) => findings,
        Judgment::More(next) => judged(&next, b""),
    }
}

impl Page {
    fn read(rule: &'static Rule) -> Self {
        let path = pages().join(format!("{}.md", rule.name));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { rule, text }
    }

    /// The text between a heading and the next one.
    fn section(&self, heading: &str) -> &str {
        let start = self.text.split_once(&format!("\n## {heading}\n"));
        let (_, rest) = start.unwrap_or_else(|| panic!("{}: no {heading}", self.rule.name));
        rest.split("\n## ").next().unwrap_or(rest)
    }

    fn example(&self, heading: &str) -> Example {
        let mut example = Example {
            report: report(self.rule, heading),
            ..Example::default()
        };
        for block in self.section(heading).split("```").skip(1).step_by(2) {
            let (info, content) = block.split_once('\n').unwrap();
            match info.split_once(' ') {
                Some(("text", path)) => {
                    let file = (path.to_owned(), content.to_owned());
                    example.files.push(file);
                }
                None if info == "toml" => content.clone_into(&mut example.definition),
                None if info == "sh" => {
                    example.command = content.split_whitespace().map(str::to_owned).collect();
                }
                _ => panic!("{}: a block of {info}", self.rule.name),
            }
        }
        example
    }
}

impl Example {
    /// What the engine would say: all images are for linux/amd64.
    fn inputs(&self, stage: &Stage) -> Inputs {
        let mut words = self.command.iter().skip_while(|word| *word != "--platform");
        let platform = words.nth(1).map_or("linux/amd64", String::as_str);
        let mut inputs = Inputs::offline(platform.parse().unwrap());
        for image in llb::images(stage, &inputs) {
            let config = br#"{ "os": "linux", "architecture": "amd64" }"#.to_vec();
            let found = ResolvedImage {
                reference: None,
                digest: None,
                config,
            };
            inputs.images.insert(image, found);
        }
        inputs
    }

    /// What the rules find, with this line before the definition.
    fn review(&self, first_line: &str) -> Review {
        let text = format!("{first_line}{}", self.definition);
        let named = self
            .command
            .iter()
            .find_map(|word| word.strip_prefix("app/"));
        let file = SourceFile::new(named.unwrap_or("pyproject.toml"), text);
        let mut cx = MemoryContext::with_definition(file.clone()).check();
        for (path, content) in &self.files {
            cx = cx.file(path, content.as_bytes());
        }
        let mut words = self.command.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            let value = words.peek().copied().unwrap_or_default();
            cx = match word {
                "--target" => cx.with_target(value),
                "--build-arg" => {
                    let (name, value) = value.split_once('=').unwrap();
                    cx.arg(name, value)
                }
                // The folder that has the definition is not the build context.
                "." => match named {
                    Some(named) => cx.without(named),
                    None => cx,
                },
                _ => cx,
            };
        }
        let stage = microb_std::recipe(&cx).unwrap_or_else(|error| panic!("{error}\n{file:?}"));
        let mut findings = cx.warnings();
        if let Some(report) = &self.report {
            let asked = cx.inspections();
            findings.extend(asked.iter().flat_map(|one| judged(one, report)));
        }
        findings.extend(rule::check(&stage));
        findings.extend(rule::check_user(&stage, None));
        findings.extend(rule::check_platforms(&stage, &self.inputs(&stage)));
        let checks = Checks::of(cx.definition(), None).unwrap();
        checks.review(findings, microb_std::rules::RULES)
    }
}

fn names<'a>(findings: impl IntoIterator<Item = &'a Diagnostic>) -> BTreeSet<&'a str> {
    let name = |found: &'a Diagnostic| found.rule.map_or("no rule", |rule| rule.name);
    findings.into_iter().map(name).collect()
}

fn all(review: &Review) -> impl Iterator<Item = &Diagnostic> {
    review.warnings.iter().chain(&review.errors)
}

/// The line that asks for an experimental rule; nothing for the others.
fn asking(rule: &Rule) -> String {
    if rule.experimental {
        format!("# check=experimental={}\n", rule.name)
    } else {
        String::new()
    }
}

fn examples() -> impl Iterator<Item = Page> {
    rules().into_iter().map(Page::read)
}

#[test]
fn the_bad_example_of_each_page_breaks_the_rule_at_a_place() {
    for page in examples() {
        let review = page.example("Bad").review(&asking(page.rule));
        let found = all(&review).find(|found| found.rule == Some(page.rule));
        let found = found.unwrap_or_else(|| panic!("{} finds nothing", page.rule.name));
        assert_eq!(found.severity, page.rule.severity, "{}", page.rule.name);
        assert!(found.help.is_some(), "{} does not help", page.rule.name);
    }
}

#[test]
fn root_is_told_where_it_stands() {
    for user in ["'root'", "0", "\"0:1000\""] {
        let example = Example {
            definition: format!(
                "[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\nentrypoint = ['app']\nuser = {user}\n"
            ),
            ..Example::default()
        };
        let review = example.review("");
        let found =
            all(&review).find(|found| found.rule.is_some_and(|rule| rule.name == "RootUser"));
        assert_eq!(found.unwrap().span.as_ref().unwrap().text(), user);
    }
}

#[test]
fn the_good_example_of_each_page_breaks_no_rule() {
    for page in examples() {
        let review = page.example("Good").review(&asking(page.rule));
        let mut found = names(all(&review));
        // Locks are long; those that are read are in `tests/locks`.
        if page.rule.name != "NoLock" {
            found.remove("NoLock");
        }
        // So is code, and what has a program is in `layouts.rs`.
        if page.rule.name != "MissingProgram" {
            found.remove("MissingProgram");
        }
        assert_eq!(found, BTreeSet::new(), "{}", page.rule.name);
    }
}

#[test]
fn each_rule_can_be_skipped_and_made_an_error() {
    for page in examples() {
        let name = page.rule.name;
        let bad = page.example("Bad");
        // One that nobody asked for need not be skipped.
        let skipped = if page.rule.experimental {
            bad.review("")
        } else {
            bad.review(&format!("# check=skip={name}\n"))
        };
        assert!(
            !names(all(&skipped)).contains(name),
            "{name} is not skipped"
        );
        // The example of this rule is such a comment, and there is one in a file.
        if name != "UnknownRule" {
            let comment = format!("# check=error=true;experimental={name}\n");
            assert!(
                names(&bad.review(&comment).errors).contains(name),
                "{name} is no error"
            );
        }
    }
}

#[test]
fn each_page_says_what_its_rule_is() {
    for page in rules().into_iter().map(Page::read) {
        let Rule {
            name, description, ..
        } = page.rule;
        let severity = match page.rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let experimental = if page.rule.experimental {
            ", experimental"
        } else {
            ""
        };
        let start = format!("# {name}\n\n{description}.\n\nSeverity: {severity}{experimental}\n\n");
        assert!(page.text.starts_with(&start), "{name}: {start}");
        let (heading, option) = if page.rule.experimental {
            ("Ask for it", format!("check=experimental={name}"))
        } else {
            ("Skip it", format!("check=skip={name}"))
        };
        assert!(page.section(heading).contains(&option), "{name}: {option}");
    }
}

#[test]
fn each_rule_has_a_page_and_each_page_a_rule() {
    let listed = fs::read_to_string(pages().join("README.md")).unwrap();
    let pages: BTreeSet<String> = fs::read_dir(pages())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".md").map(str::to_owned);
            name.filter(|name| name != "README")
        })
        .collect();
    let rules = rules();
    let names: BTreeSet<String> = rules.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(names.len(), rules.len(), "two rules have one name");
    assert_eq!(names, pages);
    let readme = fs::read_to_string(self::pages().join("../../README.md")).unwrap();
    let link = format!("[{} rules](docs/rules/README.md)", rules.len());
    assert!(readme.contains(&link), "README.md does not say {link}");
    for rule in rules {
        let name = rule.name;
        let row = format!("| [{name}]({name}.md) | ");
        assert!(
            listed.contains(&row),
            "docs/rules/README.md does not list {name}"
        );
    }
}

/// Lines of `[project]`, lines of the target, and what looks wrong there.
const RIGHT: &[(&str, &str)] = &[
    // A port of its own for measurements, a socket, an address without a port, and what is no server.
    (
        "",
        "entrypoint = ['gunicorn', '-b', '0.0.0.0:9000', 'app:app']\nexpose = [9100, 9000]",
    ),
    (
        "",
        "entrypoint = ['gunicorn', '--bind', 'unix:/run/app', 'app:app']\nexpose = [8000]",
    ),
    (
        "",
        "entrypoint = ['hypercorn', '--bind', '::', 'app:app']\nexpose = [8000]",
    ),
    (
        "",
        "entrypoint = ['worker', '--port', '9000']\nexpose = [8000]",
    ),
    // A plugin of a tool needs the tool.
    ("dependencies = ['pytest>=8,<9']\nname = 'pytest-acme'", ""),
    ("dependencies = ['a==1', 'a>=1,<2 ; os_name == \"nt\"']", ""),
    (
        "dependencies = ['typing>=3 ; python_version < \"3.5\"']",
        "",
    ),
    (
        "dependencies = ['a @ git+ssh://git@example.org/a.git@v1']",
        "",
    ),
    (
        "dependencies = ['a @ git+https://example.org/a.git@0123456789abcdef0123456789abcdef01234567']",
        "",
    ),
    (
        "dependencies = ['a @ http://example.org/a.whl#sha256=00']",
        "",
    ),
    (
        "dependencies = ['opencv-python>=4,<5']",
        "system_deps = ['libgl1']",
    ),
    ("dependencies = ['numpy>=2,<3']", "flavor = 'alpine'"),
    (
        "license = { text = 'MIT' }\nclassifiers = ['License :: OSI Approved :: MIT License']",
        "",
    ),
    (
        "license = 'MIT'\nclassifiers = ['Programming Language :: Python :: 3']",
        "",
    ),
    ("requires-python = '>=3.11'", ""),
    ("scripts = { app = 'app:main' }", "entrypoint = ['app']"),
    (
        "scripts = { app = 'app:main' }",
        "entrypoint = ['/usr/bin/apt']",
    ),
    (
        "scripts = { flask-app = 'app:main' }\ndependencies = ['flask>=3,<4']",
        "entrypoint = ['flask']",
    ),
    ("", "entrypoint = ['uvicorn', 'app:app', '--host=0.0.0.0']"),
    (
        "",
        "entrypoint = ['python', '-m', 'uvicorn', 'app:app']\nenv = { UVICORN_HOST = '0.0.0.0' }",
    ),
    (
        "",
        "entrypoint = ['uvicorn', 'app:app']\ncommand = ['--host', '0.0.0.0']",
    ),
    (
        "",
        "entrypoint = ['uvicorn', 'app:app', '--uds', '/run/app.sock']",
    ),
    ("", "entrypoint = ['gunicorn', '-b', '0.0.0.0:80', 'app']"),
    ("", "entrypoint = ['gunicorn', '-b0.0.0.0:80', 'app']"),
    ("", "entrypoint = ['gunicorn', '--config=g.py', 'app']"),
    (
        "",
        "entrypoint = ['gunicorn', 'app']\nenv = { PORT = '80' }",
    ),
    (
        "",
        "entrypoint = ['gunicorn', 'app']\nenv = { GUNICORN_CMD_ARGS = '--bind=0.0.0.0' }",
    ),
    (
        "",
        "entrypoint = ['granian', 'app:app']\nenv = { GRANIAN_HOST = '0.0.0.0' }",
    ),
    (
        "",
        "entrypoint = ['daphne', '-u', '/run/app.sock', 'app:app']",
    ),
    ("", "entrypoint = ['waitress-serve', 'app:app']"),
    ("", "entrypoint = ['python', 'manage.py', 'migrate']"),
    (
        "",
        "entrypoint = ['sh', '-c']\ncommand = ['exec uvicorn app:app --port $PORT']",
    ),
    (
        "",
        "entrypoint = ['tini', '--', 'sh', '-c', 'exec app --port ${PORT:-8000}']",
    ),
    // For another platform or interpreter.
    (
        "dependencies = ['opencv-python>=4,<5 ; sys_platform == \"darwin\"', 'opencv-python-headless>=4,<5 ; sys_platform == \"linux\"']",
        "",
    ),
    (
        "requires-python = '>=3.12'\ndependencies = ['psycopg2>=2,<3 ; python_version < \"3.10\"', 'psycopg2-binary>=2,<3']",
        "",
    ),
    ("dependencies = ['pywin32 ; sys_platform == \"win32\"']", ""),
    (
        "dependencies = ['uv>=0.9,<1']",
        "entrypoint = ['uv', 'run', 'app']",
    ),
    (
        "",
        "entrypoint = ['uv', 'run', 'app']\ncopy_files = [{ src = '/uv', dst = '/usr/bin/uv', from = 'acme/uv:1' }]",
    ),
    ("", "entrypoint = ['uv', '--version']"),
    (
        "",
        "entrypoint = ['migrate', '--database-host', 'localhost']",
    ),
    ("", "entrypoint = ['psql', '-h', 'localhost']"),
    ("", "entrypoint = ['service', 'runserver']"),
    (
        "dependencies = ['opencv-python>=4,<5']",
        "base_image = 'acme/vision:1'",
    ),
    ("", "entrypoint = ['awk', '{print $1}']"),
    ("", "entrypoint = ['/opt/my tools/run']"),
    (
        "",
        "env = { PYTHONPATH = '/app/src', PYTHONUNBUFFERED = '0' }",
    ),
    ("", "python_version = '3'"),
    ("", "copy_files = [{ src = 'pyproject.toml', dst = '/a' }]"),
];

#[test]
fn what_only_resembles_a_mistake_breaks_no_rule() {
    for (project, target) in RIGHT {
        let name = if project.contains("\nname") {
            ""
        } else {
            "name = 'app'\n"
        };
        let example = Example {
            definition: format!(
                "[project]\n{name}version = '1'\n{project}\n[tool.microb.target.default]\n{target}\n"
            ),
            // A file that the project has.
            files: vec![(".dockerignore".to_owned(), String::new())],
            command: Vec::new(),
            report: None,
        };
        let review = example.review("# check=skip=NoLock,MissingProgram\n");
        assert_eq!(names(all(&review)), BTreeSet::new(), "{project} {target}");
    }
}

/// A lock of uv for a project that lists pytest.
const LOCK: &str = "\
version = 1
revision = 3
requires-python = \">=3.11\"

[[package]]
name = \"app\"
version = \"1.0\"
source = { virtual = \".\" }
dependencies = [{ name = \"pytest\" }]

[package.metadata]
requires-dist = [{ name = \"pytest\" }]

[[package]]
name = \"pytest\"
version = \"8.0.0\"
source = { registry = \"https://pypi.org/simple\" }
wheels = [
    { url = \"https://files.pythonhosted.org/packages/pytest-8.0.0-py3-none-any.whl\", hash = \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", size = 1 },
]
";

#[test]
fn of_a_project_with_a_lock_the_list_is_looked_at_and_versions_are_fine() {
    let example = Example {
        definition: "[project]\nname = 'app'\nversion = '1.0'\nrequires-python = '>=3.11'\ndependencies = ['pytest']\n\
                     [tool.uv]\npackage = false\n"
            .to_owned(),
        files: vec![
            ("uv.lock".to_owned(), LOCK.to_owned()),
            ("main.py".to_owned(), "print()\n".to_owned()),
        ],
        command: Vec::new(),
        report: None,
    };
    let review = example.review("");
    assert_eq!(
        names(all(&review)),
        BTreeSet::from(["DevelopmentDependency"])
    );
}

/// Lines of the target, the rules that they break, and what to write instead.
const WRONG: &[(&str, &[&str], &str)] = &[
    (
        "entrypoint = ['uvicorn', '--host', '0.0.0.0', '--port', '9000', 'app:app']\nexpose = [8000]",
        &["UnexposedPort"],
        "write `expose = [9000]`",
    ),
    (
        "entrypoint = ['gunicorn']\ncommand = ['-b', '[::]:9000', 'app:app']\nexpose = [8000, 8001]",
        &["UnexposedPort"],
        "write `expose = [9000]`",
    ),
    (
        "entrypoint = ['gunicorn', 'app:app']",
        &["LoopbackServer"],
        "write `--bind=0.0.0.0:8000`",
    ),
    (
        "entrypoint = ['granian', '--interface=asgi', 'app:app']",
        &["LoopbackServer"],
        "write `--host=0.0.0.0`",
    ),
    (
        "entrypoint = ['daphne', '-b', '127.0.0.1', 'app:app']",
        &["LoopbackServer"],
        "write `--bind=0.0.0.0`",
    ),
    (
        "entrypoint = ['python', 'manage.py', 'runserver', '8000']",
        &["DevelopmentServer", "LoopbackServer"],
        "write `0.0.0.0:8000` behind `runserver`",
    ),
    (
        "entrypoint = ['python', 'manage.py', 'runserver', '0.0.0.0:8000']",
        &["DevelopmentServer"],
        "write a server such as `gunicorn`: `[\"gunicorn\", \"--bind=0.0.0.0:8000\", \"PROJECT.wsgi\"]`",
    ),
    (
        "entrypoint = ['app', '$PORT', 'sh', '$HOME']",
        &["UnexpandedVariable"],
        "write the value, or `[\"sh\", \"-c\", \"exec PROGRAM …\"]`",
    ),
    (
        "entrypoint = ['app']\ncommand = ['$PORT']",
        &["UnexpandedVariable"],
        "write the value, or `[\"sh\", \"-c\", \"exec PROGRAM …\"]`",
    ),
    (
        "entrypoint = ['uv', 'run', '--no-sync', 'fastapi', 'run']",
        &["UninstalledTool"],
        "write `[\"fastapi\", \"run\"]`: the environment is there already",
    ),
    (
        "entrypoint = ['poetry', 'run']\ncommand = ['python', 'x.py']",
        &["UninstalledTool"],
        "write `[\"python\", \"x.py\"]`: the environment is there already",
    ),
    (
        "env = { PATH = '/opt/bin:$PATH' }",
        &["OverriddenVariable"],
        "write `\"/opt/bin:/app/.venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin\"`",
    ),
    (
        "env = { PATH = '/usr/local/bin:/opt/bin:/usr/bin' }",
        &["OverriddenVariable"],
        "write `\"/opt/bin:/app/.venv/bin:/usr/local/bin:/usr/bin\"`",
    ),
];

#[test]
fn each_mistake_in_a_command_is_told_with_what_to_write() {
    for (target, broken, help) in WRONG {
        let example = Example {
            definition: format!(
                "[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\n{target}\n"
            ),
            files: vec![(".dockerignore".to_owned(), String::new())],
            ..Example::default()
        };
        let review = example.review("# check=skip=MissingProgram\n");
        assert_eq!(
            names(all(&review)),
            broken.iter().copied().collect(),
            "{target}"
        );
        let helps: Vec<_> = all(&review)
            .filter_map(|found| found.help.as_deref())
            .collect();
        assert!(helps.contains(help), "{target}\n{helps:#?}");
    }
}

#[test]
fn a_configuration_of_gunicorn_may_say_where_it_listens() {
    let example = Example {
        definition: "[project]\nname = 'app'\nversion = '1'\n[tool.microb.target.default]\nentrypoint = ['gunicorn', 'app']\n"
            .to_owned(),
        files: vec![("gunicorn.conf.py".to_owned(), "bind = '0.0.0.0:80'\n".to_owned())],
        ..Example::default()
    };
    assert_eq!(names(all(&example.review(""))), BTreeSet::new());
}

#[test]
fn a_requirements_file_that_is_not_read_is_told_with_its_name() {
    for (dependencies, file, text, expected) in [
        ("dependencies = []", "requirements.txt", "flask\n", true),
        ("", "requirements/prod.txt", "-r base.txt\n", true),
        ("", "requirements-prod.txt", "# why\nflask\n", true),
        ("", "requirements/base.txt", "flask\n", true),
        // Read, empty, only the project itself, or for development.
        ("", "requirements.txt", "flask\n", false),
        ("dependencies = []", "requirements.txt", "# none\n\n", false),
        ("dependencies = []", "requirements.txt", "-e .\n", false),
        ("", "requirements/dev.txt", "pytest\n", false),
        (
            "dependencies = ['flask>=3,<4']",
            "requirements.txt",
            "flask\n",
            false,
        ),
    ] {
        let example = Example {
            definition: format!("[project]\nname = 'app'\nversion = '1'\n{dependencies}\n"),
            files: vec![(file.to_owned(), text.to_owned())],
            ..Example::default()
        };
        let review = example.review("# check=skip=NoLock\n");
        let help = format!("write `requirements = \"{file}\"` in `[tool.microb.target.default]`");
        let is_told = all(&review).any(|found| found.help.as_deref() == Some(help.as_str()));
        assert_eq!(is_told, expected, "{dependencies} {file}");
    }
}

#[test]
fn a_lock_that_would_change_the_image_is_not_proposed_alone() {
    let help = |more: &str| {
        let example = Example {
            definition: format!(
                "[project]\nname = 'app'\nversion = '1'\ndependencies = ['flask>=3,<4']\n{more}"
            ),
            ..Example::default()
        };
        let review = example.review("");
        let found = all(&review).find(|found| found.rule.is_some_and(|rule| rule.name == "NoLock"));
        found.and_then(|found| found.help.clone()).unwrap()
    };
    let scripts = "scripts = { serve = 'app:main' }\n";
    let build = "[build-system]\nrequires = ['setuptools']\n";
    assert_eq!(help(""), "run `uv lock`");
    assert_eq!(help(&format!("{scripts}{build}")), "run `uv lock`");
    assert_eq!(
        help(scripts),
        "add `[build-system]` with `requires = [\"setuptools>=61\"]` and `build-backend = \"setuptools.build_meta\"`, \
         so that it stays a package, and run `uv lock`"
    );
}
