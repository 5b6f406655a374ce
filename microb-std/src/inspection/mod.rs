//! What is wrong with the finished image: a program looks into it, without network, and its report is judged here.
//!
//! The program only says what is true. So it needs nothing of the image but its interpreter, and what is a mistake,
//! where it stands in the user's files and what to write instead is known where the files are.

mod environment;
mod files;
mod imports;
mod installed;
mod libraries;
mod packages;
mod place;
mod program;
mod report;

use std::sync::Arc;

use microb::prelude::*;
use microb::{Inspection, Judgment, Span};

use crate::builder::VENV;
use crate::config::Config;
use crate::flavor;
use crate::mistake::Findings;
use crate::runtime::owner;
use crate::tree::escape;
use report::Report;

/// Says what is true of an image.
const FACTS_PY: &str = include_str!("facts.py");

/// Where the program and its report are, in a file system that is thrown away.
const FOLDER: &str = "/inspection";
const SCRIPT: &str = "/inspection/facts.py";
const REPORT: &str = "/inspection/report.tsv";

/// The folder of the application.
const APPLICATION: &str = "/app";

/// Asks that the finished image is looked at: its interpreter, what is installed, shared libraries, its program, and
/// its files.
pub fn inspect(cx: &dyn Context, config: &Config) {
    let subject = Arc::new(Subject::new(cx, config));
    cx.inspect(Inspection::new(steps(config), REPORT, move |report| {
        subject.judge(&Report::read(report))
    }));
}

/// What the findings are about, and where their places are.
#[derive(Debug)]
struct Subject {
    config: Config,
    definition: Span,
    roots: imports::Roots,
}

impl Subject {
    fn new(cx: &dyn Context, config: &Config) -> Self {
        let definition = cx.definition();
        Self {
            config: config.clone(),
            roots: imports::Roots::of(cx, config),
            definition: definition.line(1).unwrap_or_else(|| definition.whole()),
        }
    }

    /// All that is wrong, and what has to be asked first.
    fn judge(self: &Arc<Self>, report: &Report) -> Judgment {
        if let Some(failure) = &report.failure {
            return Judgment::Findings(vec![ended_early(failure)]);
        }
        let findings = Findings::default();
        if !installed::interpreter(self, report, &findings) {
            // Nothing of the environment is there for another interpreter.
            return Judgment::Findings(findings.into_all());
        }
        installed::requirements(self, report, &findings);
        program::check(self, report, &findings);
        imports::check(self, report, &findings);
        files::check(self, report, &findings);
        let lacking = libraries::lacking(report);
        if lacking.is_empty() {
            return Judgment::Findings(findings.into_all());
        }
        let (subject, found) = (Arc::clone(self), findings.into_all());
        let report = report.clone();
        let names = lacking.iter().flat_map(|one| one.libraries.iter().copied());
        Judgment::More(packages::inspection(&self.config, names, move |owners| {
            let findings = Findings::default();
            for finding in &found {
                findings.add(finding.clone());
            }
            libraries::check(&subject, &report, owners, &findings);
            findings.into_all()
        }))
    }
}

fn ended_early(why: &str) -> Diagnostic {
    let what = format!(
        "the look at the finished image itself failed: `{}`",
        escape(why)
    );
    Diagnostic::warning(what)
        .help("the image is built without the look; report the text above to the makers of microb")
}

/// The exit codes of an interpreter that does not run: 1 when the engine cannot start it, or when it does not find its own
/// modules; the others are those of shells and of the loader.
const DOES_NOT_RUN: [u8; 3] = [1, 126, 127];

fn steps(config: &Config) -> Vec<Step> {
    let libraries = if config.check_libraries {
        "libraries"
    } else {
        ""
    };
    let own = config.project.normalized_name.as_deref();
    let python = format!("{VENV}/bin/python");
    // Without the user's variables, and without `site`, which would run what packages put there.
    let words = [
        &python,
        "-I",
        "-S",
        "-B",
        SCRIPT,
        REPORT,
        VENV,
        APPLICATION,
        libraries,
        own.unwrap_or_default(),
    ];
    let words = words.into_iter().map(str::to_owned);
    let argv: Vec<String> = words.chain(program::argv(config)).collect();
    let place = flavor::image_span(config, None);
    let at = |error: Diagnostic| place.into_iter().fold(error, Diagnostic::at);
    let error = Diagnostic::error(format!("`{python}` does not run in the finished image"));
    let does_not_run = at(error).help(
        "name a `base_image` that has the Python of the image that builds, at the same place",
    );
    let failed = at(Diagnostic::error(
        "the look at the finished image itself failed",
    ));
    let failed = failed.help("read above why; what ended it may be a lack of memory");
    let look = run(argv)
        .network(Network::None)
        .called("look at the finished image");
    let look = DOES_NOT_RUN
        .into_iter()
        .fold(look.into_steps(), |look, code| {
            look.on_exit_code(code, does_not_run.clone())
        });
    (
        // The program runs as the image's user.
        mkdir(FOLDER).owner(owner(&config.user)),
        mkfile(SCRIPT, FACTS_PY),
        look.on_failure(failed),
    )
        .into_steps()
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    fn subject() -> (Config, Arc<Subject>) {
        let cx = MemoryContext::new("[project]\nname = 'app'\nversion = '1'\n");
        let config = Config::resolve(&cx).unwrap();
        let subject = Arc::new(Subject::new(&cx, &config));
        (config, subject)
    }

    fn messages(report: &str) -> Vec<String> {
        match subject().1.judge(&Report::read(report.as_bytes())) {
            Judgment::Findings(found) => found.into_iter().map(|one| one.message).collect(),
            Judgment::More(_) => panic!("{report}"),
        }
    }

    #[test]
    fn a_look_that_fails_is_told_from_an_interpreter_that_does_not_run() {
        let steps = steps(&subject().0);
        let failures = &steps.last().unwrap().origin.failures;
        let of = |code: Option<u8>| {
            let said = failures.iter().find(|one| one.exit_code == code);
            said.map(|one| one.finding.message.as_str())
        };
        for code in [1, 126, 127] {
            let expected = "`/app/.venv/bin/python` does not run in the finished image";
            assert_eq!(of(Some(code)), Some(expected));
        }
        assert_eq!(of(Some(137)), None);
        assert_eq!(
            of(None),
            Some("the look at the finished image itself failed")
        );
        assert_eq!(
            messages(
                "marker\tpython_version\t3.14\nfailed\tstruct.error\tunpack requires 2 bytes\n"
            ),
            [
                "the look at the finished image itself failed: `struct.error: unpack requires 2 bytes`"
            ]
        );
    }

    #[test]
    fn packages_belong_to_one_kind_of_interpreter() {
        for (interpreter, environment, expected) in [
            ("python3.14t", "python3.14t", None),
            ("pypy3.11", "pypy3.11", None),
            (
                "python3.13",
                "python3.14",
                Some("the image has Python 3.13, and the packages were installed for Python 3.14"),
            ),
            (
                "pypy3.11",
                "python3.14t",
                Some(
                    "the image has PyPy 3.11, and the packages were installed for free-threaded Python 3.14",
                ),
            ),
        ] {
            let report = format!("interpreter\t{interpreter}\nenvironment\t{environment}\n");
            assert_eq!(messages(&report), Vec::from_iter(expected), "{report}");
        }
    }
}
