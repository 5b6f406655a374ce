//! What a solve gives and a build returns: references and metadata, in all the forms that the gateway ever had.

use std::collections::BTreeMap;

use bollard_buildkit_proto::moby::buildkit::v1::frontend as api;

use super::failure::Failure;

/// A solved result that the gateway holds for this build. An empty file system has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(pub(super) String);

/// References by key: one for a plain image, one for each platform for an image index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum References {
    /// One result, or an empty file system.
    One(Option<Reference>),
    /// Several, by key, usually a platform.
    Many(BTreeMap<String, Option<Reference>>),
}

/// References and metadata: what a solve gives, and what a build returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The file systems.
    pub references: References,
    /// What exporters read, by key, for instance `containerimage.config`.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// The folders with SBOMs, by platform.
    pub sboms: BTreeMap<String, Reference>,
}

impl References {
    /// All references that are there, in the order of their keys.
    pub fn all(&self) -> Vec<&Reference> {
        match self {
            Self::One(one) => one.iter().collect(),
            Self::Many(many) => many.values().flatten().collect(),
        }
    }

    /// The message, in the form for engines that know references with definitions or in the older one with ids.
    pub(super) fn into_message(self, with_definitions: bool) -> api::result::Result {
        use api::result::Result as Form;
        let id = |reference: Option<Reference>| reference.map_or_else(String::new, |found| found.0);
        let full = |reference| api::Ref {
            id: id(reference),
            def: None,
        };
        match (self, with_definitions) {
            (Self::One(one), true) => Form::Ref(full(one)),
            (Self::One(one), false) => Form::RefDeprecated(id(one)),
            (Self::Many(many), true) => Form::Refs(api::RefMap {
                refs: many
                    .into_iter()
                    .map(|(key, one)| (key, full(one)))
                    .collect(),
            }),
            (Self::Many(many), false) => Form::RefsDeprecated(api::RefMapDeprecated {
                refs: many.into_iter().map(|(key, one)| (key, id(one))).collect(),
            }),
        }
    }
}

/// The attestation that a folder with SBOMs is: `AttestationKind_Bundle`, with what `solver/result/attestation.go` in
/// moby/buildkit and its `frontend/attestations/sbom` say of it.
pub(super) fn sbom(folder: Reference) -> api::Attestations {
    let metadata = [("reason", "sbom"), ("sbom-core", "sbom")];
    let attestation = api::Attestation {
        kind: api::AttestationKind::Bundle.into(),
        metadata: metadata
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect(),
        r#ref: Some(api::Ref {
            id: folder.0,
            def: None,
        }),
        in_toto_predicate_type: "https://spdx.dev/Document".to_owned(),
        ..Default::default()
    };
    api::Attestations {
        attestation: vec![attestation],
    }
}

impl Outcome {
    /// The only reference, for graphs that give one.
    ///
    /// # Errors
    ///
    /// When there is none or there are several.
    pub fn single(self) -> Result<Reference, Failure> {
        match self.references {
            References::One(Some(reference)) => Ok(reference),
            References::One(None) => Err(Failure::new("the result is empty")),
            References::Many(_) => Err(Failure::new("the result is more than one file system")),
        }
    }
}

/// All shapes of a result that gateways ever sent, in one.
impl From<api::SolveResponse> for Outcome {
    fn from(solved: api::SolveResponse) -> Self {
        use api::result::Result as Form;
        let one = |id: String| (!id.is_empty()).then_some(Reference(id));
        let Some(result) = solved.result else {
            return Self {
                references: References::One(one(solved.r#ref)),
                metadata: BTreeMap::new(),
                sboms: BTreeMap::new(),
            };
        };
        let references = match result.result {
            None => References::One(None),
            Some(Form::RefDeprecated(id)) => References::One(one(id)),
            Some(Form::Ref(full)) => References::One(one(full.id)),
            Some(Form::RefsDeprecated(many)) => {
                References::Many(many.refs.into_iter().map(|(k, id)| (k, one(id))).collect())
            }
            Some(Form::Refs(many)) => {
                let entries = many.refs.into_iter();
                References::Many(entries.map(|(k, full)| (k, one(full.id))).collect())
            }
        };
        Self {
            references,
            metadata: result.metadata.into_iter().collect(),
            sboms: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::result::Result as Form;

    fn check(solved: api::SolveResponse, expected: &References) {
        assert_eq!(&Outcome::from(solved).references, expected);
    }

    #[test]
    fn all_four_shapes_of_a_result_are_read() {
        let reference = |id: &str| Some(Reference(id.to_owned()));
        let shaped = |form| api::SolveResponse {
            result: Some(api::Result {
                result: Some(form),
                ..Default::default()
            }),
            ..Default::default()
        };
        let full = |id: &str| api::Ref {
            id: id.to_owned(),
            def: None,
        };
        let one = References::One(reference("r"));
        let many = References::Many(BTreeMap::from([
            ("linux/amd64".to_owned(), reference("r")),
            ("linux/arm64".to_owned(), None),
        ]));
        check(shaped(Form::RefDeprecated("r".to_owned())), &one);
        check(shaped(Form::Ref(full("r"))), &one);
        let ids = [("linux/amd64", "r"), ("linux/arm64", "")];
        check(
            shaped(Form::RefsDeprecated(api::RefMapDeprecated {
                refs: ids.map(|(k, id)| (k.to_owned(), id.to_owned())).into(),
            })),
            &many,
        );
        check(
            shaped(Form::Refs(api::RefMap {
                refs: ids.map(|(k, id)| (k.to_owned(), full(id))).into(),
            })),
            &many,
        );
        let inline = api::SolveResponse {
            r#ref: "r".to_owned(),
            result: None,
        };
        check(inline, &one);
        check(api::SolveResponse::default(), &References::One(None));
    }
}
