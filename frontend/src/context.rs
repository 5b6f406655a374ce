//! The context of a recipe that runs inside BuildKit.
//!
//! A recipe is an ordinary function that waits for the files it reads, so it runs on a thread of its own.
//! What it asks for are messages to the runtime: it can neither block the gateway nor run for ever.

use std::sync::Arc;
use std::sync::mpsc as reply;
use std::thread;
use std::time::{Duration, Instant};

use microb_dsl::{
    BuildArg, Context, Decision, Diagnostic, Diagnostics, Inspection, Platform, ReadError,
    SourceFile,
};
use tokio::sync::mpsc;

use crate::files::Files;
use crate::gateway::Gateway;
use crate::panics;
use crate::request::{Request, Subrequest};

/// How long a recipe may compute. Waiting for files does not count: that depends on the client's network.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The stack of a recipe's thread in bytes: as much as a main thread has.
pub(crate) const STACK: usize = 8 << 20;

/// What a recipe answered, and what it told on the way.
pub(crate) struct Answer<T> {
    pub(crate) platform: Platform,
    pub(crate) result: Result<T, Diagnostics>,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) decisions: Vec<Decision>,
    /// What it asks to look at when the image is finished.
    pub(crate) inspections: Vec<Inspection>,
    /// The build arguments that it asked for or declared, each once, in order.
    pub(crate) build_args: Vec<BuildArg>,
}

/// A function of a recipe: the recipe itself, or the list of its targets.
pub(crate) type Question<T> = Arc<dyn Fn(&dyn Context) -> Result<T, Diagnostics> + Send + Sync>;

/// Runs a function of the recipe of this name, for one platform.
pub(crate) async fn run<T: Send + 'static>(
    name: String,
    question: Question<T>,
    gateway: Arc<Gateway>,
    request: Arc<Request>,
    files: Arc<Files>,
    platform: Platform,
) -> Answer<T> {
    let (messages, mut inbox) = mpsc::unbounded_channel();
    let context = GatewayContext {
        definition: files.definition.clone(),
        request: Arc::clone(&request),
        platform: platform.clone(),
        messages,
    };
    let mut answer = Answer {
        platform,
        result: Err(bug(&name, "its thread did not start").into()),
        warnings: Vec::new(),
        decisions: Vec::new(),
        inspections: Vec::new(),
        build_args: Vec::new(),
    };
    let thread = thread::Builder::new()
        .name(format!("recipe {name}"))
        .stack_size(STACK);
    let asked = name.clone();
    // The thread is never joined: one that does not end is left behind when the program ends.
    if thread
        .spawn(move || context.run(&asked, &*question))
        .is_err()
    {
        return answer;
    }
    let mut left = LIMIT;
    loop {
        let started = Instant::now();
        let Ok(message) = tokio::time::timeout(left, inbox.recv()).await else {
            let limit = LIMIT.as_secs();
            let problem = format!("it did not end within {limit} seconds");
            answer.result = Err(bug(&name, &problem).into());
            return answer;
        };
        left = left.saturating_sub(started.elapsed());
        match message {
            Some(Message::Read { path, answer }) => {
                let answered = files.read(&gateway, &request, &path).await;
                // A recipe that is no longer there does not miss the answer.
                let _ = answer.send(answered);
            }
            Some(Message::List { folder, answer }) => {
                let _ = answer.send(files.list(&gateway, &folder).await);
            }
            Some(Message::Find { name, answer }) => {
                let _ = answer.send(files.find(&gateway, &request, &name).await);
            }
            Some(Message::Absent { paths, answer }) => {
                let _ = answer.send(files.absent(&gateway, &request, &paths).await);
            }
            Some(Message::Warning(warning)) => answer.warnings.push(warning),
            Some(Message::Decision(decision)) => answer.decisions.push(decision),
            Some(Message::Inspection(asked)) => answer.inspections.push(asked),
            Some(Message::BuildArg(argument)) => note(&mut answer.build_args, argument),
            Some(Message::End(result)) => {
                answer.result = result;
                return answer;
            }
            None => return answer,
        }
    }
}

