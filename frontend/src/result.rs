//! What BuildKit gets back: images, each with its config, and what exporters read of them.

use std::collections::BTreeMap;

use microb_dsl::Platform;
use serde_json::json;

use crate::build::Build;
use crate::gateway::{Outcome, Reference, References};

// The keys of a result's metadata are those of `exporter/containerimage/exptypes/types.go` in moby/buildkit.
const IMAGE_CONFIG: &str = "containerimage.config";
const PLATFORMS: &str = "refs.platforms";
// What an annotation's key begins with, and where the image is one of several, with its platform: `annotations.go` beside it.
const ANNOTATION: &str = "annotation";
// That of the time of layers is in `exporter/exptypes/types.go`.
const EPOCH: &str = "source.date.epoch";

/// An image that was solved.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) platform: Platform,
    pub(crate) reference: Option<Reference>,
    pub(crate) config: Vec<u8>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The JSON of `exptypes.Platforms`, whose platforms are those of the OCI image specification.
fn platforms(built: &[Built]) -> Vec<u8> {
    let entries: Vec<_> = built
        .iter()
        .map(|image| {
            let Platform {
                os,
                architecture,
                variant,
            } = &image.platform;
            let mut platform = json!({ "os": os, "architecture": architecture });
            if !variant.is_empty() {
                platform["variant"] = json!(variant);
            }
            json!({ "ID": image.platform.to_string(), "Platform": platform })
        })
        .collect();
    json!({ "Platforms": entries }).to_string().into_bytes()
}

impl Build {
    /// What BuildKit gets back: one image, or one for each platform.
    pub(crate) fn outcome(&self, built: Vec<Built>, sboms: BTreeMap<String, Reference>) -> Outcome {
        let mut metadata = BTreeMap::from([(PLATFORMS.to_owned(), platforms(&built))]);
        if let Some(time) = self.request.source_date_epoch {
            metadata.insert(EPOCH.to_owned(), time.to_string().into_bytes());
        }
        let mut references = BTreeMap::new();
        for image in built {
            let key = if self.request.multi_platform {
                format!("{ANNOTATION}-manifest[{}]", image.platform)
            } else {
                ANNOTATION.to_owned()
            };
            let of_image = image.annotations.into_iter();
            metadata
                .extend(of_image.map(|(name, text)| (format!("{key}.{name}"), text.into_bytes())));
            if !self.request.multi_platform {
                metadata.insert(IMAGE_CONFIG.to_owned(), image.config);
                return Outcome {
                    references: References::One(image.reference),
                    metadata,
                    sboms,
                };
            }
            let platform = image.platform.to_string();
            metadata.insert(format!("{IMAGE_CONFIG}/{platform}"), image.config);
            references.insert(platform, image.reference);
        }
        Outcome {
            references: References::Many(references),
            metadata,
            sboms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_listed_as_exporters_read_them() {
        let built = ["linux/amd64", "linux/arm/v7"].map(|platform| Built {
            platform: platform.parse().unwrap(),
            reference: None,
            config: Vec::new(),
            annotations: BTreeMap::new(),
        });
        // The form of `exptypes.Platforms` in Go.
        let expected = json!({ "Platforms": [
            { "ID": "linux/amd64", "Platform": { "os": "linux", "architecture": "amd64" } },
            { "ID": "linux/arm/v7", "Platform": { "os": "linux", "architecture": "arm", "variant": "v7" } },
        ]});
        let listed: serde_json::Value = serde_json::from_slice(&platforms(&built)).unwrap();
        assert_eq!(listed, expected);
    }
}
