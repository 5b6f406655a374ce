//! What the image runs when the file does not say: the project's script, its app, or its main module.
//!
//! The code is parsed, never searched for words, so that a name in a comment or a string is none. All that could be the
//! program stands in one list with one order (`candidate`); where nothing in names, imports and calls says which it is,
//! the user is asked, since an image that runs the wrong program is worse than one that runs none.

mod candidate;
mod code;
mod folders;
mod framework;
mod held;
mod layout;
mod module;
mod run;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use microb::{Context, Span, Spanned};

use crate::config::{Config, Dependencies, Packaging};
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, normalized};

use candidate::{Candidate, Choice, Chooser, What};
use code::Code;
use folders::Folders;
use held::Held;
use layout::Place;
pub(crate) use layout::stem_rank;
use module::Module;
use run::{NoServer, Runner};

/// What the image runs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The argument list of the `ENTRYPOINT`, with the place of what it was chosen from.
    pub argv: Spanned<Vec<String>>,
    /// The signal that ends it, if it is not `SIGTERM`: Python as the first process of a container ignores that one,
    /// unless the program asks for it.
    pub stop_signal: Option<&'static str>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// Variables that make its server reachable from outside of the container, and its modules found.
    pub env: BTreeMap<String, String>,
    /// What it was chosen from, for people: ``the FastAPI app `app` of `app/main.py`, served by uvicorn``.
    pub why: String,
}

/// Patterns of the files that can hold a program, or lead to one.
///
/// A recipe's files are sent before it is known whether it wants them: those of packages are some hundred kilobytes, sent
/// once and then as far as they change. Which of them are read is decided by their names and by what imports them; what is
/// deeper is fetched one by one.
pub(crate) const READS: &[&str] = &["*.py", "*/*.py", "*/*/*.py", "src/*/*/*.py"];

/// What a target without `entrypoint` and `command` runs; `None` if nothing says, and then the user is told.
pub(crate) fn infer(
    cx: &dyn Context,
    config: &Config,
    tables: &Tables<'_>,
    findings: &Findings,
) -> Option<Program> {
    let installed = installed(&config.dependencies);
    let folders = Folders::new(cx, &config.project_dir);
    let code = Code::new(&folders, config.project.packaging, &installed);
    let inference = Inference {
        config,
        installed: &installed,
    };
    match &config.script {
        Some(name) => Some(inference.of_script(cx, code, &folders, name)),
        None => inference.of_project(code, &folders, tables, findings),
    }
}

struct Inference<'a> {
    config: &'a Config,
    installed: &'a BTreeSet<String>,
}

impl Inference<'_> {
    fn of_project(
        &self,
        mut code: Code<'_>,
        folders: &Folders<'_>,
        tables: &Tables<'_>,
        findings: &Findings,
    ) -> Option<Program> {
        let config = self.config;
        let own = config.project.normalized_name.as_deref();
        let own = own.unwrap_or_default().replace('-', "_");
        let is_wheel = config.project.packaging == Packaging::Wheel;
        let held = if is_wheel {
            held::held(tables, &config.project, &config.build_system, folders)
        } else {
            Held::default()
        };
        let layout = layout::layout(folders, config.project.packaging, &own, &held);
        code.read_all(&layout);
        let scripts = self.scripts(&mut code, &held);
        let runner = Runner {
            code: &code,
            installed: self.installed,
            manage: layout.manage.as_deref(),
            is_elsewhere: config.workdir.is_some(),
        };
        let chooser = self.chooser(&runner, &own);
        let offered = scripts.iter().map(|(script, _)| script.clone()).collect();
        match chooser.choose(offered) {
            Choice::One(chosen) => {
                let script = scripts.iter().find(|(script, _)| is_same(script, &chosen));
                let script = script.and_then(|(_, at)| *at);
                match program_of(&runner, &chooser, &chosen, script) {
                    Ok(program) => {
                        tell_unreachable(&runner, &program, &chosen, script, findings);
                        Some(program)
                    }
                    Err(NoServer(app)) => {
                        findings.add(told::no_server(&app, config));
                        None
                    }
                }
            }
            Choice::Several(candidates) => {
                if let Some(finding) = told::ambiguous(&candidates, &runner, config) {
                    findings.add(finding);
                }
                None
            }
            Choice::Nothing => {
                let nothing = told::Nothing {
                    code: &code,
                    config,
                    left_out: &layout.left_out,
                    installed: &|name| self.installed.contains(name),
                    place: self.place(tables),
                };
                findings.add(nothing.told());
                None
            }
        }
    }

    /// The script itself, unless it only makes an app, which a server has to run.
    fn of_script(
        &self,
        cx: &dyn Context,
        mut code: Code<'_>,
        folders: &Folders<'_>,
        name: &str,
    ) -> Program {
        let place = Place::new(folders, name, "");
        let file = cx.definition().clone();
        let first = file.line(1).unwrap_or_else(|| file.whole());
        let guard = Module::parse(&place.module, "", file)
            .ok()
            .and_then(|module| {
                let guard = module.main_guard.clone();
                code.add(place, module);
                guard
            });
        let runner = Runner {
            code: &code,
            installed: self.installed,
            manage: None,
            is_elsewhere: true,
        };
        let chooser = self.chooser(&runner, "");
        // What it cannot be told apart by stays a script.
        if let (None, Choice::One(chosen)) = (&guard, chooser.choose(Vec::new()))
            && !matches!(chosen.what, What::Main { .. })
            && let Ok(program) = runner.program(&chosen, None)
        {
            return program;
        }
        runner.script(name, guard.unwrap_or(first))
    }

    fn chooser<'a>(&'a self, runner: &'a Runner<'a>, own: &'a str) -> Chooser<'a> {
        Chooser {
            code: runner.code,
            own,
            installed: self.installed,
        }
    }

    /// The scripts that the project installs and that may be what it is for, with the modules that they call.
    fn scripts(&self, code: &mut Code<'_>, held: &Held) -> Vec<(Candidate, Option<usize>)> {
        if self.config.project.packaging == Packaging::Sources {
            return Vec::new();
        }
        let own = self.config.project.normalized_name.as_deref();
        let is_own = |name: &str| Some(normalized(name).as_str()) == own;
        let all = self.config.project.scripts.iter();
        let mut roots: BTreeSet<String> = ["", "src/"].map(str::to_owned).into();
        roots.extend(held.packages.iter().map(|(root, _)| root.clone()));
        let usable = all.filter(|(name, _)| is_own(name) || candidate::is_for_users(name));
        usable
            .map(|(name, function)| {
                let module = function.value.split(':').next().unwrap_or_default().trim();
                let script = Candidate {
                    what: What::Script {
                        name: name.clone(),
                        is_own: is_own(name),
                    },
                    span: function.span.clone(),
                };
                (script, code.find(module, &roots))
            })
            .collect()
    }

    /// Where it is told that there is no program.
    fn place(&self, tables: &Tables<'_>) -> Span {
        let name = self.config.project.name.as_ref();
        let file = tables.root.span().file();
        name.map(|name| name.span.clone())
            .or_else(|| file.line(1))
            .unwrap_or_else(|| file.whole())
    }
}

