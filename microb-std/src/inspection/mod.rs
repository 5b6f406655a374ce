//! What is wrong with the finished image: a program looks into it, without network, and its report is judged here.
//!
//! The program only says what is true. So it needs nothing of the image but its interpreter, and what is a mistake,
//! where it stands in the user's files and what to write instead is known where the files are.

mod environment;
mod files;
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
    cx.inspect(inspection(config).judged(subject));
}

/// What the findings are about, and where their places are.
#[derive(Debug)]
struct Subject {
    config: Config,
    definition: Span,
}

impl Subject {
    fn new(cx: &dyn Context, config: &Config) -> Self {
        let definition = cx.definition();
        Self {
            config: config.clone(),
            definition: definition.line(1).unwrap_or_else(|| definition.whole()),
        }
    }

    /// All that is wrong, and what has to be asked first.
    fn judge(self: &Arc<Self>, report: &Report) -> Judgment {
        let findings = Findings::default();
        if !installed::interpreter(self, report, &findings) {
            // Nothing of the environment is there for another interpreter.
            return Judgment::Findings(findings.into_all());
        }
        installed::requirements(self, report, &findings);
        program::check(self, report, &findings);
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

/// The steps, before it is said what their report means.
struct Steps(Vec<Step>, Diagnostic);

fn inspection(config: &Config) -> Steps {
    let libraries = if config.check_libraries {
        "libraries"
    } else {
        ""
    };
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
    ];
    let words = words.into_iter().map(str::to_owned);
    let argv: Vec<String> = words.chain(program::argv(config)).collect();
    let steps = (
        // The program runs as the image's user.
        mkdir(FOLDER).owner(owner(&config.user)),
        mkfile(SCRIPT, FACTS_PY),
        run(argv)
            .network(Network::None)
            .called("look at the finished image"),
    );
    let failure = Diagnostic::error(format!("`{python}` does not run in the finished image"));
    let failure = match flavor::image_span(config, None) {
        Some(span) => failure.at(span),
        None => failure,
    };
    Steps(
        steps.into_steps(),
        failure.help(
            "name a `base_image` that has the Python of the image that builds, at the same place",
        ),
    )
}

impl Steps {
    fn judged(self, subject: Arc<Subject>) -> Inspection {
        let Self(steps, failure) = self;
        Inspection::new(steps, REPORT, move |report| {
            subject.judge(&Report::read(report))
        })
        .or(failure)
    }
}
