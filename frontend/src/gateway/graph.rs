//! A definition on its way to the gateway.

use bollard_buildkit_proto::pb;
use microb_dsl::llb::Definition;
use prost::Message as _;

use super::failure::Failure;
use super::limits::Limits;

/// The key of the line that progress shows for a vertex (`client/llb/state.go` in moby/buildkit).
const CUSTOM_NAME: &str = "llb.customname";

/// A definition whose vertices can still be named.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    pub(super) definition: pb::Definition,
    /// What its programs may use.
    pub(super) limits: Option<Limits>,
}

impl Graph {
    /// Reads what lowering made.
    ///
    /// # Errors
    ///
    /// When it is no definition, which would be a bug.
    pub fn new(definition: &Definition) -> Result<Self, Failure> {
        pb::Definition::decode(definition.to_bytes().as_slice())
            .map(|definition| Self {
                definition,
                limits: None,
            })
            .map_err(|error| {
                Failure::new(format!("microb bug: a definition that is none: {error}"))
            })
    }

    /// Limits what the programs may use. An engine that cannot do so is not asked to.
    #[must_use]
    pub fn limited(mut self, limits: Option<Limits>) -> Self {
        self.limits = limits;
        self
    }

    /// Names the last vertex, the one that makes the result. Names are metadata: no digest changes.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        if let Some(digest) = self.head() {
            self.name(digest, name.into());
        }
        self
    }

    /// Names the vertices of a chain, in which each is made from the one before.
    #[must_use]
    pub fn with_names(mut self, names: impl Iterator<Item = String>) -> Self {
        let pointers = self.definition.def.iter().skip(1);
        let digests: Vec<_> = pointers.filter_map(|op| input_of(op)).collect();
        for (digest, name) in digests.into_iter().zip(names) {
            self.name(digest, name);
        }
        self
    }

    fn name(&mut self, digest: String, name: String) {
        let vertex = self.definition.metadata.entry(digest).or_default();
        vertex.description.insert(CUSTOM_NAME.to_owned(), name);
    }

    /// Says how a file was loaded whose lines are the places of vertices. No digest changes.
    #[must_use]
    pub fn with_origin(mut self, filename: &str, origin: &Self) -> Self {
        let sources = self.definition.source.iter_mut();
        let infos = sources.flat_map(|source| &mut source.infos);
        for info in infos.filter(|info| info.filename == filename) {
            info.definition = Some(origin.definition.clone());
        }
        self
    }

    /// The digest of the last vertex. The last op of a definition only points to it.
    pub fn head(&self) -> Option<String> {
        input_of(self.definition.def.last()?)
    }
}

/// The digest of the first input of an op.
fn input_of(op: &[u8]) -> Option<String> {
    let op = pb::Op::decode(op).ok()?;
    Some(op.inputs.into_iter().next()?.digest)
}
