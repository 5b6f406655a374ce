//! The interpreter that renders a stage as the text of a Dockerfile.
//!
//! Built by BuildKit's own Dockerfile frontend, the text gives the same files (path, mode, owner, content) and
//! the same image config as lowering gives. What has no such text is a diagnostic that names the step, never an
//! approximation. The rules are those of BuildKit's `frontend/dockerfile`: `parser` splits lines, words and
//! heredocs, `instructions` reads flags, `shell/lex.go` expands variables and removes quotes, `dockerfile2llb`
//! says what all of it means.
//!
//! The text has no `#syntax` line, so any frontend reads it. Heredocs and `COPY --link` need Dockerfile 1.4,
//! `ADD --checksum` 1.6, secrets as variables 1.10, `ADD --unpack` 1.17, `--exclude` 1.19, and
//! `RUN --security` and `COPY --parents` 1.20.
//!
//! Three rules of Dockerfiles that recipes share, because lowering follows them too:
//!
//! - `ENTRYPOINT` resets the `CMD` that came with the base; a `CMD` of the same stage stays, before or after it.
//! - A stage on top of another stage runs on the platform of that stage.
//! - `WORKDIR` makes its folder for the user that `USER` set.
#![warn(clippy::wildcard_enum_match_arm)]

mod config;
mod copy;
mod names;
mod platforms;
mod run;
mod words;

pub(crate) use words::json;

use crate::describe;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::into_steps::IntoSteps;
use crate::stage::{Base, Stage, StagePlatform, scratch};
use crate::step::{Instruction, Step};

use names::Names;
use platforms::Platforms;

/// The longest line that the Dockerfile parser reads, in bytes without the newline (Go's `bufio.MaxScanTokenSize` − 1).
const MAX_LINE: usize = 65_535;

/// Renders a stage and all the stages that it needs, dependencies first.
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let build = from("python:3.14".parse::<ImageRef>().unwrap()).named("build").then(run("make"));
/// let image = scratch().then(copy("/out", "/").from(&build)).then(entrypoint(["/app"]));
/// assert_eq!(dockerfile::render(&image)?, "\
/// FROM python:3.14 AS build
/// RUN make
///
/// FROM scratch
/// COPY --from=build /out /
/// ENTRYPOINT [\"/app\"]
/// ");
/// # Ok::<(), Diagnostics>(())
/// ```
///
/// # Errors
///
/// One diagnostic for each step and each base that has no exact Dockerfile form.
pub fn render(stage: &Stage) -> Result<String, Diagnostics> {
    let stages = stage.stages();
    let names = Names::new(&stages);
    let mut platforms = Platforms::default();
    let mut found = Vec::new();
    let mut blocks = Vec::new();
    for stage in &stages {
        if let Some(diagnostic) = platforms.check(stage) {
            found.push(diagnostic);
        }
        let mut lines = match first_lines(stage, &names) {
            Ok(lines) => lines,
            Err(diagnostic) => {
                found.push(diagnostic);
                continue;
            }
        };
        lines.push_str(&step_lines(stage, &names, &mut found));
        blocks.push(lines);
    }
    Diagnostics::or(found, blocks.join("\n"))
}

/// A stage as texts that each stand for its base or for one step, to compare and to show: a Dockerfile's lines, or a
/// description of what no Dockerfile can say.
pub(crate) struct StageTexts {
    /// The name, as no other stage has it; `None` for a last stage without one.
    pub(crate) name: Option<String>,
    pub(crate) texts: Vec<String>,
}

/// All stages as texts, dependencies first.
pub(crate) fn texts(stage: &Stage) -> Vec<StageTexts> {
    let stages = stage.stages();
    let names = Names::new(&stages);
    let texts = |stage: &Stage| {
        let first = first_lines(stage, &names).unwrap_or_else(|_| {
            let base = describe::base(stage.base(), |stage| names.stage(stage));
            format!("FROM {base}")
        });
        let steps = stage.steps().iter().map(|step| {
            instruction(step, &names).unwrap_or_else(|_| describe::in_full(&step.instruction))
        });
        StageTexts {
            name: names.declared(stage),
            texts: [first.trim_end().to_owned()]
                .into_iter()
                .chain(steps)
                .collect(),
        }
    };
    stages.iter().map(texts).collect()
}

