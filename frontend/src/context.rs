//! The context of a recipe that runs inside BuildKit.
//!
//! A recipe is an ordinary function that waits for the files it reads, so it runs on a thread of its own.
//! What it asks for are messages to the runtime: it can neither block the gateway nor run for ever.

use std::sync::Arc;
use std::sync::mpsc as reply;
use std::thread;
use std::time::{Duration, Instant};

use microb_dsl::{Context, Diagnostic, Diagnostics, Platform, ReadError, SourceFile, Stage};
use tokio::sync::mpsc;

use crate::files::Files;
use crate::gateway::Gateway;
use crate::panics;
use crate::recipe::Recipe;
use crate::request::Request;

/// How long a recipe may compute. Waiting for files does not count: that depends on the client's network.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The stack of a recipe's thread in bytes: as much as a main thread has.
pub(crate) const STACK: usize = 8 << 20;

/// What a recipe gave, and what it told the user on the way.
pub(crate) struct Planned {
    pub(crate) platform: Platform,
    pub(crate) stage: Result<Stage, Diagnostics>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Runs the recipe for one platform.
pub(crate) async fn run(
    recipe: Recipe,
    gateway: Arc<Gateway>,
    request: Arc<Request>,
    files: Arc<Files>,
    platform: Platform,
) -> Planned {
    let (messages, mut inbox) = mpsc::unbounded_channel();
    let context = GatewayContext {
        definition: files.definition.clone(),
        request: Arc::clone(&request),
        platform: platform.clone(),
        messages,
    };
    let name = recipe.name.clone();
    let mut planned = Planned {
        platform,
        stage: Err(bug(&name, "its thread did not start").into()),
        warnings: Vec::new(),
    };
    let thread = thread::Builder::new()
        .name(format!("recipe {name}"))
        .stack_size(STACK);
    // The thread is never joined: one that does not end is left behind when the program ends.
    if thread.spawn(move || context.run(&recipe)).is_err() {
        return planned;
    }
    let mut left = LIMIT;
    loop {
        let started = Instant::now();
        let Ok(message) = tokio::time::timeout(left, inbox.recv()).await else {
            let limit = LIMIT.as_secs();
            let problem = format!("it did not end within {limit} seconds");
            planned.stage = Err(bug(&name, &problem).into());
            return planned;
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
            Some(Message::Warning(warning)) => planned.warnings.push(warning),
            Some(Message::End(stage)) => {
                planned.stage = stage;
                return planned;
            }
            None => return planned,
        }
    }
}

pub(crate) fn bug(recipe: &str, problem: &str) -> Diagnostic {
    Diagnostic::error(format!("the recipe `{recipe}` failed: {problem}"))
        .help("this is a mistake in the recipe, not in your files; tell its authors")
}

type Answer<T> = reply::SyncSender<Result<T, ReadError>>;

enum Message {
    Read {
        path: String,
        answer: Answer<Option<Vec<u8>>>,
    },
    List {
        folder: String,
        answer: Answer<Vec<String>>,
    },
    Warning(Diagnostic),
    End(Result<Stage, Diagnostics>),
}

struct GatewayContext {
    definition: SourceFile,
    request: Arc<Request>,
    platform: Platform,
    messages: mpsc::UnboundedSender<Message>,
}

impl GatewayContext {
    /// Asks the runtime for something in the build context, and waits.
    fn ask<T>(
        &self,
        path: &str,
        message: impl FnOnce(String, Answer<T>) -> Message,
    ) -> Result<T, ReadError> {
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

    fn run(self, recipe: &Recipe) {
        let stage = panics::catch(|| recipe.run(&self)).unwrap_or_else(|panic| {
            Err(bug(&recipe.name, &format!("it panicked: {panic}")).into())
        });
        // Nobody listens after the time limit.
        let _ = self.messages.send(Message::End(stage));
    }
}

impl Context for GatewayContext {
    fn definition(&self) -> &SourceFile {
        &self.definition
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.ask(path, |path, answer| Message::Read { path, answer })
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.ask(folder, |folder, answer| Message::List { folder, answer })
    }

    fn build_arg(&self, name: &str) -> Option<&str> {
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
}
