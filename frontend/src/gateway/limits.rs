//! Limits of memory and processors for the programs of a build. Newer engines read them from the metadata of a vertex
//! (`OpMetadata.linux_resources` in `solver/pb/ops.proto` of moby/buildkit); the generated messages do not have them yet.

use bollard_buildkit_proto::moby::buildkit::v1::frontend as api;
use bollard_buildkit_proto::pb;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType};
use prost::{DecodeError, Message};

/// What an engine can do that knows limits (`solver/pb/caps.go`).
pub(super) const CAPABILITY: &str = "exec.meta.linux.resources";

/// What the vertices that run programs need, and no others.
const EXEC: &str = "exec.meta.base";

/// `pb.LinuxResources`. What is 0 or empty is not limited.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Limits {
    /// Memory, in bytes.
    #[prost(int64, tag = "1")]
    pub memory: i64,
    /// Memory and swap together, in bytes; -1 for as much as there is.
    #[prost(int64, tag = "2")]
    pub memory_swap: i64,
    /// The weight among all that want a processor.
    #[prost(uint64, tag = "3")]
    pub cpu_shares: u64,
    /// The period of which `cpu_quota` is a part, in microseconds.
    #[prost(uint64, tag = "4")]
    pub cpu_period: u64,
    /// How much of each period may be used, in microseconds.
    #[prost(int64, tag = "5")]
    pub cpu_quota: i64,
    /// Which processors may be used, as `0-3,5`.
    #[prost(string, tag = "6")]
    pub cpuset_cpus: String,
    /// Which nodes of memory may be used, as `0,1`.
    #[prost(string, tag = "7")]
    pub cpuset_mems: String,
}

/// What `pb.OpMetadata` has besides the generated fields.
#[derive(Clone, PartialEq, Eq, Message)]
struct More {
    #[prost(message, optional, tag = "7")]
    linux_resources: Option<Limits>,
}

/// An entry of `pb.Definition.metadata`, whose value is encoded already.
#[derive(Clone, PartialEq, Eq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    digest: String,
    #[prost(bytes = "vec", tag = "2")]
    metadata: Vec<u8>,
}

/// The part of a `pb.Definition` that is said again.
#[derive(Clone, PartialEq, Eq, Message)]
struct Again {
    #[prost(message, repeated, tag = "2")]
    metadata: Vec<Entry>,
}

/// The part of a `SolveRequest` that is said again.
#[derive(Clone, PartialEq, Eq, Message)]
struct SolveAgain {
    #[prost(message, optional, tag = "1")]
    definition: Option<Again>,
}

/// A request to solve, and what follows it on the wire.
///
/// Protobuf merges a repeated sub-message and keeps the last entry of a map, so the metadata of the exec vertices is
/// appended a second time, with `linux_resources`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Solve {
    request: api::SolveRequest,
    again: Vec<u8>,
}

impl Solve {
    pub(super) fn new(request: api::SolveRequest, limits: Option<&Limits>) -> Self {
        let vertices = request.definition.as_ref().zip(limits);
        let again = vertices.map(|(definition, limits)| again(definition, limits));
        let again = again.unwrap_or_default();
        Self { request, again }
    }
}

fn again(definition: &pb::Definition, limits: &Limits) -> Vec<u8> {
    let vertices = definition.metadata.iter();
    let programs = vertices.filter(|(_, vertex)| vertex.caps.contains_key(EXEC));
    let entries = programs.map(|(digest, vertex)| {
        let mut vertex = vertex.clone();
        vertex.caps.insert(CAPABILITY.to_owned(), true);
        let more = More {
            linux_resources: Some(limits.clone()),
        };
        Entry {
            digest: digest.clone(),
            metadata: [vertex.encode_to_vec(), more.encode_to_vec()].concat(),
        }
    });
    let metadata = entries.collect();
    let definition = Some(Again { metadata });
    SolveAgain { definition }.encode_to_vec()
}

impl Message for Solve {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        self.request.encode_raw(buffer);
        buffer.put_slice(&self.again);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        self.request.merge_field(tag, wire_type, buffer, context)
    }

    fn encoded_len(&self) -> usize {
        self.request.encoded_len() + self.again.len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vertices_that_run_programs_and_no_others_are_limited() {
        let vertex = |cap: &str| pb::OpMetadata {
            caps: [(cap.to_owned(), true)].into(),
            ..Default::default()
        };
        let (program, copy) = (vertex(EXEC), vertex("file.base"));
        let request = api::SolveRequest {
            definition: Some(pb::Definition {
                def: vec![b"op".to_vec()],
                metadata: [
                    ("sha256:a".to_owned(), program),
                    ("sha256:b".to_owned(), copy),
                ]
                .into(),
                ..Default::default()
            }),
            evaluate: true,
            ..Default::default()
        };
        let limits = Limits {
            memory: 64 << 20,
            cpu_quota: 50_000,
            cpuset_cpus: "0-1".to_owned(),
            ..Default::default()
        };
        let plain = Solve::new(request.clone(), None);
        assert_eq!(plain.encode_to_vec(), request.encode_to_vec());
        let bytes = Solve::new(request.clone(), Some(&limits)).encode_to_vec();
        // An engine that knows no limits reads the same request, but for the capability.
        let read = api::SolveRequest::decode(bytes.as_slice()).unwrap();
        let mut expected = request;
        let metadata = &mut expected.definition.as_mut().unwrap().metadata;
        let program = metadata.get_mut("sha256:a").unwrap();
        program.caps.insert(CAPABILITY.to_owned(), true);
        assert_eq!(read, expected);
        // The fields by their numbers in `ops.proto`: `linux_resources` is 7, and in it memory 1, quota 5, processors 6.
        let resources = b"\x3a\x0e\x08\x80\x80\x80\x20\x28\xd0\x86\x03\x32\x030-1";
        let n = bytes
            .windows(resources.len())
            .filter(|part| part == resources);
        assert_eq!(n.count(), 1, "{bytes:?}");
    }
}
