//! How BuildKit's cache identifies each vertex: which inputs are matched by their cache key, and which also by content
//! checksum.
//!
//! The rules are those of the `CacheMap` functions in `solver/llbsolver/ops` of moby/buildkit, for engines that speak
//! BuildKit 0.18 or newer.

use std::collections::BTreeMap;

use bollard_buildkit_proto::pb;
use pb::file_action::Action;
use pb::op::Op;
use prost::Message;

use super::graph::digest_of;
use super::paths::clean;
use super::{Definition, StepVertex};

/// A vertex as the cache sees it.
#[derive(Debug)]
pub(crate) struct Vertex {
    /// The line of progress.
    pub(crate) name: String,
    /// The base or step that it is; vertices besides these, such as the build context, have none.
    pub(crate) step: Option<(usize, Option<usize>)>,
    /// What it does, without its inputs and without what the cache leaves out.
    pub(crate) key: String,
    pub(crate) inputs: Vec<Input>,
    pub(crate) effect: Effect,
}

/// What a vertex takes from another one.
#[derive(Debug)]
pub(crate) struct Input {
    /// The place of the other vertex in the list of all.
    pub(crate) vertex: usize,
    pub(crate) known_by: KnownBy,
}

/// When an input counts as the same.
#[derive(Debug)]
pub(crate) enum KnownBy {
    /// When it came out of the cache itself, and the same paths of it are wanted.
    History(Vec<String>),
    /// Also when these paths of it have the same content.
    Content(Vec<Paths>),
}

/// Paths of a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    /// Absolute and clean.
    pub(crate) path: String,
    /// Whether `*`, `?` and `[` of the path match.
    pub(crate) wildcard: bool,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
}

/// What a vertex makes.
#[derive(Debug)]
pub(crate) enum Effect {
    /// The client's folder of this name.
    Local(String),
    /// The files of the root (if any), changed by these actions in order.
    Files(Option<usize>, Vec<Change>),
    /// What a program makes, or what is fetched: nothing is known of it.
    Unknown,
}

/// A change of files.
#[derive(Debug)]
pub(crate) enum Change {
    Copy {
        /// The vertex that is copied from; `None` for nothing.
        from: Option<usize>,
        paths: Paths,
        destination: String,
        /// Mode and owner, where the copy sets them.
        attributes: String,
        /// Archives are unpacked.
        unpack: bool,
    },
    /// A file or link with this content.
    Write {
        path: String,
        content: String,
    },
    Mkdir(String),
    Remove(String),
}

/// All vertices in topological order, without the terminal one.
pub(crate) fn vertices(definition: &Definition, steps: &[StepVertex]) -> Vec<Vertex> {
    let definition = &definition.0;
    let mut places = BTreeMap::new();
    let mut of_steps = BTreeMap::new();
    for step in steps {
        // A vertex that several stages share is named after the first, in progress too.
        of_steps
            .entry(step.digest.as_str())
            .or_insert((step.stage, step.step));
    }
    let mut vertices = Vec::new();
    for bytes in &definition.def {
        // Ops of other libraries were decoded once when they were added.
        let Ok(op) = pb::Op::decode(&bytes[..]) else {
            continue;
        };
        let Some(kind) = &op.op else { continue };
        let digest = digest_of(bytes);
        let inputs = Inputs::of(&op, &places);
        let description = definition.metadata.get(&digest).map(|op| &op.description);
        let name = description.and_then(|texts| texts.get("llb.customname"));
        vertices.push(Vertex {
            name: name.cloned().unwrap_or_default(),
            step: of_steps.get(digest.as_str()).copied(),
            key: key(&op, kind),
            effect: inputs.effect(kind),
            inputs: inputs.known_by(kind),
        });
        places.insert(digest, vertices.len() - 1);
    }
    vertices
}

/// What the op is, without its inputs and without what never makes a step run again.
fn key(op: &pb::Op, kind: &Op) -> String {
    let kind = match kind {
        Op::Exec(exec) => Op::Exec(exec_key(exec.clone())),
        Op::File(file) => Op::File(file_key(file.clone())),
        Op::Source(source) => {
            let mut source = source.clone();
            // Who sends a folder and how says nothing about what is in it.
            source.attrs.retain(|name, _| !name.starts_with("local."));
            Op::Source(source)
        }
        Op::Build(_) | Op::Merge(_) | Op::Diff(_) => kind.clone(),
    };
    let bytes = pb::Op {
        op: Some(kind),
        platform: op.platform.clone(),
        ..pb::Op::default()
    };
    digest_of(&bytes.encode_to_vec())
}

/// The ids of caches, addresses of hosts and proxies are no part of the key.
fn exec_key(mut exec: pb::ExecOp) -> pb::ExecOp {
    if let Some(meta) = &mut exec.meta {
        meta.proxy_env = None;
        for host in &mut meta.extra_hosts {
            host.ip.clear();
        }
    }
    for mount in &mut exec.mounts {
        mount.selector.clear();
        if let Some(cache) = &mut mount.cache_opt {
            let is_default = cache.id.split_once('/').map_or(&*cache.id, |(_, id)| id)
                == mount.dest
                && cache.sharing == 0;
            if !is_default {
                cache.id.clear();
                cache.sharing = 0;
            }
        }
    }
    exec
}

/// Only the last part of a path that is copied is part of the key: the rest is known by its content.
fn file_key(mut file: pb::FileOp) -> pb::FileOp {
    for action in &mut file.actions {
        if let (Some(Action::Copy(copy)), 0..) = (&mut action.action, action.secondary_input) {
            let last = copy.src.rsplit('/').next().unwrap_or_default();
            copy.src = if last.is_empty() { "/" } else { last }.to_owned();
        }
    }
    file
}

