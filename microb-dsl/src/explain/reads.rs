//! What each step reads, hence what makes it run again.

use std::collections::BTreeMap;

use crate::describe::{base, describe};
use crate::diagnostic::Diagnostics;
use crate::grammar::without_login;
use crate::llb::{self, Inputs};
use crate::mount::Mount;
use crate::source::Source;
use crate::stage::{Base, Stage, StageKey};
use crate::step::{Copy, Instruction, Setting, Step};

/// What the steps of a recipe read, stage by stage. `Display` writes it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The stages, those that others need first.
    pub stages: Vec<ExplainedStage>,
}

/// A stage and its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedStage {
    /// Its name.
    pub name: String,
    /// What it starts from, as `FROM python:3.14`.
    pub base: String,
    /// The steps that write to the file system, in order.
    pub steps: Vec<ExplainedStep>,
    /// Instructions that only change the image config, and what they set: `ENV HOME PATH`, `LABEL …`, `USER`.
    pub config: Vec<String>,
}

/// A step and what it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedStep {
    /// The line that progress shows for it.
    pub name: String,
    /// What makes it run again, besides a change of the instruction itself; each in words.
    pub when: Vec<String>,
    /// Inputs that never invalidate the step: caches, secrets, agents.
    pub never: Vec<String>,
}

/// Lists what each step reads.
///
/// # Errors
///
/// When the stage cannot be lowered.
pub fn explain(stage: &Stage, inputs: &Inputs) -> Result<Explanation, Diagnostics> {
    let lowered = llb::lower(stage, inputs)?;
    let definition = lowered.definition.as_ref();
    let vertices = definition.map(|definition| llb::cache::vertices(definition, &lowered.vertices));
    let mut names = BTreeMap::new();
    for vertex in vertices.into_iter().flatten() {
        names.extend(vertex.step.map(|step| (step, vertex.name)));
    }
    let mut reader = Reader {
        names,
        known: BTreeMap::new(),
    };
    let stages = stage.stages();
    let explained = stages.iter().enumerate().map(|(n, stage)| {
        let name = stage
            .name()
            .map_or_else(|| format!("stage-{n}"), str::to_owned);
        reader.stage(stage, n, name)
    });
    Ok(Explanation {
        stages: explained.collect(),
    })
}

/// What is known of the stages so far.
struct Reader {
    /// Lines of progress by stage and step.
    names: BTreeMap<(usize, Option<usize>), String>,
    known: BTreeMap<StageKey, Known>,
}

/// What a stage hands on.
#[derive(Debug, Clone, Default)]
struct Known {
    name: String,
    /// What else a stage on top of it runs again for.
    changes: Option<String>,
    /// The stages that set variables or the user for its programs.
    variables: Vec<String>,
}

impl Reader {
    fn stage(&mut self, stage: &Stage, n: usize, name: String) -> ExplainedStage {
        let mut variables = match stage.base() {
            Base::Stage(base) => {
                self.known
                    .get(&base.key())
                    .cloned()
                    .unwrap_or_default()
                    .variables
            }
            _ => Vec::new(),
        };
        let mut below = self.base_changes(stage.base());
        let mut explained = ExplainedStage {
            name: name.clone(),
            base: format!(
                "FROM {}",
                base(stage.base(), |stage| self.name(stage).to_owned())
            ),
            steps: Vec::new(),
            config: Vec::new(),
        };
        for (m, step) in stage.steps().iter().enumerate() {
            if let Instruction::Config(setting) = &step.instruction {
                note_config(&mut explained.config, &describe(&step.instruction), setting);
                if is_seen_by_programs(setting) && !variables.contains(&name) {
                    variables.push(name.clone());
                }
                continue;
            }
            let Some(line) = self.line(n, m, step) else {
                continue;
            };
            let mut when: Vec<String> = below.iter().cloned().collect();
            let mut never = Vec::new();
            self.reads(step, &variables, &mut when, &mut never);
            below = Some(format!("{} runs", place(&line)));
            explained.steps.push(ExplainedStep {
                name: line,
                when,
                never,
            });
        }
        if !explained.steps.is_empty() {
            below = Some(format!("a step of stage {name} runs"));
        }
        let known = Known {
            name,
            changes: below,
            variables,
        };
        self.known.insert(stage.key(), known);
        explained
    }

    /// The line of progress; a vertex that an earlier stage has too is called as there.
    fn line(&self, stage: usize, step: usize, of: &Step) -> Option<String> {
        match self.names.get(&(stage, Some(step))) {
            Some(line) => Some(line.clone()),
            None => match &of.instruction {
                // `WORKDIR /` makes nothing.
                Instruction::Workdir(folder) if folder == "/" => None,
                instruction => Some(match &of.origin.name {
                    Some(name) => name.to_string(),
                    None => describe(instruction),
                }),
            },
        }
    }

    fn name(&self, stage: &Stage) -> &str {
        let known = self.known.get(&stage.key());
        known.map_or("", |known| known.name.as_str())
    }

    fn base_changes(&self, base: &Base) -> Option<String> {
        let changes = match base {
            Base::Scratch => return None,
            Base::Image(image) => format!("{} is another image", image.familiar()),
            Base::Stage(stage) => self.known.get(&stage.key())?.changes.clone()?,
            Base::NamedContext(name) => format!("build context {name} is another"),
            Base::Merge(_) | Base::Diff { .. } => "a step of these stages runs".to_owned(),
            Base::Definition(_) => "the foreign definition is another".to_owned(),
        };
        Some(changes)
    }

