//! What could be the program, in one list with one order, and which of it is.

use std::collections::{BTreeMap, BTreeSet};

use microb::Span;

use super::code::{self, App, Code, FACTORIES};
use super::framework::{Kind, Server, Ui};
use super::layout::{self, Place};
use super::module::Module;
use crate::config::Packaging;

/// Something that could be what the image runs.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) what: What,
    pub(crate) span: Span,
}

/// What a candidate is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A script that the project installs, and whether it is called like the project.
    Script { name: String, is_own: bool },
    /// An app that a server or a worker runs, by the module and the name that it is found by.
    Served { app: App, by: (usize, String) },
    /// A module that is shown by the program of a user interface.
    Shown { ui: &'static Ui, at: usize },
    /// A module that is run, and the app that it starts.
    Main { at: usize, app: Option<App> },
}

/// Which of the candidates is the program.
#[derive(Debug)]
pub(crate) enum Choice {
    One(Candidate),
    /// Nothing says which of these, the likeliest first.
    Several(Vec<Candidate>),
    Nothing,
}

/// Names of modules that lead what they import.
const LEADING: &[&str] = &["__main__", "main", "bot", "run"];

/// What a `manage.py` calls.
const DJANGO_MANAGES: &str = "django.core.management.execute_from_command_line";

/// Scripts that are for developers, and never what an image is for.
const FOR_DEVELOPERS: &[&str] = &[
    "build",
    "check",
    "clean",
    "coverage",
    "dev",
    "docs",
    "fmt",
    "format",
    "lint",
    "migrate",
    "migrations",
    "precommit",
    "release",
    "seed",
    "test",
    "tests",
    "typecheck",
];

/// Whether a script of this name may be what the image is for.
pub(crate) fn is_for_users(script: &str) -> bool {
    let first = script.split([':', '-', '_', '.']).next().unwrap_or(script);
    !FOR_DEVELOPERS.contains(&first)
}

impl Candidate {
    /// The module, by its place in [`Code::modules`].
    fn at(&self) -> Option<usize> {
        match &self.what {
            What::Script { .. } => None,
            What::Served { app, .. } => Some(app.at),
            What::Shown { at, .. } | What::Main { at, .. } => Some(*at),
        }
    }

    fn kind(&self) -> Option<Kind> {
        match &self.what {
            What::Served { app, .. } => Some(app.framework.kind),
            _ => None,
        }
    }

    fn is_worker(&self) -> bool {
        self.kind() == Some(Kind::Celery)
    }

    /// Whether it answers to visitors.
    fn is_web(&self) -> bool {
        matches!(self.what, What::Served { .. } | What::Shown { .. }) && !self.is_worker()
    }

    fn is_main(&self) -> bool {
        matches!(self.what, What::Main { .. })
    }
}

/// Chooses among all that a project has.
pub(crate) struct Chooser<'a> {
    pub(crate) code: &'a Code<'a>,
    /// The project's name as a module has it.
    pub(crate) own: &'a str,
    /// The normalized names of the distributions in the image.
    pub(crate) installed: &'a BTreeSet<String>,
}

