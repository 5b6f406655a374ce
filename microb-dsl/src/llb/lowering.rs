//! Stage → LLB: walks the stages, dependencies first, and lowers each step to an op.

use std::collections::{BTreeMap, BTreeSet};

use bollard_buildkit_proto::pb;

use super::config;
use super::exec::{self, Mounted};
use super::file::{self, File, Root};
use super::graph::{Graph, Node, Notes};
use super::image::ImageConfig;
use super::paths::{absolute, clean};
use super::progress::Numbering;
use super::{Definition, Inputs, Lowered, NoCache, StepVertex, source};
use crate::describe::{describe, is_layer};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::grammar::without_login;
use crate::mount::{Cache, Mount};
use crate::platform::Platform;
use crate::reference::ImageRef;
use crate::source::{Local, Source};
use crate::stage::{Base, Stage, StageKey, StagePlatform};
use crate::step::{Instruction, Mkfile, Run, Step, mkdir};

/// The images whose digest and config lowering needs, each with its platform, without duplicates.
///
/// These are the bases of all stages and the images that are copied from or mounted.
pub fn images(stage: &Stage, inputs: &Inputs) -> Vec<(ImageRef, Platform)> {
    let mut found = BTreeSet::new();
    for stage in stage.stages() {
        let platform = stage_platform(&stage, inputs);
        let mut note = |source: &Source| {
            if let Source::Image(image) = replaced(source, inputs) {
                found.insert((image.clone(), platform.clone()));
            }
        };
        if let Some(base) = base_source(&stage) {
            note(&base);
        }
        stage.sources().for_each(note);
    }
    found.into_iter().collect()
}

/// Lowers a stage to LLB and an image config.
///
/// # Errors
///
/// When the engine lacks what a step needs, or a named context is not given: one diagnostic for each.
pub fn lower(stage: &Stage, inputs: &Inputs) -> Result<Lowered, Diagnostics> {
    let stages = stage.stages();
    let mut lowering = Lowering {
        inputs,
        graph: Graph::default(),
        done: BTreeMap::new(),
        sent_paths: sent_paths(&stages, inputs),
        vertices: Vec::new(),
        mistakes: Vec::new(),
    };
    for (n, stage) in stages.iter().enumerate() {
        let lowered = lowering.stage(stage, n, &stage_name(stage, n, stages.len()));
        lowering.done.insert(stage.key(), lowered);
    }
    let Some(mut result) = lowering.done.remove(&stage.key()) else {
        return Err(Diagnostic::error("the recipe has no stage").into());
    };
    let given = inputs.platform_is_given.then_some(&inputs.platform);
    result.image.set_platform(given);
    Diagnostics::or(
        lowering.mistakes,
        Lowered {
            definition: result
                .root
                .map(|root| Definition(lowering.graph.finish(&root))),
            config: result.image.to_json(inputs.source_date_epoch),
            base_config: result.image.into_base(),
            vertices: lowering.vertices,
        },
    )
}

/// The name in progress. As in Docker, a stage without a name is called by its number, unless it is the only one.
fn stage_name(stage: &Stage, n: usize, total: usize) -> String {
    match stage.name() {
        Some(name) => name.to_owned(),
        None if total == 1 => String::new(),
        None => format!("stage-{n}"),
    }
}

/// A stage on top of another one runs where that one runs, as in a Dockerfile, unless it says otherwise.
fn stage_platform(stage: &Stage, inputs: &Inputs) -> Platform {
    let mut stage = stage;
    while let (StagePlatform::Target, Base::Stage(base)) = (stage.platform(), stage.base()) {
        stage = base;
    }
    match stage.platform() {
        StagePlatform::Target => inputs.platform.clone(),
        StagePlatform::Build => inputs.build_platform.clone(),
        StagePlatform::Fixed(platform) => platform.clone(),
    }
}

