//! What a request's contexts are as sources of a graph, and how files of them are read.

use std::collections::BTreeMap;

use microb_dsl::llb::{self, Definition, Inputs};
use microb_dsl::source::{Local, http, local};
use microb_dsl::stage::ForeignDefinition;
use microb_dsl::{
    Diagnostics, ImageRef, Platform, Source, Stage, copy, from, named_context, scratch,
};

use crate::gateway::{Failure, Gateway, Graph, Reference};
use crate::ignore::{self, IGNORE_FILE};
use crate::request::{ContextSource, Request};

/// The name of the file in a context that is a download, as BuildKit's `dockerui` has it.
const DOWNLOADED: &str = "context";

/// The line that progress shows while a context is downloaded.
const DOWNLOAD: &str = "load remote build context";

/// How much of a download tells an archive from a plain file, in bytes.
const MAGIC_LENGTH: u32 = 1024;

/// What a source was solved to.
#[derive(Debug, Clone)]
pub(crate) struct Solved {
    pub(crate) reference: Reference,
    /// The digest of its vertex, to which warnings are attached.
    pub(crate) vertex: String,
    /// The graph that was solved.
    pub(crate) graph: Graph,
}

/// Solves one source, so that files of it can be read.
pub(crate) async fn solve(
    gateway: &Gateway,
    source: &Source,
    platform: &Platform,
    name: &str,
) -> Result<Solved, Failure> {
    // A stage that starts from the source and does nothing: its graph is the source's own.
    const ONLY: &str = "source";
    let mut inputs = inputs(gateway, platform);
    inputs
        .named_contexts
        .insert(ONLY.to_owned(), source.clone());
    let definition = lower(&from(named_context(ONLY)), &inputs)?;
    let graph = Graph::new(&definition)?.named(format!("[internal] {name}"));
    let vertex = graph.head().unwrap_or_default();
    let reference = gateway.solve(graph.clone(), &[]).await?.single()?;
    Ok(Solved {
        reference,
        vertex,
        graph,
    })
}

/// What a stage makes, as a source.
fn made_by(gateway: &Gateway, platform: &Platform, stage: &Stage) -> Result<Source, Failure> {
    let definition = lower(stage, &inputs(gateway, platform))?;
    Ok(input(&definition.to_bytes()))
}

fn inputs(gateway: &Gateway, platform: &Platform) -> Inputs {
    let mut inputs = Inputs::offline(platform.clone());
    inputs.capabilities = gateway.llb_capabilities();
    inputs
}

fn lower(stage: &Stage, inputs: &Inputs) -> Result<Definition, Failure> {
    llb::lower(stage, inputs)?
        .definition
        .ok_or_else(|| Failure::new("an empty context has no files"))
}

/// A folder of the client, with the session that sends it.
pub(crate) fn folder(request: &Request, name: &str, shared_key: impl Into<String>) -> Local {
    local(name)
        .session(request.session_of(name))
        .shared_key(shared_key)
}

/// The build context, when it is not a folder of the client.
pub(crate) enum Remote {
    /// A tree of files.
    Tree {
        context: Source,
        /// The tree that the build context is a folder of; `None` where it is all of it. The definition is in the whole.
        whole: Option<Source>,
    },
    /// One file that was downloaded, and its name: it is the definition.
    File(Source, String),
}

