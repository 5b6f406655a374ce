//! A definition on its way to the gateway.

use bollard_buildkit_proto::pb;
use microb_dsl::llb::Definition;
use prost::Message as _;

use super::failure::Failure;

/// The key of the line that progress shows for a vertex (`client/llb/state.go` in moby/buildkit).
const CUSTOM_NAME: &str = "llb.customname";

/// A definition whose vertices can still be named.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph(pub(super) pb::Definition);

impl Graph {
    /// Reads what lowering made.
    ///
    /// # Errors
    ///
    /// When it is no definition, which would be a bug.
    pub fn new(definition: &Definition) -> Result<Self, Failure> {
        pb::Definition::decode(definition.to_bytes().as_slice())
            .map(Self)
            .map_err(|error| {
                Failure::new(format!("microb bug: a definition that is none: {error}"))
            })
    }

    /// Names the last vertex, the one that makes the result. Names are metadata: no digest changes.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        if let Some(digest) = self.head() {
            let vertex = self.0.metadata.entry(digest).or_default();
            vertex
                .description
                .insert(CUSTOM_NAME.to_owned(), name.into());
        }
        self
    }

    /// The digest of the last vertex. The last op of a definition only points to it.
    pub fn head(&self) -> Option<String> {
        let pointer = pb::Op::decode(self.0.def.last()?.as_slice()).ok()?;
        Some(pointer.inputs.first()?.digest.clone())
    }
}
