//! Stages: a base and the steps on top of it, as an immutable value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::into_steps::IntoSteps;
use crate::platform::Platform;
use crate::reference::ImageRef;
use crate::source::{NamedContext, Source};
use crate::span::Span;
use crate::step::{Instruction, Setting, Step};

/// A base plus steps, as an immutable value that is cheap to clone.
///
/// Other stages are referred to by value, so there is no name to mistype and no cycle to make.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a stage does nothing until an interpreter reads it"]
pub struct Stage(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    base: Base,
    name: Option<String>,
    platform: StagePlatform,
    span: Option<Span>,
    steps: Vec<Step>,
}

impl Inner {
    /// The stages that this one refers to, which are taken out of it.
    fn take_stages(&mut self) -> Vec<Stage> {
        let mut taken = match std::mem::replace(&mut self.base, Base::Scratch) {
            Base::Stage(stage) => vec![stage],
            Base::Merge(stages) => stages,
            Base::Diff { lower, upper } => vec![lower, upper],
            Base::Scratch | Base::Image(_) | Base::NamedContext(_) | Base::Definition(_) => {
                Vec::new()
            }
        };
        let steps = self.steps.iter_mut();
        taken.extend(steps.flat_map(|step| step.instruction.take_stages()));
        taken
    }
}

impl Drop for Inner {
    /// Drops one stage after the other: a recipe may be deeper than the thread's stack.
    fn drop(&mut self) {
        let mut stack = self.take_stages();
        while let Some(stage) = stack.pop() {
            // One that others refer to stays.
            if let Some(mut last) = Arc::into_inner(stage.0) {
                stack.extend(last.take_stages());
            }
        }
    }
}

/// What a stage starts from.
#[derive(Clone, PartialEq, Eq)]
pub enum Base {
    /// `FROM scratch`: an empty file system.
    Scratch,
    /// `FROM image`.
    Image(ImageRef),
    /// `FROM stage`: continues where the other stage ends, image config included.
    Stage(Stage),
    /// `FROM name`, where `docker build --build-context name=…` says what it is.
    NamedContext(String),
    /// The file systems of several stages on top of each other, without copying; later ones win.
    Merge(Vec<Stage>),
    /// What `upper` has that `lower` has not.
    Diff {
        /// What is taken away.
        lower: Stage,
        /// What it is taken from.
        upper: Stage,
    },
    /// A definition that another LLB library made.
    Definition(ForeignDefinition),
}

/// Serialized LLB of another library: the bytes of a `pb.Definition`, never read or changed before lowering.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignDefinition(pub Arc<[u8]>);

/// Which platform a stage runs on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StagePlatform {
    /// The platform that the image is for. In a Dockerfile this is the default.
    #[default]
    Target,
    /// `FROM --platform=$BUILDPLATFORM`: the platform of the machine that builds, so that nothing is emulated.
    Build,
    /// `FROM --platform=linux/arm64`: always the same.
    Fixed(Platform),
}

/// `FROM base`: starts a stage.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let python = "python:3.14".parse::<ImageRef>().unwrap();
/// let base = from(python).named("base");
/// assert_eq!(dockerfile::render(&base)?, "FROM python:3.14 AS base\n");
/// assert_eq!(dockerfile::render(&from(base))?, "FROM python:3.14 AS base\n\nFROM base\n");
/// assert_eq!(dockerfile::render(&from(named_context("tools")))?, "FROM tools\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn from(base: impl Into<Base>) -> Stage {
    Stage(Arc::new(Inner {
        base: base.into(),
        name: None,
        platform: StagePlatform::default(),
        span: None,
        steps: Vec::new(),
    }))
}

/// `FROM scratch`: starts a stage from nothing.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// assert_eq!(dockerfile::render(&scratch().then(copy("app", "/")))?, "FROM scratch\nCOPY app /\n");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn scratch() -> Stage {
    from(Base::Scratch)
}

/// Puts the file systems of stages on top of each other without copying; the image config is the first one's.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let python = "python:3.14".parse::<ImageRef>().unwrap();
/// let base = from(python).named("base");
/// let app = scratch().named("app").then(copy("app", "/"));
/// assert_eq!(dockerfile::render(&merge([&base, &app]))?, "\
/// FROM python:3.14 AS base
///
/// FROM scratch AS app
/// COPY app /
///
/// FROM base
/// COPY --link --from=app / /
/// ");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn merge<'a>(stages: impl IntoIterator<Item = &'a Stage>) -> Stage {
    from(Base::Merge(stages.into_iter().cloned().collect()))
}

