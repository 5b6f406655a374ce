//! The graph of ops: encoding, digests, metadata and locations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bollard_buildkit_proto::pb;
use prost::Message;

use crate::digest::sha256;
use crate::span::{SourceFile, Span};
use crate::stage::ForeignDefinition;

/// One output of one op: what other ops take as input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    digest: Arc<str>,
    index: i64,
}

impl Node {
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    pub(super) fn input(&self) -> pb::Input {
        pb::Input {
            digest: self.digest.to_string(),
            index: self.index,
        }
    }
}

/// What is known of an op besides the op itself. Never part of its digest.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes<'a> {
    /// The line of progress.
    pub(super) name: String,
    /// The progress group: an id, a name, and whether it is weak.
    pub(super) group: Option<pb::ProgressGroup>,
    /// The place in a user's file.
    pub(super) span: Option<&'a Span>,
    /// Runs again although nothing changed.
    pub(super) ignore_cache: bool,
}

/// An op as it is sent, and what it depends on.
#[derive(Debug)]
struct Op {
    digest: Arc<str>,
    bytes: Vec<u8>,
    inputs: Vec<String>,
}

/// Ops in topological order, each once: an op can only be added after its inputs.
#[derive(Debug, Default)]
pub(super) struct Graph {
    ops: Vec<Op>,
    known: BTreeSet<Arc<str>>,
    metadata: BTreeMap<String, pb::OpMetadata>,
    files: Vec<SourceFile>,
    locations: BTreeMap<String, Vec<pb::Location>>,
}

impl Graph {
    /// Adds an op, or finds the one with the same bytes.
    pub(super) fn add(
        &mut self,
        inputs: Vec<pb::Input>,
        platform: Option<pb::Platform>,
        op: pb::op::Op,
        capabilities: &BTreeSet<&'static str>,
        notes: &Notes<'_>,
    ) -> Node {
        let dependencies = inputs.iter().map(|input| input.digest.clone()).collect();
        let bytes = encode_like_go(inputs, platform, op);
        let digest = self.add_bytes(bytes, dependencies);
        let node = Node { digest, index: 0 };
        if let Some(span) = notes.span {
            self.locate(&node, span);
        }
        let metadata = self.metadata.entry(node.digest.to_string()).or_default();
        metadata.ignore_cache |= notes.ignore_cache;
        metadata
            .caps
            .extend(capabilities.iter().map(|id| ((*id).to_owned(), true)));
        if !notes.name.is_empty() {
            // The attribute that every progress display reads: `client/llb/meta.go`, WithCustomName.
            metadata
                .description
                .entry("llb.customname".to_owned())
                .or_insert_with(|| notes.name.clone());
        }
        if metadata.progress_group.is_none() {
            metadata.progress_group.clone_from(&notes.group);
        }
        node
    }

    /// Says where a vertex comes from, so that a failure shows the user's lines.
    pub(super) fn locate(&mut self, node: &Node, span: &Span) {
        let location = self.location(span);
        let locations = self.locations.entry(node.digest.to_string()).or_default();
        if !locations.contains(&location) {
            locations.push(location);
        }
    }

    /// Adds all ops of a definition of another library, byte for byte, and returns what it ends in.
    ///
    /// Its locations are left out: they point into files that the user of this recipe did not write.
    pub(super) fn add_foreign(
        &mut self,
        foreign: &ForeignDefinition,
    ) -> Result<Option<Node>, String> {
        let definition = pb::Definition::decode(&foreign.0[..])
            .map_err(|error| format!("it is no `pb.Definition`: {error}"))?;
        let Some((terminal, ops)) = definition.def.split_last() else {
            return Ok(None);
        };
        let terminal = pb::Op::decode(&terminal[..])
            .map_err(|error| format!("its last op cannot be read: {error}"))?;
        for bytes in ops {
            let op = pb::Op::decode(&bytes[..])
                .map_err(|error| format!("one of its ops cannot be read: {error}"))?;
            let dependencies = op.inputs.into_iter().map(|input| input.digest).collect();
            self.add_bytes(bytes.clone(), dependencies);
        }
        for (digest, metadata) in definition.metadata {
            if self.known.contains(digest.as_str()) {
                self.metadata.entry(digest).or_insert(metadata);
            }
        }
        let Some(head) = terminal.inputs.first() else {
            return Ok(None);
        };
        match self.known.get(head.digest.as_str()) {
            Some(digest) => Ok(Some(Node {
                digest: digest.clone(),
                index: head.index,
            })),
            None => Err(format!(
                "its last op names `{}`, which it lacks",
                head.digest
            )),
        }
    }