/// The inputs of an op, as places in the list of vertices.
struct Inputs(Vec<Option<usize>>);

impl Inputs {
    fn of(op: &pb::Op, places: &BTreeMap<String, usize>) -> Self {
        let place = |input: &pb::Input| places.get(&input.digest).copied();
        Self(op.inputs.iter().map(place).collect())
    }

    fn at(&self, index: i64) -> Option<usize> {
        self.0.get(usize::try_from(index).ok()?).copied().flatten()
    }

    fn known_by(&self, kind: &Op) -> Vec<Input> {
        let known_by = |n: usize| match kind {
            Op::Exec(exec) => mounted(exec, n),
            Op::File(file) => copied(file, n),
            Op::Source(_) | Op::Build(_) | Op::Merge(_) | Op::Diff(_) => {
                KnownBy::History(Vec::new())
            }
        };
        let places = self.0.iter().enumerate();
        places
            .filter_map(|(n, place)| {
                Some(Input {
                    vertex: (*place)?,
                    known_by: known_by(n),
                })
            })
            .collect()
    }

    fn effect(&self, kind: &Op) -> Effect {
        match kind {
            Op::Source(source) => match source.identifier.strip_prefix("local://") {
                Some(name) => Effect::Local(name.to_owned()),
                None => Effect::Unknown,
            },
            Op::File(file) => match self.changes(file) {
                Some(changes) => {
                    let root = file.actions.first().map_or(-1, |action| action.input);
                    Effect::Files(self.at(root), changes)
                }
                None => Effect::Unknown,
            },
            Op::Exec(_) | Op::Build(_) | Op::Merge(_) | Op::Diff(_) => Effect::Unknown,
        }
    }

    /// The actions, when each works on what the one before made, as all of ours do.
    fn changes(&self, file: &pb::FileOp) -> Option<Vec<Change>> {
        let n_inputs = self.0.len();
        let actions = file.actions.iter().enumerate();
        let change = |(n, action): (usize, &pb::FileAction)| {
            let is_chained = n == 0
                || usize::try_from(action.input).is_ok_and(|input| input == n_inputs + n - 1);
            let takes_input = usize::try_from(action.secondary_input).is_ok_and(|n| n < n_inputs);
            if !is_chained || (action.secondary_input >= 0 && !takes_input) {
                return None;
            }
            action
                .action
                .as_ref()
                .map(|change| self.change(change, action.secondary_input))
        };
        actions.map(change).collect()
    }

    fn change(&self, action: &Action, secondary: i64) -> Change {
        match action {
            Action::Copy(copy) => Change::Copy {
                from: self.at(secondary),
                paths: Paths::of(copy),
                destination: copy.dest.clone(),
                attributes: attributes(copy),
                unpack: copy.attempt_unpack_docker_compatibility,
            },
            Action::Mkfile(file) => Change::Write {
                path: file.path.clone(),
                content: digest_of(&file.encode_to_vec()),
            },
            Action::Symlink(link) => Change::Write {
                path: link.newpath.clone(),
                content: digest_of(&link.encode_to_vec()),
            },
            Action::Mkdir(folder) => Change::Mkdir(folder.path.clone()),
            Action::Rm(removed) => Change::Remove(removed.path.clone()),
        }
    }
}

fn attributes(copy: &pb::FileActionCopy) -> String {
    let owner = copy.owner.as_ref().map(Message::encode_to_vec);
    if owner.is_none() && copy.mode < 0 {
        return String::new();
    }
    format!("{} {owner:?}", copy.mode)
}

impl Paths {
    fn of(copy: &pb::FileActionCopy) -> Self {
        Self {
            path: copy.src.clone(),
            wildcard: copy.allow_wildcard && copy.src.contains(['*', '?', '[']),
            include: copy.include_patterns.clone(),
            exclude: copy.exclude_patterns.clone(),
        }
    }

    fn all_of(path: &str) -> Self {
        Self {
            path: clean(&format!("/{path}")),
            wildcard: false,
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }
}

/// A mount that nothing is kept of is known by its content; the root never is (`getMountDeps`).
fn mounted(exec: &pb::ExecOp, input: usize) -> KnownBy {
    let is_input = |mount: &&pb::Mount| usize::try_from(mount.input).is_ok_and(|n| n == input);
    let mounts: Vec<&pb::Mount> = exec.mounts.iter().filter(is_input).collect();
    let paths = mounts.iter().map(|mount| Paths::all_of(&mount.selector));
    let has_content = |mount: &&pb::Mount| {
        mount.dest != "/" && (mount.output == -1 || mount.readonly || mount.selector.is_empty())
    };
    // The last mount of an input decides.
    if mounts.last().is_some_and(has_content) {
        KnownBy::Content(paths.collect())
    } else {
        KnownBy::History(paths.map(|paths| paths.path).collect())
    }
}

/// What is copied is known by its content, what is copied to is not.
fn copied(file: &pb::FileOp, input: usize) -> KnownBy {
    let is = |index: i64| usize::try_from(index).is_ok_and(|n| n == input);
    let is_root = file.actions.iter().any(|action| is(action.input));
    let paths = file
        .actions
        .iter()
        .filter(|action| is(action.secondary_input));
    let paths = paths.filter_map(|action| match &action.action {
        Some(Action::Copy(copy)) => Some(Paths::of(copy)),
        _ => None,
    });
    if is_root {
        KnownBy::History(Vec::new())
    } else {
        KnownBy::Content(paths.collect())
    }
}