/// The image that a stage starts from, where it does, and the platform that the stage is for.
pub(crate) fn base_image(stage: &Stage, inputs: &Inputs) -> Option<(ImageRef, Platform)> {
    match replaced(&base_source(stage)?, inputs) {
        Source::Image(image) => Some((image.clone(), stage_platform(stage, inputs))),
        _ => None,
    }
}

/// The base as a source, where it is one.
fn base_source(stage: &Stage) -> Option<Source> {
    match stage.base() {
        Base::Image(image) => Some(Source::Image(image.clone())),
        Base::NamedContext(name) => Some(Source::NamedContext(name.clone())),
        Base::Definition(definition) => Some(Source::Definition(definition.clone())),
        Base::Scratch | Base::Stage(_) | Base::Merge(_) | Base::Diff { .. } => None,
    }
}

/// What a source is after the client's named contexts had their say: a context may also stand for an image.
fn replaced<'a>(source: &'a Source, inputs: &'a Inputs) -> &'a Source {
    match source {
        Source::NamedContext(name) => inputs.named_contexts.get(name).unwrap_or(source),
        Source::Image(image) => inputs
            .named_contexts
            .get(&image.familiar())
            .or_else(|| inputs.named_contexts.get(&image.to_string()))
            .unwrap_or(source),
        Source::Context => &inputs.context,
        _ => source,
    }
}

/// Of each folder that the client gave, the paths that any stage reads, so that no others are sent. Empty means all of it.
fn sent_paths(stages: &[Stage], inputs: &Inputs) -> BTreeMap<Local, Vec<String>> {
    let mut sent: BTreeMap<Local, BTreeSet<String>> = BTreeMap::new();
    let mut note = |source: &Source, paths: Vec<String>| {
        if let Some(folder) = given_folder(source, inputs) {
            sent.entry(folder.clone()).or_default().extend(paths);
        }
    };
    for stage in stages {
        if let Some(base) = base_source(stage) {
            note(&base, vec!["/".to_owned()]);
        }
        for step in stage.steps() {
            match &step.instruction {
                Instruction::Copy(copy) => {
                    let paths = copy.sources.iter();
                    let paths = paths.map(|path| sent_for(path, copy.wildcard));
                    note(&copy.from, paths.collect());
                }
                Instruction::Run(run) => {
                    for (source, path) in run.mounts.iter().filter_map(mounted) {
                        note(source, vec![sent_for(path, false)]);
                    }
                }
                _ => {}
            }
        }
    }
    sent.into_iter()
        .map(|(folder, paths)| (folder, below_root(paths)))
        .collect()
}

/// The folder of the client that the build context or a named one is. One that says itself what of it is sent is none of
/// these, and neither is one that the recipe names.
fn given_folder<'a>(source: &'a Source, inputs: &'a Inputs) -> Option<&'a Local> {
    match replaced(source, inputs) {
        Source::Local(folder)
            if !matches!(source, Source::Local(_)) && folder.follow_paths.is_empty() =>
        {
            Some(folder)
        }
        _ => None,
    }
}

/// The paths as the client takes them, from the root; none where the root itself is read.
fn below_root(paths: BTreeSet<String>) -> Vec<String> {
    if paths.contains("/") {
        return Vec::new();
    }
    paths
        .into_iter()
        .map(|path| path.trim_start_matches('/').to_owned())
        .collect()
}

/// What the client has to send for a path. It takes each for a pattern, so for a literal one with the characters of
/// patterns, the folder above.
fn sent_for(path: &str, is_pattern: bool) -> String {
    let path = absolute("/", &clean(path));
    let plain = |part: &&str| is_pattern || !part.contains(['*', '?', '[', '\\']);
    let parts: Vec<&str> = path.split('/').take_while(plain).collect();
    absolute("/", &parts.join("/"))
}