/// The program that was chosen; for a site with several interfaces, the one that there is a server for.
fn program_of(
    runner: &Runner<'_>,
    chooser: &Chooser<'_>,
    chosen: &Candidate,
    script: Option<usize>,
) -> Result<Program, NoServer> {
    let has_server = match &chosen.what {
        What::Served { app, .. } => chooser.is_served(app),
        _ => true,
    };
    let other = if has_server {
        None
    } else {
        chooser.other_interface(chosen)
    };
    runner.program(other.as_ref().unwrap_or(chosen), script)
}

/// Tells the servers that the program's own module starts where nobody reaches them.
fn tell_unreachable(
    runner: &Runner<'_>,
    program: &Program,
    chosen: &Candidate,
    script: Option<usize>,
    findings: &Findings,
) {
    let is_python = program
        .argv
        .value
        .first()
        .is_some_and(|word| word == "python");
    let module = match &chosen.what {
        What::Script { .. } => script,
        What::Main { at, .. } => Some(*at),
        // What has no server starts itself.
        What::Served { app, .. } if is_python => Some(app.at),
        What::Served { .. } | What::Shown { .. } => None,
    };
    let is_script = matches!(chosen.what, What::Script { .. });
    let found = module.map_or_else(Vec::new, |at| runner.unreachable(at, is_script));
    for finding in found {
        findings.add(finding);
    }
}

fn is_same(script: &Candidate, chosen: &Candidate) -> bool {
    match (&script.what, &chosen.what) {
        (What::Script { name, .. }, What::Script { name: other, .. }) => name == other,
        _ => false,
    }
}

/// The names of what is installed, as far as the lists say: servers that others bring along included.
fn installed(dependencies: &Dependencies) -> BTreeSet<String> {
    let listed: Vec<Requirement> = match dependencies {
        Dependencies::Listed(listed)
        | Dependencies::FromBackend {
            listed: Some(listed),
            ..
        } => listed.clone(),
        Dependencies::File(file) => file
            .requirements
            .lines()
            .filter_map(|line| {
                // What follows the requirement are options of its own, such as `--hash`.
                let text = line.split(" --").next().unwrap_or(line).to_owned();
                let span = file.path.span.clone();
                Requirement::parse(Spanned::new(text, span)).ok()
            })
            .collect(),
        // A lock has everything, also what others bring along.
        Dependencies::Locked(set) => return set.pins.iter().map(|pin| pin.name.clone()).collect(),
        Dependencies::FromBackend { listed: None, .. } => Vec::new(),
    };
    let brought = listed
        .iter()
        .flat_map(|one| framework::brings(&one.name, &one.extras));
    let mut names: BTreeSet<String> = brought.map(str::to_owned).collect();
    names.extend(listed.into_iter().map(|one| one.name));
    names
}