/// What `upper` has that `lower` has not.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*};
/// let python = "python:3.14".parse::<ImageRef>().unwrap();
/// let base = from(python).named("base");
/// let installed = from(&base).then(run("pip install numpy"));
/// let wrong = dockerfile::render(&diff(&base, &installed)).unwrap_err();
/// assert!(wrong.to_string().starts_with("error: `diff` has no Dockerfile form"));
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn diff(lower: &Stage, upper: &Stage) -> Stage {
    from(Base::Diff {
        lower: lower.clone(),
        upper: upper.clone(),
    })
}

impl Stage {
    /// `AS name`: the name that progress and the Dockerfile show. It refers to nothing: stages are used by value.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).name = Some(name.into());
        self
    }

    /// `FROM --platform=…`.
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*};
    /// let go = from("golang:1.26".parse::<ImageRef>().unwrap()).on(StagePlatform::Build);
    /// assert_eq!(dockerfile::render(&go)?, "FROM --platform=$BUILDPLATFORM golang:1.26\n");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn on(mut self, platform: StagePlatform) -> Self {
        Arc::make_mut(&mut self.0).platform = platform;
        self
    }

    /// Says which place in a user's file chose the base. `None` leaves it as it was. Never changes what is built.
    pub fn at<'a>(mut self, span: impl Into<Option<&'a Span>>) -> Self {
        if let Some(span) = span.into() {
            Arc::make_mut(&mut self.0).span = Some(span.clone());
        }
        self
    }

    /// Adds steps at the end.
    pub fn then(mut self, steps: impl IntoSteps) -> Self {
        Arc::make_mut(&mut self.0).steps.extend(steps.into_steps());
        self
    }

    /// The stage with only the steps before this index.
    pub fn before(mut self, step: usize) -> Self {
        Arc::make_mut(&mut self.0).steps.truncate(step);
        self
    }

    /// What the stage starts from.
    pub fn base(&self) -> &Base {
        &self.0.base
    }

    /// The steps on top of the base, in order.
    pub fn steps(&self) -> &[Step] {
        &self.0.steps
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Which platform it runs on.
    pub fn platform(&self) -> &StagePlatform {
        &self.0.platform
    }

    /// The place in a user's file that chose the base.
    pub fn span(&self) -> Option<&Span> {
        self.0.span.as_ref()
    }

    /// The other stages that this one reads directly, in the order in which they appear; one may occur twice.
    pub fn dependencies(&self) -> Vec<&Self> {
        let mut found: Vec<&Self> = match self.base() {
            Base::Stage(stage) => vec![stage],
            Base::Merge(stages) => stages.iter().collect(),
            Base::Diff { lower, upper } => vec![lower, upper],
            Base::Scratch | Base::Image(_) | Base::NamedContext(_) | Base::Definition(_) => {
                Vec::new()
            }
        };
        found.extend(self.sources().filter_map(|source| match source {
            Source::Stage(stage) => Some(stage),
            _ => None,
        }));
        found
    }

    /// The [`annotation`](crate::annotation)s of this stage and of the stages that it is based on.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let mut annotations = BTreeMap::new();
        let mut next = Some(self);
        while let Some(stage) = next {
            for step in stage.steps().iter().rev() {
                if let Instruction::Config(Setting::Annotation { name, value }) = &step.instruction
                {
                    let known = annotations.entry(name.clone());
                    known.or_insert_with(|| value.clone());
                }
            }
            next = match stage.base() {
                Base::Stage(stage) => Some(stage),
                _ => None,
            };
        }
        annotations
    }

    /// All stages that this one needs and itself last: dependencies first, each once.
    ///
    /// Takes time linear in the number of stages and references, however much they share.
    pub fn stages(&self) -> Vec<Self> {
        // An explicit stack: a recipe may be deeper than the thread's stack.
        let mut ordered = Vec::new();
        let mut seen = BTreeSet::new();
        let mut stack = vec![(self, false)];
        while let Some((stage, dependencies_done)) = stack.pop() {
            if dependencies_done {
                ordered.push(stage.clone());
            } else if seen.insert(stage.key()) {
                stack.push((stage, true));
                stack.extend(stage.dependencies().into_iter().rev().map(|s| (s, false)));
            }
        }
        ordered
    }

    /// Identity by pointer, for maps within one run of an interpreter. Meaningless across two recipes.
    pub fn key(&self) -> StageKey {
        StageKey(Arc::as_ptr(&self.0) as usize)
    }

    /// The paths of the build context that this stage, or one that it needs, copies or mounts, as written.
    pub fn context_paths(&self) -> BTreeSet<String> {
        let stages = self.stages();
        let steps = stages.iter().flat_map(Self::steps);
        steps
            .flat_map(Step::context_paths)
            .map(str::to_owned)
            .collect()
    }

    /// All sources that the steps copy from or mount, in order.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.steps().iter().flat_map(Step::sources)
    }
}

