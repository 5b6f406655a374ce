//! The files of a build that a recipe may read: the definition and the build context.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use microb_dsl::context::inside;
use microb_dsl::patterns::Patterns;
use microb_dsl::search::Search;
use microb_dsl::source::Local;
use microb_dsl::{ReadError, Source, SourceFile, Stage};

use crate::definition::load::{self, Definition, Wanted};
use crate::folders::{self, Folders};
use crate::gateway::{Failure, FileStat, Gateway, Graph, Reference};
use crate::ignore::{self, IGNORE_FILE};
use crate::look;
use crate::recipe::Recipe;
use crate::request::{ContextSource, Request};
use crate::sent;
use crate::sources::{self, Remote, Solved};

/// Suffix of the shared key of the files that are read before the recipe runs.
///
/// A key of its own: the engine keeps the last transfer under a key, and the whole context is another set of files.
const READ_KEY: &str = "microb";

/// The definition file, and what else can be read.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) definition: SourceFile,
    /// The digest of the vertex that loaded the definition.
    pub(crate) vertex: String,
    /// The graph that loaded the definition.
    origin: Graph,
    context: BuildContext,
    tree: Tree,
    found: Mutex<BTreeMap<String, Option<Vec<u8>>>>,
}

/// The build context, as steps copy from it.
#[derive(Debug)]
enum BuildContext {
    /// What a URL or the client's definition is.
    Given(Source),
    /// A folder of the client, with what its ignore file leaves out. `None` if it has no such file.
    Folder(Local, Option<Patterns>),
}

/// Where files of the build context are read from.
#[derive(Debug)]
enum Tree {
    /// All files are there.
    Whole(Reference),
    /// Of this folder of the client, what matches these patterns.
    Part {
        local: String,
        reference: Reference,
        patterns: Vec<String>,
        root: Listing,
        below: Folders,
    },
}

/// The names in the root of a tree: one call that spares one for each file that is looked for and is not there.
#[derive(Debug)]
struct Listing(Option<BTreeMap<String, IsFolder>>);

pub(crate) type IsFolder = bool;

impl Listing {
    async fn of(gateway: &Gateway, reference: &Reference) -> Self {
        // An engine that lists no folders is asked for each file.
        let entries = gateway.read_dir(reference, ".").await.ok().flatten();
        Self(entries.map(names))
    }

    /// Whether the file cannot be there.
    fn lacks(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or(path);
        self.0
            .as_ref()
            .is_some_and(|names| !names.contains_key(first))
    }
}