/// Keeps an argument once, with the most that is said of it.
fn note(known: &mut Vec<BuildArg>, argument: BuildArg) {
    let Some(known) = known.iter_mut().find(|known| known.name == argument.name) else {
        known.push(argument);
        return;
    };
    known.default = known.default.take().or(argument.default);
    known.description = known.description.take().or(argument.description);
    known.span = known.span.take().or(argument.span);
}

pub(crate) fn bug(recipe: &str, problem: &str) -> Diagnostic {
    Diagnostic::error(format!("the recipe `{recipe}` failed: {problem}"))
        .help("this is a mistake in the recipe, not in your files; tell its authors")
}

type Reply<T> = reply::SyncSender<Result<T, ReadError>>;

enum Message<T> {
    Read {
        path: String,
        answer: Reply<Option<Vec<u8>>>,
    },
    List {
        folder: String,
        answer: Reply<Vec<String>>,
    },
    Find {
        name: String,
        answer: Reply<Vec<String>>,
    },
    Absent {
        paths: Vec<String>,
        answer: Reply<Vec<String>>,
    },
    Warning(Diagnostic),
    Decision(Decision),
    Inspection(Inspection),
    BuildArg(BuildArg),
    End(Result<T, Diagnostics>),
}

struct GatewayContext<T> {
    definition: SourceFile,
    request: Arc<Request>,
    platform: Platform,
    messages: mpsc::UnboundedSender<Message<T>>,
}

impl<T> GatewayContext<T> {
    /// Asks the runtime for something in the build context, and waits.
    fn ask<A>(
        &self,
        path: &str,
        message: impl FnOnce(String, Reply<A>) -> Message<T>,
    ) -> Result<A, ReadError> {
        let gone = || ReadError {
            path: path.to_owned(),
            reason: "the build was canceled".to_owned(),
        };
        let (answer, content) = reply::sync_channel(1);
        self.messages
            .send(message(path.to_owned(), answer))
            .map_err(|_| gone())?;
        content.recv().map_err(|_| gone())?
    }

    fn run(self, name: &str, question: &dyn Fn(&dyn Context) -> Result<T, Diagnostics>) {
        let result = panics::catch(|| question(&self))
            .unwrap_or_else(|panic| Err(bug(name, &format!("it panicked: {panic}")).into()));
        // Nobody listens after the time limit.
        let _ = self.messages.send(Message::End(result));
    }
}

impl<T> Context for GatewayContext<T> {
    fn definition(&self) -> &SourceFile {
        &self.definition
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.ask(path, |path, answer| Message::Read { path, answer })
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.ask(folder, |folder, answer| Message::List { folder, answer })
    }

    fn find(&self, name: &str) -> Result<Vec<String>, ReadError> {
        self.ask(name, |name, answer| Message::Find { name, answer })
    }

    fn absent(&self, paths: &[String]) -> Result<Vec<String>, ReadError> {
        let paths = paths.to_vec();
        self.ask("", |_, answer| Message::Absent { paths, answer })
    }

    fn build_arg(&self, name: &str) -> Option<&str> {
        self.declare_build_arg(BuildArg {
            name: name.to_owned(),
            default: None,
            description: None,
            span: None,
        });
        self.request.build_args.get(name).map(String::as_str)
    }

    fn target(&self) -> Option<&str> {
        self.request.target.as_deref()
    }

    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn build_platform(&self) -> &Platform {
        &self.request.build_platform
    }

    fn has_named_context(&self, name: &str) -> bool {
        self.request.has_named_context(name, &self.platform)
    }

    fn warn(&self, warning: Diagnostic) {
        // Nobody listens after the time limit.
        let _ = self.messages.send(Message::Warning(warning));
    }

    fn decided(&self, decision: Decision) {
        // Nobody listens after the time limit.
        let _ = self.messages.send(Message::Decision(decision));
    }

    fn inspect(&self, inspection: Inspection) {
        // Nobody listens after the time limit.
        let _ = self.messages.send(Message::Inspection(inspection));
    }

    fn declare_build_arg(&self, argument: BuildArg) {
        // Nobody listens after the time limit.
        let _ = self.messages.send(Message::BuildArg(argument));
    }

    fn is_check(&self) -> bool {
        self.request.subrequest == Some(Subrequest::Lint)
    }
}