/// What a mount shows: the source, and the path in it.
fn mounted(mount: &Mount) -> Option<(&Source, &str)> {
    match mount {
        Mount::Bind(bind) => Some((&bind.from, &bind.path)),
        Mount::Cache(cache) => Some((cache.from.as_ref()?, "/")),
        Mount::Secret(_) | Mount::Ssh(_) | Mount::Tmpfs(_) => None,
    }
}

/// Whether a step makes a layer in this working directory. The root is always there, so `WORKDIR /` makes none.
fn makes_layer(step: &Step, working_dir: &str) -> bool {
    match &step.instruction {
        Instruction::Workdir(folder) => absolute(working_dir, folder) != "/",
        _ => is_layer(step),
    }
}

/// How many layers steps make that begin in this working directory.
fn count_layers(steps: &[Step], working_dir: &str) -> usize {
    let mut current = working_dir.to_owned();
    let makes_layer = |step: &&Step| {
        let makes_layer = makes_layer(step, &current);
        if let Instruction::Workdir(folder) = &step.instruction {
            current = absolute(&current, folder);
        }
        makes_layer
    };
    steps.iter().filter(makes_layer).count()
}

/// A stage so far: its file system and its image config.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) root: Option<Node>,
    pub(super) image: ImageConfig,
    /// Whether this stage itself set `CMD`: an `ENTRYPOINT` drops the one that the base brought.
    pub(super) sets_cmd: bool,
}

impl State {
    pub(super) fn new(root: Option<Node>, image: ImageConfig) -> Self {
        Self {
            root,
            image,
            sets_cmd: false,
        }
    }
}

/// What holds for all steps of one stage.
pub(super) struct StageContext {
    name: String,
    pub(super) platform: Platform,
    pub(super) numbering: Numbering,
    ignore_cache: bool,
}

impl StageContext {
    fn notes<'a>(&mut self, step: &'a Step) -> Notes<'a> {
        let origin = &step.origin;
        let name = match &origin.name {
            Some(name) => name.to_string(),
            None => describe(&step.instruction),
        };
        Notes {
            name: self.numbering.line(&name),
            group: origin.group.as_ref().map(|group| pb::ProgressGroup {
                id: format!("{}/{group}", self.name),
                name: group.to_string(),
                weak: false,
            }),
            span: origin.span.as_ref(),
            ignore_cache: self.ignore_cache,
        }
    }
}

pub(super) struct Lowering<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) graph: Graph,
    pub(super) done: BTreeMap<StageKey, State>,
    sent_paths: BTreeMap<Local, Vec<String>>,
    vertices: Vec<StepVertex>,
    pub(super) mistakes: Vec<Diagnostic>,
}

