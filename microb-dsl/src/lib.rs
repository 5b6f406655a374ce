//! An embedded language for container image recipes, and its interpreters.
//!
//! | function | macro | Dockerfile | LLB op |
//! |---|---|---|---|
//! | **stages** | | | |
//! | [`from`]`(image)` | `stage!`, `image!` | `FROM image` | source `docker-image://` |
//! | [`from`]`(&stage)`, [`scratch`]`()` | `stage!` | `FROM stage`, `FROM scratch` | none |
//! | [`from`]`(`[`named_context`]`(name))` | `stage!` | `FROM name` | what `--build-context name=…` says |
//! | [`from`]`(`[`ForeignDefinition`]`(…))` | `stage!` | none | all ops of the definition |
//! | [`merge`]`([…])` | | `FROM`, then `COPY --link` where that is exact | merge, or file: copy |
//! | [`diff`]`(…)` | | none | diff, or the steps again |
//! | [`.named`](Stage::named)`("a")`, [`.on`](Stage::on)`(…)` | `stage!`, none | `AS a`, `--platform=…` | none, the ops' platform |
//! | **steps that run** | | | |
//! | [`run`]`([…])` | `run!` | `RUN […]` | exec |
//! | [`run`]`("…")` | `sh!` | `RUN …`, `RUN <<EOF` | exec |
//! | [`.network`](step::Run::network)`(…)`, [`.security`](step::Run::security)`(…)` | the same | `--network=…`, `--security=…` | exec: network, security |
//! | [`apt`]`([…])`, [`apk`]`([…])`, [`pip`]`([…])` | `apt!`, `apk!`, `pip!` | `RUN …` | exec |
//! | [`shell`](fn@shell)`([…])` | | `SHELL […]` | none: the ops after it |
//! | **mounts**, [`.mount`](step::Run::mount)`(…)` | | | |
//! | [`cache`]`(target)` | | `RUN --mount=type=cache,…` | exec: cache mount |
//! | [`bind`]`(target)` | | `RUN --mount=type=bind,…` | exec: bind mount |
//! | [`secret`]`(id)` | | `RUN --mount=type=secret,…` | exec: secret mount or variable |
//! | [`ssh`]`()` | | `RUN --mount=type=ssh,…` | exec: ssh mount |
//! | [`tmpfs`]`(target)` | | `RUN --mount=type=tmpfs,…` | exec: tmpfs mount |
//! | **steps that write files** | | | |
//! | [`copy`]`(…)` | `copy!` | `COPY …` | file: copy |
//! | [`.link`](step::Copy::link)`()` | the same | `COPY --link …` | file: copy, merge |
//! | [`add`]`(path)` | `add!` | `ADD …` | file: copy, unpacks |
//! | [`mkfile`]`(…)` | | `COPY <<"EOF" …` | file: mkfile, copy |
//! | [`mkdir`]`(…)` | | `COPY --from=scratch / …` | file: mkdir |
//! | [`remove`]`(…)`, [`symlink`]`(…)` | | none | file: rm, symlink |
//! | [`workdir`]`(…)` | | `WORKDIR …` | file: mkdir |
//! | **sources**, [`.from`](step::Copy::from)`(…)` | | | |
//! | none: the build context | | `COPY …` | source `local://` |
//! | `&stage` | | `--from=stage` | none: the stage's last op |
//! | an [`ImageRef`] | `image!` | `--from=image` | source `docker-image://` |
//! | [`named_context`]`(name)` | | `--from=name` | what `--build-context name=…` says |
//! | [`http`]`(url)` | `add!` | `ADD https://…` | source `https://` |
//! | [`git`]`(remote)` | `add!` | `ADD ….git` | source `git://` |
//! | [`local`]`(name)` | | none | source `local://` |
//! | [`Source::Scratch`] | | `--from=scratch` | none |
//! | [`Source::Definition`] | | none | all ops of the definition |
//! | **the image config** | | | |
//! | [`env`](fn@env)`(…)`, [`path`]`(…)` | `env!` | `ENV …` | none: and the ops after it |
//! | [`user`]`(…)` | | `USER …` | none: and the ops after it |
//! | [`label`]`(…)`, [`labels`]`(…)` | `label!` | `LABEL …` | none |
//! | [`annotation`]`(…)` | | none: `docker build --annotation` | none |
//! | [`expose`]`(…)`, [`volume`]`(…)`, [`stop_signal`]`(…)` | | `EXPOSE`, `VOLUME`, `STOPSIGNAL` | none |
//! | [`entrypoint`]`(…)`, [`cmd`]`(…)` | `entrypoint!`, `cmd!` | `ENTRYPOINT`, `CMD` | none |
//! | [`healthcheck`]`(…)`, [`no_healthcheck`]`()` | | `HEALTHCHECK` | none |
//!
//! A macro is the function of the same name with its literals checked by the compiler, and nothing more.
//! The macros are in the crate `microb-macros`, which asks [`grammar`] here, and come with `microb::prelude`.
//!
//! Each function's documentation has an example that asserts the Dockerfile text of its step.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod context;
pub mod diagnostic;
pub mod difference;
#[cfg(feature = "llb")]
pub mod digest;
pub mod dockerfile;
#[cfg(feature = "llb")]
pub mod explain;
mod format;
pub mod grammar;
pub mod graph;
pub mod inspection;
#[cfg(feature = "llb")]
pub mod llb;
pub mod mount;
pub mod patterns;
pub mod platform;
pub mod reference;
#[cfg(feature = "report")]
pub mod report;
pub mod rule;
pub mod search;
pub mod shell;
pub mod source;
pub mod span;
pub mod stage;
pub mod step;
pub mod sugar;
pub mod target;

mod describe;
mod into_steps;
mod told;
mod wildcards;

pub use context::{BuildArg, Context, Decision, MemoryContext, ReadError};
pub use diagnostic::{Diagnostic, Diagnostics, Severity, nearest};
pub use format::Format;
pub use inspection::{Inspection, Judgment};
pub use into_steps::IntoSteps;
pub use mount::{Mount, Sharing, bind, cache, secret, ssh, tmpfs};
pub use platform::Platform;
pub use reference::ImageRef;
pub use rule::Rule;
pub use source::{Source, git, http, local, named_context};
pub use span::{Position, SourceFile, Span, Spanned};
pub use stage::{Base, ForeignDefinition, Stage, StagePlatform, diff, from, merge, scratch};
pub use step::{
    Command, Instruction, Network, Owner, Security, Setting, Step, add, annotation, cmd, copy,
    entrypoint, env, expose, healthcheck, label, labels, mkdir, mkfile, no_healthcheck, path,
    remove, run, shell, stop_signal, symlink, user, volume, workdir,
};
pub use sugar::{apk, apt, pip};
pub use target::Target;
pub use told::Told;

/// What a recipe needs in scope: `use microb_dsl::prelude::*;`.
pub mod prelude {
    // Not the module of the same name, which quotes words.
    pub use crate::step::shell;
    pub use crate::{
        Base, Context, Diagnostic, Diagnostics, ImageRef, IntoSteps, Network, Platform, Sharing,
        Source, Stage, StagePlatform, Step, add, annotation, apk, apt, bind, cache, cmd, copy,
        diff, entrypoint, env, expose, from, git, healthcheck, http, label, labels, local, merge,
        mkdir, mkfile, named_context, no_healthcheck, path, pip, remove, run, scratch, secret, ssh,
        stop_signal, symlink, tmpfs, user, volume, workdir,
    };
}