    fn reads(
        &self,
        step: &Step,
        variables: &[String],
        when: &mut Vec<String>,
        never: &mut Vec<String>,
    ) {
        let place = step.origin.span.as_ref().map(|span| {
            let line = span.start().line;
            format!(" ({}:{line})", span.file().name())
        });
        let words_change = |what: &str| place.as_ref().map(|place| format!("{what}{place}"));
        match &step.instruction {
            Instruction::Copy(copy) => {
                when.push(self.copied(copy));
                when.extend(words_change("its words change"));
            }
            Instruction::Mkfile(_) => {
                when.push(format!("its content changes{}", place.unwrap_or_default()));
            }
            Instruction::Run(run) => {
                for mount in &run.mounts {
                    self.mounted(mount, when, never);
                }
                let stages = variables.iter();
                when.extend(stages.map(|stage| format!("a variable of {stage} changes")));
                when.extend(words_change("its words change"));
            }
            Instruction::Mkdir(_)
            | Instruction::Remove(_)
            | Instruction::Symlink(_)
            | Instruction::Workdir(_)
            | Instruction::Config(_) => when.extend(words_change("its words change")),
        }
    }

    fn copied(&self, copy: &Copy) -> String {
        let mut paths = copy.sources.clone();
        if matches!(
            copy.from,
            Source::Context | Source::NamedContext(_) | Source::Local(_)
        ) {
            for path in &mut paths {
                *path = path
                    .trim_start_matches('/')
                    .trim_start_matches("./")
                    .to_owned();
            }
        }
        let is_all = |path: &String| matches!(path.as_str(), "" | "." | "/" | "./");
        let what = if paths.iter().any(is_all) {
            String::new()
        } else {
            paths.join(", ")
        };
        let mut text = self.read_of(&copy.from, &what);
        if !copy.include.is_empty() {
            text = format!("{text}, only {}", copy.include.join(" "));
        }
        if !copy.exclude.is_empty() {
            text = format!("{text}, but not {}", copy.exclude.join(" "));
        }
        text
    }

    /// `paths` is empty for all.
    fn read_of(&self, source: &Source, paths: &str) -> String {
        let files = |of: &str| match paths {
            "" => format!("any file of {of} changes"),
            paths => format!("{paths} of {of} changes"),
        };
        match source {
            Source::Context => files("the build context"),
            Source::NamedContext(name) => files(&format!("build context {name}")),
            Source::Local(local) => files(&format!("folder {}", local.name)),
            Source::Stage(stage) => files(&format!("stage {}", self.name(stage))),
            Source::Image(image) => files(&format!("image {}", image.familiar())),
            Source::Http(http) => format!("{} gives another file", without_login(&http.url)),
            Source::Git(git) => {
                let reference = git.reference.as_deref().unwrap_or("the default branch");
                let remote = without_login(&git.remote);
                format!("{reference} of {remote} is another commit")
            }
            Source::Definition(_) => files("a foreign definition"),
            Source::Scratch => "nothing".to_owned(),
        }
    }

    fn mounted(&self, mount: &Mount, when: &mut Vec<String>, never: &mut Vec<String>) {
        match mount {
            Mount::Bind(bind) => {
                let path = match bind.path.as_str() {
                    "/" | "." => "",
                    path => path,
                };
                when.push(self.read_of(&bind.from, path));
            }
            Mount::Cache(cache) => {
                when.extend(cache.from.as_ref().map(|from| self.read_of(from, "")));
                let id = cache.id.as_deref().unwrap_or(&cache.target);
                never.push(format!("cache {id}"));
            }
            Mount::Secret(secret) => never.push(format!("secret {}", secret.id)),
            Mount::Ssh(_) => never.push("ssh".to_owned()),
            Mount::Tmpfs(_) => {}
        }
    }
}

/// Notes an instruction of the image config under its keyword, with the name of what it sets.
fn note_config(config: &mut Vec<String>, line: &str, setting: &Setting) {
    let keyword = line.split(' ').next().unwrap_or_default();
    let name = match setting {
        Setting::Env { name, .. }
        | Setting::Label { name, .. }
        | Setting::Annotation { name, .. } => name.as_str(),
        Setting::Path(_) => "PATH",
        _ => "",
    };
    let known = config.iter_mut().find(|known| {
        let rest = known.strip_prefix(keyword);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    match known {
        Some(known) if !name.is_empty() => {
            if !known.split(' ').any(|word| word == name) {
                *known = format!("{known} {name}");
            }
        }
        Some(_) => {}
        None => config.push(format!("{keyword} {name}").trim_end().to_owned()),
    }
}

fn is_seen_by_programs(setting: &Setting) -> bool {
    matches!(
        setting,
        Setting::Env { .. } | Setting::Path(_) | Setting::User(_)
    )
}

/// `4/5` of `[builder 4/5] …`.
fn place(line: &str) -> &str {
    let inside = line
        .strip_prefix('[')
        .and_then(|line| line.split_once("] "));
    match inside {
        Some((place, _)) => place.rsplit(' ').next().unwrap_or(place),
        None => "the step above",
    }
}
