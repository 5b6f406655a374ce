//! The steps of a stage: a small closed set of instructions, and the functions that make them.

mod config;
mod copy;
mod files;
mod owner;
mod run;

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inspection::Inspection;
use crate::mount::Mount;
use crate::source::Source;
use crate::span::Span;
use crate::stage::Stage;

pub use config::{
    Healthcheck, Setting, annotation, cmd, entrypoint, env, expose, healthcheck, label, labels,
    no_healthcheck, path, shell, stop_signal, user, volume, workdir,
};
pub use copy::{Added, Copy, IntoPaths, add, copy};
pub use files::{Mkdir, Mkfile, Remove, Symlink, mkdir, mkfile, remove, symlink};
pub use owner::{Id, Owner};
pub use run::{Command, Network, Run, Security, run};

/// One step of a stage: an instruction, and where it came from.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Step {
    /// What to do.
    pub instruction: Instruction,
    /// Where it came from and what progress calls it. Never changes what is built.
    pub origin: Origin,
}

impl fmt::Debug for Step {
    /// The instruction; and where it came from, if that is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin == Origin::default() {
            return fmt::Debug::fmt(&self.instruction, f);
        }
        f.debug_struct("Step")
            .field("instruction", &self.instruction)
            .field("origin", &self.origin)
            .finish()
    }
}

/// Where a step came from and how it is shown. Metadata only: it never changes a digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The place in a user's file that caused the step; a failing step underlines it.
    pub span: Option<Span>,
    /// The line that progress shows instead of the instruction.
    pub name: Option<Arc<str>>,
    /// The progress group: steps of one group are shown as one line.
    pub group: Option<Arc<str>>,
    /// What to report when the step fails.
    pub failures: Vec<Meaning>,
    /// An inspection that looks for the cause when the step fails.
    pub look: Option<Arc<Inspection>>,
}

/// What the failure of a step means: reported in place of the engine's message, which names only the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The exit code that it is about; `None` matches every exit code that has no entry of its own.
    pub exit_code: Option<u8>,
    /// What is reported.
    pub finding: Diagnostic,
}

/// The closed set of instructions. Every interpreter matches all of them, so a new one is a compile error until all know it.
///
/// There is no `Apt` and no `Pip` here: these are functions that return steps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a recipe has tens of steps; a box would cost every match a dereference and save kilobytes"
)]
pub enum Instruction {
    /// `RUN`: runs a program; what it writes to the root file system is kept.
    Run(Run),
    /// `COPY` and `ADD`: copies files from a [`Source`].
    Copy(Copy),
    /// Makes a folder.
    Mkdir(Mkdir),
    /// `COPY <<EOF`: writes a file whose content the recipe knows.
    Mkfile(Mkfile),
    /// Removes a file or a folder.
    Remove(Remove),
    /// Makes a symbolic link.
    Symlink(Symlink),
    /// `WORKDIR`: makes a folder if there is none, and sets it as the working directory.
    Workdir(String),
    /// `ENV`, `LABEL`, `ENTRYPOINT` and their kind: changes the image config and no file.
    Config(Setting),
}

impl Step {
    /// The paths of the build context that the step copies or mounts, as written.
    pub fn context_paths(&self) -> Vec<&str> {
        match &self.instruction {
            Instruction::Copy(copy) if copy.from == Source::Context => {
                copy.sources.iter().map(String::as_str).collect()
            }
            Instruction::Run(run) => run
                .mounts
                .iter()
                .filter_map(|mount| match mount {
                    Mount::Bind(bind) if bind.from == Source::Context => Some(bind.path.as_str()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// All sources that the step copies from or mounts, in order.
    pub fn sources(&self) -> Vec<&Source> {
        match &self.instruction {
            Instruction::Copy(copy) => vec![&copy.from],
            Instruction::Run(run) => run
                .mounts
                .iter()
                .filter_map(|mount| match mount {
                    Mount::Bind(bind) => Some(&bind.from),
                    Mount::Cache(cache) => cache.from.as_ref(),
                    Mount::Secret(_) | Mount::Ssh(_) | Mount::Tmpfs(_) => None,
                })
                .collect(),
            Instruction::Mkdir(_)
            | Instruction::Mkfile(_)
            | Instruction::Remove(_)
            | Instruction::Symlink(_)
            | Instruction::Workdir(_)
            | Instruction::Config(_) => Vec::new(),
        }
    }
}

impl Instruction {
    /// The stages that the instruction copies from or mounts, which are taken out of it.
    pub(crate) fn take_stages(&mut self) -> Vec<Stage> {
        let sources: Vec<&mut Source> = match self {
            Self::Copy(copy) => vec![&mut copy.from],
            Self::Run(run) => run
                .mounts
                .iter_mut()
                .filter_map(|mount| match mount {
                    Mount::Bind(bind) => Some(&mut bind.from),
                    Mount::Cache(cache) => cache.from.as_mut(),
                    Mount::Secret(_) | Mount::Ssh(_) | Mount::Tmpfs(_) => None,
                })
                .collect(),
            Self::Mkdir(_)
            | Self::Mkfile(_)
            | Self::Remove(_)
            | Self::Symlink(_)
            | Self::Workdir(_)
            | Self::Config(_) => Vec::new(),
        };
        let taken = sources
            .into_iter()
            .map(|source| std::mem::replace(source, Source::Scratch));
        taken
            .filter_map(|source| match source {
                Source::Stage(stage) => Some(stage),
                _ => None,
            })
            .collect()
    }
}

impl From<Instruction> for Step {
    fn from(instruction: Instruction) -> Self {
        Self {
            instruction,
            origin: Origin::default(),
        }
    }
}
