//! An embedded language for container image recipes, and its interpreters.
//!
//! | function | macro | Dockerfile | LLB op |
//! |---|---|---|---|
//! | [`from`]`(image)` | `stage!`, `image!` | `FROM image` | source `docker-image://` |
//! | [`from`]`(&stage)`, [`scratch`]`()` | `stage!` | `FROM stage`, `FROM scratch` | none |
//! | [`merge`]`([…])` | | `FROM`, then `COPY --link` where that is exact | merge, or file: copy |
//! | [`diff`]`(…)` | | none | diff, or the steps again |
//! | [`run`]`([…])` | `run!` | `RUN […]` | exec |
//! | [`run`]`("…")` | `sh!` | `RUN …` | exec |
//! | [`cache`], [`bind`], [`tmpfs`], [`secret`], [`ssh`] | | `RUN --mount=…` | exec: mount |
//! | [`copy`]`(…)` | `copy!` | `COPY …` | file: copy |
//! | [`add`]`(path)` | `add!` | `ADD …` | file: copy, unpacks |
//! | [`add`]`(`[`http`]`(…))`, [`add`]`(`[`git`]`(…))` | `add!` | `ADD …` | source `https://`, `git://`; file: copy |
//! | [`mkfile`]`(…)` | | `COPY <<"EOF" …` | file: mkfile, copy |
//! | [`mkdir`]`(…)` | | `COPY --from=scratch / …` | file: mkdir |
//! | [`remove`]`(…)`, [`symlink`]`(…)` | | none | file: rm, symlink |
//! | [`workdir`]`(…)` | | `WORKDIR …` | file: mkdir |
//! | [`env`](fn@env)`(…)`, [`path`]`(…)` | `env!` | `ENV …` | none: image config and the ops after it |
//! | [`user`]`(…)` | | `USER …` | none: image config and the ops after it |
//! | [`label`]`(…)` | `label!` | `LABEL …` | none: image config |
//! | [`expose`]`(…)`, [`volume`]`(…)`, [`stop_signal`]`(…)` | | the same | none: image config |
//! | [`entrypoint`]`(…)`, [`cmd`]`(…)` | `entrypoint!`, `cmd!` | the same | none: image config |
//! | [`healthcheck`]`(…)` | | the same | none: image config |
//! | [`apt`]`([…])`, [`apk`]`([…])`, [`pip`]`([…])` | `apt!`, `apk!`, `pip!` | `RUN …` | exec |
//!
//! A macro is the function of the same name with its literals checked by the compiler, and nothing more.
//! The macros are in the crate `microb-macros`, which asks [`grammar`] here, and come with `microb::prelude`.
//!
//! Each function's documentation has an example that asserts the Dockerfile text of its step.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod context;
pub mod diagnostic;
pub mod difference;
pub mod dockerfile;
#[cfg(feature = "llb")]
pub mod explain;
pub mod grammar;
pub mod graph;
#[cfg(feature = "llb")]
pub mod llb;
pub mod mount;
pub mod platform;
pub mod reference;
#[cfg(feature = "report")]
pub mod report;
pub mod rule;
pub mod shell;
pub mod source;
pub mod span;
pub mod stage;
pub mod step;
pub mod sugar;
pub mod target;

mod describe;
mod into_steps;

pub use context::{BuildArg, Context, MemoryContext, ReadError};
pub use diagnostic::{Diagnostic, Diagnostics, Severity, nearest};
pub use into_steps::IntoSteps;
pub use mount::{Mount, Sharing, bind, cache, secret, ssh, tmpfs};
pub use platform::Platform;
pub use reference::ImageRef;
pub use rule::Rule;
pub use source::{Source, git, http, local, named_context};
pub use span::{Position, SourceFile, Span, Spanned};
pub use stage::{Base, ForeignDefinition, Stage, StagePlatform, diff, from, merge, scratch};
pub use step::{
    Command, Instruction, Network, Owner, Security, Step, add, cmd, copy, entrypoint, env, expose,
    healthcheck, label, labels, mkdir, mkfile, path, remove, run, stop_signal, symlink, user,
    volume, workdir,
};
pub use sugar::{apk, apt, pip};
pub use target::Target;

/// What a recipe needs in scope: `use microb_dsl::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Base, Context, Diagnostic, Diagnostics, ImageRef, IntoSteps, Network, Platform, Sharing,
        Source, Stage, StagePlatform, Step, add, apk, apt, bind, cache, cmd, copy, diff,
        entrypoint, env, expose, from, git, healthcheck, http, label, labels, local, merge, mkdir,
        mkfile, named_context, path, pip, remove, run, scratch, secret, ssh, stop_signal, symlink,
        tmpfs, user, volume, workdir,
    };
}