impl Lowering<'_> {
    fn stage(&mut self, stage: &Stage, n: usize, name: &str) -> State {
        let platform = stage_platform(stage, self.inputs);
        let image = self.base_image(stage, &platform);
        let layers = count_layers(stage.steps(), &image.config.working_dir);
        let has_base_op = !matches!(stage.base(), Base::Scratch | Base::Stage(_));
        let shown_platform = self.inputs.name_platforms.then(|| platform.to_string());
        let mut cx = StageContext {
            name: name.to_owned(),
            numbering: Numbering::new(name, shown_platform, layers + usize::from(has_base_op)),
            ignore_cache: match &self.inputs.no_cache {
                NoCache::Never => false,
                NoCache::All => true,
                // As `docker build --no-cache-filter`, which takes names of stages in any case.
                NoCache::Stages(names) => names.iter().any(|one| one.eq_ignore_ascii_case(name)),
            },
            platform,
        };
        let root = self.base_root(stage, &mut cx);
        let mut state = State::new(root, image);
        if has_base_op {
            self.note_vertex(&state, (n, None));
        }
        for (m, step) in stage.steps().iter().enumerate() {
            let before = state.root.clone();
            self.step(&mut state, step, &mut cx);
            if state.root != before {
                self.note_vertex(&state, (n, Some(m)));
            }
        }
        state
    }

    fn note_vertex(&mut self, state: &State, (stage, step): (usize, Option<usize>)) {
        self.vertices
            .extend(state.root.as_ref().map(|node| StepVertex {
                stage,
                step,
                digest: node.digest().to_owned(),
            }));
    }

    /// The image config that a stage starts with.
    fn base_image(&mut self, stage: &Stage, platform: &Platform) -> ImageConfig {
        let made = |stage: &Stage| Some(self.done.get(&stage.key())?.image.clone());
        let brought = match stage.base() {
            Base::Stage(base) => made(base),
            Base::Merge(stages) => stages.first().and_then(made),
            Base::Image(_) | Base::NamedContext(_) | Base::Definition(_) => base_source(stage)
                .and_then(|source| {
                    let given = self.context_config(&source);
                    given.or_else(|| self.base_config(replaced(&source, self.inputs), platform))
                }),
            Base::Scratch | Base::Diff { .. } => None,
        };
        brought.unwrap_or_else(|| ImageConfig::empty(platform))
    }

    /// The file system that a stage starts with.
    fn base_root(&mut self, stage: &Stage, cx: &mut StageContext) -> Option<Node> {
        match stage.base() {
            Base::Scratch => None,
            Base::Stage(base) => self.done.get(&base.key())?.root.clone(),
            Base::Image(_) | Base::NamedContext(_) | Base::Definition(_) => {
                let source = base_source(stage)?;
                self.source(replaced(&source, self.inputs), cx, SourceRole::Base)
            }
            Base::Merge(stages) => self.merge(stages, cx),
            Base::Diff { lower, upper } => self.diff(lower, upper, cx),
        }
    }

    /// The config that the client gave together with the definition of a named context.
    fn context_config(&mut self, source: &Source) -> Option<ImageConfig> {
        let name = match source {
            Source::NamedContext(name) => name.clone(),
            Source::Image(image) => image.familiar(),
            _ => return None,
        };
        let config = self.inputs.context_configs.get(&name)?;
        match ImageConfig::from_base(config) {
            Ok(config) => Some(config),
            Err(error) => {
                self.mistakes.push(Diagnostic::error(format!(
                    "the config of build context `{name}` cannot be read: {error}"
                )));
                None
            }
        }
    }

    /// The config that a base image brings.
    fn base_config(&mut self, source: &Source, platform: &Platform) -> Option<ImageConfig> {
        let Source::Image(image) = source else {
            return None;
        };
        let key = (image.clone(), platform.clone());
        let resolved = self.inputs.images.get(&key)?;
        match ImageConfig::from_base(&resolved.config) {
            Ok(config) if config.config.triggers().is_some() => {
                let message = format!("the image `{}` has `ONBUILD` lines", image.familiar());
                self.mistakes.push(Diagnostic::error(message).help(
                    "start from the image that it was made from, and write what the lines do as steps",
                ));
                None
            }
            Ok(config) => Some(config),
            Err(error) => {
                self.mistakes.push(Diagnostic::error(format!(
                    "the config of image `{}` cannot be read: {error}",
                    image.familiar()
                )));
                None
            }
        }
    }

    /// The node of a source; `None` for an empty file system.
    fn source(&mut self, source: &Source, cx: &mut StageContext, role: SourceRole) -> Option<Node> {
        let is_context = matches!(source, Source::Context);
        let sent = given_folder(source, self.inputs);
        let sent = sent.and_then(|folder| self.sent_paths.get(folder).cloned());
        let source = replaced(source, self.inputs);
        let mut notes = Notes {
            ignore_cache: cx.ignore_cache && !matches!(role, SourceRole::Base),
            ..Notes::default()
        };
        let mut name = |what: String| match role {
            SourceRole::Base => cx.numbering.line(&format!("FROM {what}")),
            SourceRole::Files => what,
        };
        match source {
            Source::Scratch => None,
            Source::Stage(stage) => self.done.get(&stage.key())?.root.clone(),
            Source::Image(image) => {
                let pinned = source::pinned(self.inputs, image, &cx.platform);
                notes.name = name(pinned.to_string());
                notes.ignore_cache = false;
                Some(source::image(
                    &mut self.graph,
                    self.inputs,
                    image,
                    &cx.platform,
                    &notes,
                ))
            }
            Source::Local(local) => {
                let mut local = local.clone();
                if let Some(paths) = sent {
                    local.follow_paths = paths;
                }
                if is_context {
                    "[internal] load build context".clone_into(&mut notes.name);
                } else {
                    notes.name = name(format!("[context {}] load files", local.name));
                }
                notes.ignore_cache = false;
                Some(source::local(&mut self.graph, &local, &notes))
            }
            Source::Http(http) => {
                notes.name = name(without_login(&http.url).into_owned());
                Some(source::http(&mut self.graph, http, &notes))
            }
            Source::Git(git) => {
                notes.name = name(without_login(&git.remote).into_owned());
                Some(source::git(&mut self.graph, git, &notes))
            }
            Source::Definition(definition) => match self.graph.add_foreign(definition) {
                Ok(node) => node,
                Err(reason) => {
                    let message = format!("a foreign definition cannot be used: {reason}");
                    self.mistakes.push(Diagnostic::error(message));
                    None
                }
            },
            Source::NamedContext(context) => {
                self.mistakes.push(
                    Diagnostic::error(format!("there is no build context `{context}`")).help(
                        format!("add `--build-context {context}=…` to the build command"),
                    ),
                );
                None
            }
            Source::Context => {
                self.mistakes
                    .push(Diagnostic::error("the build context is not known"));
                None
            }
        }
    }

    pub(super) fn step(&mut self, state: &mut State, step: &Step, cx: &mut StageContext) {
        let epoch = self.inputs.source_date_epoch;
        let folder = &state.image.config.working_dir;
        let makes_layer = makes_layer(step, folder);
        if let Some(mistake) = config::mistake(&step.instruction, folder) {
            self.mistakes.push(mistake.at(step.origin.span.as_ref()));
        }
        if makes_layer {
            let notes = cx.notes(step);
            state.root = self.layer(state, step, cx, &notes);
        }
        state.configure(&step.instruction);
        state
            .image
            .record(describe(&step.instruction), !makes_layer, epoch);
    }

    /// Lowers a step that writes to the file system.
    fn layer(
        &mut self,
        state: &State,
        step: &Step,
        cx: &mut StageContext,
        notes: &Notes<'_>,
    ) -> Option<Node> {
        let config = &state.image.config;
        let root = Root {
            node: state.root.as_ref(),
            working_dir: &config.working_dir,
            epoch: self.inputs.source_date_epoch,
        };
        let file = match &step.instruction {
            Instruction::Run(run) => return Some(self.run(run, state, cx, notes)),
            Instruction::Copy(copy) => {
                let source = self.source(&copy.from, cx, SourceRole::Files);
                // A file that cannot be fetched is told where it is asked for; the build context is asked for everywhere.
                let is_fetched = matches!(
                    copy.from,
                    Source::Http(_) | Source::Git(_) | Source::Image(_)
                );
                if let (true, Some(node), Some(span)) = (is_fetched, &source, notes.span) {
                    self.graph.locate(node, span);
                }
                if copy.link {
                    return Some(self.link(copy, source.as_ref(), &root, notes));
                }
                let requires_paths = self.inputs.capabilities.has(file::REQUIRED_PATHS);
                file::copy(copy, source.as_ref(), &root, requires_paths)
            }
            Instruction::Mkfile(mkfile) => self.mkfile(mkfile, &root),
            Instruction::Mkdir(mkdir) => file::mkdir(mkdir, &root),
            Instruction::Remove(remove) => file::remove(remove, &root),
            Instruction::Symlink(symlink) => file::symlink(symlink, &root),
            Instruction::Workdir(folder) => {
                // As in a Dockerfile, the folder belongs to the user of the moment.
                let made = mkdir(absolute(&config.working_dir, folder));
                let made = match config.user.as_str() {
                    "" => made,
                    user => made.owner(user),
                };
                file::mkdir(&made, &root)
            }
            Instruction::Config(_) => return state.root.clone(),
        };
        Some(self.add_file(file, notes))
    }

    pub(super) fn add_file(&mut self, file: File, notes: &Notes<'_>) -> Node {
        self.check(&file.capabilities, notes);
        let op = pb::op::Op::File(file.op);
        self.graph
            .add(file.inputs, None, op, &file.capabilities, notes)
    }

    fn mkfile(&mut self, mkfile: &Mkfile, root: &Root<'_>) -> File {
        let content = file::mkfile_content(mkfile, root.epoch);
        let notes = Notes {
            name: "[internal] preparing inline document".to_owned(),
            ..Notes::default()
        };
        let content = self.add_file(content, &notes);
        file::mkfile_copy(mkfile, &content, root)
    }

    fn run(&mut self, run: &Run, state: &State, cx: &mut StageContext, notes: &Notes<'_>) -> Node {
        let mut mounts = Vec::new();
        for mount in &run.mounts {
            let node = match mount {
                Mount::Bind(bind) => self.source(&bind.from, cx, SourceRole::Files),
                Mount::Cache(cache) => self.cache_start(cache, cx),
                Mount::Secret(_) | Mount::Ssh(_) | Mount::Tmpfs(_) => continue,
            };
            mounts.push(Mounted { mount, node });
        }
        let mounts_tmpfs = run.mounts.iter().filter(|m| matches!(m, Mount::Tmpfs(_)));
        mounts.extend(mounts_tmpfs.map(|mount| Mounted { mount, node: None }));
        let exec = exec::exec(
            run,
            state.root.as_ref(),
            &mounts,
            &state.image.config,
            self.inputs,
        );
        self.check(&exec.capabilities, notes);
        let op = pb::op::Op::Exec(exec.op);
        let platform = source::pb_platform(&cx.platform);
        // The root is mounted at `/`, which sorts first, so it is output 0.
        self.graph
            .add(exec.inputs, Some(platform), op, &exec.capabilities, notes)
    }

    /// What a new cache starts with: nothing, another source, or a folder with the right owner and mode.
    fn cache_start(&mut self, cache: &Cache, cx: &mut StageContext) -> Option<Node> {
        let from = cache.from.as_ref();
        let from = from.and_then(|from| self.source(from, cx, SourceRole::Files));
        if !cache.starts_from_folder() {
            return from;
        }
        let (uid, gid) = cache.owner.unwrap_or_default();
        let folder = mkdir("/cache")
            .mode(cache.mode.unwrap_or(0o755))
            .owner(format!("{uid}:{gid}").as_str())
            .existing_parent();
        let root = Root {
            node: from.as_ref(),
            working_dir: "/",
            epoch: None,
        };
        let notes = Notes {
            name: "[internal] setting cache mount permissions".to_owned(),
            ..Notes::default()
        };
        Some(self.add_file(file::mkdir(&folder, &root), &notes))
    }

    fn check(&mut self, needed: &BTreeSet<&'static str>, notes: &Notes<'_>) {
        for id in exec::lacking(&self.inputs.capabilities, needed) {
            let mistake = Diagnostic::error(format!(
                "the engine lacks `{id}`, which this step needs: {}",
                notes.name
            ));
            self.mistakes.push(mistake.at(notes.span));
        }
    }
}

/// What a source is used for.
#[derive(Debug, Clone, Copy)]
enum SourceRole {
    /// A stage starts from it: its line of progress is `FROM …`.
    Base,
    /// Files of it are copied or mounted.
    Files,
}