impl Chooser<'_> {
    /// The program, or what cannot be told apart.
    pub(crate) fn choose(&self, scripts: Vec<Candidate>) -> Choice {
        let mut all = scripts;
        all.extend(self.of_modules());
        let all = self.without_parts(self.without_starters(self.without_contexts(all)));
        let mut all: Vec<Candidate> = all;
        all.sort_by_key(|candidate| self.rank(candidate));
        let mut all = all.into_iter();
        let Some(first) = all.next() else {
            return Choice::Nothing;
        };
        let rivals: Vec<_> = all.filter(|other| !self.beats(&first, other)).collect();
        if rivals.is_empty() {
            Choice::One(first)
        } else {
            Choice::Several([vec![first], rivals].concat())
        }
    }

    /// Whether there is a server for an app.
    pub(crate) fn is_served(&self, app: &App) -> bool {
        let is_installed = |name: &str| self.installed.contains(name);
        Server::of(app.framework.kind, app.is_factory, is_installed).is_some()
    }

    fn module(&self, candidate: &Candidate) -> Option<&(Place, Module)> {
        self.code.modules.get(candidate.at()?)
    }

    fn place(&self, candidate: &Candidate) -> Option<&Place> {
        self.module(candidate).map(|(place, _)| place)
    }

    /// What each module is: one program at most, unless it has two apps that nothing tells apart.
    fn of_modules(&self) -> Vec<Candidate> {
        let mut apps: BTreeMap<usize, Vec<App>> = BTreeMap::new();
        for app in self.code.apps().iter().cloned() {
            // Dash starts a server of its own, where there is no better one.
            let is_inner = (app.framework.name, app.framework.kind) == ("Dash", Kind::Wsgi);
            if !is_inner || self.is_served(&app) {
                apps.entry(app.at).or_default().push(app);
            }
        }
        let all = 0..self.code.modules.len();
        all.flat_map(|at| self.of_module(at, &apps)).collect()
    }

    fn of_module(&self, at: usize, all: &BTreeMap<usize, Vec<App>>) -> Vec<Candidate> {
        let (place, module) = &self.code.modules[at];
        let mut apps = all.get(&at).cloned().unwrap_or_default();
        let is_sources = self.code.packaging == Packaging::Sources;
        let main = |span: Span, app: Option<App>| Candidate {
            what: What::Main { at, app },
            span,
        };
        if place.stem == "__main__" && !place.package.is_empty() {
            // A Django site in the place of its `manage.py` is run by a server.
            let is_managed = module.calls.iter().any(|call| call.path == DJANGO_MANAGES);
            let has_site = || {
                all.values()
                    .flatten()
                    .any(|app| app.framework.name == "Django")
            };
            return if is_managed && has_site() {
                Vec::new()
            } else {
                vec![main(first_line(module), None)]
            };
        }
        apps.sort_by_key(|app| (class(app), app.is_factory, name_rank(&app.name)));
        let first = apps.first().map_or(u8::MAX, class);
        apps.retain(|app| class(app) == first);
        let is_run = module.main_guard.is_some() || module.statement.is_some();
        if let Some(app) = apps.first()
            && app.framework.kind == Kind::Script
        {
            // What starts itself is run; what only defines an app is a part of what starts it.
            let started = apps.iter().find(|app| self.code.starts(at, app));
            let starts = started.or_else(|| {
                let calls_start = |call| self.code.start(call).is_some();
                let is_started = module.calls.iter().any(calls_start);
                (is_run && is_started).then_some(app)
            });
            return starts
                .map(|app| main(app.span.clone(), Some(app.clone())))
                .into_iter()
                .collect();
        }
        if let Some(app) = apps.first() {
            let rivals = apps[1..].iter().filter(|other| {
                let is_clear =
                    code::APP_NAMES.contains(&&*app.name) || FACTORIES.contains(&&*app.name);
                !is_clear && other.is_factory == app.is_factory
            });
            let served = |app: &App| Candidate {
                what: What::Served {
                    app: app.clone(),
                    by: (at, app.name.clone()),
                },
                span: app.span.clone(),
            };
            return [app].into_iter().chain(rivals).map(served).collect();
        }
        // A script of Panel may start a server of its own.
        let is_started = module.calls.iter().any(|call| call.path == "panel.serve");
        let ui = Ui::of(|name| module.imports(name));
        let ui = ui.filter(|_| is_sources && !is_started && self.is_shown(at));
        if let Some(ui) = ui {
            return vec![Candidate {
                what: What::Shown { ui, at },
                span: first_line(module),
            }];
        }
        let is_top = place.package.is_empty() && is_sources;
        let statement = module.statement.as_ref().filter(|_| is_top);
        let span = module.main_guard.as_ref().or(statement);
        let of_others = all.values().flatten();
        let starts = |span: &Span| {
            let started = of_others.filter(|app| app.framework.kind == Kind::Script);
            let mut started = started.filter(|app| self.code.starts(at, app));
            main(span.clone(), started.next().cloned())
        };
        span.map(starts).into_iter().collect()
    }

    /// Whether a module that imports a user interface is a page of it, and not only a part of one.
    fn is_shown(&self, at: usize) -> bool {
        let (place, module) = &self.code.modules[at];
        let is_page = module.statement.is_some() || module.main_guard.is_some();
        // Some have nothing but definitions.
        let only_defines = module.imports("marimo") || module.imports("chainlit");
        let is_imported = || {
            let all = self.code.modules.iter().enumerate();
            let mut others = all.filter(|(other, _)| *other != at);
            others.any(|(_, (_, other))| other.imports(&module.name))
        };
        let is_one = is_page || only_defines || place.is_usual();
        is_one && !is_imported()
    }

    /// Without the apps that are made for tasks to run in, where there is one that answers to visitors.
    fn without_contexts(&self, mut all: Vec<Candidate>) -> Vec<Candidate> {
        let is_context = |candidate: &Candidate| match &candidate.what {
            What::Served { app, .. } => candidate.is_web() && self.code.is_for_tasks(app),
            _ => false,
        };
        if all.iter().any(|one| one.is_web() && !is_context(one)) {
            all.retain(|one| !is_context(one));
        }
        all
    }

    /// Without the modules that start an app which a server runs: both are one program.
    ///
    /// The server finds the app by the module that starts it, where that has it by a name: then all that the module adds to it is there.
    fn without_starters(&self, mut all: Vec<Candidate>) -> Vec<Candidate> {
        let mut gone = BTreeSet::new();
        for n in 0..all.len() {
            let What::Served { app, .. } = all[n].what.clone() else {
                continue;
            };
            for starter in 0..all.len() {
                let What::Main { at, .. } = all[starter].what else {
                    continue;
                };
                let (place, _) = &self.code.modules[at];
                if at == app.at || place.stem == "__main__" || !self.code.starts(at, &app) {
                    continue;
                }
                if self.runs_itself(at, &app) {
                    gone.insert(n);
                    continue;
                }
                gone.insert(starter);
                let name = self.code.name_in(at, &app);
                let is_found_by = place.is_importable() && !app.is_factory;
                if let Some(name) = name.filter(|_| is_found_by) {
                    all[n].what = What::Served {
                        app: app.clone(),
                        by: (at, name),
                    };
                }
            }
        }
        let mut n = 0;
        all.retain(|_| {
            n += 1;
            !gone.contains(&(n - 1))
        });
        all
    }

    /// Whether an app has no server, and a module starts it without one.
    fn runs_itself(&self, at: usize, app: &App) -> bool {
        let has_server = self.is_served(app) || app.framework.is_flask();
        !has_server && app.framework.name != "Django" && self.code.starts_alone(at, app)
    }

    /// Without what another candidate imports, where that says that it is a part of it.
    fn without_parts(&self, all: Vec<Candidate>) -> Vec<Candidate> {
        let imports = self.code.imports();
        let is_part = |n: usize| {
            all.iter().enumerate().any(|(other, whole)| {
                let (Some(part), Some(from)) = (all[n].at(), whole.at()) else {
                    return false;
                };
                let is_mutual = imports[part].contains(&from);
                let is_before = !is_mutual || self.rank(whole) < self.rank(&all[n]);
                other != n
                    && imports[from].contains(&part)
                    && is_before
                    && self.is_part(&all[n], whole)
            })
        };
        let uses = |n: usize| {
            all.iter().any(|part| {
                let (Some(from), Some(part_at)) = (all[n].at(), part.at()) else {
                    return false;
                };
                from != part_at && imports[from].contains(&part_at) && self.only_uses(&all[n], part)
            })
        };
        let gone: BTreeSet<usize> = (0..all.len()).filter(|n| is_part(*n) || uses(*n)).collect();
        let kept = all.into_iter().enumerate();
        kept.filter(|(n, _)| !gone.contains(n))
            .map(|(_, one)| one)
            .collect()
    }

    /// Whether a candidate which another one imports is only a part of that one.
    fn is_part(&self, part: &Candidate, whole: &Candidate) -> bool {
        let (Some((of_part, _)), Some((of_whole, module))) =
            (self.module(part), self.module(whole))
        else {
            return false;
        };
        match (&part.what, &whole.what) {
            (What::Main { .. }, What::Main { .. }) => !self.beats(part, whole),
            (What::Main { .. }, What::Served { .. })
            | (What::Main { .. } | What::Shown { .. }, What::Shown { .. }) => true,
            // The worker of a queue is another process than what fills the queue.
            (What::Served { .. }, What::Main { .. }) => {
                let leads = LEADING.contains(&of_whole.stem.as_str());
                !part.is_worker()
                    && (leads && (of_whole.stem == "__main__" || whole_leads(of_part, of_whole)))
            }
            (What::Served { .. }, What::Served { .. }) => {
                let adds_nothing = of_whole.is_usual() || module.statement.is_none();
                (!whole.is_worker() && adds_nothing) || (whole.is_worker() && part.is_worker())
            }
            _ => false,
        }
    }

    /// Whether a candidate imports another one only to use what it has: a script that fills its database.
    fn only_uses(&self, user: &Candidate, used: &Candidate) -> bool {
        let (Some(of_user), Some(of_used)) = (self.place(user), self.place(used)) else {
            return false;
        };
        let is_helper = user.is_main() && of_user.stem != "__main__";
        is_helper && used.is_web() && !of_user.is_usual() && of_used.is_usual()
    }

    /// The likeliest first: what is named as programs are, what answers to visitors, the nearest to the root.
    fn rank(&self, candidate: &Candidate) -> (u8, bool, usize, usize, bool, String) {
        let group = match &candidate.what {
            What::Script { is_own: true, .. } => 0,
            What::Script { .. } => 1,
            _ if self.is_package_main(candidate) => 1,
            _ if candidate.is_worker() => 3,
            _ => 2,
        };
        let Some(place) = self.place(candidate) else {
            return (group, false, 0, 0, false, String::new());
        };
        (
            group,
            !place.is_usual(),
            layout::package_rank(&place.package, self.own),
            layout::stem_rank(&place.stem),
            candidate.is_main(),
            place.file.clone(),
        )
    }

    /// Whether it is the `__main__.py` of the project's package, or of one of a usual name.
    fn is_package_main(&self, candidate: &Candidate) -> bool {
        self.place(candidate).is_some_and(|place| {
            let rank = layout::package_rank(&place.package, self.own);
            place.stem == "__main__" && (1..usize::MAX).contains(&rank)
        })
    }

    /// Whether the other cannot be meant beside the first.
    fn beats(&self, first: &Candidate, other: &Candidate) -> bool {
        if let What::Script { is_own, .. } = first.what {
            return is_own || other.is_main();
        }
        let (Some(of_first), Some(of_other)) = (self.place(first), self.place(other)) else {
            return false;
        };
        let top = |place: &Place| place.module.split('.').next().map(str::to_owned);
        let is_own = |place: &Place| layout::package_rank(&place.package, self.own) == 1;
        let in_one_package = of_first.root == of_other.root && top(of_first) == top(of_other);
        if self.is_package_main(first) && !of_other.package.is_empty() {
            return in_one_package || (is_own(of_first) && other.is_main());
        }
        if of_other.stem == "__main__" && !of_other.package.is_empty() {
            return false;
        }
        if self.is_same_site(first, other) || (first.is_web() && other.is_worker()) {
            return true;
        }
        let clearly = of_first.is_usual() && !of_other.is_usual();
        if is_own(of_first) && !is_own(of_other) && !of_other.package.is_empty() {
            return of_first.is_usual() && (other.is_main() || !of_other.is_usual());
        }
        match (&first.what, &other.what) {
            (What::Served { .. }, What::Served { .. })
            | (What::Shown { .. }, What::Shown { .. }) => clearly,
            // One that answers to visitors is for something else.
            (What::Main { app: one, .. }, What::Main { app: two, .. }) => {
                clearly && (one.is_some() || two.is_none())
            }
            (What::Served { .. } | What::Shown { .. }, What::Main { .. }) => {
                clearly && !first.is_worker()
            }
            _ => false,
        }
    }

    /// Django writes a module for each kind of server, for one and the same site; others do so too.
    fn is_same_site(&self, first: &Candidate, other: &Candidate) -> bool {
        let (What::Served { app: one, .. }, What::Served { app: two, .. }) =
            (&first.what, &other.what)
        else {
            return false;
        };
        let (Some(of_first), Some(of_other)) = (self.place(first), self.place(other)) else {
            return false;
        };
        let is_interface = |place: &Place| ["asgi", "wsgi"].contains(&place.stem.as_str());
        let is_django = |app: &App| app.framework.name == "Django";
        let in_one_folder = of_first.folder() == of_other.folder();
        in_one_folder
            && ((is_django(one) && is_django(two))
                || (is_interface(of_first) && is_interface(of_other)))
    }

    /// The same site for another kind of server, where there is none for this one.
    pub(crate) fn other_interface(&self, candidate: &Candidate) -> Option<Candidate> {
        let mut all = self.of_modules().into_iter();
        all.find(|other| {
            let is_served = match &other.what {
                What::Served { app, .. } => self.is_served(app),
                _ => false,
            };
            is_served && self.is_same_site(candidate, other)
        })
    }
}

/// Whether a module of a leading name is meant, and not the app of a usual name that it imports.
fn whole_leads(part: &Place, whole: &Place) -> bool {
    whole.stem == "main" || whole.stem == "bot" || !part.is_usual()
}

pub(crate) fn first_line(module: &Module) -> Span {
    let file = &module.file;
    file.line(1).unwrap_or_else(|| file.whole())
}

fn class(app: &App) -> u8 {
    match app.framework.kind {
        Kind::Asgi | Kind::Wsgi | Kind::Sanic => 0,
        Kind::Script => 1,
        Kind::Celery => 2,
    }
}

fn name_rank(name: &str) -> usize {
    let known = code::APP_NAMES.iter().position(|known| *known == name);
    known.unwrap_or(usize::MAX)
}
