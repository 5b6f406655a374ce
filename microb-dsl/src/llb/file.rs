//! File ops: copy, mkdir, mkfile, rm and symlink.

use std::collections::BTreeSet;

use bollard_buildkit_proto::pb;
use pb::file_action::Action;

use super::exec::input_index;
use super::graph::Node;
use super::paths::{absolute, clean, destination};
use crate::source::Source;
use crate::step::{Copy, Id, Mkdir, Mkfile, Owner, Remove, Symlink};
use crate::wildcards::{has_wildcards, literal};

/// The name of a file in the making: that of a Dockerfile's here-document, so that the ops are the same.
const DOCUMENT: &str = "/EOF";

/// BuildKit's `pb.Empty`: an action on nothing.
const EMPTY: i64 = -1;

/// The capability of an engine to insist on paths that patterns name.
pub(super) const REQUIRED_PATHS: &str = "file.copy.requiredpaths";

/// The mode of a file that says nothing about it, as `COPY <<EOF` makes it.
const DEFAULT_MODE: u32 = 0o644;

/// A file op and what belongs to it.
pub(super) struct File {
    pub(super) inputs: Vec<pb::Input>,
    pub(super) op: pb::FileOp,
    pub(super) capabilities: BTreeSet<&'static str>,
}

/// What a file op starts from.
pub(super) struct Root<'a> {
    /// The file system so far; `None` for an empty one.
    pub(super) node: Option<&'a Node>,
    /// Where relative paths start.
    pub(super) working_dir: &'a str,
    /// Seconds since 1970 that new files get as their time.
    pub(super) epoch: Option<u64>,
}

impl File {
    fn on(root: &Root<'_>) -> Self {
        let mut inputs = Vec::new();
        if let Some(node) = root.node {
            input_index(&mut inputs, node);
        }
        Self {
            inputs,
            op: pb::FileOp::default(),
            capabilities: BTreeSet::from(["file.base"]),
        }
    }

    /// One action after the others: the first starts from the root, each later one from the one before.
    fn chain(mut self, root: &Root<'_>, actions: Vec<(i64, Action)>) -> Self {
        let n_inputs = self.inputs.len();
        let count = actions.len();
        let index = |n: usize| i64::try_from(n).unwrap_or(EMPTY);
        self.op.actions = actions
            .into_iter()
            .enumerate()
            .map(|(n, (secondary_input, action))| pb::FileAction {
                input: match n {
                    0 => base(root),
                    n => index(n_inputs + n - 1),
                },
                secondary_input,
                output: if n + 1 == count { 0 } else { EMPTY },
                action: Some(action),
            })
            .collect();
        self
    }
}

fn base(root: &Root<'_>) -> i64 {
    if root.node.is_some() { 0 } else { EMPTY }
}

/// Lowers a `copy` step. Several sources are one op, hence one layer.
///
/// `requires_paths` says that the engine can insist on a source of a copy with its parents, which is a pattern for it.
pub(super) fn copy(
    copy: &Copy,
    source: Option<&Node>,
    root: &Root<'_>,
    requires_paths: bool,
) -> File {
    let mut file = File::on(root);
    let secondary = source.map_or(EMPTY, |node| input_index(&mut file.inputs, node));
    let actions: Vec<_> = copy
        .sources
        .iter()
        .map(|path| {
            if copy.parents {
                copy_with_parents(copy, path, root, requires_paths)
            } else {
                copy_action(copy, path, root)
            }
        })
        .collect();
    let has_patterns = |action: &pb::FileActionCopy| {
        !action.include_patterns.is_empty() || !action.exclude_patterns.is_empty()
    };
    if actions.iter().any(has_patterns) {
        file.capabilities.insert("file.copy.includeexcludepatterns");
    }
    if actions
        .iter()
        .any(|action| !action.required_paths.is_empty())
    {
        file.capabilities.insert(REQUIRED_PATHS);
    }
    let actions = actions
        .into_iter()
        .map(|action| (secondary, Action::Copy(action)));
    file.chain(root, actions.collect())
}

/// The path is a pattern below the folder before its `/./`, or below the root, as `dispatchCopy` has it. A literal path
/// becomes the pattern that only it matches.
fn copy_with_parents(
    copy: &Copy,
    path: &str,
    root: &Root<'_>,
    requires_paths: bool,
) -> pb::FileActionCopy {
    let (folder, below) = path.split_once("/./").unwrap_or(("/", path));
    let below = absolute("/", &clean(below));
    let names_one = !copy.wildcard || !has_wildcards(folder) && !has_wildcards(&below);
    let mut action = copy_action(copy, folder, root);
    if requires_paths && names_one {
        let whole = absolute("/", &format!("{folder}/{below}"));
        action.required_paths.push(whole);
    }
    let below = below.trim_start_matches('/');
    let pattern = if copy.wildcard {
        below.to_owned()
    } else {
        literal(below)
    };
    action.include_patterns.insert(0, pattern);
    action
}