    /// Ends the graph in one terminal op that names its result.
    pub(super) fn finish(mut self, head: &Node) -> pb::Definition {
        self.keep_only_needed_for(head);
        let terminal = pb::Op {
            inputs: vec![head.input()],
            ..pb::Op::default()
        }
        .encode_to_vec();
        let mut caps = BTreeMap::from(["constraints", "platform"].map(|id| (id.to_owned(), true)));
        if self.metadata.values().any(|op| op.ignore_cache) {
            caps.insert("meta.ignorecache".to_owned(), true);
        }
        if self.metadata.values().any(|op| !op.description.is_empty()) {
            caps.insert("meta.description".to_owned(), true);
        }
        self.metadata.insert(
            digest_of(&terminal),
            pb::OpMetadata {
                caps,
                ..pb::OpMetadata::default()
            },
        );
        let ops = self.ops.into_iter().map(|op| op.bytes);
        pb::Definition {
            def: ops.chain([terminal]).collect(),
            metadata: self.metadata,
            source: Some(pb::Source {
                locations: self
                    .locations
                    .into_iter()
                    .map(|(digest, locations)| (digest, pb::Locations { locations }))
                    .collect(),
                infos: self.files.iter().map(source_info).collect(),
            }),
        }
    }

    fn add_bytes(&mut self, bytes: Vec<u8>, inputs: Vec<String>) -> Arc<str> {
        let digest: Arc<str> = digest_of(&bytes).into();
        if self.known.insert(digest.clone()) {
            self.ops.push(Op {
                digest: digest.clone(),
                bytes,
                inputs,
            });
        }
        digest
    }

    /// Drops what the result does not depend on, such as the lower stage of a diff that became copies.
    fn keep_only_needed_for(&mut self, head: &Node) {
        let mut needed = BTreeSet::from([head.digest.to_string()]);
        for op in self.ops.iter().rev() {
            if needed.contains(&*op.digest) {
                needed.extend(op.inputs.iter().cloned());
            }
        }
        self.ops.retain(|op| needed.contains(&*op.digest));
        self.metadata.retain(|digest, _| needed.contains(digest));
        self.locations.retain(|digest, _| needed.contains(digest));
    }

    /// Lines count from 1 and characters from 0, as `solver/errdefs/source.go` prints them.
    fn location(&mut self, span: &Span) -> pb::Location {
        let known = self.files.iter().position(|file| file == span.file());
        let index = known.unwrap_or_else(|| {
            self.files.push(span.file().clone());
            self.files.len() - 1
        });
        let position = |position: crate::span::Position| pb::Position {
            line: i32::try_from(position.line).unwrap_or(i32::MAX),
            character: i32::try_from(position.column - 1).unwrap_or(i32::MAX),
        };
        pb::Location {
            source_index: i32::try_from(index).unwrap_or_default(),
            ranges: vec![pb::Range {
                start: Some(position(span.start())),
                end: Some(position(span.end())),
            }],
        }
    }
}

fn source_info(file: &SourceFile) -> pb::SourceInfo {
    let extension = file.name().rsplit('.').next();
    pb::SourceInfo {
        filename: file.name().to_owned(),
        data: file.text().as_bytes().to_vec(),
        definition: None,
        // The names are those of GitHub's linguist, `client/llb/sourcemap.go`.
        language: match extension {
            Some("toml") => "TOML",
            _ => "Text",
        }
        .to_owned(),
    }
}

/// Encodes an op as protobuf-go does: all fields in the order of their tags, and the oneof last.
///
/// prost would write the oneof among the others. The digests of vertices, and so the merging of equal ones
/// and golden files, depend on this order.
fn encode_like_go(
    inputs: Vec<pb::Input>,
    platform: Option<pb::Platform>,
    op: pb::op::Op,
) -> Vec<u8> {
    let mut bytes = pb::Op {
        inputs,
        platform,
        constraints: Some(pb::WorkerConstraints::default()),
        op: None,
    }
    .encode_to_vec();
    bytes.extend(
        pb::Op {
            op: Some(op),
            ..pb::Op::default()
        }
        .encode_to_vec(),
    );
    bytes
}

pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}