/// Renders steps only, without a `FROM` line: for documentation and tests.
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(
///     dockerfile::steps((workdir("/app"), run(["make", "all"])))?,
///     "WORKDIR /app\nRUN [\"make\", \"all\"]\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
///
/// # Errors
///
/// One diagnostic for each step that has no exact Dockerfile form.
pub fn steps(steps: impl IntoSteps) -> Result<String, Diagnostics> {
    let stage = scratch().then(steps);
    let names = Names::new(&stage.stages());
    let mut found = Vec::new();
    let lines = step_lines(&stage, &names, &mut found);
    Diagnostics::or(found, lines)
}

/// The `FROM` line, and the `COPY` lines that stand for a merge.
fn first_lines(stage: &Stage, names: &Names) -> Result<String, Diagnostic> {
    let mut merged: &[Stage] = &[];
    let base = match stage.base() {
        Base::Scratch => "scratch".to_owned(),
        Base::Image(image) => names::image(image),
        Base::Stage(base) => names.stage(base),
        Base::NamedContext(name) => names::named_context(name)
            .map_err(|reason| no_form(&format!("from(`{name}`)"), &reason))?,
        Base::Merge(stages) => {
            let Some((first, others)) = stages.split_first() else {
                return Err(no_form("`merge`", "it has no stages"));
            };
            merged = others;
            names.stage(first)
        }
        Base::Diff { .. } => {
            return Err(no_form("`diff`", "instructions only add to a stage"));
        }
        Base::Definition(_) => return Err(no_form("a stage from LLB", "it is no instruction")),
    };
    let platform = platform_flag(stage)?;
    let name = names.declared(stage).map(|name| format!(" AS {name}"));
    let mut lines = vec![format!("FROM {platform}{base}{}", name.unwrap_or_default())];
    for other in merged {
        if !only_adds(other) {
            return Err(no_form(
                "`merge`",
                "only stages from scratch that copy and write files can be merged by `COPY --link`",
            ));
        }
        lines.push(format!("COPY --link --from={} / /", names.stage(other)));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// Whether the stage's layers remove nothing, so that copying its files gives what merging its layers gives.
fn only_adds(stage: &Stage) -> bool {
    let mut stage = stage;
    loop {
        let adds = stage.steps().iter().all(|step| {
            !matches!(
                step.instruction,
                Instruction::Run(_) | Instruction::Remove(_)
            )
        });
        match stage.base() {
            Base::Scratch => return adds,
            Base::Stage(base) if adds => stage = base,
            Base::Image(_)
            | Base::Stage(_)
            | Base::NamedContext(_)
            | Base::Merge(_)
            | Base::Diff { .. }
            | Base::Definition(_) => return false,
        }
    }
}

/// `--platform=… `. The frontend ignores it for `FROM scratch` and `FROM stage`, so it is not written there.
fn platform_flag(stage: &Stage) -> Result<String, Diagnostic> {
    let has_flag = matches!(stage.base(), Base::Image(_) | Base::NamedContext(_));
    match stage.platform() {
        StagePlatform::Build if has_flag => Ok("--platform=$BUILDPLATFORM ".to_owned()),
        StagePlatform::Fixed(platform) if has_flag => {
            let text = platform.to_string();
            if !words::is_bare(&text) {
                return Err(no_form(
                    "a stage's platform",
                    &format!("`{text}` is no platform"),
                ));
            }
            Ok(format!("--platform={text} "))
        }
        StagePlatform::Target | StagePlatform::Build | StagePlatform::Fixed(_) => Ok(String::new()),
    }
}

fn step_lines(stage: &Stage, names: &Names, found: &mut Vec<Diagnostic>) -> String {
    let mut lines = String::new();
    for step in stage.steps() {
        match instruction(step, names).and_then(checked) {
            Ok(text) => lines.push_str(&text),
            Err(diagnostic) => found.push(diagnostic.at(step.origin.span.as_ref())),
        }
    }
    lines
}

fn checked(mut text: String) -> Result<String, Diagnostic> {
    text.push('\n');
    match text.split('\n').find(|line| line.len() > MAX_LINE) {
        Some(line) => {
            let start: String = line.chars().take(40).collect();
            Err(no_form(
                &format!("`{start}…`"),
                &format!("its line is longer than {MAX_LINE} bytes"),
            ))
        }
        None => Ok(text),
    }
}

/// One instruction without the newline at its end.
fn instruction(step: &Step, names: &Names) -> Result<String, Diagnostic> {
    match &step.instruction {
        Instruction::Run(run) => run::run(run, names),
        Instruction::Copy(copy) => copy::copy(copy, names),
        Instruction::Mkdir(mkdir) => copy::mkdir(mkdir),
        Instruction::Mkfile(mkfile) => copy::mkfile(mkfile),
        Instruction::Remove(_) => Err(no_form("`remove`", "no instruction removes files")
            .help("write `run([\"rm\", \"-rf\", …])` where the stage has `rm`")),
        Instruction::Symlink(_) => Err(no_form("`symlink`", "no instruction makes links")
            .help("write `run([\"ln\", \"-s\", …])` where the stage has `ln`")),
        Instruction::Workdir(folder) => config::workdir(folder),
        Instruction::Config(setting) => config::setting(setting),
    }
}

/// `what` is the step as the recipe's author knows it, in backticks.
fn no_form(what: &str, reason: &str) -> Diagnostic {
    Diagnostic::error(format!("{what} has no Dockerfile form: {reason}"))
}

#[cfg(test)]
mod tests;