fn copy_action(copy: &Copy, path: &str, root: &Root<'_>) -> pb::FileActionCopy {
    // As `dispatchCopy` of the Dockerfile frontend: fetched sources are copied as they are.
    let fetched = matches!(copy.from, Source::Http(_) | Source::Git(_));
    pb::FileActionCopy {
        src: absolute("/", &clean(path)),
        dest: destination(root.working_dir, &copy.destination),
        owner: copy.owner.as_ref().map(|owner| chown(owner, base(root))),
        mode: copy.mode.map_or(-1, permission_bits),
        follow_symlink: !fetched,
        dir_copy_contents: !fetched && copy.contents,
        attempt_unpack_docker_compatibility: copy.unpack,
        create_dest_path: copy.create_path,
        allow_wildcard: !fetched && copy.wildcard,
        allow_empty_wildcard: !fetched && copy.wildcard,
        timestamp: -1,
        include_patterns: copy.include.clone(),
        exclude_patterns: copy.exclude.clone(),
        ..pb::FileActionCopy::default()
    }
}

/// Lowers a `mkdir` step.
pub(super) fn mkdir(mkdir: &Mkdir, root: &Root<'_>) -> File {
    let action = Action::Mkdir(mkdir_action(mkdir, root));
    File::on(root).chain(root, vec![(EMPTY, action)])
}

fn mkdir_action(mkdir: &Mkdir, root: &Root<'_>) -> pb::FileActionMkDir {
    pb::FileActionMkDir {
        path: absolute(root.working_dir, &mkdir.path),
        mode: permission_bits(mkdir.mode),
        make_parents: mkdir.parents,
        owner: mkdir.owner.as_ref().map(|owner| chown(owner, base(root))),
        timestamp: timestamp(root),
    }
}

/// Lowers a `mkfile` step: a file made on nothing and copied, as `COPY <<EOF` does, so that missing folders are made.
///
/// The file op itself has no flag for that.
pub(super) fn mkfile_content(mkfile: &Mkfile, epoch: Option<u64>) -> File {
    let root = Root {
        node: None,
        working_dir: "/",
        epoch,
    };
    let action = Action::Mkfile(pb::FileActionMkFile {
        path: DOCUMENT.to_owned(),
        mode: permission_bits(DEFAULT_MODE),
        data: mkfile.content.to_vec(),
        owner: None,
        timestamp: timestamp(&root),
    });
    File::on(&root).chain(&root, vec![(EMPTY, action)])
}

/// The second half of a `mkfile` step: copies the file to its place.
///
/// The folders that a copy makes get the mode and the owner of what is copied, so with either the folders come first.
pub(super) fn mkfile_copy(mkfile: &Mkfile, content: &Node, root: &Root<'_>) -> File {
    let mut file = File::on(root);
    let secondary = input_index(&mut file.inputs, content);
    let plain = mkfile.owner.is_none() && mkfile.mode == DEFAULT_MODE;
    let like_folders = mkfile.owner.is_none() && mkfile.mode == 0o755;
    let copied = Action::Copy(pb::FileActionCopy {
        src: DOCUMENT.to_owned(),
        dest: absolute(root.working_dir, &mkfile.path),
        owner: mkfile.owner.as_ref().map(|owner| chown(owner, base(root))),
        mode: if plain {
            -1
        } else {
            permission_bits(mkfile.mode)
        },
        create_dest_path: true,
        timestamp: -1,
        ..pb::FileActionCopy::default()
    });
    let folder = match mkfile.path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() && !plain && !like_folders => Some(folder),
        _ => None,
    };
    let made = folder.map(|folder| {
        (
            EMPTY,
            Action::Mkdir(mkdir_action(&crate::mkdir(folder), root)),
        )
    });
    file.chain(
        root,
        made.into_iter().chain([(secondary, copied)]).collect(),
    )
}

/// Lowers a `remove` step.
pub(super) fn remove(remove: &Remove, root: &Root<'_>) -> File {
    let action = Action::Rm(pb::FileActionRm {
        path: absolute(root.working_dir, &remove.path),
        allow_not_found: remove.allow_missing,
        allow_wildcard: remove.wildcard,
    });
    let mut file = File::on(root).chain(root, vec![(EMPTY, action)]);
    if remove.wildcard {
        file.capabilities.insert("file.rm.wildcard");
    }
    file
}

/// Lowers a `symlink` step.
pub(super) fn symlink(symlink: &Symlink, root: &Root<'_>) -> File {
    let action = Action::Symlink(pb::FileActionSymlink {
        oldpath: symlink.target.clone(),
        newpath: absolute(root.working_dir, &symlink.path),
        owner: symlink.owner.as_ref().map(|owner| chown(owner, base(root))),
        timestamp: timestamp(root),
    });
    let mut file = File::on(root).chain(root, vec![(EMPTY, action)]);
    file.capabilities.insert("file.symlink.create");
    file
}

fn timestamp(root: &Root<'_>) -> i64 {
    // BuildKit counts nanoseconds here, and -1 means the time of the build.
    root.epoch
        .and_then(|epoch| i64::try_from(epoch).ok()?.checked_mul(1_000_000_000))
        .unwrap_or(-1)
}

fn permission_bits(mode: u32) -> i32 {
    i32::try_from(mode & 0o7777).unwrap_or_default()
}

fn chown(owner: &Owner, passwd: i64) -> pb::ChownOpt {
    let id = |id: &Id| pb::UserOpt {
        user: Some(match id {
            Id::Number(number) => pb::user_opt::User::ById(*number),
            Id::Name(name) if name == "root" => pb::user_opt::User::ById(0),
            Id::Name(name) => pb::user_opt::User::ByName(pb::NamedUserOpt {
                name: name.clone(),
                input: passwd,
            }),
        }),
    };
    pb::ChownOpt {
        user: Some(id(&owner.user)),
        group: owner.group.as_ref().map(id),
    }
}
