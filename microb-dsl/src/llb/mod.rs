//! The interpreter that lowers a stage to BuildKit's LLB.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) mod cache;
mod config;
mod config_differences;
mod exec;
mod file;
mod graph;
mod image;
mod lowering;
mod overlay;
pub(crate) mod paths;
mod progress;
mod source;
mod text;

pub(crate) use config_differences::config_differences;
pub(crate) use lowering::base_image;
pub use lowering::{images, lower};
pub use source::oci_layout;

use crate::platform::Platform;
use crate::reference::ImageRef;
use crate::source::Source;

/// All that lowering needs to know besides the recipe. With the same inputs it gives the same bytes.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The platform that the image is for.
    pub platform: Platform,
    /// Whether the client asked for that platform. Then the image config names it, whatever the last stage runs on; else
    /// that of the last stage.
    pub platform_is_given: bool,
    /// The platform of the machine that builds.
    pub build_platform: Platform,
    /// What the engine found out about images. One that is missing here is used by its tag, with an empty config.
    pub images: BTreeMap<(ImageRef, Platform), ResolvedImage>,
    /// What [`Source::Context`] is: a local source, a git repository, an archive …
    pub context: Source,
    /// What [`Source::NamedContext`] and [`crate::Base::NamedContext`] are, by name.
    pub named_contexts: BTreeMap<String, Source>,
    /// The OCI image configs, as JSON, of named contexts that are definitions: what the client says that they come with.
    pub context_configs: BTreeMap<String, Vec<u8>>,
    /// The LLB capabilities of the engine, by id such as `mergeop`.
    pub capabilities: Capabilities,
    /// Settings of all `run` steps that come from the client and not from the recipe.
    pub run_options: RunOptions,
    /// Which stages ignore the cache.
    pub no_cache: NoCache,
    /// How image tags are looked up.
    pub image_resolve_mode: ImageResolveMode,
    /// Prefix of the ids of all cache mounts (`BUILDKIT_CACHE_MOUNT_NS`).
    pub cache_namespace: String,
    /// Seconds since 1970 that file and image times are set to (`SOURCE_DATE_EPOCH`).
    pub source_date_epoch: Option<u64>,
    /// Whether progress names carry the platform, as they do when there is more than one.
    pub name_platforms: bool,
}

/// What the engine found out about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The image that a source policy replaces it with; `None` if it stays as it is.
    pub reference: Option<ImageRef>,
    /// The manifest's digest, `sha256:…`; `None` leaves the tag as it is.
    pub digest: Option<String>,
    /// The OCI image config as JSON.
    pub config: Vec<u8>,
}

/// Which LLB capabilities an engine has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Capabilities {
    /// Unknown, as on the command line without an engine: all are assumed to be there.
    #[default]
    All,
    /// Those that the engine named.
    Only(BTreeSet<String>),
}

impl Capabilities {
    /// Whether the engine has the capability of this id.
    pub fn has(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(id),
        }
    }
}

/// Settings of all `run` steps that come from the client (`docker build --add-host …`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunOptions {
    /// The proxy variables, which are never part of the history or of cache keys.
    pub proxy: Proxy,
    /// Lines of `/etc/hosts`: name and address.
    pub extra_hosts: Vec<(String, String)>,
    /// The host name that programs see (`BUILDKIT_SANDBOX_HOSTNAME`).
    pub hostname: Option<String>,
    /// Limits: name, soft and hard value (`--ulimit nofile=1024:2048`).
    pub ulimits: Vec<(String, i64, i64)>,
    /// The parent control group (`--cgroup-parent`).
    pub cgroup_parent: Option<String>,
    /// The size of `/dev/shm` in bytes (`--shm-size`).
    pub shm_size: Option<u64>,
    /// The network of the steps that ask for none of their own (`--network`).
    pub network: crate::step::Network,
}

/// The predefined proxy build arguments; each is empty when not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxy {
    /// `HTTP_PROXY`.
    pub http: String,
    /// `HTTPS_PROXY`.
    pub https: String,
    /// `FTP_PROXY`.
    pub ftp: String,
    /// `NO_PROXY`.
    pub no: String,
    /// `ALL_PROXY`.
    pub all: String,
}

/// Which stages ignore the cache.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NoCache {
    /// None.
    #[default]
    Never,
    /// All (`docker build --no-cache`).
    All,
    /// Those of these names (`docker build --no-cache-filter`).
    Stages(BTreeSet<String>),
}

/// How image tags are looked up (`image-resolve-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageResolveMode {
    /// The engine decides.
    #[default]
    Default,
    /// Always asks the registry (`docker build --pull`).
    ForcePull,
    /// Takes a local image if there is one.
    PreferLocal,
}

impl Inputs {
    /// Inputs for one platform without an engine: image tags as they are, `context` as the local `context`.
    pub fn offline(platform: Platform) -> Self {
        Self {
            build_platform: platform.clone(),
            platform,
            platform_is_given: true,
            images: BTreeMap::new(),
            context: crate::source::local("context").into(),
            named_contexts: BTreeMap::new(),
            context_configs: BTreeMap::new(),
            capabilities: Capabilities::All,
            run_options: RunOptions::default(),
            no_cache: NoCache::Never,
            image_resolve_mode: ImageResolveMode::Default,
            cache_namespace: String::new(),
            source_date_epoch: None,
            name_platforms: false,
        }
    }
}

/// What lowering gives: all that the gateway ever sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Lowered {
    /// The graph. `None` for an empty image (`FROM scratch` without steps).
    pub definition: Option<Definition>,
    /// The OCI image config as JSON.
    pub config: Vec<u8>,
    /// The config of the base image, as the engine gave it. Exporters that rewrite the times of layers and of the
    /// history leave those of the base image as they are. `None` for an image that starts from scratch.
    pub base_config: Option<Vec<u8>>,
    /// The vertices that the bases and steps were lowered to, stage by stage.
    pub vertices: Vec<StepVertex>,
}

/// The vertex that holds the file system after a step. Equal steps on equal inputs are one vertex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepVertex {
    /// The stage, as its place in [`crate::Stage::stages`].
    pub stage: usize,
    /// The step, as its place in [`crate::Stage::steps`]; `None` for the base.
    pub step: Option<usize>,
    /// The digest, `sha256:…`.
    pub digest: String,
}

/// Marshalled LLB: the ops in topological order, their metadata, and where they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition(pub(crate) bollard_buildkit_proto::pb::Definition);

impl Definition {
    /// The bytes of the `pb.Definition`, as `buildctl build` reads them.
    pub fn to_bytes(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(&self.0)
    }

    /// The digests of the vertices, `sha256:…`, in topological order; the last is the terminal one's.
    pub fn digests(&self) -> Vec<String> {
        self.0.def.iter().map(|op| graph::digest_of(op)).collect()
    }

    /// The graph as text for people and snapshots: one op a line, numbered in topological order.
    ///
    /// Digests would change every line below a change; numbers do not.
    pub fn to_text(&self) -> String {
        text::render(&self.0)
    }
}