impl Files {
    /// Loads the definition file, the ignore file and what the recipe reads, in parallel.
    pub(crate) async fn load(
        gateway: &Gateway,
        request: &Request,
        recipe: &Recipe,
        inputs: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, Failure> {
        let wanted = Wanted::new(request, recipe);
        match sources::remote(gateway, request, inputs).await? {
            None => Self::load_local(gateway, request, recipe, &wanted, inputs).await,
            Some(remote) => Self::load_remote(gateway, request, &wanted, inputs, remote).await,
        }
    }

    async fn load_local(
        gateway: &Gateway,
        request: &Request,
        recipe: &Recipe,
        wanted: &Wanted<'_>,
        inputs: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, Failure> {
        let name = match &request.context {
            ContextSource::Local(name) => name,
            _ => "context",
        };
        let (definition, tree) = tokio::join!(
            Definition::load(gateway, request, wanted, load::given(request, inputs)),
            Self::load_tree(gateway, request, recipe, name),
        );
        // A missing definition is the likelier mistake: its message wins.
        let (definition, (tree, ignore_file)) = (definition?, tree?);
        let beside = definition
            .ignore_file
            .map(|file| (wanted.ignore_file(), file));
        let ignore_file = beside.or(ignore_file.map(|file| (IGNORE_FILE.to_owned(), file)));
        let ignored = ignore_file.map(|(name, file)| ignore::read(&name, &file));
        let context = sources::folder(request, name, name);
        Ok(Self {
            definition: definition.file,
            vertex: definition.vertex,
            origin: definition.origin,
            context: BuildContext::Folder(context, ignored.transpose()?),
            tree,
            found: Mutex::default(),
        })
    }

    /// The part of the client's folder that the recipe reads, and the ignore file.
    async fn load_tree(
        gateway: &Gateway,
        request: &Request,
        recipe: &Recipe,
        name: &str,
    ) -> Result<(Tree, Option<Vec<u8>>), Failure> {
        let mut patterns = vec![IGNORE_FILE.to_owned()];
        patterns.extend(recipe.reads.iter().cloned());
        let solved = part(gateway, request, name, &patterns, "load project files").await?;
        let reference = solved.reference;
        let root = Listing::of(gateway, &reference).await;
        let ignore_file = if root.lacks(IGNORE_FILE) {
            None
        } else {
            gateway.read_file(&reference, IGNORE_FILE, None).await?
        };
        let tree = Tree::Part {
            local: name.to_owned(),
            reference,
            patterns,
            root,
            below: Folders::default(),
        };
        Ok((tree, ignore_file))
    }

    async fn load_remote(
        gateway: &Gateway,
        request: &Request,
        wanted: &Wanted<'_>,
        inputs: &BTreeMap<String, Vec<u8>>,
        remote: Remote,
    ) -> Result<Self, Failure> {
        let (context, whole, wanted) = match remote {
            Remote::Tree { context, whole } => (context, whole, wanted.clone()),
            Remote::File(file, name) => (file, None, wanted.called(name)),
        };
        let is_local =
            request.definition_is_local || inputs.contains_key(&request.definition_local);
        // What has the definition, where that is not the build context itself.
        let apart = if is_local {
            Some(load::given(request, inputs))
        } else {
            whole.map(Some)
        };
        let tree = sources::solve(
            gateway,
            &context,
            &request.build_platform,
            "load build context",
        );
        let (definition, solved) = if let Some(given) = apart {
            let definition = Definition::load(gateway, request, &wanted, given);
            let (definition, solved) = tokio::join!(definition, tree);
            (definition?, solved?)
        } else {
            let solved = tree.await?;
            let definition = Definition::read(gateway, &wanted, solved.clone()).await?;
            (definition, solved)
        };
        Ok(Self {
            definition: definition.file,
            vertex: definition.vertex,
            origin: definition.origin,
            context: BuildContext::Given(context),
            tree: Tree::Whole(solved.reference),
            found: Mutex::default(),
        })
    }

    /// Says in a graph where the definition, whose lines it names, was loaded from.
    pub(crate) fn name_origin(&self, graph: Graph) -> Graph {
        graph.with_origin(self.definition.name(), &self.origin)
    }

    /// Whether nothing says what is not part of the build context, so that the recipe may.
    pub(crate) fn has_no_ignore_file(&self) -> bool {
        matches!(self.context, BuildContext::Folder(_, None))
    }

    /// The build context as the steps of the stage copy from it; `defaults` are the recipe's own patterns.
    pub(crate) fn context_for(&self, stage: &Stage, defaults: &[String]) -> Source {
        match &self.context {
            BuildContext::Given(source) => source.clone(),
            BuildContext::Folder(folder, ignored) => {
                let ignored = match ignored {
                    Some(ignored) => ignored.texts(),
                    None => ignore::defaults(defaults, stage).texts(),
                };
                folder.clone().exclude(ignored).into()
            }
        }
    }

    /// What the user's ignore file leaves out. What a recipe leaves out it may read all the same.
    fn ignored(&self) -> Option<&Patterns> {
        match &self.context {
            BuildContext::Folder(_, ignored) => ignored.as_ref(),
            BuildContext::Given(_) => None,
        }
    }

    /// A file of the build context. One that no pattern of the recipe matches costs a transfer of its own.
    pub(crate) async fn read(
        &self,
        gateway: &Gateway,
        request: &Request,
        path: &str,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let failed = |reason: String| ReadError {
            path: path.to_owned(),
            reason,
        };
        let inside = inside(path).ok_or_else(|| ReadError::outside(path))?;
        if self
            .ignored()
            .is_some_and(|ignored| ignore::hides(ignored, &inside))
        {
            return Ok(None);
        }
        let known = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = known().get(&inside) {
            return Ok(content.clone());
        }
        let content = self
            .fetch(gateway, request, &inside)
            .await
            .map_err(|failure| failed(reason(&failure)))?;
        known().insert(inside, content.clone());
        Ok(content)
    }

    /// The names in a folder, as far as the recipe's patterns match them.
    pub(crate) async fn list(
        &self,
        gateway: &Gateway,
        folder: &str,
    ) -> Result<Vec<String>, ReadError> {
        let failed = |reason: String| ReadError {
            path: folder.to_owned(),
            reason,
        };
        let inside = match folder {
            "." | "" => ".".to_owned(),
            folder => inside(folder).ok_or_else(|| ReadError::outside(folder))?,
        };
        let below = match &self.tree {
            Tree::Part { below, .. } => below.listing(&inside).await,
            Tree::Whole(_) => None,
        };
        let reference = match (&self.tree, &below) {
            (Tree::Part { root, .. }, None) if inside == "." && root.0.is_some() => {
                return Ok(self.shown(&inside, root.0.clone().unwrap_or_default()));
            }
            (Tree::Part { root, .. }, None) if inside != "." && root.lacks(&inside) => {
                return Ok(Vec::new());
            }
            (_, Some(reference))
            | (Tree::Whole(reference) | Tree::Part { reference, .. }, None) => reference,
        };
        let entries = gateway
            .read_dir(reference, &inside)
            .await
            .map_err(|failure| failed(reason(&failure)))?;
        Ok(self.shown(&inside, names(entries.unwrap_or_default())))
    }

    /// The names in a folder that are part of the build context.
    fn shown(&self, folder: &str, names: BTreeMap<String, IsFolder>) -> Vec<String> {
        let shows = |name: &str, is_folder: IsFolder| {
            let path = match folder {
                "." => name.to_owned(),
                folder => format!("{folder}/{name}"),
            };
            let ignored = self.ignored();
            ignored.is_none_or(|ignored| ignore::shows(ignored, &path, is_folder))
        };
        let shown = names
            .into_iter()
            .filter(|(name, is_folder)| shows(name, *is_folder));
        shown.map(|(name, _)| name).collect()
    }

    /// The paths of all files of this name. In a client's folder this costs a transfer of its own.
    pub(crate) async fn find(
        &self,
        gateway: &Gateway,
        request: &Request,
        name: &str,
    ) -> Result<Vec<String>, ReadError> {
        let found = async {
            let tree = match &self.tree {
                Tree::Whole(reference) => reference.clone(),
                Tree::Part { local, .. } => {
                    folders::files_named(gateway, request, local, name).await?
                }
            };
            let mut paths = folders::find(gateway, &tree, name).await?;
            let ignored = self.ignored();
            paths.retain(|path| ignored.is_none_or(|ignored| !ignored.leave_out(path)));
            // Who looks for a file wants to know what is in it: here each costs no transfer.
            for path in &paths {
                let content = gateway.read_file(&tree, path, None).await?;
                let known = self.found.lock();
                known
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(path.clone(), content);
            }
            Ok(paths)
        };
        found.await.map_err(|failure: Failure| ReadError {
            path: name.to_owned(),
            reason: reason(&failure),
        })
    }

    /// Whether all that the path names was sent.
    fn has(&self, path: &str) -> bool {
        match &self.tree {
            Tree::Part { patterns, .. } => {
                inside(path).is_some_and(|path| sent::covers(patterns, &path))
            }
            Tree::Whole(_) => true,
        }
    }

    /// Those of these paths that name nothing. What was not sent costs one transfer, without content, for all of them.
    pub(crate) async fn absent(
        &self,
        gateway: &Gateway,
        request: &Request,
        paths: &[String],
    ) -> Result<Vec<String>, ReadError> {
        let failed = |failure: Failure| ReadError {
            path: paths.join(", "),
            reason: reason(&failure),
        };
        let elsewhere = paths.iter().filter(|path| !self.has(path)).cloned();
        let looked = match &self.tree {
            Tree::Part { local, .. } => {
                let elsewhere: Vec<String> = elsewhere.collect();
                look::at(gateway, request, local, &elsewhere).await
            }
            Tree::Whole(_) => Ok(None),
        };
        let looked = looked.map_err(failed)?;
        let mut absent = Vec::new();
        for path in paths {
            let mut search = Search::new(path);
            while let Some(folder) = search.folder() {
                let names = match &looked {
                    _ if self.has(path) => self.list(gateway, &folder).await?,
                    Some(looked) => self.shown(&folder, looked.names(&folder)),
                    None => break,
                };
                search.names(&names);
            }
            let is_known = self.has(path) || looked.as_ref().is_some_and(|one| one.tells(path));
            if is_known && !search.has_found() {
                absent.push(path.clone());
            }
        }
        Ok(absent)
    }

    async fn fetch(
        &self,
        gateway: &Gateway,
        request: &Request,
        path: &str,
    ) -> Result<Option<Vec<u8>>, Failure> {
        match &self.tree {
            Tree::Part {
                local,
                patterns,
                below,
                ..
            } if !sent::covers(patterns, path) => {
                let folder = below.holding(gateway, request, local, patterns, path);
                if let Some(reference) = folder.await? {
                    return gateway.read_file(&reference, path, None).await;
                }
                let (wanted, name) = ([path.to_owned()], format!("load {path}"));
                let solved = part(gateway, request, local, &wanted, &name).await?;
                gateway.read_file(&solved.reference, path, None).await
            }
            Tree::Part { root, .. } if root.lacks(path) => Ok(None),
            Tree::Whole(reference) | Tree::Part { reference, .. } => {
                gateway.read_file(reference, path, None).await
            }
        }
    }
}

fn names(entries: Vec<FileStat>) -> BTreeMap<String, IsFolder> {
    let names = entries.into_iter().map(|entry| {
        let is_folder = entry.is_folder();
        (entry.path, is_folder)
    });
    names.collect()
}

/// Why a file could not be read, without the engine's own name for its place.
pub(crate) fn reason(failure: &Failure) -> String {
    let message = failure.message();
    let is_folder = ["is a directory", "is not a regular file"]
        .iter()
        .any(|words| message.ends_with(words));
    if is_folder {
        "it is no file but a folder or a device".to_owned()
    } else {
        message.to_owned()
    }
}

/// The files of a client's folder that match, and what symbolic links among them lead to.
pub(crate) async fn part(
    gateway: &Gateway,
    request: &Request,
    local: &str,
    patterns: &[String],
    name: &str,
) -> Result<Solved, Failure> {
    let folder = sources::folder(request, local, format!("{local}-{READ_KEY}"))
        .follow_paths(patterns.to_vec())
        .whole();
    sources::solve(gateway, &folder.into(), &request.build_platform, name)
        .await
        .map_err(|failure| failure.context(format!("cannot read the client's folder `{local}`")))
}