/// What a URL or an input as build context is. `None` for a folder of the client.
///
/// A tar archive on standard input is a URL of the client's session, which can be read once. When BuildKit's own frontend
/// has read it, to find the `#syntax` line, only vertices with the same digests find it again: those for a download are
/// byte for byte the ones of `dockerui/context.go`.
pub(crate) async fn remote(
    gateway: &Gateway,
    request: &Request,
    inputs: &BTreeMap<String, Vec<u8>>,
) -> Result<Option<Remote>, Failure> {
    let platform = &request.build_platform;
    let source = match &request.context {
        ContextSource::Git(git) => {
            // The time of a checkout would be in the image.
            let is_dated = request.source_date_epoch.is_some() && has_commit_times(gateway);
            let git = git.clone();
            Source::Git(if is_dated { git.commit_times() } else { git })
        }
        ContextSource::Http(url) => {
            let download = Download::of(gateway, platform, url).await?;
            if !download.is_archive(gateway).await? {
                // Only clients' archives can be read once: a file has the name in the context that its URL gives it.
                let file = http(url);
                let name = file.filename().to_owned();
                return Ok(Some(Remote::File(file.into(), name)));
            }
            download.unpacked(gateway, platform)?
        }
        ContextSource::Local(name) => match inputs.get(name) {
            Some(definition) => input(definition),
            None => return Ok(None),
        },
        ContextSource::Image(_)
        | ContextSource::OciLayout { .. }
        | ContextSource::Scratch
        | ContextSource::Input(_) => return Ok(None),
    };
    let Some(folder) = &request.context_subdir else {
        let (context, whole) = (source, None);
        return Ok(Some(Remote::Tree { context, whole }));
    };
    let scoped = copy(folder.as_str(), "/").literal().from(source.clone());
    Ok(Some(Remote::Tree {
        context: made_by(gateway, platform, &scratch().then(scoped))?,
        whole: Some(source),
    }))
}

/// Whether the engine can give the files of a commit the commit's time.
pub(crate) fn has_commit_times(gateway: &Gateway) -> bool {
    gateway.llb_capabilities().has("source.git.mtime")
}

/// A context that is a download: an archive, or the definition alone.
pub(crate) struct Download {
    file: Source,
    solved: Solved,
}

impl Download {
    pub(crate) async fn of(
        gateway: &Gateway,
        platform: &Platform,
        url: &str,
    ) -> Result<Self, Failure> {
        let file = Source::Http(http(url).named(DOWNLOADED));
        let solved = solve(gateway, &file, platform, DOWNLOAD).await?;
        Ok(Self { file, solved })
    }

    pub(crate) async fn is_archive(&self, gateway: &Gateway) -> Result<bool, Failure> {
        let reference = &self.solved.reference;
        let start = gateway
            .read_file(reference, DOWNLOADED, Some(MAGIC_LENGTH))
            .await?;
        Ok(is_archive(&start.unwrap_or_default()))
    }

    /// When the server says that it changed last, in seconds since 1970; 0 when it does not say.
    pub(crate) async fn modified(&self, gateway: &Gateway) -> Result<u64, Failure> {
        let stat = gateway
            .stat_file(&self.solved.reference, DOWNLOADED)
            .await?;
        Ok(stat.map_or(0, |stat| stat.modified))
    }

    /// What is in the archive.
    pub(crate) fn unpacked(
        self,
        gateway: &Gateway,
        platform: &Platform,
    ) -> Result<Source, Failure> {
        let unpacked = copy(format!("/{DOWNLOADED}"), "/")
            .literal()
            .existing_parent()
            .from(self.file)
            .unpack();
        made_by(gateway, platform, &scratch().then(unpacked))
    }
}

/// A definition that the client sent.
pub(crate) fn input(definition: &[u8]) -> Source {
    Source::Definition(ForeignDefinition(definition.into()))
}

/// What a named context is, and the image config that comes with it.
pub(crate) struct Named {
    pub(crate) source: Source,
    pub(crate) config: Option<Vec<u8>>,
}

impl From<Source> for Named {
    fn from(source: Source) -> Self {
        let config = None;
        Self { source, config }
    }
}

/// What the named context `name` is, for a platform.
pub(crate) async fn named(
    gateway: &Gateway,
    request: &Request,
    inputs: &BTreeMap<String, Vec<u8>>,
    name: &str,
    platform: &Platform,
) -> Result<Option<Named>, Failure> {
    let given = request.named_context(name, platform);
    let Some((source, shared_key)) = given.map_err(Diagnostics::from)? else {
        return Ok(None);
    };
    Ok(Some(match source {
        ContextSource::OciLayout { store, digest } => {
            oci_layout(gateway, request, name, platform, &store, &digest).await?
        }
        ContextSource::Input(name) => {
            let definition = inputs.get(&name);
            let source = input(
                definition
                    .ok_or_else(|| Failure::new(format!("the client sent no input `{name}`")))?,
            );
            let config = request.input_config(&name).map_err(Diagnostics::from)?;
            Named { source, config }
        }
        source => match plain(gateway, request, source, shared_key).await? {
            Some(source) => source.into(),
            None => return Ok(None),
        },
    }))
}