/// The identity of a [`Stage`] value within one recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StageKey(usize);

impl fmt::Debug for Stage {
    /// All that equality compares, but other stages by their names: they may be shared many times.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Stage");
        if let Some(name) = self.name() {
            shown.field("name", &name);
        }
        shown.field("base", self.base());
        if *self.platform() != StagePlatform::default() {
            shown.field("platform", self.platform());
        }
        if let Some(span) = self.span() {
            shown.field("span", span);
        }
        shown.field("steps", &self.steps()).finish()
    }
}

/// A stage that something else refers to: its name alone.
pub(crate) struct Reference<'a>(pub(crate) &'a Stage);

impl fmt::Debug for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some(name) => fmt::Debug::fmt(name, f),
            None => write!(f, "unnamed, {} steps", self.0.steps().len()),
        }
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scratch => f.write_str("Scratch"),
            Self::Image(image) => write!(f, "Image({image})"),
            Self::Stage(stage) => f.debug_tuple("Stage").field(&Reference(stage)).finish(),
            Self::NamedContext(name) => f.debug_tuple("NamedContext").field(name).finish(),
            Self::Merge(stages) => {
                let stages: Vec<_> = stages.iter().map(Reference).collect();
                f.debug_tuple("Merge").field(&stages).finish()
            }
            Self::Diff { lower, upper } => f
                .debug_struct("Diff")
                .field("lower", &Reference(lower))
                .field("upper", &Reference(upper))
                .finish(),
            Self::Definition(definition) => fmt::Debug::fmt(definition, f),
        }
    }
}

impl fmt::Debug for ForeignDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignDefinition({} bytes)", self.0.len())
    }
}

impl From<Stage> for Base {
    fn from(stage: Stage) -> Self {
        Self::Stage(stage)
    }
}

impl From<NamedContext> for Base {
    fn from(context: NamedContext) -> Self {
        Self::NamedContext(context.name)
    }
}

impl From<&Stage> for Base {
    fn from(stage: &Stage) -> Self {
        Self::Stage(stage.clone())
    }
}

impl From<ImageRef> for Base {
    fn from(image: ImageRef) -> Self {
        Self::Image(image)
    }
}

impl From<ForeignDefinition> for Base {
    fn from(definition: ForeignDefinition) -> Self {
        Self::Definition(definition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn what_makes_two_stages_unequal_is_shown() {
        let tools = scratch().named("tools").then(run("make"));
        let stage = |destination: &str| {
            from(ImageRef::official("python", "3.14"))
                .named("app")
                .then(copy("/bin", destination).from(&tools))
        };
        let shown = format!("{:?}", stage("/usr/bin"));
        assert!(
            shown.starts_with(
                "Stage { name: \"app\", base: Image(docker.io/library/python:3.14), steps: [Copy(Copy { from: Stage(\"tools\"), sources: [\"/bin\"], destination: \"/usr/bin\", "
            ),
            "{shown}"
        );
        assert_ne!(shown, format!("{:?}", stage("/bin")));
        let file = crate::SourceFile::new("p", "x");
        let located = scratch().then(run("make").at(&file.whole()));
        assert_ne!(
            format!("{located:?}"),
            format!("{:?}", scratch().then(run("make")))
        );
    }

    #[test]
    fn stages_that_others_share_are_shown_by_name() {
        let mut stage = scratch().named("first").then(run("make"));
        for _ in 0..64 {
            stage = merge([&stage, &stage]).then(copy("/", "/").from(&stage));
        }
        assert!(format!("{stage:?}").len() < 1_000, "{stage:?}");
    }
}