/// What a source policy puts in the place of the image that a named context is.
pub(crate) async fn replacement(
    gateway: &Gateway,
    request: &Request,
    name: &str,
    identifier: &str,
) -> Result<Source, Failure> {
    let source = ContextSource::replacing(name, identifier).map_err(Diagnostics::from)?;
    let shared_key = format!("context:{name}-");
    let source = plain(gateway, request, source, shared_key).await?;
    source.ok_or_else(|| {
        Failure::new(format!(
            "a source policy makes it `{identifier}`, which no context can be"
        ))
    })
}

/// A context that is a folder of the client or needs nothing but itself. `None` for the other kinds.
async fn plain(
    gateway: &Gateway,
    request: &Request,
    source: ContextSource,
    shared_key: String,
) -> Result<Option<Source>, Failure> {
    if let ContextSource::Local(local) = source {
        let folder = named_folder(gateway, request, local, shared_key).await?;
        return Ok(Some(folder));
    }
    Ok(by_itself(source))
}

/// A named context that is known without the client and the engine. `None` for the other kinds.
pub(crate) fn by_itself(source: ContextSource) -> Option<Source> {
    Some(match source {
        ContextSource::Image(image) => Source::Image(image),
        ContextSource::Scratch => Source::Scratch,
        ContextSource::Git(git) => Source::Git(git),
        ContextSource::Http(url) => Source::from(http(url).named(DOWNLOADED)),
        ContextSource::Local(_) | ContextSource::OciLayout { .. } | ContextSource::Input(_) => {
            return None;
        }
    })
}

/// An image of the client's content store. `name` is the context's, which stands for the image in messages.
async fn oci_layout(
    gateway: &Gateway,
    request: &Request,
    name: &str,
    platform: &Platform,
    store: &str,
    digest: &str,
) -> Result<Named, Failure> {
    let wrong = |mistake| Failure::new(format!("build context `{name}`: {mistake}"));
    let image = name.parse::<ImageRef>().map_err(wrong)?;
    let image = image.with_digest(digest);
    let session = request.session();
    let log_name = format!("[context {name}] load metadata for {image}");
    let resolved = gateway
        .resolve_oci_layout(&image, platform, session, store, log_name)
        .await
        .map_err(|failure| failure.context(format!("build context `{name}`")))?;
    let label = format!("[context {name}] OCI load from client");
    let definition = llb::oci_layout(&image, session, store, platform, label);
    Ok(Named {
        source: Source::Definition(definition),
        config: Some(resolved.config),
    })
}

/// A folder of the client, without what its ignore file names.
async fn named_folder(
    gateway: &Gateway,
    request: &Request,
    name: String,
    shared_key: String,
) -> Result<Source, Failure> {
    let key = format!("{shared_key}-{IGNORE_FILE}");
    let ignore_file = folder(request, &name, key)
        .follow_paths([IGNORE_FILE])
        .whole();
    let platform = &request.build_platform;
    let label = format!("load {IGNORE_FILE} of context {name}");
    let solved = solve(gateway, &ignore_file.into(), platform, &label).await?;
    let content = gateway
        .read_file(&solved.reference, IGNORE_FILE, None)
        .await?;
    let file = format!("{IGNORE_FILE} of context {name}");
    let ignored = ignore::read(&file, &content.unwrap_or_default())?;
    Ok(folder(request, &name, shared_key)
        .exclude(ignored.texts())
        .into())
}

/// Whether a file starts as one that the engine unpacks: bzip2, gzip, xz, zstd or plain tar.
fn is_archive(start: &[u8]) -> bool {
    let magic: [&[u8]; 4] = [b"BZh", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];
    // POSIX and GNU tar have "ustar" at offset 257 of the first header.
    magic.iter().any(|magic| start.starts_with(magic))
        || start.get(257..262).is_some_and(|magic| magic == b"ustar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_first_bytes() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(is_archive(&tar));
        assert!(is_archive(b"\x1f\x8b\x08\x00"));
        for plain in [&b""[..], b"[project]\n", b"BZ", &[0; 512]] {
            assert!(!is_archive(plain));
        }
    }
}
